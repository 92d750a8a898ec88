"""The classifier: one for all sessions, loaded while the first visitor is already looking at the pad."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import streamlit as st

from model.errors import ArtifactError
from model.reader import Reader
from model.reading import Reading, Stroke


def is_loading() -> bool:
    """Whether the classifier is still on its way; asking for it starts it."""
    return not _worker()[1].done()


def read_drawing(strokes: Sequence[Stroke], pen_width: float) -> Reading | None:
    """Read one digit drawn by hand, as `Reader.read_drawing` does; None while the classifier is loading.

    Raises:
        ArtifactError: the classifier cannot be loaded.
        StrokesError: the strokes are malformed.
    """
    thread, loading = _worker()
    if not loading.done():
        return None
    return thread.submit(_loaded(loading).read_drawing, strokes, pen_width).result()


@st.cache_resource(show_spinner=False)
def _worker() -> tuple[ThreadPoolExecutor, Future[Reader]]:
    """The thread that reads for all sessions, and the reader that it loads first.

    One thread, because Streamlit starts a new one for every run and TensorFlow's first prediction on a thread
    takes 45 ms, every further one 1 ms.
    """
    thread = ThreadPoolExecutor(1, thread_name_prefix="classifier")
    return thread, thread.submit(_load)


def _load() -> Reader:
    reader = Reader.load()
    gc.freeze()  # TensorFlow's objects stay: walking them in every full collection would stop the answers for 0.2 s
    return reader


def _loaded(loading: Future[Reader]) -> Reader:
    try:
        return loading.result()
    except ArtifactError:
        raise
    except Exception as error:  # whatever TensorFlow fails with, the page is to say it in one line
        message = f"The classifier cannot be loaded. Expected a sound installation. Received: {error!r:.200}."
        raise ArtifactError(message) from error
