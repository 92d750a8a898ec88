"""Boxes that were drawn, moved, relabeled or deleted on the canvas, to a transcript."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any

from model.reading import Box, Digit
from model.transcript import Mark, Transcript, Trust

_MIN_SIDE = 6  # canvas px; a new box with a shorter side is an accident
_MIN_MOVE = 1  # px, of the canvas or of the picture, whichever is larger; a smaller move is rounding
_REVISION = 100_000  # exceeds the number of marks of a picture, and the 4 that Fabric gives new objects

Unchecked = Any
"""JSON from a browser, of any shape."""
MAX_READS = 10
"""Boxes that are read for one report; one takes 0.2 s on a noisy picture of 12 megapixels."""
ReadBox = Callable[[Box], Digit | None]
"""Returns the digit in a box; None for a box that is left out."""
DIGITS = tuple("0123456789")


@dataclass(frozen=True, slots=True)
class CanvasBox:
    """A box on the canvas.

    Attributes:
        id: of its mark, see `box_id`; smaller than any of these for a new box.
        box: xyxy, px of the picture.
        label: the text on it.
    """

    id: int
    box: tuple[float, float, float, float]
    label: str


@dataclass(frozen=True, slots=True)
class CanvasScale:
    """The size of the picture, and the scale at which the canvas shows it.

    Attributes:
        size_wh: of the picture, px.
        px: px of the picture for each px of the canvas.
    """

    size_wh: tuple[int, int]
    px: float


def box_id(mark: Mark, revision: int) -> int:
    """Return a mark's id on the canvas, which also holds the revision that the canvas was given."""
    return (revision + 1) * _REVISION + mark.number


def box_label(mark: Mark) -> str:
    """Return the text on a mark's box; doubt shows in it, not only in the color."""
    return f"{mark.label}?" if mark.trust is Trust.DOUBTFUL else mark.text


def reported_boxes(report: Unchecked, size_wh: tuple[int, int]) -> list[CanvasBox] | None:
    """Check and convert what the canvas returns.

    Args:
        report: a `CanvasResult`, whose properties compute with the browser's values and may raise.
        size_wh: of the picture, px.

    Returns:
        The boxes; None if nothing is reported yet, or the report is malformed.
    """
    try:
        fit = report.background_fit
        stretch = size_wh[0] / fit["natural_width"], size_wh[1] / fit["natural_height"]
        return drawn_boxes(report.json_data.get("objects"), report.boxes_in_image_space, stretch)
    except (AttributeError, TypeError, KeyError, ValueError, ArithmeticError):
        return None


def drawn_boxes(objects: Unchecked, boxes: Unchecked, stretch: tuple[float, float]) -> list[CanvasBox] | None:
    """Check and convert the boxes that the canvas reports.

    Args:
        objects: the canvas's Fabric objects.
        boxes: the canvas's `boxes_in_image_space`, one for each object that is a box.
        stretch: px of the picture for each px of the background image, x and y.

    Returns:
        The boxes; None if the report is malformed.
    """
    try:
        ids = [int(item["strokeMiterLimit"]) for item in objects if item["type"] == "LabeledRect"]
        return [_canvas_box(id_, box, stretch) for id_, box in zip(ids, boxes, strict=True)]
    except (TypeError, KeyError, ValueError, OverflowError):
        return None


def apply_box_edits(
    transcript: Transcript, drawn: Sequence[CanvasBox], revision: int, scale: CanvasScale, read: ReadBox
) -> Transcript:
    """Return the transcript after what was done on the canvas; the same object if nothing was.

    Args:
        transcript: as it stands.
        drawn: the boxes on the canvas. If the canvas was given an earlier revision, only its new boxes count.
        revision: of the transcript that the canvas was given.
        scale: of the canvas.
        read: returns the digit in a box; new and moved boxes for which it returns None are left out.
    """
    marks = {box_id(mark, revision): mark for mark in transcript}
    known = {each.id: each for each in drawn if each.id >= _REVISION}
    if known.keys() <= marks.keys() and (known or not drawn):
        for id_, mark in marks.items():
            transcript = _apply_edit(transcript, mark, known.get(id_), scale, read)
    for each in drawn:
        if each.id < _REVISION and _is_new(transcript, each, scale) and (digit := _read(each, scale, read)):
            transcript = transcript.add(digit)
    return transcript


def boxes_to_read(transcript: Transcript, drawn: Sequence[CanvasBox], revision: int, scale: CanvasScale) -> list[Box]:
    """Return the new and moved boxes whose digits `apply_box_edits` asks for, each once."""
    asked: dict[Box, None] = {}
    apply_box_edits(transcript, drawn, revision, scale, asked.setdefault)
    return list(asked)


def is_shown(transcript: Transcript, before: Transcript, drawn: Sequence[CanvasBox], revision: int) -> bool:
    """Return whether the canvas shows the transcript's marks, with its labels and with the colors of `before`."""
    marks = {(box_id(mark, revision), box_label(mark)) for mark in transcript}
    labels = len(drawn) == len(marks) and marks == {(each.id, each.label) for each in drawn}
    return labels and _trusts(transcript) <= _trusts(before)


def _trusts(transcript: Transcript) -> set[tuple[int, Trust]]:
    return {(mark.number, mark.trust) for mark in transcript}


def _canvas_box(id_: int, box: dict[str, Any], stretch: tuple[float, float]) -> CanvasBox:
    left, top = box["left"] * stretch[0], box["top"] * stretch[1]
    edges = left, top, left + box["width"] * stretch[0], top + box["height"] * stretch[1]
    if not all(map(isfinite, edges)):
        raise ValueError(edges)
    return CanvasBox(id_, edges, str(box["label"]).strip())  # the Enter key adds a line break to the canvas's text


def _apply_edit(
    transcript: Transcript, mark: Mark, drawn: CanvasBox | None, scale: CanvasScale, read: ReadBox
) -> Transcript:
    """Remove, move or relabel a mark as its box was."""
    if drawn is None:
        return transcript.remove(mark.number)
    moved = _distance(_clipped(drawn.box, scale.size_wh), mark.digit.box) > _MIN_MOVE * max(scale.px, 1)
    if moved and (digit := _read(drawn, scale, read)):
        transcript = transcript.move(mark.number, digit)
    if drawn.label != box_label(mark) and drawn.label in DIGITS:
        transcript = transcript.set_label(mark.number, int(drawn.label))
    return transcript


def _read(drawn: CanvasBox, scale: CanvasScale, read: ReadBox) -> Digit | None:
    box = _clipped(drawn.box, scale.size_wh)
    digit = read(box)
    return replace(digit, box=box) if digit else None


def _is_new(transcript: Transcript, drawn: CanvasBox, scale: CanvasScale) -> bool:
    """Return whether a box is large enough, and was not added already by an earlier report."""
    x0, y0, x1, y1 = drawn.box
    box = _clipped(drawn.box, scale.size_wh)
    added = any(_distance(box, mark.digit.box) <= _MIN_MOVE * max(scale.px, 1) for mark in transcript)
    return min(x1 - x0, y1 - y0) >= _MIN_SIDE * scale.px and not added


def _distance(one: Box, other: Box) -> int:
    """Return the largest distance between corresponding edges, px."""
    return max(abs(a - b) for a, b in zip(one, other, strict=True))


def _clipped(box: tuple[float, float, float, float], size_wh: tuple[int, int]) -> Box:
    """Round a box to whole pixels of the picture, at least 1x1."""
    (x0, x1), (y0, y1) = (_whole(box[axis], box[axis + 2], size_wh[axis]) for axis in (0, 1))
    return x0, y0, x1, y1


def _whole(low: float, high: float, size: int) -> tuple[int, int]:
    start = min(max(round(low), 0), size - 1)
    return start, min(max(round(high), start + 1), size)
