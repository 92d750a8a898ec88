"""Draw a digit and watch it being read."""

from __future__ import annotations

import streamlit as st

from model.errors import ArtifactError, StrokesError
from pages.components.pad.answer import show_answer, show_message, show_steps
from pages.components.pad.drawing import PadState
from pages.components.pad.fabric_paths import pen_width_of, strokes_of
from pages.components.pad.listener import listen
from pages.components.pad.pad import show_pad
from pages.components.shared.classifiers import choose_model, reader


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
    read(pad, name)
    listen(pad)


def read(pad: PadState, name: str) -> None:
    """Read what is on the pad, and show the answer or why there is none."""
    strokes = []
    try:
        strokes = strokes_of(pad.objects)
        ready = reader(name)
        show_answer(ready.read_drawing(strokes, pen_width_of(pad.objects)), ready.threshold)
    except StrokesError as error:
        strokes = []
        show_message("This drawing cannot be read", f"{error} Undo or clear it.")
    except ArtifactError as error:
        show_message("The classifier is missing", str(error))
    show_steps(strokes)


draw(choose_model("Draw a digit"))
