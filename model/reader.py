"""Read digits: strokes or a picture in, a Reading out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import log
from pathlib import Path
from statistics import geometric_mean

import numpy as np
from numpy.typing import ArrayLike, NDArray

from model.classifiers.registry import SHIPPED, SHIPPED_STROKES, weights_folder
from model.classifiers.runtime import Classifier, StrokeClassifier, load_classifier, load_stroke_classifier
from model.reading import Box, Digit, Finding, Frame, Ink, Line, PenPath, Reading, Stroke, softmax
from model.vision.decoding import Gray, Picture, load_gray, shrink
from model.vision.framing import FRAME_SIDE, Framing, frame_glyph, frame_of
from model.vision.layout import correct_for_digit_prior, digit_lines
from model.vision.normalize import even_pen
from model.vision.number_lattice import MAX_STROKES, likeliest_runs, reading_order, runs_of
from model.vision.page_ink import page_ink
from model.vision.pen_path import path_of
from model.vision.segmentation import Glyph, find_glyphs, glyph_in_box
from model.vision.strokes import as_pen_width, as_strokes, drawing_box, extent, ink_digit, lines_of

WEIGHTS = weights_folder(SHIPPED)
"""The folder of the shipped weights and their report."""
STROKE_WEIGHTS = weights_folder(SHIPPED_STROKES)
"""The folder of the stroke network that reads drawings together with the shipped one."""

_WORKING_SIDE = 2400  # px; a page's digits are large enough on a copy of this size, and it bounds the time


@dataclass(frozen=True, eq=False, slots=True)
class DrawingSteps:
    """How a drawing becomes the frame that the classifier sees, and the path that the stroke network sees.

    Attributes:
        ink: (200, 200) uint8, the strokes inked with a pen that suits their size.
        framing: the frame, and the steps from the ink to it.
        path: (64, 8) float32, see `model.vision.pen_path`.
    """

    ink: Ink
    framing: Framing
    path: PenPath


@dataclass(frozen=True, eq=False, slots=True)
class PhotoSteps:
    """How a picture becomes a reading.

    Attributes:
        gray: (h, w) uint8, 0 black … 255 white, upright: the working copy, its longest side at 2,400 px at most.
        scale: px of the working copy per px of the original picture, above 0 and at most 1.
        without_paper: (h, w) uint8 ink without the paper's brightness, light and shadows, but with its noise.
        ink: (h, w) uint8 ink without the noise.
        without_ruled_lines: (h, w) uint8 ink without ruled lines, the boxes of forms and stains.
        boxes: every glyph after joining and splitting, xyxy half-open, px of the working copy.
        reading: the result; its boxes are px of the original picture, which `scale` brings to the working copy.
    """

    gray: Gray
    scale: float
    without_paper: Ink
    ink: Ink
    without_ruled_lines: Ink
    boxes: tuple[Box, ...]
    reading: Reading


@dataclass(frozen=True, eq=False, slots=True)
class Reader:
    """Reads digits from drawings and pictures; immutable, so sessions and threads may share it.

    Attributes:
        classifier: the loaded network, whose softmax is taken as calibrated, and its thresholds.
        strokes: the stroke network that reads drawings together with it; without it drawings are read as pictures are.
    """

    classifier: Classifier
    strokes: StrokeClassifier | None = None

    @classmethod
    def load(cls, weights: Path = WEIGHTS) -> Reader:
        """Load the classifier of a weights folder, and with the shipped one its stroke network; warm them up.

        Raises:
            ArtifactError: weights or report are missing, damaged, or do not belong together.
        """
        strokes = load_stroke_classifier(STROKE_WEIGHTS, weights) if weights == WEIGHTS else None
        return cls(load_classifier(weights), strokes)

    @property
    def threshold(self) -> float:
        """Least confidence at which a drawing's digit is accepted, 0-1."""
        return (self.strokes or self.classifier).threshold

    @property
    def _line_threshold(self) -> float:
        """Least confidence at which a digit of a drawn number is accepted, 0-1."""
        return (self.strokes or self.classifier).line_threshold

    def read_drawing(self, strokes: Iterable[ArrayLike], pen_width: float = 20.0) -> Reading:
        """Read a digit or a number drawn on a canvas.

        A drawing that is not accepted as one digit is a number if its digits are likelier, and most of them are sure.

        Args:
            strokes: one (n, 2) array-like per stroke, canvas px, y down.
            pen_width: px, the width of the canvas's pen; a shorter path is a dot.

        Returns:
            A Reading of one digit, of the lines of a number, or of none with the finding NOTHING or TOO_LITTLE_INK.

        Raises:
            StrokesError: the strokes are malformed, or the pen width is not a positive number.
        """
        arrays = as_strokes(strokes)
        pen_width = as_pen_width(pen_width)
        if not arrays:
            return Reading((), Finding.NOTHING)
        if extent(arrays) < pen_width:
            return Reading((), Finding.TOO_LITTLE_INK)
        (digit,) = self._read_strokes([arrays], pen_width, self.threshold)
        single = Reading((Line((digit,)),), digit.finding)
        if digit.accepted or not 1 < len(arrays) <= MAX_STROKES:
            return single
        return self._read_number(arrays, pen_width, least=digit.confidence) or single

    @staticmethod
    def explain_drawing(strokes: Iterable[ArrayLike]) -> DrawingSteps | None:
        """Frame a drawing as `read_drawing` does, and keep each step; it takes no classifier.

        Args:
            strokes: as for `read_drawing`.

        Returns:
            The steps, or None if nothing is drawn.

        Raises:
            StrokesError: the strokes are malformed.
        """
        arrays = as_strokes(strokes)
        if not arrays:
            return None
        ink = ink_digit(arrays)
        framing = frame_glyph(ink)
        return DrawingSteps(ink, framing, path_of(arrays)) if framing else None

    def read_photo(self, picture: Picture) -> Reading:
        """Read all digits of a picture, line by line, each line from left to right.

        Args:
            picture: PNG, JPEG, … bytes, the path of such a file, or pixels as (h, w), (h, w, 3) RGB or (h, w, 4) RGBA
                uint8.

        Returns:
            A Reading whose boxes are px of the upright picture; without lines if no digit is found.

        Raises:
            ImageError: the picture cannot be decoded or is too large.
        """
        return self.explain_photo(picture).reading

    def explain_photo(self, picture: Picture) -> PhotoSteps:
        """Read a picture as `read_photo` does, and keep each step.

        Args:
            picture: as for `read_photo`. A (h, w) array, as `load_gray` returns it, is not decoded again.

        Raises:
            ImageError: the picture cannot be decoded or is too large.
        """
        whole = load_gray(picture)
        gray = shrink(whole, _WORKING_SIDE)
        scale = max(gray.shape) / max(whole.shape)
        page = page_ink(gray)
        glyphs = find_glyphs(page.without_ruled_lines, self._recognize_photo)
        boxes = tuple(glyph.box for glyph in glyphs)
        reading = self._reading(glyphs, scale)
        return PhotoSteps(gray, scale, page.without_paper, page.ink, page.without_ruled_lines, boxes, reading)

    def read_box(self, picture: Picture, box: Box) -> Digit:
        """Read the ink in a box of a picture as one digit, whether it looks like one or not.

        Args:
            picture: as for `explain_photo`.
            box: xyxy half-open, px of the upright picture; it is clipped to the picture.

        Returns:
            A Digit with the tight box of its ink. Without any ink: the box itself, even probabilities, a blank frame,
            and not accepted.

        Raises:
            ImageError: the picture cannot be decoded or is too large.
        """
        piece = glyph_in_box(load_gray(picture), box)
        if piece is None:
            return Digit(0, 0.1, False, np.full(10, 0.1), box, np.zeros((FRAME_SIDE, FRAME_SIDE), np.uint8))
        ((frame, probabilities),) = self._recognize_photo([piece.ink])
        return self._digit(Glyph(piece.box, piece.ink, frame, correct_for_digit_prior(probabilities)))

    def _read_number(self, strokes: Sequence[Stroke], pen_width: float, least: float) -> Reading | None:
        """Read a number of several lines, or else of one.

        Args:
            strokes: at least two.
            pen_width: px.
            least: the probability, 0-1, that the geometric mean of the digits' must exceed.

        Returns:
            None if its digits are not likely enough, or most of them would not be accepted by themselves.
        """
        lines = lines_of(strokes)
        for drawn in (lines, [strokes]) if len(lines) > 1 else ([strokes],):
            read = tuple(self._read_line(line, pen_width) for line in drawn)
            digits = [digit for line in read for digit in line.digits]
            is_likely = geometric_mean(digit.confidence for digit in digits) > least
            # By the threshold of a digit by itself: letters of two strokes look like two doubtful digits.
            sure = sum(digit.confidence >= self.threshold for digit in digits)
            if len(digits) > 1 and is_likely and sure > len(digits) / 2:
                return Reading(read, Finding.DIGIT)
        return None

    def _read_line(self, strokes: Sequence[Stroke], pen_width: float) -> Line:
        """Read the strokes of a line as its likeliest digits."""
        ordered = reading_order(strokes)
        runs = runs_of(ordered)
        drawings = [ordered[slice(*run)] for run in runs]
        digits = dict(zip(runs, self._read_strokes(drawings, pen_width, self._line_threshold), strict=True))
        # For each stroke: else a run that is no digit would cost less than a sure and a doubtful one together.
        costs = {run: -log(digits[run].confidence) * len(drawing) for run, drawing in zip(runs, drawings, strict=True)}
        likeliest = likeliest_runs(ordered, costs)
        return Line(tuple(digits[run] for run in likeliest))

    def _read_strokes(self, drawings: Sequence[Sequence[Stroke]], pen_width: float, threshold: float) -> list[Digit]:
        """Read drawings of one digit each by their frames and, with a stroke network, by the pen's paths as well."""
        frames = [frame_of(ink_digit(strokes)) for strokes in drawings]
        logits = self.classifier.predict(np.stack(frames))
        if self.strokes:
            paths = np.stack([path_of(strokes) for strokes in drawings])
            weights = self.strokes.frame_weight, self.strokes.path_weight
            logits = weights[0] * logits + weights[1] * self.strokes.predict(paths)
        boxes = [drawing_box(strokes, pen_width) for strokes in drawings]
        return [
            _answer(row, box, frame, threshold) for row, box, frame in zip(softmax(logits), boxes, frames, strict=True)
        ]

    def _recognize_photo(self, inks: Sequence[Ink]) -> list[tuple[Frame, NDArray[np.float64]]]:
        """Recognize glyphs of a photo, with contrast and pen normalized to those of inked drawings."""
        return self._recognize([even_pen(ink) for ink in inks])

    def _recognize(self, inks: Sequence[Ink]) -> list[tuple[Frame, NDArray[np.float64]]]:
        """Frame the ink of each glyph, and compute its (10,) probabilities.

        Raises:
            ValueError: some ink is blank.
        """
        if not inks:
            return []
        frames = [frame_of(ink) for ink in inks]
        return list(zip(frames, softmax(self.classifier.predict(np.stack(frames))), strict=True))

    def _reading(self, glyphs: Sequence[Glyph], scale: float) -> Reading:
        """Arrange glyphs in lines of digits; `scale` is px of their boxes per px of the original picture."""
        lines = tuple(Line(tuple(self._digit(glyph, scale) for glyph in line)) for line in digit_lines(glyphs))
        if not lines:
            return Reading((), Finding.NOT_A_DIGIT if glyphs else Finding.NOTHING)
        accepted = any(digit.accepted for line in lines for digit in line.digits)
        return Reading(lines, Finding.DIGIT if accepted else Finding.NOT_A_DIGIT)

    def _digit(self, glyph: Glyph, scale: float = 1.0) -> Digit:
        x0, y0, x1, y1 = (round(side / scale) for side in glyph.box)
        return _answer(glyph.probabilities, (x0, y0, x1, y1), glyph.frame, self.classifier.line_threshold)


def _answer(probabilities: NDArray[np.float64], box: Box, frame: Frame, threshold: float) -> Digit:
    label = int(probabilities.argmax())
    confidence = float(probabilities[label])
    return Digit(label, confidence, confidence >= threshold, probabilities, box, frame)
