"""Draw a digit and watch it being read."""

from __future__ import annotations

import streamlit as st

from model.errors import ArtifactError, StrokesError
from pages.components.answer import show_answer, show_message, show_steps
from pages.components.classifier import is_loading, read_drawing, wait_for_classifier
from pages.components.fabric import pen_width_of, strokes_of
from pages.components.listener import listen
from pages.components.pad import show_pad
from pages.components.sheet import Sheet
from pages.components.sockets import send_at_once


@st.fragment
def draw() -> None:
    """The board with pad and answer."""
    with st.container(key="board"):
        sheet = show_pad()
        answer(sheet, sheet.given_to_canvas)


@st.fragment
def answer(sheet: Sheet, on_pad: tuple[int, bool]) -> None:
    """What the listener's messages run again, many times a second: so it holds as few elements as can be."""
    if sheet.given_to_canvas != on_pad:
        st.rerun()
    read(sheet)
    listen(sheet)


def read(sheet: Sheet) -> None:
    """Answer what is on the sheet."""
    strokes = []
    try:
        strokes = strokes_of(sheet.objects)
        if reading := read_drawing(strokes, pen_width_of(sheet.objects)):
            show_answer(reading)
        else:
            show_message("One moment", "The classifier is loading. Draw already: it is read as soon as it is there.")
    except StrokesError as error:
        strokes = []
        show_message("This drawing cannot be read", f"{error} Undo or clear it.")
    except ArtifactError as error:
        show_message("The classifier is missing", str(error))
    show_steps(strokes)


send_at_once()
st.title("Draw a digit")
draw()
if is_loading():
    wait_for_classifier()
