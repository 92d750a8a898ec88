"""The classifiers: one of each model for all sessions, loaded while the visitor is already looking at the page."""

from __future__ import annotations

import gc
import os
from concurrent.futures import Future
from threading import Lock, Thread

import streamlit as st

from model.classifiers.registry import MODELS, SHIPPED, available, weights_folder
from model.errors import ArtifactError
from model.reader import WEIGHTS, Reader

_one_at_a_time = Lock()
"""Keras keeps state while it loads a network, and two at once would take as long as one after the other."""

_UNPROVEN = "Not measured on other people's hands."
_SHY = "Simple models often answer «?»."


def choose_model(title: str) -> str:
    """Show the page's title, and beside it which model reads, to choose another; its name.

    The choice holds on every page that offers it. With a single model there is nothing to choose.
    """
    names, wanted = available() or [SHIPPED], st.session_state.get("model", SHIPPED)
    usual = SHIPPED if SHIPPED in names else names[-1]
    with st.container(key="heading", horizontal=True, vertical_alignment="center"):
        st.title(title)
        if len(names) < 2:
            return usual
        chosen: str = st.selectbox(
            "Which model reads",
            names,
            names.index(wanted if wanted in names else usual),
            format_func=lambda name: MODELS[name].title,
            key="reader_of",
            label_visibility="collapsed",
            icon=":material/neurology:",
            width=290,
            filter_mode=None,
        )
    with st.container(key="about_model"):  # there even without words, so that the pad below keeps its place
        if chosen != SHIPPED:
            st.html(f'<p class="hint">{_UNPROVEN} {"" if MODELS[chosen].learns_from_strokes else _SHY}</p>')
    st.session_state.model = chosen  # a widget's own value ends with its page
    return chosen


@st.cache_resource(show_spinner=False)
def start_loading(name: str = SHIPPED) -> None:
    """Start to load a model, once for all sessions.

    Call it when the page is on the screen: importing TensorFlow would hold the first paint up.
    """
    Thread(target=_load, args=[name, _loading(name)], name=f"classifier {name}", daemon=True).start()


def is_loading(name: str = SHIPPED) -> bool:
    """Whether the model is still to come."""
    return not _loading(name).done()


def reader(name: str = SHIPPED) -> Reader | None:
    """The one reader of this model that all sessions share; None while it is loading.

    Raises:
        ArtifactError: the model cannot be loaded.
    """
    loading = _loading(name)
    if not loading.done():
        return None
    if error := loading.exception():
        raise ArtifactError(str(error))  # a new one: the traceback of a shared one would grow with every run
    return loading.result()


@st.fragment(run_every=0.25)
def wait_for(*names: str) -> None:
    """Load the models, and run the page again whenever one more of them is there.

    Its second run is the timer's, by which the page is on the screen: to load at once would hold that up.
    """
    if not all(map(is_loading, names)):
        st.rerun()
    if "page_is_there" in st.session_state:
        for name in names:
            start_loading(name)
    st.session_state.page_is_there = True


@st.cache_resource(show_spinner=False)
def _loading(name: str) -> Future[Reader]:  # noqa: ARG001 - one for each name
    return Future()


def _load(name: str, loading: Future[Reader]) -> None:
    try:
        with _one_at_a_time:
            _keep_keras_session()
            reader = Reader.load(weights_folder(name))
        gc.freeze()  # TensorFlow's many objects stay: no need to walk over them in every collection
        loading.set_result(reader)
    except Exception as error:  # whatever TensorFlow fails with, the page is to say it in one line
        loading.set_exception(ArtifactError(_explain(error)))


def _explain(error: Exception) -> str:
    """What to tell visitors: not the folders of the server, but that it will not mend itself."""
    received = f"The classifier cannot be loaded. Expected a sound installation. Received: {error!r:.200}."
    message = str(error) if isinstance(error, ArtifactError) else received
    return f"{message.replace(f'{WEIGHTS.parents[2]}{os.sep}', '')} Restart the app once this is mended."


def _keep_keras_session() -> None:
    """Keep Streamlit from calling Keras' `clear_session` after every run of every session.

    It would empty TensorFlow's kernel cache (45 ms for the next prediction, 1 ms otherwise) and, while the classifier
    is loading, take the loading's own state away (4 s longer, when somebody draws meanwhile).
    """
    import keras

    keras.backend.clear_session = lambda: None
