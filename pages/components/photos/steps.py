"""The steps from a photo to its digits, as pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import cv2
import numpy as np
import streamlit as st
from markupsafe import Markup

from model.errors import ReaderError
from model.reader import PhotoSteps
from model.reading import Box, Ink
from model.transcript import Mark, Transcript
from model.vision.decoding import Gray, shrink
from pages.components.photos import reading
from pages.components.photos.album import Album, Read
from pages.components.photos.box_edits import box_label
from pages.components.photos.waiting import gray_of, result_of
from pages.components.shared import picture_pool
from pages.components.shared.html import picture, render

_MAX_FRAMES = 100
_SIDE = 700  # px, of a picture


def show_steps(album: Album, photo: Read) -> None:
    """Show what was done to the photo; computed only while the expander is open."""
    with st.expander("What was done to the picture", key="photo_steps", on_change="rerun") as expander:
        if not expander.open:
            return
        try:
            gray = gray_of(album, photo)
            steps = result_of(picture_pool.POOL.submit(reading.explain, album.model, gray))
        except ReaderError as error:
            st.error(str(error), icon=":material/error:")
        else:
            st.html(_figures(steps, photo.transcript))


def _figures(steps: PhotoSteps, transcript: Transcript) -> Markup:
    figures = [(picture(shrink(gray, _SIDE), title), title, text) for gray, title, text in _pages(steps, transcript)]
    frames = [picture(mark.digit.frame, box_label(mark)) for mark in list(transcript)[:_MAX_FRAMES]]
    return render(_TEMPLATE, figures=figures, frames=frames)


_TEMPLATE = """
<div class="photo_steps">
  {% for picture, title, text in figures %}
    <figure>{{ picture }}<figcaption><b>{{ title }}</b><br>{{ text }}</figcaption></figure>
  {% endfor %}
</div>
{% if frames %}
  <figcaption><b>Frames</b><br>Each digit on 28×28 pixels, framed as the network's training digits were.</figcaption>
  <div class="frames">{% for frame in frames %}{{ frame }}{% endfor %}</div>
{% endif %}
"""


def _pages(steps: PhotoSteps, transcript: Transcript) -> Iterator[tuple[Gray, str, str]]:
    """Yield a picture, a title and a text for each step."""
    clean, lines, marks = steps.without_ruled_lines, transcript.lines, list(transcript)
    around = [_scaled(_box_around(line), steps.scale) for line in lines]
    digits = [_scaled(mark.digit.box, steps.scale) for mark in marks]
    yield steps.gray, "Gray", "Upright, without its colors."
    yield cv2.bitwise_not(steps.without_paper), "Without paper", "Its light and its shadows are taken away."
    yield cv2.bitwise_not(steps.ink), "Ink", "What is darker than the paper's own noise."
    text = "Ruled lines, boxes of forms and faint stains are taken away."
    yield cv2.bitwise_not(clean), "Without rulings", text
    yield _boxed(clean, steps.boxes), "Glyphs", "What may be a digit, put together and cut apart."
    yield _boxed(clean, around), "Lines", f"What stands side by side: {len(lines)}."
    yield _boxed(clean, digits), "Digits", f"One box for each: {len(marks)}."


def _box_around(line: Sequence[Mark]) -> Box:
    boxes = np.array([mark.digit.box for mark in line])
    (x0, y0), (x1, y1) = boxes[:, :2].min(axis=0).tolist(), boxes[:, 2:].max(axis=0).tolist()
    return x0, y0, x1, y1


def _scaled(box: Box, scale: float) -> Box:
    x0, y0, x1, y1 = (round(edge * scale) for edge in box)
    return x0, y0, x1, y1


def _boxed(ink: Ink, boxes: Sequence[Box]) -> Gray:
    """Draw boxes, xyxy px, around the dark ink of a white page."""
    page = cv2.bitwise_not(ink)
    thickness = max(max(ink.shape) // 350, 1)
    for x0, y0, x1, y1 in boxes:
        cv2.rectangle(page, (x0, y0), (x1 - 1, y1 - 1), 128, thickness)
    return page
