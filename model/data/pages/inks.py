"""Ink for pages: handwriting with a pen, from drawings, pictures of digits and templates; and printing types."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import ImageFont

from model.data.pen_strokes import Drawing
from model.data.stroke_templates import DIGIT_TEMPLATES, NON_DIGIT_TEMPLATES, SIGN_TEMPLATES, template_strokes
from model.reading import Ink, Stroke

DIGITS = "0123456789"
SIGNS = "".join(SIGN_TEMPLATES)
_LOW, _TAILED = "acemnorsuvwxz", "gpqyj"  # letters as high as an x, and with a descender
_X_TOP, _TAIL_END, _WIDEST = 0.42, 1.35, 1.7  # heights of a digit, from its top and from its left end
Place = tuple[float, float, float, float]
"""xyxy in heights of a digit, from its top at 0 to its foot at 1."""
Characters = Mapping[str, Sequence[Sequence[Stroke]]]
"""Drawings of each character, in any scale."""
SCRIBBLE = "scribble"
"""The name of a word that nobody can read; any other name of several letters is a word in joined letters."""
_SAME_AS = {"×": "x"}  # signs that people draw as they draw another character

GRAIN = cv2.normalize(
    cv2.GaussianBlur(np.random.default_rng(0).random((512, 512), np.float32), (0, 0), 0.8),
    np.empty(0, np.float32), 0.0, 1.0, cv2.NORM_MINMAX,
)  # fmt: skip
"""(512, 512) float32 in 0-1: how paper takes a pencil or chalk."""


@dataclass(frozen=True, eq=False, slots=True)
class Glyph:
    """The ink of one character.

    Attributes:
        alpha: (h, w) uint8, 0 paper … 255 ink; cropped to the ink.
        left: px from the pen's place to the crop; 0 for handwriting.
        top: px from the top of a digit down to the crop.
        advance: px from the pen's place to where the next character may begin.
    """

    alpha: Ink
    left: int
    top: int
    advance: float


@dataclass(frozen=True, slots=True)
class Pen:
    """A pen.

    Attributes:
        width: of its line, in heights of a digit.
        color: RGB.
        opacity: 0-1.
        grain: 0-1, how much of the line is missing where the paper is rough.
        nib: (x, y) in widths, from one edge of a broad nib to the other; (0, 0) for a round one.
        is_smooth: the line's edges are antialiased, as paint programs and cameras have them.
    """

    width: float
    color: tuple[int, int, int]
    opacity: float = 1.0
    grain: float = 0.0
    nib: tuple[float, float] = (0.0, 0.0)
    is_smooth: bool = True


class Hand(Protocol):
    """Writes or prints characters."""

    @property
    def pen(self) -> Pen:
        """What it writes with."""
        ...

    def draw(self, character: str, height: float, rng: Generator, /) -> Glyph:
        """Draw a character beside digits of `height` px."""
        ...


@dataclass(frozen=True, eq=False)
class WrittenHand:
    """The handwriting of one person.

    Attributes:
        pen: what it writes with.
        drawings: strokes of each character, in any scale; a character that is missing is drawn from a template.
        pictures: (n, h, w) ink of each digit, in any scale; they come before drawings.
        habits: which template is drawn, in 0-1, by character.
        shape: (2, 2), slant and width.
        unevenness: standard deviation of a character's height and place, in heights.
    """

    pen: Pen
    drawings: Characters
    pictures: Mapping[str, NDArray[np.uint8]]
    habits: Mapping[str, float]
    shape: NDArray[np.float64]
    unevenness: float = 0.05

    def draw(self, character: str, height: float, rng: Generator, /) -> Glyph:
        """Draw a character beside digits of `height` px."""
        size = height * float(np.clip(rng.normal(1, self.unevenness), 0.75, 1.3))
        down = height * (1 + float(rng.normal(0, self.unevenness / 2))) - size
        if character in self.pictures:
            return _ink_picture(self.pictures[character], self.shape, size, down, rng)
        strokes = _distorted(self._strokes(character, rng), 0.3 * self.unevenness, rng)
        shift = rng.random(2) + np.array([0, down])
        moved = [(stroke @ self.shape.T) * size + shift for stroke in strokes]
        dot = float(rng.uniform(1, 1.5)) if character in ".:,·;÷" else 1.0
        return _ink_strokes(moved, self.pen, dot * self.pen.width * height)

    def _strokes(self, character: str, rng: Generator) -> list[Stroke]:
        """Return strokes in heights of a digit, from its top at 0 to its foot at 1."""
        if character == SCRIBBLE:
            return _scribble(rng)
        if len(character) > 1 and character not in self.drawings:
            return self._joined(character, rng)
        own = self.drawings.get(_SAME_AS.get(character, character), ())
        if character in SIGNS:
            template = self._from_template(SIGN_TEMPLATES[character], character, rng)
            x0, y0, x1, y1 = _extent(template)
            box = x0, y0, x0 + 1.2 * (x1 - x0), max(y1, y0 + 0.12)
            return _fit(_choose(own, rng), box) if len(own) and rng.random() < 0.5 else template
        if len(own):
            return _fit(_choose(own, rng), _place(character, rng))
        if character in DIGITS:
            return _fit(self._from_template(DIGIT_TEMPLATES[int(character)], character, rng), _place(character, rng))
        return _fit(self._from_template(NON_DIGIT_TEMPLATES, character, rng), _place(character, rng))

    def _joined(self, word: str, rng: Generator) -> list[Stroke]:
        """Write a word without lifting the pen between its letters."""
        strokes: list[Stroke] = []
        right = 0.0
        for letter in word:
            own = self._strokes(letter, rng)
            x0, _, x1, _ = _extent(own)
            moved = [stroke + np.array([right - x0, 0]) for stroke in own]
            right += x1 - x0 + rng.uniform(0.0, 0.12)
            strokes[-1:] = [np.vstack([*strokes[-1:], moved[0]])]
            strokes += moved[1:]
        return strokes

    def _from_template(self, templates: Sequence[str], character: str, rng: Generator) -> list[Stroke]:
        habit = self.habits[character] if character in self.habits and rng.random() < 0.9 else rng.random()
        return [stroke / 100 for stroke in template_strokes(templates[int(habit * len(templates))])]


def _distorted(strokes: Sequence[Stroke], amount: float, rng: Generator) -> list[Stroke]:
    """Bend strokes smoothly by about `amount` heights, each time differently."""
    turns, phases = rng.normal(0, 3, (2, 2)), rng.uniform(0, 2 * np.pi, 2)
    return [stroke + 1.4 * amount * np.sin(stroke @ turns + phases) for stroke in strokes]


def _scribble(rng: Generator) -> list[Stroke]:
    """Loops and waves that look like writing from afar."""
    n = int(rng.integers(3, 14))
    t = np.linspace(0, n, 14 * n)
    height = np.interp(t, np.arange(n + 1), rng.choice([0.25, 0.3, 0.6, 0.9], n + 1, p=[0.4, 0.3, 0.2, 0.1]))
    x = 0.25 * t * rng.uniform(0.8, 1.6) + rng.uniform(0.02, 0.2) * np.sin(2 * np.pi * t + rng.uniform(0, 6))
    y = 1 - height * (0.5 + 0.5 * np.sin(2 * np.pi * t))
    return [np.column_stack([x, y])]


def _choose(drawings: Sequence[Sequence[Stroke]], rng: Generator) -> Sequence[Stroke]:
    return drawings[int(rng.integers(len(drawings)))]


def _place(character: str, rng: Generator) -> Place:
    """Choose the box of a digit or letter beside digits."""
    if len(character) > 1:  # of a foreign script
        return 0, float(rng.uniform(-0.1, 0.3)), _WIDEST, float(rng.uniform(0.9, 1.1))
    return 0, _X_TOP if character in _LOW + _TAILED else 0, _WIDEST, _TAIL_END if character in _TAILED else 1


def _extent(strokes: Sequence[Stroke]) -> Place:
    points = np.concatenate(strokes)
    (x0, y0), (x1, y1) = points.min(axis=0), points.max(axis=0)
    return float(x0), float(y0), float(x1), float(y1)


def _fit(strokes: Sequence[Stroke], place: Place) -> list[Stroke]:
    """Scale strokes, in their own proportions, to the height of a box, or less if they are wide.

    They stand on the box's lower edge; flat ones, as a dash, lie in its middle.
    """
    x0, y0, x1, y1 = _extent(strokes)
    left, top, right, bottom = place
    scale = min((bottom - top) / max(y1 - y0, 0.45 * (x1 - x0), 1e-6), (right - left) / max(x1 - x0, 1e-6))
    free = bottom - top - (y1 - y0) * scale
    down = top + (free if free < 0.4 * (bottom - top) else free / 2)
    return [(stroke - (x0, y0)) * scale + (left, down) for stroke in strokes]


def _ink_strokes(strokes: Sequence[Stroke], pen: Pen, width: float) -> Glyph:
    """Ink strokes in px with a pen of `width` px."""
    points = np.concatenate(strokes)
    reach = width * (1 + max(map(abs, pen.nib))) + 2
    corner = np.floor(points.min(axis=0) - reach)
    w, h = (int(side) for side in np.ceil(points.max(axis=0) + reach - corner))
    finer = 1 if not pen.is_smooth or max(h, w) > 400 else (4 if h < 90 else 2)
    ink = np.zeros((h * finer, w * finer), np.uint8)
    thickness = max(round(width * finer), 1)
    edge = cv2.LINE_AA if pen.is_smooth and finer == 1 else cv2.LINE_8
    for side in ((0.0, 0.0),) if pen.nib == (0.0, 0.0) else ((-0.5, -0.5), (-0.17, -0.17), (0.17, 0.17), (0.5, 0.5)):
        shift = np.multiply(side, pen.nib) * width - corner
        paths = [np.rint((np.vstack([s[:1], s]) + shift) * (finer * 8)).astype(np.int32) for s in strokes]
        cv2.polylines(ink, paths, False, 255, thickness, edge, 3)
    if finer > 1:
        ink = cv2.resize(ink, (w, h), interpolation=cv2.INTER_AREA)
    return _cropped(ink, int(corner[1]))


def _ink_picture(
    pictures: NDArray[np.uint8], shape: NDArray[np.float64], size: float, down: float, rng: Generator
) -> Glyph:
    """Enlarge or reduce the picture of a digit to `size` px, with edges as sharp as a pen's."""
    picture = pictures[int(rng.integers(len(pictures)))]
    x, y, w, h = cv2.boundingRect(picture)
    picture = picture[y : y + h, x : x + w]
    scale = size / max(h, 0.45 * w)
    shear = float(shape[0, 1])
    width = w * scale * float(shape[0, 0])
    reach = abs(shear) * h * scale
    if scale < 0.5:  # warpAffine does not average
        picture = cv2.resize(picture, None, fx=2 * scale, fy=2 * scale, interpolation=cv2.INTER_AREA)
        (h, w), scale = picture.shape, 0.5
    matrix = np.array([[width / w, shear * scale, reach / 2 - shear * h * scale / 2 + 2], [0, scale, 2]])
    size_wh = int(width + reach) + 5, int(h * scale) + 5
    ink = cv2.warpAffine(picture, matrix, size_wh, flags=cv2.INTER_CUBIC)
    return _cropped(_sharpened(ink, scale), round(down + size - h * scale) - 2)


def _sharpened(ink: Ink, scale: float) -> Ink:
    """Give ink that was enlarged by `scale` edges as sharp as a pen's, at a level that keeps its area."""
    if scale <= 1.4:
        return cv2.normalize(ink, np.empty(0, np.uint8), 0, 255, cv2.NORM_MINMAX)
    soft = cv2.GaussianBlur(ink, (0, 0), 0.45 * scale)
    area = int(ink.sum(dtype=np.int64) / 255)
    level = float(np.clip(np.partition(soft, -area, axis=None)[-area], 50, 127)) if 0 < area < soft.size else 127.0
    gain = min(0.7 * scale, 6.0)
    return cv2.addWeighted(soft, gain, soft, 0, 127 - level * gain)


def _cropped(ink: Ink, top: int) -> Glyph:
    x, y, w, h = cv2.boundingRect(ink)
    if not w:
        return Glyph(np.full((1, 1), 255, np.uint8), 0, top, 1.0)
    return Glyph(ink[y : y + h, x : x + w], 0, top + y, float(w))


@dataclass(frozen=True, eq=False)
class PrintedHand:
    """A printing type.

    Attributes:
        font: a font's file or name, see `fonts`.
        weight: of OpenCV's own fonts, 100 … 900.
    """

    font: str
    weight: int = 400
    pen: Pen = field(default=Pen(0.12, (20, 20, 20)))

    def draw(self, character: str, height: float, _rng: Generator, /) -> Glyph:
        """Draw a character beside digits of `height` px; its parts are as far apart as the font says."""
        if self.font in _OPENCV:
            return _opencv_glyph(self.font, self.weight, character, round(height))
        return _pillow_glyph(self.font, character, round(height))


_OPENCV = ("sans", "italic", "uni")  # fonts that OpenCV brings
_OWN = "Pillow"  # the font that Pillow brings


def fonts(folder: Path | None = None) -> tuple[str, ...]:
    """Name the fonts that OpenCV and Pillow bring, and the TrueType files below a folder."""
    files = sorted(folder.rglob("*.ttf")) if folder else []
    return *_OPENCV, _OWN, *map(str, files)


@lru_cache(maxsize=4096)
def _opencv_glyph(name: str, weight: int, character: str, height: int) -> Glyph:
    font, size = cv2.FontFace(name), max(round(height * _opencv_size(name)), 4)
    ink = np.zeros((3 * size, 3 * size), np.uint8)
    (end, _), _ = cv2.putText(ink, character, (size, 2 * size), 255, font, size, weight)
    x, y, w, h = cv2.boundingRect(ink)
    return Glyph(ink[y : y + h, x : x + w], x - size, y - 2 * size + height, float(end - size))


@cache
def _opencv_size(name: str) -> float:
    """Size by which a digit is 1 high."""
    ink = np.zeros((300, 300), np.uint8)
    cv2.putText(ink, "0", (100, 200), 255, cv2.FontFace(name), 100, 400)
    return 100 / cv2.boundingRect(ink)[3]


@lru_cache(maxsize=4096)
def _pillow_glyph(name: str, character: str, height: int) -> Glyph:
    font = _pillow_font(name, height)
    mask = font.getmask(character)
    w, h = mask.size
    x0, y0, _, _ = font.getbbox(character, anchor="ls")
    alpha = np.array(mask, np.uint8).reshape(h, w)
    return Glyph(alpha, round(x0), round(y0) + height, float(font.getlength(character)))


@lru_cache(maxsize=256)
def _pillow_font(name: str, height: int) -> ImageFont.FreeTypeFont:
    def of(size: float) -> ImageFont.FreeTypeFont:
        font = ImageFont.load_default(size) if name == _OWN else ImageFont.truetype(name, size)
        assert isinstance(font, ImageFont.FreeTypeFont)
        return font

    return of(max(100 * height / -of(100).getbbox("0", anchor="ls")[1], 4))


@dataclass(frozen=True, eq=False)
class InkSources:
    """Where ink is taken from; what is missing is drawn from the project's own templates.

    Attributes:
        drawings: pen strokes of digits and of other characters, by writer.
        pictures: sets of digits as pictures: (n, h, w) uint8, 0 paper … 255 ink, and (n,) labels 0-9.
        fonts: names of fonts, see `fonts`.
    """

    drawings: Sequence[Drawing] = ()
    pictures: Sequence[tuple[NDArray[np.uint8], NDArray[np.uint8]]] = ()
    fonts: Sequence[str] = field(default_factory=fonts)

    @classmethod
    def of(
        cls,
        frames: Sequence[tuple[NDArray[np.uint8], NDArray[np.uint8]]],
        drawings: Sequence[Drawing],
        archives: Sequence[Path],
        folder: Path | None = None,
    ) -> InkSources:
        """Collect pictures, drawings, and a folder's fonts.

        Args:
            frames: sets of pictures, as `pictures`; the first one is shown as often as all others.
            drawings: as `drawings`.
            archives: further sets of pictures, .npz with `ink` and `labels`.
            folder: with TrueType files; by default only the fonts that the packages bring are used.
        """
        sets = list(frames)
        for path in archives:
            with np.load(path) as file:
                sets.append((file["ink"], file["labels"]))
        return cls(drawings, sets, fonts(folder))

    @cached_property
    def writers(self) -> tuple[Characters, ...]:
        """Drawings of each writer who drew digits, by character."""
        writers = self._by_writer([drawing for drawing in self.drawings if "/" not in drawing.name[1:]])
        return tuple(writer for writer in writers if set(writer) & set(DIGITS))

    @cached_property
    def writers_of_letters(self) -> tuple[Characters, ...]:
        """Drawings of each of them who drew letters, too."""
        return tuple(writer for writer in self.writers if len(writer) > 3 * len(DIGITS))

    @cached_property
    def scripts(self) -> tuple[Characters, ...]:
        """Drawings of each writer of foreign scripts, by the character's name, a script and a number."""
        return self._by_writer([drawing for drawing in self.drawings if "/" in drawing.name[1:]])

    @cached_property
    def bands(self) -> tuple[Mapping[str, NDArray[np.uint8]], ...]:
        """Pictures of each set by digit, sorted by how broad the pen is for the digit's height."""
        return tuple(_sorted_by_pen(ink, labels) for ink, labels in self.pictures)

    @staticmethod
    def _by_writer(drawings: Sequence[Drawing]) -> tuple[Characters, ...]:
        found: dict[str, dict[str, list[Sequence[Stroke]]]] = defaultdict(lambda: defaultdict(list))
        for drawing in drawings:
            found[drawing.writer][drawing.name].append(drawing.strokes)
        return tuple(dict(found[writer]) for writer in sorted(found))


def _sorted_by_pen(ink: NDArray[np.uint8], labels: NDArray[np.uint8]) -> dict[str, NDArray[np.uint8]]:
    """Stretch pictures to full contrast and sort those of each digit."""

    def width(pictures: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Area by outline, in heights."""
        levels = pictures.astype(np.int16)
        outline = sum(np.abs(np.diff(levels, axis=axis)).sum(axis=(1, 2)) for axis in (1, 2))
        heights = (pictures.max(axis=2) > 64).sum(axis=1)
        return np.asarray(levels.sum(axis=(1, 2)) / np.maximum(outline * heights, 1), np.float64)

    darkest = ink.max(axis=(1, 2), keepdims=True).astype(np.float32)
    full = ((ink / np.maximum(darkest, 1) - 0.2).clip(0) * np.float32(255 / 0.8)).astype(np.uint8)  # paper is not ink
    own = {digit: full[labels == int(digit)] for digit in DIGITS}
    return {digit: some[np.argsort(width(some), kind="stable")] for digit, some in own.items() if len(some)}


def random_hand(inks: InkSources, pen: Pen, rng: Generator) -> WrittenHand:
    """Choose a writer: one whose drawings are known, one imitated by pictures with a like pen, or templates alone."""
    shape = np.array([[rng.uniform(0.8, 1.15), -rng.normal(0.05, 0.1)], [0, 1]])
    habits = {character: float(rng.random()) for character in DIGITS + SIGNS}
    uneven = float(rng.choice([0.03, 0.06, 0.1]))
    kind = rng.choice(["strokes", "pictures", "templates"], p=[0.55, 0.33, 0.12])
    digits = _any(inks.writers, rng)
    letters: Characters = {}
    for _ in range(4):  # hardly anybody wrote all of them
        letters = {**letters, **_any(inks.writers_of_letters, rng)}
    if kind == "strokes" or not inks.bands:
        return WrittenHand(pen, {**letters, **digits}, {}, habits, shape, uneven)
    drawings = {name: drawn for name, drawn in letters.items() if name not in DIGITS}
    if kind == "templates":
        return WrittenHand(pen, drawings, {}, habits, shape, uneven)
    chosen = rng.choice(len(inks.bands), p=_weights(inks.bands))
    begin = rng.uniform(0, 0.85)
    pictures = {
        digit: some[int(begin * len(some)) : int((begin + 0.15) * len(some)) + 1]
        for digit, some in inks.bands[int(chosen)].items()
    }
    own = replace(pen, width=_WIDTHS[0] + begin * (_WIDTHS[1] - _WIDTHS[0]), nib=(0.0, 0.0), is_smooth=True)
    return WrittenHand(own, drawings, pictures, habits, shape, uneven)


def _any(writers: Sequence[Characters], rng: Generator) -> Characters:
    return writers[int(rng.integers(len(writers)))] if writers else {}


_WIDTHS = 0.07, 0.2  # heights: the pen of MNIST's thinnest and broadest digits


def _weights(bands: Sequence[Mapping[str, NDArray[np.uint8]]]) -> NDArray[np.float64]:
    """Half of the pages show the first set, the others the rest."""
    weights = np.array([max(len(bands) - 1, 1), *[1] * (len(bands) - 1)], np.float64)
    return np.asarray(weights / weights.sum())
