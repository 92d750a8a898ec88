"""The arrays that networks see, and samples of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from model.classifiers.registry import Input
from model.data.stroke_templates import DIGIT_TEMPLATES, draw_digits, sample_strokes
from model.vision.framing import FRAME_SIDE
from model.vision.pen_path import PATH_CHANNELS, PATH_POINTS, path_of


@dataclass(frozen=True, slots=True)
class Form:
    """Shape and dtype of the array of one digit."""

    shape: tuple[int, ...]
    dtype: str

    def zeros(self, n: int = 1) -> NDArray[Any]:
        """Make a batch that shows nothing."""
        return np.zeros((n, *self.shape), self.dtype)


FORMS = {
    Input.FRAME: Form((FRAME_SIDE, FRAME_SIDE), "uint8"),
    Input.PATH: Form((PATH_POINTS, PATH_CHANNELS), "float32"),
}


def draw_samples(kind: Input, n: int, rng: Generator) -> tuple[NDArray[Any], NDArray[np.uint8]]:
    """Draw `n` digits from this project's templates as a network sees them, with all labels equally often.

    Returns:
        (n, …) inputs of the kind's form, and (n,) labels 0-9.
    """
    if kind is Input.FRAME:
        drawn = draw_digits(n, rng)
        return drawn.frames, drawn.labels
    labels = np.arange(n, dtype=np.uint8) % 10
    return np.stack([path_of(sample_strokes(DIGIT_TEMPLATES[int(label)], rng)) for label in labels]), labels
