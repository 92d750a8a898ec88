"""A contact sheet of written pages, to look at: `python -m tests.handwriting.page_sheet FILE.png [SEED [LAYOUT]]`.

Its pixels' classes are shown below each page. Ink comes from MNIST and the strokes in STROKES_DIR, if there are any.
"""

import os
import sys
from pathlib import Path

import cv2
import numpy as np

from model.data.mnist import load_mnist, mnist_path
from model.data.pages.written import InkSources, write_page
from model.data.pen_strokes import load_drawings

COLORS = np.array([(255, 255, 255), (0, 0, 200), (200, 0, 0), (0, 150, 0), (255, 180, 0), (160, 160, 160)], np.uint8)
"""Of paper, digits, signs, letters, rules and other things."""
WIDTH, HEIGHT = 320, 260
COLUMNS, ROWS = 6, 5


def sources():
    """All ink there is."""
    digits = load_mnist().train if mnist_path() else None
    folder = Path(os.environ.get("STROKES_DIR", "no folder"))
    files = [*folder.glob("strokes/unipen.jsonl"), *folder.glob("not_digits/unipen.jsonl")]
    drawings = [drawing for file in files for drawing in load_drawings(file)]
    return InkSources.of([(digits.frames, digits.labels)] if digits else [], drawings, [])


def tile(page):
    """(2 HEIGHT, WIDTH, 3) uint8: a page above its classes, reduced."""
    pictures = []
    for picture in (page.image, COLORS[page.classes]):
        h, w = picture.shape[:2]
        scale = min(WIDTH / w, HEIGHT / h, 1)
        small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)[:HEIGHT, :WIDTH]
        pictures.append(
            np.pad(small, ((0, HEIGHT - len(small)), (0, WIDTH - small.shape[1]), (0, 0)), constant_values=220)
        )
    return np.vstack(pictures)


def contact_sheet(inks, seed=0, layout=None):
    """(h, w, 3) uint8 RGB of COLUMNS × ROWS pages."""
    tiles = [tile(write_page(np.random.default_rng([seed, i]), inks, layout=layout)) for i in range(COLUMNS * ROWS)]
    return np.vstack([np.hstack(tiles[i : i + COLUMNS]) for i in range(0, len(tiles), COLUMNS)])


if __name__ == "__main__":
    _, path, *rest = sys.argv
    sheet = contact_sheet(sources(), int(rest[0]) if rest else 0, rest[1] if len(rest) > 1 else None)
    cv2.imwrite(path, sheet[..., ::-1])
