"""One drawing, read by several models side by side."""

from __future__ import annotations

import numpy as np
from markupsafe import Markup

from model.classifiers.registry import MODELS
from model.errors import ArtifactError, StrokesError
from model.reading import Reading, Stroke
from pages.components.pad.answer import Parts
from pages.components.pad.fabric_paths import Unchecked, pen_width_of, strokes_of
from pages.components.shared.classifiers import reader
from pages.components.shared.html import columns, hint, render
from pages.components.shared.verdict import least_certain, verdict

_EMPTY = "Nothing is drawn yet. Draw a digit: every model reads it while the pen is down."


def read_side_by_side(objects: Unchecked, names: list[str]) -> Parts:
    """Read what the pad reports with each of these models; return the part of the page that shows it."""
    return {"side_by_side": _readings(objects, names)}


def _readings(objects: Unchecked, names: list[str]) -> Markup:
    try:
        strokes, pen_width = strokes_of(objects), pen_width_of(objects)
    except StrokesError as error:
        return render("<p>{{ error }} Undo or clear it.</p>", error=error)
    if not strokes:
        return hint(_EMPTY)
    cards = [_card(name, strokes, pen_width) for name in names]
    return render('<div class="side_by_side">{{ cards | join }}</div>', cards=cards)


def _card(name: str, strokes: list[Stroke], pen_width: float) -> Markup:
    try:
        ready = reader(name)
    except ArtifactError as error:
        return _figure(name, "?", "It cannot read", str(error))
    return _reading(name, ready.read_drawing(strokes, pen_width), ready.threshold)


def _reading(name: str, reading: Reading, threshold: float) -> Markup:
    """Show what a model reads, by its own threshold: that of a model that errs often is near 1."""
    digit = least_certain(reading)
    sign, title, text = verdict(reading, threshold)
    return _figure(name, sign, title, text, columns(digit.probabilities if digit else np.zeros(10)))


def _figure(name: str, sign: str, title: str, text: str, bars: Markup | str = "") -> Markup:
    kind, model = "open" if "?" in sign else "accepted", MODELS[name].title
    return render(_FIGURE, name=name, kind=kind, model=model, sign=sign, title=title, text=text, bars=bars)


_FIGURE = """
<figure class="model_reading {{ kind }}" data-model="{{ name }}"><figcaption>{{ model }}</figcaption>
  <div class="sign">{{ sign }}</div><div><b>{{ title }}</b><p>{{ text }}</p></div>{{ bars }}
</figure>
"""
