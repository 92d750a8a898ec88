"""Pages with nothing to read: empty ones, text, letters and signs alone, drawings, and pictures of something else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from model.data.pages.author import Author
from model.data.pages.contents import cursive, words
from model.data.pages.papers import scenery
from model.data.pages.sheet import PixelClass

_FOREIGN = (
    "漢字日本語手書数学東京時間円月火水木金土春夏秋冬テストカナひらがなのをはこрусскийязыкстранавремяценаαβγδλμπσφω"
)


def empty(author: Author) -> None:
    """Nothing but paper."""


def text_only(author: Author) -> None:
    """Words, written or printed, or a foreign script."""
    rng, sheet = author.rng, author.sheet
    height = author.fits(4, 14)
    is_printed, is_foreign, joins = rng.random() < 0.5, rng.random() < 0.35, rng.random() < 0.45
    written = replace(author.script(height), gap=author.gap * 0.5)
    script = author.printed(height, font="uni" if is_foreign else None) if is_printed else written
    names = list(_FOREIGN) if is_printed else [name for name in author.hand.drawings if len(name) > 1]
    longest = max(int(sheet.size_wh[0] / height / 4), 1)
    for top in author.rows(height, int(rng.integers(1, 20))):
        text: str | list[str] = words(rng, int(rng.integers(1, longest + 1)))
        if is_foreign and names:
            text = [names[k] for k in rng.integers(0, len(names), rng.integers(1, 3 * longest + 1))]
        elif joins and not is_printed:
            text = cursive(str(text).split(), rng)
        sheet.write(text, (sheet.area[0] + rng.uniform(0, 2) * height, top), script)


def letters_only(author: Author) -> None:
    """A few letters or signs without any number."""
    rng = author.rng
    kinds = "acdefhkmnprtuvwxABCDEFHKMNPRTUVWXY", "+-×÷=()/", "+-x/()", "<>≤≥=±[]{}*", "?!%€$&"
    some = kinds[rng.choice(5, p=[0.45, 0.25, 0.15, 0.08, 0.07])]
    n = int(rng.choice([1, 2, 4, 8, 15]))
    texts = [" ".join(some[k] for k in rng.integers(0, len(some), n)) for _ in range(int(rng.integers(1, 7)))]
    if rng.random() < 0.3:
        texts = [" ".join([text[0]] * n) for text in texts]
    author.write_lines(texts, author.fits(min(len(texts), 3), 1.7 * n))


def surroundings(author: Author) -> None:
    """A picture of something else."""
    author.sheet.image[:] = scenery((len(author.sheet.classes), author.sheet.classes.shape[1]), author.rng)
    author.sheet.classes[:] = PixelClass.OTHER


def drawing(author: Author) -> None:
    """Scribbles, waves, arrows, circles and polygons."""
    rng, (x0, y0, x1, y1) = author.rng, author.sheet.area
    pen = replace(author.pen, width=author.pen.width * author.unit)
    for _ in range(int(rng.integers(1, 9))):
        size = np.exp(rng.uniform(np.log(10), np.log(max(x1 - x0, y1 - y0, 20)))) / 2
        center = rng.uniform((x0, y0), (x1, y1))
        t = np.linspace(0, 1, 80)[:, None] * 2 * np.pi
        match rng.integers(4):
            case 0:
                path = np.hstack([np.cos(t) * rng.uniform(0.3, 1), np.sin(t) * rng.uniform(0.3, 1)])
            case 1:
                path = np.hstack([t / np.pi - 1, np.sin(t * rng.uniform(1, 9)) * rng.uniform(0.1, 0.6)])
            case 2:
                path = rng.uniform(-1, 1, (int(rng.integers(3, 8)), 2))
            case _:
                path = np.cumsum(np.cumsum(rng.normal(0, 0.02, (60, 2)), axis=0), axis=0)
        author.sheet.rule([path * size + center], pen, PixelClass.OTHER)
