"""Draw a digit and watch it being read."""

from __future__ import annotations

import streamlit as st

from pages.components.pad.answer import read_objects, show_parts, show_steps
from pages.components.pad.drawing import PadState
from pages.components.pad.listener import listen
from pages.components.pad.pad import show_pad
from pages.components.shared.classifiers import choose_model


@st.fragment
def draw(name: str) -> None:
    """Show the board: the pad, and what the model of this name reads on it."""
    with st.container(key="board"):
        pad = show_pad()
        answer(pad, pad.canvas_version, name)


@st.fragment
def answer(pad: PadState, shown: tuple[int, bool], name: str) -> None:
    """Show the answer; every message of the listener runs this again, many times a second, so it has few elements.

    Args:
        pad: the drawing.
        shown: the version that the canvas has; for another one, the whole page has to run.
        name: of the model that reads.
    """
    if pad.canvas_version != shown:
        st.rerun()
    parts, strokes = read_objects(pad.objects, name)
    show_parts(parts, pad.version)
    show_steps(strokes)
    listen(pad, live=name)


draw(choose_model("Draw a digit"))
