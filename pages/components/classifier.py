"""The classifier: one for all sessions, loaded while the first visitor is already looking at the page."""

from __future__ import annotations

import gc
import os
from collections.abc import Sequence
from concurrent.futures import Future
from threading import Thread

import streamlit as st

from model.errors import ArtifactError
from model.reader import WEIGHTS, Reader
from model.reading import Reading, Stroke


@st.cache_resource(show_spinner=False)
def start_loading() -> None:
    """Start to load the classifier, once for all sessions.

    Call it when the page is on the screen: importing TensorFlow would hold the first paint up.
    """
    Thread(target=_load, args=[_loading()], name="classifier", daemon=True).start()


def is_loading() -> bool:
    """Whether the classifier is still to come."""
    return not _loading().done()


def read_drawing(strokes: Sequence[Stroke], pen_width: float) -> Reading | None:
    """Read one digit drawn by hand, as `Reader.read_drawing` does; None while the classifier is loading.

    Raises:
        ArtifactError: the classifier cannot be loaded.
        StrokesError: the strokes are malformed.
    """
    ready = reader()
    return ready and ready.read_drawing(strokes, pen_width)


def reader() -> Reader | None:
    """The one reader that all sessions share; None while the classifier is loading.

    Raises:
        ArtifactError: the classifier cannot be loaded.
    """
    if is_loading():
        return None
    if error := _loading().exception():
        raise ArtifactError(str(error))  # a new one: the traceback of a shared one would grow with every run
    return _loading().result()


@st.fragment(run_every=0.25)
def wait_for_classifier() -> None:
    """Run the page again as soon as the classifier is there.

    Its second run is the timer's, by which the page is on the screen: to load at once would hold that up.
    """
    if not is_loading():
        st.rerun()
    if "page_is_there" in st.session_state:
        start_loading()
    st.session_state.page_is_there = True


@st.cache_resource(show_spinner=False)
def _loading() -> Future[Reader]:
    return Future()


def _load(loading: Future[Reader]) -> None:
    try:
        _keep_keras_session()
        reader = Reader.load()
        gc.freeze()  # TensorFlow's many objects stay: no need to walk over them in every collection
        loading.set_result(reader)
    except Exception as error:  # whatever TensorFlow fails with, the page is to say it in one line
        loading.set_exception(ArtifactError(_explain(error)))


def _explain(error: Exception) -> str:
    """What to tell visitors: not the folders of the server, but that it will not mend itself."""
    received = f"The classifier cannot be loaded. Expected a sound installation. Received: {error!r:.200}."
    message = str(error) if isinstance(error, ArtifactError) else received
    return f"{message.replace(f'{WEIGHTS.parents[1]}{os.sep}', '')} Restart the app once this is mended."


def _keep_keras_session() -> None:
    """Keep Streamlit from calling Keras' `clear_session` after every run of every session.

    It would empty TensorFlow's kernel cache (45 ms for the next prediction, 1 ms otherwise) and, while the classifier
    is loading, take the loading's own state away (4 s longer, when somebody draws meanwhile).
    """
    import keras

    keras.backend.clear_session = lambda: None
