"""The door: strokes or a picture in, a Reading out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from model.classifiers.registry import SHIPPED, weights_folder
from model.reading import Box, Digit, Finding, Frame, Ink, Line, Predict, Reading, Stroke, softmax
from model.vision.decoding import Gray, Picture, load_gray, shrink
from model.vision.framing import FRAME_SIDE, frame_glyph
from model.vision.layout import correct_for_digit_prior, digit_lines
from model.vision.normalize import even_pen
from model.vision.page_ink import page_ink
from model.vision.paper import clear_ink, remove_paper
from model.vision.segmentation import Glyph, find_glyphs, glyph_in_box
from model.vision.strokes import as_pen_width, as_strokes, drawing_box, extent, ink_digit, side_by_side

WEIGHTS = weights_folder(SHIPPED)
"""The folder of the shipped weights and their report."""

_WORKING_SIDE = 2400  # px; a page's digits are large enough on such a copy, and it bounds the time


@dataclass(frozen=True, eq=False, slots=True)
class PhotoSteps:
    """What was done to a picture, step by step.

    Attributes:
        gray: (h, w) uint8, upright, 0 black … 255 white, the longest side at 2,400 px at most.
        without_paper: (h, w) uint8 ink, the paper's light and shadows taken away, its noise not.
        ink: (h, w) uint8 ink without the noise.
        without_ruled_lines: (h, w) uint8 ink without ruled lines, the boxes of forms and stains.
        boxes: xyxy half-open, px of `gray`: every glyph that was considered, put together and cut apart.
        reading: the answer; its boxes are pixels of the original picture.
    """

    gray: Gray
    without_paper: Ink
    ink: Ink
    without_ruled_lines: Ink
    boxes: tuple[Box, ...]
    reading: Reading


@dataclass(frozen=True, eq=False, slots=True)
class Reader:
    """Reads digits from drawings and pictures with one classifier; immutable, so sessions may share it.

    Attributes:
        predict: (n, 28, 28) uint8 frames -> (n, 10) float logits, whose softmax is taken as calibrated.
        threshold: 0-1, the least confidence that is accepted of a drawing, which may be anything.
        line_threshold: 0-1, likewise of a glyph in a line of digits, where letters have been told by their line.
    """

    predict: Predict
    threshold: float = 0.5
    line_threshold: float = 0.5

    @classmethod
    def load(cls, weights: Path = WEIGHTS) -> Reader:
        """Load the classifier of a weights folder and warm it up; imports TensorFlow.

        Raises:
            ArtifactError: weights or report are missing, damaged, or do not belong together.
        """
        from model.classifiers.runtime import (
            load_classifier,  # TensorFlow takes seconds to import: only loading may pay that
        )

        classifier = load_classifier(weights)
        return cls(classifier.predict, classifier.threshold, classifier.line_threshold)

    def read_drawing(self, strokes: Iterable[ArrayLike], pen_width: float = 20.0) -> Reading:
        """Read one digit drawn by hand.

        Args:
            strokes: one (n, 2) array-like a stroke, canvas px, y down.
            pen_width: px, the pen it was drawn with; a path no longer than that is a dot.

        Returns:
            A Reading of one digit, or of none with the finding NOTHING or TOO_LITTLE_INK. A drawing that is not
            accepted, but whose parts from left to right are, has the finding MORE_THAN_ONE.

        Raises:
            StrokesError: the strokes are malformed, or the pen width is not a positive number.
        """
        arrays = as_strokes(strokes)
        pen_width = as_pen_width(pen_width)
        if not arrays:
            return Reading((), Finding.NOTHING)
        if extent(arrays) < pen_width:
            return Reading((), Finding.TOO_LITTLE_INK)
        digit = self._read_strokes([arrays], pen_width, self.threshold)[0]
        parts = [] if digit.accepted else side_by_side(arrays)
        several = len(parts) > 1 and all(
            part.accepted for part in self._read_strokes(parts, pen_width, self.line_threshold)
        )
        return Reading((Line((digit,)),), Finding.MORE_THAN_ONE if several else digit.finding)

    def read_photo(self, picture: Picture) -> Reading:
        """Read all digits of a picture, line by line, each line from left to right.

        Args:
            picture: PNG, JPEG, … bytes, the path of such a file, or pixels as (h, w), (h, w, 3) RGB or (h, w, 4) RGBA
                uint8.

        Returns:
            A Reading whose boxes are pixels of the upright picture; without lines if no glyph is found.

        Raises:
            ImageError: the picture cannot be decoded or is too large.
        """
        return self.explain_photo(picture).reading

    def explain_photo(self, picture: Picture) -> PhotoSteps:
        """Read a picture as `read_photo` does, and keep what was done to it, step by step.

        Raises:
            ImageError: the picture cannot be decoded or is too large.
        """
        whole = load_gray(picture)
        gray = shrink(whole, _WORKING_SIDE)
        without_paper, noise = remove_paper(gray)
        ink = clear_ink(without_paper, noise)
        without_ruled_lines = page_ink(ink, without_paper, noise)
        glyphs = find_glyphs(without_ruled_lines, self._recognize_photo)
        reading = self._reading(glyphs, scale=max(whole.shape) / max(gray.shape))
        return PhotoSteps(gray, without_paper, ink, without_ruled_lines, tuple(glyph.box for glyph in glyphs), reading)

    def _reading(self, glyphs: Sequence[Glyph], scale: float) -> Reading:
        """Lines of digits; boxes are those of the glyphs times the scale."""
        lines = tuple(Line(tuple(self._digit(glyph, scale) for glyph in line)) for line in digit_lines(glyphs))
        if not lines:
            return Reading((), Finding.NOT_A_DIGIT if glyphs else Finding.NOTHING)
        accepted = any(digit.accepted for line in lines for digit in line.digits)
        return Reading(lines, Finding.DIGIT if accepted else Finding.NOT_A_DIGIT)

    def _read_strokes(self, drawings: Sequence[Sequence[Stroke]], pen_width: float, threshold: float) -> list[Digit]:
        answers = self._recognize([ink_digit(strokes) for strokes in drawings])
        boxes = [drawing_box(strokes, pen_width) for strokes in drawings]
        return [_answer(row, box, frame, threshold) for (frame, row), box in zip(answers, boxes, strict=True)]

    def read_box(self, picture: Picture, box: Box) -> Digit:
        """Read what a box of a picture holds as one digit, whatever it looks like.

        Args:
            picture: as for `read_photo`.
            box: x0, y0, x1, y1, half-open, in pixels of the upright picture; what lies outside the picture is cut off.

        Returns:
            A Digit with the tight box of its ink; with the box asked for, even probabilities, an empty frame and not
            accepted if there is no ink.

        Raises:
            ImageError: the picture cannot be decoded or is too large.
        """
        piece = glyph_in_box(load_gray(picture), box)
        if piece is None:
            return Digit(0, 0.1, False, np.full(10, 0.1), box, np.zeros((FRAME_SIDE, FRAME_SIDE), np.uint8))
        ((frame, probabilities),) = self._recognize_photo([piece.ink])
        return self._digit(Glyph(piece.box, piece.ink, frame, correct_for_digit_prior(probabilities)))

    def _recognize_photo(self, inks: Sequence[Ink]) -> list[tuple[Frame, NDArray[np.float64]]]:
        """As `_recognize`, with a pen as even as the one that drawings are inked with."""
        return self._recognize([even_pen(ink) for ink in inks])

    def _recognize(self, inks: Sequence[Ink]) -> list[tuple[Frame, NDArray[np.float64]]]:
        """The frame of each glyph's ink, and its (10,) probabilities."""
        if not inks:
            return []
        framings = [frame_glyph(ink) for ink in inks]
        frames = [framing.frame for framing in framings if framing]
        assert len(frames) == len(inks), "every glyph has ink"
        return list(zip(frames, softmax(self.predict(np.stack(frames))), strict=True))

    def _digit(self, glyph: Glyph, scale: float = 1.0) -> Digit:
        x0, y0, x1, y1 = (round(side * scale) for side in glyph.box)
        return _answer(glyph.probabilities, (x0, y0, x1, y1), glyph.frame, self.line_threshold)


def _answer(probabilities: NDArray[np.float64], box: Box, frame: Frame, threshold: float) -> Digit:
    label = int(probabilities.argmax())
    confidence = float(probabilities[label])
    return Digit(label, confidence, confidence >= threshold, probabilities, box, frame)
