"""The listener beside the canvas: an invisible component that reports the stroke under way."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from pages.components.pad.drawing import INK, PadState
from pages.components.shared.server import below_base_path

_KEY = "listener"

_component = st.components.v2.component("digit_listener", js=(Path(__file__).parent / "listener.js").read_text("utf-8"))


def listen(pad: PadState, live: str | None = None) -> None:
    """Mount the listener, as the last element of the page.

    Args:
        pad: the drawing.
        live: of the model that reads live; None where the page shows something else than one model's answer.

    It learns from its data that its message was answered, and sends the next one only then: a message that came before
    the other elements were there would interrupt the run that shows them.
    """
    data = {
        "load_number": pad.load_number,
        "last_message_before_load": pad.last_message_before_load,
        "answered": pad.answered,
        "active": pad.listener_active,
        "pen_width": pad.pen_width,
        "color": INK,
        "live": live and {"model": live, "path": live_path(), "base": pad.base},
    }
    _component(key=_KEY, data=data, on_strokes_change=lambda: _take_message(pad))


def live_path() -> str:
    """Return the address of the live socket."""
    return below_base_path("/api/live")


def _take_message(pad: PadState) -> None:
    """Take a message. One that arrives just after the visitor has left the page finds no state: None."""
    pad.take_strokes(st.session_state.get(_KEY, {}).get("strokes"))
