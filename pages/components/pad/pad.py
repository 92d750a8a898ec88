"""The pad: the canvas, undo, clear and the pen's width."""

from __future__ import annotations

import streamlit as st

from pages.components.pad.drawing import INK, PadState
from pages.components.shared.canvas import st_canvas

SIDE = 320
"""Width and height of the canvas in px: wide enough for a finger, narrow enough for a phone of 360 px."""

_PAPER = "#fffdf7"


def show_pad(page: str = "") -> PadState:
    """Show the pad with its controls and return what is drawn on it: the same drawing on every page.

    Args:
        page: tells pages with a pad apart. What a widget of one page knows would pass for that of the next one's.
    """
    canvas, pen_width = f"canvas{page}", f"pen_width{page}"
    sheet = _sheet(canvas)
    place = st.container(key="pad")
    _tools(sheet, pen_width)
    with place:
        _canvas(sheet, canvas)
    return sheet


def _sheet(canvas: str) -> PadState:
    """The session's sheet; given to the canvas anew when the visitor comes from another page."""
    sheet: PadState = st.session_state.setdefault("sheet", PadState())
    if canvas not in st.session_state:
        sheet.remount()
    return sheet


def _tools(sheet: PadState, pen_width: str) -> None:
    if pen_width not in st.session_state:
        st.session_state[pen_width] = sheet.pen_width
    with st.container(key="tools", horizontal=True):
        # Callbacks run before all else: a click cannot get lost when the listener's next message cuts the run short.
        st.button("Undo", key="undo", icon=":material/undo:", shortcut="Mod+Z", on_click=sheet.undo)
        st.button("Clear", key="clear", icon=":material/delete:", shortcut="Esc", on_click=sheet.clear)
        sheet.pen_width = st.slider("Pen width", 6, 40, step=2, key=pen_width, format="%d px")


def _canvas(sheet: PadState, canvas: str) -> None:
    st_canvas(
        key=canvas,
        width=SIDE,
        height=SIDE,
        stroke_width=sheet.pen_width,
        stroke_color=INK,
        background_color=_PAPER,
        # A report that comes just after the visitor has left for another page would empty that page.
        update_streamlit=not sheet.heard,
        # The canvas loads a drawing only when it differs from the one before: the number makes it differ.
        initial_drawing={"objects": sheet.given, "sheet": sheet.number},
        on_change=lambda: sheet.take_report(st.session_state.get(canvas, {}).get("drawing")),
    )
