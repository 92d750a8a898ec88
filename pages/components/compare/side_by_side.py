"""One drawing, read by several models side by side."""

from __future__ import annotations

from html import escape

import numpy as np
import streamlit as st

from model.classifiers.registry import MODELS
from model.errors import ArtifactError, StrokesError
from model.reading import Reading, Stroke
from pages.components.pad.drawing import PadState
from pages.components.pad.fabric_paths import pen_width_of, strokes_of
from pages.components.shared.classifiers import is_loading, reader
from pages.components.shared.html import columns
from pages.components.shared.verdict import verdict

_READY = "Nothing is drawn yet. Draw a digit: every model reads it while the pen is down."
_LATER = "Your drawing is the one of the Draw page. To load every model takes some seconds."


def ask_all(names: list[str]) -> list[str]:
    """Names of the models that are to read; none until the visitor asks, because loading them takes seconds."""
    # The container stays when the button goes: what is below it keeps its place, and the pad its canvas.
    with st.container(key="ask"):
        if "all_read" in st.session_state:
            return names
        st.button(
            "Let every model read it",
            key="read_by_all",
            type="primary",
            icon=":material/visibility:",
            on_click=lambda: st.session_state.update(all_read=True),
        )
    return []


def show_readings(pad: PadState, names: list[str]) -> None:
    """Show what each model reads in the drawing: one piece of HTML, because it is the number of elements that costs."""
    with st.container(key="readers"):
        try:
            strokes, pen_width = strokes_of(pad.objects), pen_width_of(pad.objects)
        except StrokesError as error:
            st.html(f"<p>{escape(str(error))} Undo or clear it.</p>")
            return
        if not names or not strokes:
            st.html(f'<p class="hint">{_READY if names else _LATER}</p>')
            return
        st.html(f'<div class="readers">{"".join(_card(name, strokes, pen_width) for name in names)}</div>')


def still_loading(names: list[str]) -> list[str]:
    """Those of the models that are still to come."""
    return [name for name in names if is_loading(name)]


def _card(name: str, strokes: list[Stroke], pen_width: float) -> str:
    try:
        ready = reader(name)
    except ArtifactError as error:
        return _figure(name, "?", "It cannot read", str(error))
    if ready is None:
        return _figure(name, "…", "Loading", "It reads as soon as it is there.")
    return _read(name, ready.read_drawing(strokes, pen_width), ready.threshold)


def _read(name: str, reading: Reading, threshold: float) -> str:
    """What a model reads; each has a threshold of its own, and one that errs often sets it near 1."""
    digit = next(iter(reading), None)
    sign, title, text = verdict(reading.finding, digit, threshold)
    return _figure(name, sign, title, text, columns(digit.probabilities if digit else np.zeros(10)))


def _figure(name: str, sign: str, title: str, text: str, bars: str = "") -> str:
    kind = "accepted" if sign.isdigit() else "open"
    return (
        f'<figure class="reader {kind}" data-model="{name}"><figcaption>{MODELS[name].title}</figcaption>'
        f'<div class="sign">{sign}</div><div><b>{escape(title)}</b><p>{escape(text)}</p></div>{bars}</figure>'
    )
