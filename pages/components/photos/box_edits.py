"""Boxes that were drawn, moved or deleted on the canvas, to a transcript."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any

from model.reading import Box, Digit
from model.transcript import Mark, Transcript, Trust

_LEAST = 6  # px on the canvas: a box with a shorter side is a slip of the hand
_STILL = 1  # px on the canvas, or of the picture: a box that moved less did not
_REVISION = 100_000  # more marks than any picture has, and more than what Fabric gives new objects, which is 4

Unchecked = Any
"""What a browser sent: JSON of any shape."""
ReadBox = Callable[[Box], Digit]
DIGITS = tuple("0123456789")


@dataclass(frozen=True, slots=True)
class CanvasBox:
    """A box as it is on the canvas.

    Attributes:
        name: of its mark, see `box_id`; less than any for a box drawn anew.
        box: xyxy, px of the picture.
        label: what stands on it.
    """

    name: int
    box: tuple[float, float, float, float]
    label: str


@dataclass(frozen=True, slots=True)
class CanvasScale:
    """The picture that boxes are drawn on.

    Attributes:
        size_wh: px of the picture.
        px: px of the picture for each px of the canvas.
    """

    size_wh: tuple[int, int]
    px: float


def box_id(mark: Mark, revision: int) -> int:
    """A mark's name on the canvas, which tells what state of the page the canvas knows of."""
    return (revision + 1) * _REVISION + mark.number


def box_label(mark: Mark) -> str:
    """What stands on a mark's box: doubt is told by more than a color."""
    return f"{mark.label}?" if mark.trust is Trust.DOUBTFUL else mark.text


def drawn_boxes(objects: Unchecked, boxes: Unchecked, stretch: tuple[float, float]) -> list[CanvasBox] | None:
    """What is on the canvas.

    Args:
        objects: the canvas's Fabric objects.
        boxes: the canvas's `boxes_in_image_space`, one for each object that is a box.
        stretch: px of the picture for each px of the background image, x and y.

    Returns:
        The boxes; None for what is malformed.
    """
    try:
        names = [int(item["strokeMiterLimit"]) for item in objects if item["type"] == "LabeledRect"]
        return [_drawn(name, box, stretch) for name, box in zip(names, boxes, strict=True)]
    except (TypeError, KeyError, ValueError, OverflowError):
        return None


def merge(
    transcript: Transcript, drawn: Sequence[CanvasBox], revision: int, board: CanvasScale, read: ReadBox
) -> Transcript:
    """The transcript after what was done on the canvas; the same one if nothing was.

    Args:
        transcript: as it stands.
        drawn: what is on the canvas. Of a canvas that knows only an earlier revision, boxes drawn anew still count.
        revision: of the transcript that the canvas was given.
        board: what the boxes are drawn on.
        read: reads the digit in a box.
    """
    marks = {box_id(mark, revision): mark for mark in transcript}
    known = {each.name: each for each in drawn if each.name >= _REVISION}
    if known.keys() <= marks.keys() and (known or not drawn):
        for name, mark in marks.items():
            transcript = _follow(transcript, mark, known.get(name), board, read)
    for each in drawn:
        if each.name < _REVISION and _is_new(transcript, each, board):
            transcript = transcript.add(_read(each, board, read))
    return transcript


def is_shown(transcript: Transcript, before: Transcript, drawn: Sequence[CanvasBox], revision: int) -> bool:
    """Whether the canvas shows the transcript's marks, with their labels and colors, which were those of `before`."""
    marks = {(box_id(mark, revision), box_label(mark)) for mark in transcript}
    labels = len(drawn) == len(marks) and marks == {(each.name, each.label) for each in drawn}
    return labels and _trusts(transcript) <= _trusts(before)


def _trusts(transcript: Transcript) -> set[tuple[int, Trust]]:
    return {(mark.number, mark.trust) for mark in transcript}


def _drawn(name: int, box: dict[str, Any], stretch: tuple[float, float]) -> CanvasBox:
    left, top = box["left"] * stretch[0], box["top"] * stretch[1]
    edges = left, top, left + box["width"] * stretch[0], top + box["height"] * stretch[1]
    if not all(map(isfinite, edges)):
        raise ValueError(edges)
    return CanvasBox(name, edges, str(box["label"]).strip())  # Enter adds a line to the canvas's text


def _follow(
    transcript: Transcript, mark: Mark, drawn: CanvasBox | None, board: CanvasScale, read: ReadBox
) -> Transcript:
    """Do to a mark what was done to its box."""
    if drawn is None:
        return transcript.remove(mark.number)
    if _distance(_clipped(drawn.box, board.size_wh), mark.digit.box) > _STILL * max(board.px, 1):
        transcript = transcript.move(mark.number, _read(drawn, board, read))
    if drawn.label != box_label(mark) and drawn.label in DIGITS:
        transcript = transcript.set_label(mark.number, int(drawn.label))
    return transcript


def _read(drawn: CanvasBox, board: CanvasScale, read: ReadBox) -> Digit:
    box = _clipped(drawn.box, board.size_wh)
    return replace(read(box), box=box)


def _is_new(transcript: Transcript, drawn: CanvasBox, board: CanvasScale) -> bool:
    """Whether a box is no slip, and not one that has been added since the canvas was given its boxes."""
    x0, y0, x1, y1 = drawn.box
    box = _clipped(drawn.box, board.size_wh)
    added = any(_distance(box, mark.digit.box) <= _STILL * max(board.px, 1) for mark in transcript)
    return min(x1 - x0, y1 - y0) >= _LEAST * board.px and not added


def _distance(one: Box, other: Box) -> int:
    return max(abs(a - b) for a, b in zip(one, other, strict=True))


def _clipped(box: tuple[float, float, float, float], size_wh: tuple[int, int]) -> Box:
    """A box in whole pixels of the picture, at least one of each side."""
    (x0, x1), (y0, y1) = (_whole(box[axis], box[axis + 2], size_wh[axis]) for axis in (0, 1))
    return x0, y0, x1, y1


def _whole(low: float, high: float, size: int) -> tuple[int, int]:
    start = min(max(round(low), 0), size - 1)
    return start, min(max(round(high), start + 1), size)
