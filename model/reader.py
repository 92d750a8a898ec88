"""The door: strokes or a picture in, a Reading out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from model.framing import FRAME_SIDE, frame_glyph
from model.images import Picture, even_pen, load_gray, photo_ink
from model.reading import Box, Digit, Finding, Frame, Line, Predict, Reading, softmax
from model.segmentation import find_glyphs, glyph_in_box
from model.strokes import as_pen_width, as_strokes, drawing_box, extent, ink_digit

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
            A Reading of one digit, or of none with the finding NOTHING or TOO_LITTLE_INK.

        Raises:
            StrokesError: the strokes are malformed, or the pen width is not a positive number.
        """
        arrays = as_strokes(strokes)
        pen_width = as_pen_width(pen_width)
        if not arrays:
            return Reading((), Finding.NOTHING)
        if extent(arrays) < pen_width:
            return Reading((), Finding.TOO_LITTLE_INK)
        framing = frame_glyph(ink_digit(arrays))
        assert framing is not None, "strokes longer than the pen leave ink"
        digits = self._read_frames([framing.frame], [drawing_box(arrays, pen_width)])
        return Reading((Line(digits),), digits[0].finding)

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
        glyph = glyph_in_box(load_gray(picture), box)
        if glyph is None:
            return Digit(0, 0.1, False, np.full(10, 0.1), box, np.zeros((FRAME_SIDE, FRAME_SIDE), np.uint8))
        framing = frame_glyph(even_pen(glyph.ink))
        assert framing is not None, "every glyph has ink"
        return self._read_frames([framing.frame], [glyph.box])[0]

    def _read_frames(self, frames: Sequence[Frame], boxes: Sequence[Box]) -> tuple[Digit, ...]:
        if not frames:
            return ()
        rows = softmax(self.predict(np.stack(frames)))
        return tuple(self._digit(row, box, frame) for row, box, frame in zip(rows, boxes, frames, strict=True))

    def _digit(self, probabilities: NDArray[np.float64], box: Box, frame: Frame) -> Digit:
        label = int(probabilities.argmax())
        confidence = float(probabilities[label])
        return Digit(label, confidence, confidence >= self.threshold, probabilities, box, frame)
