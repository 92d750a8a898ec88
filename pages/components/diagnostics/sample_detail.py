"""The details of one sample: its frame, its probabilities, its saliency map, and its nearest training digits."""

from __future__ import annotations

from time import monotonic_ns

import cv2
import numpy as np
import pandas as pd
import streamlit as st
from markupsafe import Markup
from numpy.typing import NDArray

from model.data.mnist import LABEL_ERRORS
from model.evaluation.charts import CORRECT, WRONG
from model.evaluation.diagnosis import Diagnosis
from model.evaluation.results import Evaluation
from model.reading import Frame
from pages.components.diagnostics.sample_list import FrameSource, browse_state
from pages.components.shared.chart import show_picture_menu
from pages.components.shared.html import bars, hint, percent, picture, render
from pages.components.shared.mnist import training_digits

_SCROLL = "document.querySelector('.st-key-sample').scrollIntoView({block: 'nearest', behavior: 'smooth'})"
_NOT_DIAGNOSED = (
    "Only misread digits and the least certain right ones come with what speaks for and against them, and with their "
    "nearest training digits."
)


def show_sample(evaluation: Evaluation, diagnosis: Diagnosis | None, frames: FrameSource, index: int) -> bool:
    """Show all that is known of one test digit; returns whether all of its pictures were at hand."""
    place, frame = _place(diagnosis, index), frames.get(index)
    figures = [_frame(frame, index), _figure(bars(evaluation.probabilities[index]), "Probabilities")]
    with st.container(key="sample", border=True):
        st.html(_title(evaluation, index))
        if diagnosis is None or place is None:
            st.html(render(_SAMPLE, figures=figures, below=hint(_NOT_DIAGNOSED)))
        else:
            figures.append(_saliency(diagnosis, place))
            st.html(render(_SAMPLE, figures=figures, below=_neighbors(diagnosis, place)))
            _show_saliency_menu(diagnosis, place)
        if browse_state().scroll_to_opened:
            browse_state().scroll_to_opened = False
            script = f"<script>{_SCROLL} // {monotonic_ns()}</script>"  # a page runs the same script only once
            st.html(script, unsafe_allow_javascript=True)
    return frame is not None and (place is None or training_digits() is not None)


_SAMPLE = '<div class="sample">{{ figures | join }}</div>{{ below }}'


def _place(diagnosis: Diagnosis | None, index: int) -> int | None:
    """Find the row of a test digit in the diagnosis; None if it has none."""
    if diagnosis is None:
        return None
    (places,) = np.nonzero(diagnosis.indices == index)
    return int(places[0]) if len(places) else None


def _title(evaluation: Evaluation, index: int) -> Markup:
    return render(
        '<b>{{ verdict }}</b> <span class="text">Test digit {{ number }}.{{ dispute }}</span>',
        verdict=verdict(evaluation, index),
        number=f"{index:,}",
        dispute=" Most of five human raters dispute this label." if index in LABEL_ERRORS else "",
    )


def verdict(evaluation: Evaluation, index: int) -> str:
    """Say what a test digit is, and what it is read as: "4, read as 9, 51%"."""
    true, predicted = evaluation.labels[index], evaluation.predicted[index]
    sure = percent(float(evaluation.confidence[index]))
    return f"{true}, read right, {sure}" if true == predicted else f"{true}, read as {predicted}, {sure}"


def _figure(content: Markup, caption: Markup | str) -> Markup:
    return render(
        "<figure>{{ content }}<figcaption>{{ caption }}</figcaption></figure>", content=content, caption=caption
    )


def _frame(frame: Frame | None, index: int) -> Markup:
    if frame is None:
        blank = render('<div class="no_picture">#{{ index }}</div>', index=index)
        return _figure(blank, "No picture without MNIST")
    return _figure(picture(frame, "What the network sees"), "What the network sees")


def _saliency(diagnosis: Diagnosis, place: int) -> Markup:
    title, (one, other) = _why(diagnosis, place), diagnosis.compared[place]
    sides = [("speaks for", one, CORRECT), ("for", other, WRONG)]
    return _figure(picture(_colored(diagnosis, place), title), render(_LEGEND, title=title, sides=sides))


_LEGEND = """
<b>{{ title }}</b><br>
{% for words, digit, color in sides %}
  {{ ", " if not loop.first }}<i style="background:{{ color }}"></i> {{ words }} {{ digit }}
{% endfor %}
"""


def _why(diagnosis: Diagnosis, place: int) -> str:
    one, other = diagnosis.compared[place]
    return f"Why {one} and not {other}"


def _colored(diagnosis: Diagnosis, place: int) -> NDArray[np.uint8]:
    return color_saliency(diagnosis.frames[place], diagnosis.saliency[place])


def color_saliency(frame: Frame, saliency: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Lay the saliency over the dimmed frame, in one color where it is positive and in another where it is negative.

    Args:
        frame: (28, 28) uint8, 0 paper … 255 ink.
        saliency: (28, 28), -1 to 1.

    Returns:
        (28, 28, 3) uint8 BGR.
    """
    # The square root makes faint values visible.
    strength = np.sqrt(np.abs(saliency) / max(float(np.abs(saliency).max()), 1e-6))[..., None]
    colors = np.where(saliency[..., None] > 0, _bgr(CORRECT), _bgr(WRONG))
    gray = 0.35 * cv2.cvtColor(frame, cv2.COLOR_GRAY2BGR)
    return np.rint((1 - strength) * gray + strength * colors).clip(0, 255).astype(np.uint8)


def _bgr(color: str) -> NDArray[np.uint8]:
    return np.frombuffer(bytes.fromhex(color[1:]), np.uint8)[::-1]


def _neighbors(diagnosis: Diagnosis, place: int) -> Markup:
    labels, nearest = diagnosis.neighbor_labels[place].tolist(), diagnosis.neighbors[place]
    training = training_digits()
    if training is None or len(training) <= nearest.max():
        return render(_NEIGHBORS, neighbors=[("", label) for label in labels])
    frames = training.frames[nearest]
    pictures = [picture(frame, f"a training digit, {label}") for frame, label in zip(frames, labels, strict=True)]
    return render(_NEIGHBORS, neighbors=zip(pictures, labels, strict=True))


_NEIGHBORS = """
<figcaption><b>Nearest training digits</b><br>
  The training digits that the network sees as most alike, the nearest first
</figcaption>
<div class="neighbors">
  {% for picture, label in neighbors %}
    <figure>{{ picture }}<figcaption><b>{{ label }}</b></figcaption></figure>
  {% endfor %}
</div>
"""


def _show_saliency_menu(diagnosis: Diagnosis, place: int) -> None:
    show_picture_menu(
        _colored(diagnosis, place),
        lambda: _pixels(diagnosis, place),
        key=f"saliency_{diagnosis.indices[place]}",
        title=f"Download «{_why(diagnosis, place)}»",
    )


def _pixels(diagnosis: Diagnosis, place: int) -> pd.DataFrame:
    """List the pixels: row, column, ink 0-255 and saliency, -1 to 1."""
    rows, columns = np.indices(diagnosis.frames.shape[1:])
    values = {"row": rows, "column": columns, "ink": diagnosis.frames[place], "saliency": diagnosis.saliency[place]}
    return pd.DataFrame({name: value.ravel() for name, value in values.items()})
