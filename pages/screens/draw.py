"""Draw a digit and watch it being read."""

from __future__ import annotations

import streamlit as st

from pages.components.pad.answer import read_objects, show_parts, show_steps
from pages.components.pad.pad import show_pad
from pages.components.shared.classifiers import choose_model


@st.fragment
def draw(name: str) -> None:
    """Show the board: the pad, and what the model of this name reads on it."""
    with st.container(key="board"):
        pad = show_pad(name)
        parts, strokes = read_objects(pad.objects, name)
        show_parts(parts, pad.version)
        show_steps(strokes)


draw(choose_model("Draw a digit"))
