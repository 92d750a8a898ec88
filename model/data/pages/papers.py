"""Papers, boards and screens, with the pens that write on them and their rulings; and desks."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from model.data.pages.inks import Pen
from model.data.pages.sheet import RGB, PixelClass, Sheet

Field = NDArray[np.float32]
Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Medium:
    """What a page is.

    Attributes:
        name: "screen", "scan", "photo" or "board".
        paper: RGB.
        roughness: standard deviation of the paper's brightness, 0-255.
        pen: what is written with.
        print_color: RGB of what is printed.
    """

    name: str
    paper: RGB
    roughness: float
    pen: Pen
    print_color: RGB


@dataclass(frozen=True, slots=True)
class Ruling:
    """Lines printed on paper, px: the first one and the distance to the next."""

    first: float
    pitch: float


def clouds(size_hw: tuple[int, int], cell: float, rng: Generator, stretch: float = 1.0) -> Field:
    """(h, w) float32 noise with a standard deviation of about 1, whose patches are about `cell` px large.

    Args:
        size_hw: height and width.
        cell: px.
        rng: random generator.
        stretch: how much longer the patches are from left to right.
    """
    h, w = size_hw
    coarse = rng.standard_normal((int(h / cell) + 3, int(w / cell / stretch) + 3), np.float32)
    return cv2.resize(coarse, (w, h), interpolation=cv2.INTER_CUBIC if cell > 1.5 else cv2.INTER_LINEAR)


def random_medium(rng: Generator) -> Medium:
    """Choose screen, scan, photo or board, with a pen for it."""
    name = str(rng.choice(["screen", "scan", "photo", "board"], p=[0.24, 0.14, 0.54, 0.08]))
    dark = _near((25, 25, 30), 20, rng)
    if name == "screen":
        dark_mode = rng.random() < 0.12
        paper = _near((15, 15, 18), 12, rng) if dark_mode else (255, 255, 255)
        return Medium(
            name, paper, 0.0, _screen_pen(rng, is_light=dark_mode), (230, 230, 230) if dark_mode else (0, 0, 0)
        )
    if name == "board":
        paper = _near(((40, 70, 55), (45, 45, 48), (25, 30, 45), (20, 20, 20))[rng.integers(4)], 12, rng)
        return Medium(name, paper, rng.uniform(2, 9), _chalk(rng), _near((220, 220, 215), 20, rng))
    level = 250 - abs(rng.normal(0, 18))
    paper = _near((level, level, level), 4, rng)
    if rng.random() < 0.17:
        colors = (250, 235, 90), (250, 190, 205), (180, 215, 245), (185, 235, 180), (205, 170, 125), (250, 200, 130)
        paper = _near(colors[rng.integers(6)], 14, rng)
        if rng.random() < 0.25 and max(paper) - min(paper) > 60:  # ink that differs from the paper by its color alone
            r, g, b = (round(0.85 * level) for level in paper)
            return Medium(name, paper, rng.uniform(0.5, 5), replace(_pen(rng), color=(b, r, g), opacity=1.0), dark)
    return Medium(name, paper, rng.uniform(0.5, 5), _pen(rng), dark)


def _near(color: tuple[float, float, float], spread: float, rng: Generator) -> RGB:
    r, g, b = (int(np.clip(level, 0, 255)) for level in rng.normal(color, spread))
    return r, g, b


_BLUE, _BLACK, _RED, _GREEN, _VIOLET = (30, 45, 140), (30, 30, 35), (190, 35, 40), (25, 110, 60), (95, 40, 130)


_PENS = {
    "ballpoint": (0.3, (0.045, 0.1), (0.6, 0.95), (0.0, 0.4)),
    "fineliner": (0.17, (0.03, 0.08), (0.85, 1.0), (0.0, 0.0)),
    "felt pen": (0.14, (0.09, 0.17), (0.85, 1.0), (0.0, 0.1)),
    "fountain pen": (0.1, (0.05, 0.11), (0.7, 1.0), (0.0, 0.0)),
    "pencil": (0.17, (0.05, 0.11), (0.5, 0.95), (0.1, 0.6)),
    "marker": (0.07, (0.14, 0.24), (0.85, 1.0), (0.0, 0.0)),
    "crayon": (0.05, (0.08, 0.2), (0.6, 0.95), (0.3, 0.7)),
}
"""Share of pages, and ranges of width, opacity and grain, see Pen."""


def _pen(rng: Generator) -> Pen:
    kind = str(rng.choice(list(_PENS), p=[share for share, *_ in _PENS.values()]))
    _, *ranges = _PENS[kind]
    width, opacity, grain = (float(rng.uniform(low, high)) for low, high in ranges)
    color = (_BLUE, _BLACK, _RED, _GREEN, _VIOLET)[rng.choice(5, p=[0.42, 0.38, 0.1, 0.06, 0.04])]
    if kind == "pencil":
        color = (85, 85, 88)
    elif kind == "crayon":
        color = (_BLUE, _RED, _GREEN, (220, 120, 20))[rng.integers(4)]
    is_broad = kind in ("fountain pen", "marker")
    nib = (float(rng.uniform(-0.9, 0.9)), float(rng.uniform(-0.9, 0.9))) if is_broad else (0.0, 0.0)
    return Pen(width, _near(color, 18, rng), opacity, grain, nib)


def _chalk(rng: Generator) -> Pen:
    color = ((235, 235, 230), (240, 225, 130), (240, 170, 170), (160, 200, 240))[
        rng.choice(4, p=[0.7, 0.14, 0.08, 0.08])
    ]
    return Pen(rng.uniform(0.07, 0.16), _near(color, 10, rng), rng.uniform(0.6, 1), rng.uniform(0, 0.75))


def _screen_pen(rng: Generator, *, is_light: bool) -> Pen:
    colors = (
        ((255, 255, 255), (255, 235, 60), (90, 220, 255)) if is_light else ((0, 0, 0), (30, 30, 200), (230, 20, 20))
    )
    color = colors[rng.choice(3, p=[0.74, 0.13, 0.13])]
    return Pen(float(np.exp(rng.uniform(np.log(0.015), np.log(0.22)))), color, is_smooth=bool(rng.random() < 0.55))


def blank_paper(medium: Medium, size_hw: tuple[int, int], rng: Generator) -> Picture:
    """(h, w, 3) uint8, the paper, board or screen before anything is on it."""
    image = np.full((*size_hw, 3), medium.paper, np.uint8)
    if not medium.roughness:
        return image
    side = max(size_hw)
    relief = clouds(size_hw, rng.uniform(1, 3), rng) * (0.6 * medium.roughness)
    relief += clouds(size_hw, side / rng.uniform(2, 12), rng) * (0.35 * medium.roughness)
    if medium.name == "board":  # wiped chalk
        relief += clouds(size_hw, side / rng.uniform(8, 30), rng, 4.0) * rng.uniform(1, 7)
    return add(image, relief)


def add(image: Picture, field: Field) -> Picture:
    """Add the same (h, w) field to the three channels."""
    return cv2.add(image, cv2.merge([field] * 3), dtype=cv2.CV_8U)


def scenery(size_hw: tuple[int, int], rng: Generator) -> Picture:
    """(h, w, 3) uint8: nothing that was written: leaves, blades, clouds, stripes or bricks, in colors or gray.

    Shapes of all sizes that cover each other have the statistics of natural pictures (Lee, Mumford and Huang 2001).
    """
    h, w = size_hw
    side, image = max(h, w), desk(size_hw, rng)
    for _ in range(int(rng.integers(0, 4))):
        field = clouds(size_hw, np.exp(rng.uniform(np.log(1.5), np.log(side / 3))), rng, float(rng.choice([1, 1, 4])))
        if rng.random() < 0.4:
            field = np.sign(field - np.float32(rng.normal(0, 0.8))).astype(np.float32)  # shapes with an outline
        colors = rng.normal(0, 35, 3) if rng.random() < 0.7 else [rng.normal(0, 40)] * 3
        image = cv2.add(image, cv2.merge([field * np.float32(level) for level in colors]), dtype=cv2.CV_8U)
    palette = rng.uniform(0, 255, (int(rng.integers(2, 12)), 3))
    for count, draw in ((rng.choice([0, 0, 20, 200]), _leaf), (rng.choice([0, 0, 30, 300]), _blade)):
        for _ in range(int(count)):
            color = (palette[rng.integers(len(palette))] + rng.normal(0, 12, 3)).clip(0, 255).tolist()
            draw(image, color, rng)
    if rng.random() < 0.2:
        _bricks(image, rng)
    return cv2.GaussianBlur(image, (0, 0), rng.uniform(0.3, 1.5))


def _leaf(image: Picture, color: list[float], rng: Generator) -> None:
    """Draw an ellipse or a polygon in place; small ones are frequent."""
    h, w = image.shape[:2]
    center, size = rng.uniform((0, 0), (w, h)), min(3 / rng.uniform(0.005, 1), max(h, w) / 3)
    if rng.random() < 0.6:
        axes = max(int(size), 1), max(int(size * rng.uniform(0.2, 1)), 1)
        place = int(center[0]), int(center[1])
        cv2.ellipse(image, place, axes, float(rng.uniform(0, 180)), 0, 360, color, -1, cv2.LINE_AA)
    else:
        points = center + rng.normal(0, size, (int(rng.integers(3, 7)), 2))
        cv2.fillPoly(image, [points.astype(np.int32)], color, cv2.LINE_AA)


def _blade(image: Picture, color: list[float], rng: Generator) -> None:
    """Draw a bent thin line in place, as of grass, hair or a branch."""
    h, w = image.shape[:2]
    steps = np.cumsum(rng.normal(rng.normal(0, 1, 2), 0.4, (8, 2)), axis=0) * max(h, w) / rng.uniform(40, 400)
    points = rng.uniform((0, 0), (w, h)) + steps
    cv2.polylines(image, [points.astype(np.int32)], False, color, int(rng.integers(1, 5)), cv2.LINE_AA)


def _bricks(image: Picture, rng: Generator) -> None:
    h, w = image.shape[:2]
    step, color = rng.uniform(0.03, 0.15) * max(h, w), rng.uniform(0, 255, 3).tolist()
    width = max(int(step / 9), 1)
    for i, y in enumerate(np.arange(0, h, step)):
        cv2.line(image, (0, int(y)), (w, int(y)), color, width, cv2.LINE_AA)
        for x in np.arange(i % 2 * step, w, 2 * step):
            cv2.line(image, (int(x), int(y)), (int(x), int(y + step)), color, width, cv2.LINE_AA)


def rule_paper(sheet: Sheet, unit: float, medium: Medium) -> Ruling | None:
    """Print ruled, squared or dotted lines on the paper, in proportion to digits of `unit` px, or none."""
    rng = sheet.rng
    kind = rng.choice(["none", "ruled", "squared", "dotted"], p=[0.62, 0.19, 0.15, 0.04])
    if kind == "none":
        return None
    h, w = sheet.classes.shape
    pitch = float(max(unit * (rng.uniform(1.1, 2.2) if kind == "ruled" else rng.uniform(0.45, 1.5)), 7))
    first = float(rng.uniform(0, pitch))
    ruling = Ruling(first, pitch)
    pen = _ruling_pen(pitch, medium, rng)
    levels, columns = np.arange(first, h, pitch), np.arange(rng.uniform(0, pitch), w, pitch)
    if kind == "dotted":
        dots = np.zeros((h, w), np.uint8)
        for y in levels:
            for x in columns:
                cv2.circle(dots, (round(x * 16), round(y * 16)), round(max(pen.width, 1) * 8), 255, -1, cv2.LINE_AA, 4)
        sheet.shade(dots, pen, PixelClass.RULE)
        return ruling
    paths = [np.array([(0, y), (w, y)]) for y in levels]
    if kind == "squared":
        paths += [np.array([(x, 0), (x, h)]) for x in columns]
    sheet.rule(paths, pen)
    if kind == "ruled" and rng.random() < 0.4:
        x = rng.uniform(0.05, 0.2) * w
        sheet.rule([np.array([(x, 0), (x, h)])], _margin_pen(pen, rng))
    return ruling


def _ruling_pen(pitch: float, medium: Medium, rng: Generator) -> Pen:
    tint = np.array(((70, 110, 180), (110, 110, 110), (190, 90, 110), (80, 150, 110))[rng.integers(4)], np.float64)
    if sum(medium.paper) < 380:
        tint = 255 - tint / 2
    return Pen(
        float(rng.uniform(0.5, max(0.05 * pitch, 1.2))), _near(tuple(tint), 15, rng), float(rng.uniform(0.25, 0.85))
    )


def _margin_pen(pen: Pen, rng: Generator) -> Pen:
    return Pen(pen.width, _near((205, 70, 90), 20, rng), pen.opacity)


def desk(size_hw: tuple[int, int], rng: Generator) -> Picture:
    """(h, w, 3) uint8: a plain, wooden or patterned desk, darker or lighter than paper."""
    h, w = size_hw
    kind = rng.choice(["plain", "wood", "cloth", "stone"], p=[0.4, 0.3, 0.15, 0.15])
    base = rng.uniform(15, 235)
    color = _near((base * 1.15, base, base * 0.8) if kind == "wood" else (base, base, base), 14, rng)
    image = np.full((h, w, 3), color, np.uint8)
    side = max(h, w)
    if kind == "wood":
        grain = clouds((h, w), side / rng.uniform(40, 160), rng, 25.0) * rng.uniform(4, 18)
        image = add(image, grain if rng.random() < 0.5 else np.ascontiguousarray(cv2.resize(grain.T, (w, h))))
    elif kind == "cloth":
        y, x = np.mgrid[:h, :w].astype(np.float32) * np.float32(2 * np.pi / rng.uniform(4, side / 4))
        image = add(image, (np.sin(x) * np.sin(y) * np.float32(rng.uniform(5, 35))).astype(np.float32))
    elif kind == "stone":
        image = add(image, clouds((h, w), rng.uniform(2, 25), rng) * rng.uniform(4, 20))
    return add(image, clouds((h, w), side / 4, rng) * rng.uniform(1, 8))
