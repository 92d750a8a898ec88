"""A gallery of MNIST's digits: pictures with captions, one page at a time."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import streamlit as st
from markupsafe import Markup
from numpy.typing import NDArray

from model.classifiers.registry import MODELS
from model.data.mnist import LABEL_ERRORS
from model.evaluation.results import Evaluation
from pages.components.shared.html import percent, picture, render

PAGE = 40
"""Pictures on a page: enough to compare them, few enough for a phone."""


def show_gallery(
    indices: NDArray[np.integer], frames: NDArray[np.uint8] | None, describe: Callable[[int], Markup | str], *, key: str
) -> None:
    """Show digits of a set, with page numbers where there are more than PAGE.

    Args:
        indices: (n,) indices of the digits in the set, in the order in which they are shown.
        frames: (m, 28, 28) uint8, the whole set; None where it is missing: then only the captions are shown.
        describe: returns the caption of the digit with this index.
        key: of the gallery's container.
    """
    with st.container(key=key):
        pages = -(-len(indices) // PAGE)
        place = st.container()
        page = 1
        if pages > 1:  # the key names the digits, so that a new choice begins on its first page
            page = st.pagination(pages, key=f"{key} {len(indices)} {indices[0]}")
        shown = indices[(page - 1) * PAGE : page * PAGE].tolist()
        figures = [
            (describe(index), "" if frames is None else picture(frames[index], f"Digit number {index}"))
            for index in shown
        ]
        place.html(render(_GALLERY, figures=figures))


_GALLERY = """
{% if figures %}
  <div class="gallery">
    {% for caption, picture in figures %}
      <figure>{{ picture }}<figcaption>{{ caption }}</figcaption></figure>
    {% endfor %}
  </div>
{% else %}
  <p class="hint">There are none.</p>
{% endif %}
"""


def describe_reading(*evaluations: Evaluation) -> Callable[[int], Markup]:
    """Make captions for test digits: the true digit, what each model reads, and the index."""
    labels = evaluations[0].labels
    models = [(MODELS[each.name].title, each.predicted, each.confidence) for each in evaluations]

    def describe(index: int) -> Markup:
        answers = [(title, predicted[index], percent(confidence[index])) for title, predicted, confidence in models]
        return render(_CAPTION, index=index, label=labels[index], answers=answers, disputed=index in LABEL_ERRORS)

    return describe


_CAPTION = """
<b>It is {{ label }}</b><br>
{% for title, predicted, confidence in answers %}
  {% set correct = predicted == label %}
  {% if not loop.first %}<br>{% endif %}
  <span class="{{ 'right' if correct else 'wrong' }}" title="{{ title }}">
  {{ '✓' if correct else '✗' }} {{ predicted }}, {{ confidence }}</span>
{% endfor %}
<small>Number {{ index }}{{ ', label disputed' if disputed }}</small>
"""
