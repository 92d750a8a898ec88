"""The classifiers: one reader of each model for all sessions, loaded while the visitor already sees the page."""

from __future__ import annotations

import logging
import os
from concurrent.futures import Future
from threading import Lock, Thread

import streamlit as st

from model.classifiers.registry import MODELS, SHIPPED, available, weights_folder
from model.errors import ArtifactError
from model.reader import WEIGHTS, Reader
from pages.components.shared.html import hint
from pages.components.shared.server import freeze_objects

_log = logging.getLogger(__name__)
_loadings: dict[str, Future[Reader]] = {}
"""The readers by the names of their models. Not in Streamlit's cache, which any visitor can clear for everybody."""

_starting = Lock()
_loading_one = Lock()
"""Keras keeps state while it loads a network, and two loads at once take as long as one after the other."""

_UNPROVEN = "Not measured on other people's hands."
_SHY = "Simple models often answer «?»."


def choose_model(title: str) -> str:
    """Show the page's title and beside it a choice of the model that reads; return the chosen model's name.

    The choice holds on every page that offers it. A single model is returned without a choice.
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
            key="reads_with",
            label_visibility="collapsed",
            icon=":material/neurology:",
            width=290,
            filter_mode=None,
        )
    with st.container(key="about_model"):  # shown even when it is empty, so that the pad below keeps its place
        if chosen != SHIPPED:
            st.html(hint(f"{_UNPROVEN} {'' if MODELS[chosen].learns_from_strokes else _SHY}"))
    st.session_state.model = chosen  # Streamlit forgets a widget's own value when its page is left
    return chosen


def start_loading(name: str = SHIPPED) -> None:
    """Start to load a model, once for all sessions.

    Call it when the page is on the screen, because importing TensorFlow delays the first paint.
    """
    loading = _loading(name)
    with _starting:
        if loading.running() or loading.done():
            return
        loading.set_running_or_notify_cancel()
    Thread(target=_load, args=[name, loading], name=f"classifier {name}", daemon=True).start()


def is_loading(name: str = SHIPPED) -> bool:
    """Return whether the model has been neither loaded nor refused yet."""
    return not _loading(name).done()


def reader(name: str = SHIPPED) -> Reader | None:
    """Return the one reader of this model that all sessions share; None while it is loading.

    Raises:
        ArtifactError: the model cannot be loaded.
    """
    loading = _loading(name)
    if not loading.done():
        return None
    if error := loading.exception():
        raise ArtifactError(str(error))  # a new one, because the traceback of a shared one would grow with every run
    return loading.result()


@st.fragment(run_every=0.25)
def wait_for(*names: str) -> None:
    """Load the models, and run the page again whenever another one of them is ready.

    Loading starts with the second run, which the timer starts when the page is on the screen.
    """
    if not all(map(is_loading, names)):
        st.rerun()
    if "page_is_there" in st.session_state:
        for name in names:
            start_loading(name)
    st.session_state.page_is_there = True


def _loading(name: str) -> Future[Reader]:
    return _loadings.setdefault(name, Future())


def _load(name: str, loading: Future[Reader]) -> None:
    """Load a model and freeze what it has brought along; log what fails for the operator."""
    try:
        with _loading_one:
            reader = Reader.load(weights_folder(name))
        freeze_objects()
        loading.set_result(reader)
    except Exception as error:  # TensorFlow raises almost anything; the page shows it in one line
        _log.exception("The classifier %s cannot be loaded.", name)
        loading.set_exception(ArtifactError(_explain(error)))


def _explain(error: Exception) -> str:
    """Describe a failed load for visitors: without the server's folders, and that only a restart helps."""
    received = f"The classifier cannot be loaded. Expected a sound installation. Received: {error!r:.200}."
    message = str(error) if isinstance(error, ArtifactError) else received
    return f"{message.replace(f'{WEIGHTS.parents[2]}{os.sep}', '')} Restart the app once this is mended."
