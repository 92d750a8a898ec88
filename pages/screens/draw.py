"""Draw a digit and watch it being read."""

from __future__ import annotations

import streamlit as st

from model.errors import ArtifactError, StrokesError
from pages.components.pad.answer import show_answer, show_message, show_steps
from pages.components.pad.drawing import PadState
from pages.components.pad.fabric_paths import pen_width_of, strokes_of
from pages.components.pad.listener import listen
from pages.components.pad.pad import show_pad
from pages.components.shared.classifiers import choose_model, is_loading, reader, wait_for


@st.fragment
def draw(name: str) -> None:
    """The board with the pad, and the answer of the model that reads."""
    with st.container(key="board"):
        sheet = show_pad()
        answer(sheet, sheet.given_to_canvas, name)


@st.fragment
def answer(sheet: PadState, on_pad: tuple[int, bool], name: str) -> None:
    """What the listener's messages run again, many times a second: so it holds as few elements as can be."""
    if sheet.given_to_canvas != on_pad:
        st.rerun()
    read(sheet, name)
    listen(sheet)


def read(sheet: PadState, name: str) -> None:
    """Answer what is on the sheet."""
    strokes = []
    try:
        strokes = strokes_of(sheet.objects)
        if ready := reader(name):
            show_answer(ready.read_drawing(strokes, pen_width_of(sheet.objects)), ready.threshold)
        else:
            show_message("One moment", "The classifier is loading. Draw already: it is read as soon as it is there.")
    except StrokesError as error:
        strokes = []
        show_message("This drawing cannot be read", f"{error} Undo or clear it.")
    except ArtifactError as error:
        show_message("The classifier is missing", str(error))
    show_steps(strokes)


model = choose_model("Draw a digit")
draw(model)
if is_loading(model):
    wait_for(model)
