"""One sample closely: its frame, its probabilities, what speaks for and against, and what the network sees alike."""

from __future__ import annotations

from time import monotonic_ns

import cv2
import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from model.data.mnist import LABEL_ERRORS
from model.evaluation.charts import RIGHT, WRONG
from model.evaluation.diagnosis import Diagnosis
from model.evaluation.results import Evaluation
from model.reading import Frame
from pages.components.diagnostics.sample_list import Frames, look
from pages.components.shared.chart import show_picture_menu
from pages.components.shared.html import bars, percent, picture
from pages.components.shared.mnist import training_digits

_INTO_SIGHT = "document.querySelector('.st-key-sample').scrollIntoView({block: 'nearest', behavior: 'smooth'})"


def show_sample(evaluation: Evaluation, diagnosis: Diagnosis | None, frames: Frames, index: int) -> bool:
    """Show all that is known of one test digit; whether all pictures were at hand."""
    place = _place(diagnosis, index)
    frame = frames.get(index)
    parts = [
        _frame(frame, index),
        f"<figure>{bars(evaluation.probabilities[index])}{_caption('Probabilities')}</figure>",
    ]
    neighbors = ""
    if diagnosis is not None and place is not None:
        parts.append(_saliency(diagnosis, place))
        neighbors = _neighbors(diagnosis, place)
    with st.container(key="sample", border=True):
        st.html(_title(evaluation, index))
        st.html(f'<div class="sample">{"".join(parts)}</div>{neighbors}{_NOT_LOOKED_AT if place is None else ""}')
        if diagnosis is not None and place is not None:
            pixels, key = _colored(diagnosis, place), f"saliency_{index}"
            show_picture_menu(
                pixels, lambda: _pixels(diagnosis, place), key=key, title=f"Download «{_why(diagnosis, place)}»"
            )
        if look().is_news:
            look().is_news = False
            news = f"<script>{_INTO_SIGHT} // {monotonic_ns()}</script>"  # the same again would not be run
            st.html(news, unsafe_allow_javascript=True)
    return frame is not None and (place is None or training_digits() is not None)


def verdict(evaluation: Evaluation, index: int) -> str:
    """What a test digit is, and what it was read as."""
    true, read = int(evaluation.labels[index]), int(evaluation.predicted[index])
    sure = percent(float(evaluation.confidence[index]))
    return f"{true}, read right, {sure}" if true == read else f"{true}, read as {read}, {sure}"


def _title(evaluation: Evaluation, index: int) -> str:
    dispute = " Most of five human raters dispute this label." if index in LABEL_ERRORS else ""
    return f'<b>{verdict(evaluation, index)}</b> <span class="text">Test digit {index:,}.{dispute}</span>'


_NOT_LOOKED_AT = (
    '<p class="hint">Only misread digits and the least certain right ones come with what speaks for and against them, '
    "and with their nearest training digits.</p>"
)


def _place(diagnosis: Diagnosis | None, index: int) -> int | None:
    """Where a test digit is in the diagnosis, if it is there."""
    places = () if diagnosis is None else np.flatnonzero(diagnosis.indices == index)
    return int(places[0]) if len(places) else None


def _caption(text: str) -> str:
    return f"<figcaption>{text}</figcaption>"


def _frame(frame: Frame | None, index: int) -> str:
    if frame is None:
        return f'<figure><div class="no_picture">#{index}</div>{_caption("No picture without MNIST")}</figure>'
    return f"<figure>{picture(frame, 'What the network sees')}{_caption('What the network sees')}</figure>"


def _saliency(diagnosis: Diagnosis, place: int) -> str:
    one, other = diagnosis.compared[place].tolist()
    title = _why(diagnosis, place)
    legend = f'<i style="background:{RIGHT}"></i> speaks for {one}, <i style="background:{WRONG}"></i> for {other}'
    return f"<figure>{picture(_colored(diagnosis, place), title)}{_caption(f'<b>{title}</b><br>{legend}')}</figure>"


def _why(diagnosis: Diagnosis, place: int) -> str:
    one, other = diagnosis.compared[place]
    return f"Why {one} and not {other}"


def _colored(diagnosis: Diagnosis, place: int) -> NDArray[np.uint8]:
    return color_saliency(diagnosis.frames[place], diagnosis.saliency[place])


def _pixels(diagnosis: Diagnosis, place: int) -> pd.DataFrame:
    """A line for each pixel: where it is, its ink, and what it speaks for, from -1 to 1."""
    rows, columns = np.indices(diagnosis.frames.shape[1:])
    values = {"row": rows, "column": columns, "ink": diagnosis.frames[place], "saliency": diagnosis.saliency[place]}
    return pd.DataFrame({name: value.ravel() for name, value in values.items()})


def color_saliency(frame: Frame, saliency: NDArray[np.float32]) -> NDArray[np.uint8]:
    """(28, 28, 3) uint8, blue first as OpenCV has it: the dimmed frame under what speaks for and against."""
    strength = np.sqrt(np.abs(saliency) / max(float(np.abs(saliency).max()), 1e-6))[..., None]  # lifts what is faint
    colors = np.where(saliency[..., None] > 0, _bgr(RIGHT), _bgr(WRONG))
    gray = 0.35 * cv2.cvtColor(frame, cv2.COLOR_GRAY2BGR)
    return np.rint((1 - strength) * gray + strength * colors).clip(0, 255).astype(np.uint8)


def _bgr(color: str) -> NDArray[np.uint8]:
    return np.frombuffer(bytes.fromhex(color[1:]), np.uint8)[::-1]


def _neighbors(diagnosis: Diagnosis, place: int) -> str:
    labels = diagnosis.neighbor_labels[place].tolist()
    training = training_digits()
    nearest = diagnosis.neighbors[place]
    known = training is not None and len(training[0]) > nearest.max()
    seen = list(training[0][nearest]) if training is not None and known else [None] * len(labels)
    figures = "".join(_neighbor(frame, label) for frame, label in zip(seen, labels, strict=True))
    text = "The training digits that the network sees as most alike, the nearest first"
    return f'{_caption(f"<b>Nearest training digits</b><br>{text}")}<div class="neighbors">{figures}</div>'


def _neighbor(frame: Frame | None, label: int) -> str:
    seen = "" if frame is None else picture(frame, f"a training digit, {label}")
    return f"<figure>{seen}<figcaption><b>{label}</b></figcaption></figure>"
