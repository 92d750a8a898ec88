"""The listener beside the canvas: a component without a face that reports the stroke under way."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from pages.components.pad.drawing import INK, PadState

_KEY = "listener"

_component = st.components.v2.component("digit_listener", js=(Path(__file__).parent / "listener.js").read_text("utf-8"))


def listen(sheet: PadState) -> None:
    """Mount the listener, after everything else: that it is told of its message means that the answer is there.

    It keeps the next message back until then. Were it told earlier, the message would cut the answer off.
    """
    data = {
        "sheet": sheet.number,
        "known": sheet.known,
        "answered": sheet.answered,
        "pen_width": sheet.pen_width,
        "color": INK,
    }
    _component(key=_KEY, data=data, on_ink_change=lambda: _take_message(sheet))


def _take_message(sheet: PadState) -> None:
    """Take a message; one that comes when the visitor has just left the page finds no state any more."""
    sheet.take_strokes(st.session_state.get(_KEY, {}).get("ink"))
