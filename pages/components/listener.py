"""The listener beside the canvas: a component without a face that reports the stroke under way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

from pages.components.fabric import Unchecked

KEY = "listener"

_component = st.components.v2.component("digit_listener", js=(Path(__file__).parent / "listener.js").read_text("utf-8"))


def listen(data: dict[str, Any], on_ink: Callable[[], None]) -> None:
    """Mount the listener.

    Args:
        data: what it is to know: the sheet, the number of the message answered, pen width and color.
        on_ink: called before the rerun that a message causes; `heard` gives the message then.
    """
    _component(key=KEY, data=data, on_ink_change=on_ink, height=1)


def heard() -> Unchecked:
    """The listener's last message."""
    return st.session_state[KEY].get("ink")
