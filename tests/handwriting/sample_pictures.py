"""Draw the sample pictures of the Photo page: `make samples`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from tests.handwriting.digit_strokes import DIGITS

FOLDER = Path(__file__).parents[2] / "assets" / "samples"
SAMPLES = {
    "phone.jpg": ["0171 5550 948"],
    "scores.jpg": ["12   7   305", "48   9   216", "30   5   174", "63   8   429"],
    "meter.jpg": ["036182"],
}
"""The lines of each sample."""


@dataclass(frozen=True)
class SampleStyle:
    """How a sample looks: its size, the digits' height in px, and its colors, BGR."""

    size_wh: tuple[int, int]
    height: int
    paper: tuple[int, int, int]
    ink: tuple[int, int, int]


STYLES = {
    "phone.jpg": SampleStyle((1000, 300), 96, (222, 229, 231), (120, 60, 30)),
    "scores.jpg": SampleStyle((900, 640), 88, (196, 219, 228), (70, 52, 48)),
    "meter.jpg": SampleStyle((760, 260), 120, (52, 46, 44), (225, 235, 238)),
}


def draw(name: str) -> np.ndarray:
    """(h, w, 3) uint8, BGR: the sample of this name, always the same."""
    rng = np.random.default_rng(sorted(SAMPLES).index(name))
    return _lit(_written(SAMPLES[name], STYLES[name], rng), rng)


def _written(lines: list[str], style: SampleStyle, rng: np.random.Generator) -> np.ndarray:
    """Lines of digits by one writer, in the middle of the page."""
    width, height = style.size_wh
    page = np.full((height, width, 3), style.paper, np.uint8)
    across, down = 0.78 * style.height, 1.45 * style.height
    top = (height - (len(lines) - 1) * down - style.height) / 2
    for row, text in enumerate(lines):
        left = (width - len(text) * across) / 2
        for column, character in enumerate(text):
            place = np.array([left + column * across, top + row * down + 0.03 * style.height * column])
            if character != " ":
                _write(page, int(character), place, style, rng)
    return page


def _write(page: np.ndarray, digit: int, place: np.ndarray, style: SampleStyle, rng: np.random.Generator) -> None:
    slant, size = rng.normal(-0.12, 0.05), style.height * rng.normal(1.0, 0.04)
    shape = np.array([[0.62, 0], [slant, 1]]) * size
    for stroke in DIGITS[digit]:
        wobble = rng.normal(0, 0.006, (len(stroke), 2))
        shift = place + np.array([0.1, rng.normal(0, 0.02)]) * style.height
        points = np.round(((np.array(stroke) + wobble) @ shape + shift) * 16).astype(np.int32)
        cv2.polylines(page, [points], False, style.ink, max(style.height // 13, 2), cv2.LINE_AA, shift=4)


def _lit(page: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A page lit from one side, and a little rough."""
    height, width = page.shape[:2]
    x, y = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    light = 1.04 - 0.22 * x - 0.12 * y**2
    grain = cv2.GaussianBlur(rng.normal(0, 5, page.shape[:2]), (0, 0), 1.2)
    lit = cv2.GaussianBlur(page, (0, 0), 0.8) * light[..., None] + grain[..., None]
    return np.clip(lit, 0, 255).astype(np.uint8)


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for sample in SAMPLES:
        cv2.imwrite(str(FOLDER / sample), draw(sample), [cv2.IMWRITE_JPEG_QUALITY, 88])
