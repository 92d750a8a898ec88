"""The classifier: one for all sessions, loaded while the first visitor is already looking at the pad."""

from __future__ import annotations

import gc
from concurrent.futures import Future, ThreadPoolExecutor

import streamlit as st

from model.errors import ArtifactError
from model.reader import Reader


@st.cache_resource(show_spinner=False)
def _loading() -> Future[Reader]:
    return ThreadPoolExecutor(1, thread_name_prefix="classifier").submit(_load)


def _load() -> Reader:
    reader = Reader.load()
    gc.freeze()  # TensorFlow's objects stay: walking them in every full collection would stop the answers for 0.2 s
    return reader


def is_loading() -> bool:
    """Whether the classifier is still on its way."""
    return not _loading().done()


def classifier() -> Reader | None:
    """The reader, or None while it is loading.

    Raises:
        ArtifactError: it cannot be loaded.
    """
    if is_loading():
        return None
    try:
        return _loading().result()
    except ArtifactError:
        raise
    except Exception as error:
        message = f"The classifier cannot be loaded. Expected a sound installation. Received: {error!r:.200}."
        raise ArtifactError(message) from error
