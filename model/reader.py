"""The door: strokes or a picture in, a Reading out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from model.framing import frame_glyph
from model.images import Picture, even_pen, load_gray, photo_ink
from model.reading import Box, Digit, Finding, Frame, Line, Predict, Reading, Stroke, softmax
from model.segmentation import find_glyphs
from model.strokes import as_pen_width, as_strokes, drawing_box, extent, ink_digit, side_by_side

WEIGHTS = Path(__file__).parent / "weights"
"""The folder of the shipped weights and their report."""


@dataclass(frozen=True, eq=False, slots=True)
class Reader:
    """Reads digits from drawings and pictures with one classifier; immutable, so sessions may share it.

    Attributes:
        predict: (n, 28, 28) uint8 frames -> (n, 10) float logits, whose softmax is taken as calibrated.
        threshold: 0-1, the least confidence that is accepted.
    """

    predict: Predict
    threshold: float = 0.5

    @classmethod
    def load(cls, weights: Path = WEIGHTS) -> Reader:
        """Load the classifier of a weights folder and warm it up; imports TensorFlow.

        Raises:
            ArtifactError: weights or report are missing, damaged, or do not belong together.
        """
        from model.artifacts import load_classifier  # TensorFlow takes seconds to import: only loading may pay that

        classifier = load_classifier(weights)
        return cls(classifier.predict, threshold=classifier.threshold)

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
        digit = self._read_strokes([arrays], pen_width)[0]
        parts = [] if digit.accepted else side_by_side(arrays)
        several = len(parts) > 1 and all(part.accepted for part in self._read_strokes(parts, pen_width))
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
        glyph_lines = find_glyphs(photo_ink(load_gray(picture)))
        glyphs = [glyph for line in glyph_lines for glyph in line]
        framings = [frame_glyph(even_pen(glyph.ink)) for glyph in glyphs]
        assert all(framings), "every glyph has ink"
        frames = [framing.frame for framing in framings if framing]
        digits = iter(self._read_frames(frames, [glyph.box for glyph in glyphs]))
        lines = tuple(Line(tuple(islice(digits, len(line)))) for line in glyph_lines)
        if not lines:
            return Reading((), Finding.NOTHING)
        accepted = any(digit.accepted for line in lines for digit in line.digits)
        return Reading(lines, Finding.DIGIT if accepted else Finding.NOT_A_DIGIT)

    def _read_strokes(self, drawings: Sequence[Sequence[Stroke]], pen_width: float) -> tuple[Digit, ...]:
        framings = [frame_glyph(ink_digit(strokes)) for strokes in drawings]
        frames = [framing.frame for framing in framings if framing]
        assert len(frames) == len(drawings), "strokes leave ink"
        return self._read_frames(frames, [drawing_box(strokes, pen_width) for strokes in drawings])

    def _read_frames(self, frames: Sequence[Frame], boxes: Sequence[Box]) -> tuple[Digit, ...]:
        if not frames:
            return ()
        rows = softmax(self.predict(np.stack(frames)))
        return tuple(self._digit(row, box, frame) for row, box, frame in zip(rows, boxes, frames, strict=True))

    def _digit(self, probabilities: NDArray[np.float64], box: Box, frame: Frame) -> Digit:
        label = int(probabilities.argmax())
        confidence = float(probabilities[label])
        return Digit(label, confidence, confidence >= self.threshold, probabilities, box, frame)
