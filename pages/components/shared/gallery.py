"""Digits of MNIST as pictures with a few words each, a page at a time."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from model.classifiers.registry import MODELS
from model.data.mnist import LABEL_ERRORS
from model.evaluation.results import Evaluation
from pages.components.shared.html import percent, picture

PAGE = 40
"""Pictures on a page: enough to see what they have in common, few enough for a phone."""


def show_gallery(
    indices: NDArray[np.integer], frames: NDArray[np.uint8] | None, describe: Callable[[int], str], *, key: str
) -> None:
    """Show digits of a set, with page numbers where there are many.

    Args:
        indices: (n,) which ones, in the order they are shown.
        frames: (m, 28, 28) uint8, the whole set; None where it is not at hand: then only the words are shown.
        describe: what to say of the digit of an index, as HTML.
        key: of the gallery's container.
    """
    with st.container(key=key):
        pages = -(-len(indices) // PAGE)
        place = st.container()
        page = 1
        if pages > 1:  # other digits begin on their first page
            page = st.pagination(pages, key=f"{key} {len(indices)} {indices[0]}")
        shown = indices[(page - 1) * PAGE : page * PAGE].tolist()
        figures = "".join(_figure(index, frames, describe(index)) for index in shown)
        place.html(f'<div class="gallery">{figures}</div>' if figures else '<p class="hint">There are none.</p>')


def describe_reading(*models: Evaluation) -> Callable[[int], str]:
    """What to say of a test digit: which one it is, and what each model reads."""
    labels = models[0].labels
    answers = [(MODELS[model.name].title, model.predicted, model.confidence) for model in models]

    def describe(index: int) -> str:
        lines = (
            f'<span class="{"right" if read[index] == labels[index] else "wrong"}" title="{title}">'
            f"{'✓' if read[index] == labels[index] else '✗'} {read[index]}, {escape(percent(confidence[index]))}</span>"
            for title, read, confidence in answers
        )
        dispute = ", label disputed" if index in LABEL_ERRORS else ""
        return f"<b>It is {labels[index]}</b><br>{'<br>'.join(lines)}<small>Number {index}{dispute}</small>"

    return describe


def _figure(index: int, frames: NDArray[np.uint8] | None, words: str) -> str:
    pixels = "" if frames is None else picture(frames[index], f"Digit number {index}")
    return f"<figure>{pixels}<figcaption>{words}</figcaption></figure>"
