"""The pad: the canvas, undo, clear and the pen's width."""

from __future__ import annotations

import streamlit as st

from pages.components.pad.drawing import INK, PadState
from pages.components.shared.canvas import st_canvas

SIDE = 320
"""Width and height of the canvas in px: wide enough for a finger, narrow enough for a phone of 360 px."""

_PAPER = "#fffdf7"


def show_pad(page: str = "") -> PadState:
    """Show the pad with its controls and return its state; every page with a pad shows the same drawing.

    Args:
        page: distinguishes the pages with a pad: widgets of two pages must not share a key.
    """
    canvas, pen_width = f"canvas{page}", f"pen_width{page}"
    pad = _state(canvas)
    place = st.container(key="pad")
    _tools(pad, pen_width)
    with place:
        _canvas(pad, canvas)
    return pad


def _state(canvas: str) -> PadState:
    """Return the session's pad; its canvas loads the drawing again when the visitor comes from another page."""
    pad: PadState = st.session_state.setdefault("pad_state", PadState())
    if canvas not in st.session_state:
        pad.remount()
    return pad


def _tools(pad: PadState, pen_width: str) -> None:
    if pen_width not in st.session_state:
        st.session_state[pen_width] = pad.pen_width
    with st.container(key="tools", horizontal=True):
        # Callbacks run before the page does, so that a click counts even if the listener's message interrupts its run.
        st.button("Undo", key="undo", icon=":material/undo:", shortcut="Mod+Z", on_click=pad.undo)
        st.button("Clear", key="clear", icon=":material/delete:", shortcut="Esc", on_click=pad.clear)
        pad.pen_width = st.slider("Pen width", 6, 40, step=2, key=pen_width, format="%d px")


def _canvas(pad: PadState, canvas: str) -> None:
    st_canvas(
        key=canvas,
        width=SIDE,
        height=SIDE,
        stroke_width=pad.pen_width,
        stroke_color=INK,
        background_color=_PAPER,
        # A report that arrives just after the visitor has left for another page would empty that page.
        update_streamlit=not pad.listener_active,
        # The canvas loads a drawing only if it differs from the one before; the number makes it differ.
        initial_drawing={"objects": pad.loaded, "load": pad.load_number},
        on_change=lambda: pad.take_report(st.session_state.get(canvas, {}).get("drawing")),
    )
