"""The listener: an invisible component that hears the pen on the canvas, and keeps the strokes in the browser."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from pages.components.pad.drawing import INK, PadState
from pages.components.shared.server import below_base_path

_KEY = "listener"

_component = st.components.v2.component("digit_listener", js=(Path(__file__).parent / "listener.js").read_text("utf-8"))


def listen(pad: PadState, model: str | None) -> None:
    """Mount the listener, before the canvas: the first stroke may be drawn as soon as the canvas is there.

    Args:
        pad: the drawing.
        model: the name of the one that answers while the pen is down; None for all of them side by side.
    """
    data = {
        "edits": pad.edits,
        "known": pad.known,
        "kept": [item.get("number") for item in pad.loaded],
        "pen_width": pad.pen_width,
        "color": INK,
        "live": {"model": model, "path": live_path()},
    }
    _component(key=_KEY, data=data, on_drawing_change=lambda: None)


def hear(pad: PadState) -> None:
    """Take the listener's last message; there is none before the first stroke on a page."""
    pad.take(st.session_state.get(_KEY, {}).get("drawing"))


def live_path() -> str:
    """Return the address of the live socket."""
    return below_base_path("/api/live")
