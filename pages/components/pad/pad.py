"""The pad: the canvas, undo, clear and the pen's width."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from pages.components.pad.drawing import INK, PadState
from pages.components.pad.listener import hear, listen
from pages.components.shared.canvas import st_canvas

SIDE = 320
"""Width and height of the canvas in px: wide enough for a finger, narrow enough for a phone of 360 px."""

_PAPER = "#fffdf7"


def show_pad(model: str | None, page: str = "") -> PadState:
    """Show the pad with its controls and return its state; every page with a pad shows the same drawing.

    The listener's messages run the fragment that the pad is in.

    Args:
        model: the name of the one that answers while the pen is down; None for all of them side by side.
        page: distinguishes the pages with a pad: widgets of two pages must not share a key.
    """
    canvas, pen_width = f"canvas{page}", f"pen_width{page}"
    pad = _state(canvas)
    listen(pad, model)
    place = st.container(key="pad")
    _tools(pad, pen_width)
    with place:
        _canvas(pad, canvas)
    return pad


def _state(canvas: str) -> PadState:
    """Return the session's pad; its canvas loads the drawing again when the visitor comes from another page."""
    pad: PadState = st.session_state.setdefault("pad_state", PadState())
    if canvas not in st.session_state:
        pad.load(pad.objects)
    hear(pad)
    return pad


def _tools(pad: PadState, pen_width: str) -> None:
    if pen_width not in st.session_state:
        st.session_state[pen_width] = pad.pen_width
    with st.container(key="tools", horizontal=True):
        undo, clear = (pad, pad.undo), (pad, pad.clear)
        st.button("Undo", key="undo", icon=":material/undo:", shortcut="Mod+Z", on_click=_edit, args=undo)
        st.button("Clear", key="clear", icon=":material/delete:", shortcut="Esc", on_click=_edit, args=clear)
        pad.pen_width = st.slider("Pen width", 6, 40, step=2, key=pen_width, format="%d px")


def _edit(pad: PadState, edit: Callable[[], None]) -> None:
    """Edit the drawing, with the stroke whose message came with the click."""
    hear(pad)
    edit()


def _canvas(pad: PadState, canvas: str) -> None:
    st_canvas(
        key=canvas,
        width=SIDE,
        height=SIDE,
        stroke_width=pad.pen_width,
        stroke_color=INK,
        background_color=_PAPER,
        update_streamlit=False,  # the listener has told of the stroke 200 ms before
        # The canvas loads a drawing only if it differs from the one before; the number makes it differ.
        initial_drawing={"objects": pad.loaded, "edits": pad.edits},
    )
