"""The classifiers: one reader of each model for all sessions, and the choice of the model that reads."""

from __future__ import annotations

import logging
import os
from threading import Lock

import streamlit as st

from model.classifiers.registry import (
    LITE_FILE,
    MODELS,
    REPORT_FILE,
    SHIPPED,
    SHIPPED_STROKES,
    available,
    weights_folder,
)
from model.errors import ArtifactError
from model.files import Stamps, stamps_of
from model.reader import WEIGHTS, Reader
from pages.components.shared.html import hint

_log = logging.getLogger(__name__)
_loaded: dict[str, tuple[Stamps, Reader | str]] = {}
"""By model: the stamps of its files, and its reader or why it cannot be loaded. Not in Streamlit's cache, which any
visitor can clear for everybody."""

_loading = Lock()

_UNSOUND = (
    "The classifier cannot be loaded. Expected a sound installation. Received: {error}. "
    "Restart the app once this is mended."
)
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


def reader(name: str = SHIPPED) -> Reader:
    """Return the one reader of this model that all sessions share.

    It is loaded when it is first needed, and again when its files have changed.

    Raises:
        ArtifactError: the model cannot be loaded; the reason is logged once.
    """
    names = (name, SHIPPED_STROKES) if name == SHIPPED else (name,)
    stamps = stamps_of(*(weights_folder(each) / file for each in names for file in (LITE_FILE, REPORT_FILE)))
    with _loading:
        if name not in _loaded or _loaded[name][0] != stamps:
            _loaded[name] = stamps, _load(name)
        found = _loaded[name][1]
    if isinstance(found, str):
        raise ArtifactError(found)
    return found


def _load(name: str) -> Reader | str:
    """Load a model; log what fails for the operator, and return it in one line for visitors."""
    try:
        return Reader.load(weights_folder(name))
    except Exception as error:  # native code raises almost anything
        _log.exception("The classifier %s cannot be loaded.", name)
        return _explain(error)


def _explain(error: Exception) -> str:
    """Describe a failed load without the server's folders; only another error than a file's takes a restart."""
    message = str(error) if isinstance(error, ArtifactError) else _UNSOUND.format(error=repr(error)[:200])
    return message.replace(f"{WEIGHTS.parents[2]}{os.sep}", "")
