"""A flat sheet to write on: its picture, and the class and symbol of every pixel."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from model.data.pages.inks import DIGITS, GRAIN, SIGNS, Glyph, Hand, Pen
from model.reading import Box

RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", DIGITS)
"""Exponents, which are written small and raised."""
NUMBER = re.compile(r"-?\d+[⁰¹²³⁴-⁹]*(?:[.,:/-]\d+)*%?")
"""A number with its signs, as a reader gives it; other signs end it and are left out."""
_WORD = re.compile(rf"{NUMBER.pattern}|[^\W\d]+|\S")
_INKED = 40  # alpha from which a pixel shows ink

RGB = tuple[int, int, int]


class PixelClass(IntEnum):
    """What a pixel of a page shows."""

    PAPER = 0
    DIGIT = 1
    SIGN = 2
    LETTER = 3
    RULE = 4
    OTHER = 5


@dataclass(frozen=True, slots=True)
class Symbol:
    """A digit, a sign or a letter on a page.

    Attributes:
        label: "0" to "9", a sign, or "letter".
        box: xyxy half-open, px.
        line: its line, counted from the top; -1 for small digits that belong to none, as carries do.
        number: its number, sign or word; symbols of one share it.
        crossed_out: it is crossed out.
    """

    label: str
    box: Box
    line: int
    number: int
    crossed_out: bool = False


@dataclass(slots=True)
class Script:
    """How a line is written: by whom, how high in px, with which pen and how far apart.

    Attributes:
        hand: who writes.
        height: of a digit, px.
        gap: between characters, in heights.
        touching: share of characters that touch their left neighbor.
        pen: the ink; that of the hand.
        is_read: False for text that is all letters, digits too.
    """

    hand: Hand
    height: float
    pen: Pen
    gap: float = 0.2
    touching: float = 0.0
    is_read: bool = True


@dataclass(frozen=True, eq=False, slots=True)
class Composed:
    """A text that is laid out, but not on a sheet yet.

    Attributes:
        text: characters, or names of characters; a space is a gap.
        script: how it is written.
        glyphs: of the characters that are no spaces.
        places: px, where each glyph begins, from 0.
    """

    text: Sequence[str]
    script: Script
    glyphs: list[Glyph]
    places: list[float]

    @property
    def width(self) -> float:
        """Width in px."""
        ends = [x + glyph.left + glyph.alpha.shape[1] for x, glyph in zip(self.places, self.glyphs, strict=True)]
        return max(ends, default=0.0)


class Sheet:
    """A sheet under way.

    Attributes:
        image: (h, w, 3) uint8 RGB.
        classes: (h, w) uint8, see PixelClass.
        instances: (h, w) uint16, 0 or 1 + index of a symbol.
        symbols: what is written so far; boxes follow later.
        area: xyxy px, where the text may stand.
        rng: random generator.
    """

    def __init__(self, image: NDArray[np.uint8], area: Box, rng: Generator) -> None:
        self.image = image
        self.classes: NDArray[np.uint8] = np.zeros(image.shape[:2], np.uint8)
        self.instances: NDArray[np.uint16] = np.zeros(image.shape[:2], np.uint16)
        self.symbols: list[Symbol] = []
        self.area = area
        self.rng = rng
        self.lines = 0
        self.numbers = 0

    @property
    def size_wh(self) -> tuple[int, int]:
        """Width and height of `area` in px."""
        x0, y0, x1, y1 = self.area
        return x1 - x0, y1 - y0

    def next_line(self) -> int:
        """Count a line and return its number."""
        self.lines += 1
        return self.lines - 1

    def next_number(self) -> int:
        """Count a number, sign or word and return its number."""
        self.numbers += 1
        return self.numbers - 1

    def compose(self, text: Sequence[str], script: Script) -> Composed:
        """Lay out characters from left to right."""
        composed = Composed(text, script, [], [])
        x, is_apart = 0.0, True
        for character in text:
            if character == " ":
                x, is_apart = x + self.rng.uniform(0.5, 0.9) * script.height, True
                continue
            glyph = self._draw(character, script)
            if not is_apart and self.rng.random() < script.touching:
                contact = composed.places[-1] + _contact(composed.glyphs[-1], glyph)
                x = max(contact, x - 0.4 * script.height)
                x -= self.rng.uniform(0, 0.9) * script.pen.width * script.height
            composed.glyphs.append(glyph)
            composed.places.append(x)
            x += glyph.advance + script.gap * script.height * self.rng.uniform(0.6, 1.4)
            is_apart = False
        return composed

    def write(self, text: Sequence[str], at: tuple[float, float], script: Script, line: int | None = None) -> float:
        """Compose and place a text, see there."""
        return self.place(self.compose(text, script), at, line)

    def place(
        self, composed: Composed, at: tuple[float, float], line: int | None = None, number: int | None = None
    ) -> float:
        """Draw a text.

        Args:
            composed: the text.
            at: px, where it begins, and the top of its digits.
            line: by default the next one.
            number: that all characters belong to; by default those of the text are told apart.

        Returns:
            The right end in px.
        """
        (x, y), script = at, composed.script
        characters = [character for character in composed.text if character != " "]
        numbers, kinds = self._numbers(composed.text, is_read=script.is_read)
        line = self.next_line() if line is None else line
        for i, (character, kind) in enumerate(zip(characters, kinds, strict=True)):
            label = "letter" if kind == PixelClass.LETTER else character.translate(RAISED)
            self.symbols.append(Symbol(label, (0, 0, 0, 0), line, numbers[i] if number is None else number))
            corner = round(x + composed.places[i]), round(y)
            self.paste(composed.glyphs[i], corner, script.pen, kind, len(self.symbols))
        return x + composed.width

    def paste(self, glyph: Glyph, at: tuple[int, int], pen: Pen, kind: PixelClass, instance: int) -> None:
        """Draw a glyph; what lies beyond the sheet is cut."""
        h, w = glyph.alpha.shape
        left, top = at[0] + glyph.left, at[1] + glyph.top
        x0, y0 = max(left, 0), max(top, 0)
        x1, y1 = min(left + w, self.image.shape[1]), min(top + h, self.image.shape[0])
        if x0 >= x1 or y0 >= y1:
            return
        alpha = glyph.alpha[y0 - top : y1 - top, x0 - left : x1 - left]
        region = np.s_[y0:y1, x0:x1]
        blend(self.image[region], alpha, pen, self.rng)
        inked = alpha >= _INKED
        self.classes[region][inked] = kind
        self.instances[region][inked] = instance

    def cross_out(self, first: int, strokes: Sequence[NDArray[np.float64]], pen: Pen, width: float) -> None:
        """Cross out the symbols from index `first` with strokes in px, under whose ink they stay what they are."""
        line, number = self.symbols[first].line, self.next_number()
        ink = np.zeros(self.classes.shape, np.uint8)
        paths = [np.rint(stroke * 16).astype(np.int32) for stroke in strokes]
        cv2.polylines(ink, paths, False, 255, max(round(width), 1), cv2.LINE_AA, 4)
        blend(self.image, ink, pen, self.rng)
        self.symbols[first:] = [
            Symbol(symbol.label, symbol.box, symbol.line, symbol.number, True) for symbol in self.symbols[first:]
        ]
        self.symbols.append(Symbol("letter", (0, 0, 0, 0), line, number, True))
        free = (ink >= _INKED) & ((self.classes == PixelClass.PAPER) | (self.classes == PixelClass.RULE))
        self.classes[free] = PixelClass.LETTER
        self.instances[free] = len(self.symbols)

    def rule(self, paths: Sequence[NDArray[np.float64]], pen: Pen, kind: PixelClass = PixelClass.RULE) -> None:
        """Draw lines below the ink: (n, 2) px each, with a pen whose width is in px."""
        ink = np.zeros(self.classes.shape, np.uint8)
        fixed = [np.rint(path * 16).astype(np.int32) for path in paths]
        thickness = max(round(pen.width), 1)
        cv2.polylines(ink, fixed, False, 255, thickness, cv2.LINE_AA if pen.is_smooth else cv2.LINE_8, 4)
        if pen.width < 1:
            ink = cv2.convertScaleAbs(ink, alpha=pen.width)
        self.shade(ink, pen, kind)

    def shade(self, ink: NDArray[np.uint8], pen: Pen, kind: PixelClass) -> None:
        """Draw (h, w) ink of the whole sheet where nothing is written."""
        x, y, w, h = cv2.boundingRect(ink)
        region = np.s_[y : y + h, x : x + w]
        free = self.instances[region] == 0
        blend(self.image[region], ink[region] * free, pen, self.rng)
        self.classes[region][(ink[region] >= _INKED) & free] = kind

    def _draw(self, character: str, script: Script) -> Glyph:
        plain = character.translate(RAISED)
        if plain == character:
            return script.hand.draw(character, script.height, self.rng)
        glyph = script.hand.draw(plain, self.rng.uniform(0.45, 0.65) * script.height, self.rng)
        return replace(glyph, top=glyph.top - round(self.rng.uniform(0.1, 0.35) * script.height))

    def _numbers(self, text: Sequence[str], *, is_read: bool) -> tuple[list[int], list[PixelClass]]:
        """Return the number and the class of each character that is not a space."""
        numbers: list[int] = []
        kinds: list[PixelClass] = []
        words = _WORD.findall(text) if isinstance(text, str) and is_read else _words(text)
        for word in words:
            numbers += [self.next_number()] * len(word)
            kinds += [_kind(character) if is_read and _is_read(word) else PixelClass.LETTER for character in word]
        return numbers, kinds


def _words(text: Sequence[str]) -> list[list[str]]:
    words: list[list[str]] = [[]]
    for character in text:
        if character == " ":
            words.append([])
        else:
            words[-1].append(character)
    return words


def _is_read(word: Sequence[str]) -> bool:
    """Tell numbers and signs from words; an x that stands alone is a sign."""
    return len(word) == 1 or any(character in DIGITS for character in word)


def _kind(character: str) -> PixelClass:
    if character.translate(RAISED) in DIGITS:
        return PixelClass.DIGIT
    return PixelClass.SIGN if character in SIGNS else PixelClass.LETTER


def _contact(before: Glyph, glyph: Glyph) -> float:
    """Return how far to the right of its left neighbor a glyph begins whose ink meets the neighbor's."""
    top = max(before.top, glyph.top)
    bottom = min(before.top + len(before.alpha), glyph.top + len(glyph.alpha))
    end = before.left + before.alpha.shape[1]
    if top >= bottom:
        return end
    tall = np.ones((5, 1), np.uint8)  # strokes that pass each other this closely meet, too
    one = cv2.dilate(before.alpha[top - before.top : bottom - before.top], tall) > 127
    other = cv2.dilate(glyph.alpha[top - glyph.top : bottom - glyph.top], tall) > 127
    both = one.any(axis=1) & other.any(axis=1)
    if not both.any():
        return end
    free = one[both, ::-1].argmax(axis=1) + other[both].argmax(axis=1)
    return float(end - glyph.left - free.min())


def blend(image: NDArray[np.uint8], alpha: NDArray[np.uint8], pen: Pen, rng: Generator) -> None:
    """Ink an image in place, as densely as pen and paper allow."""
    h, w = alpha.shape
    share = alpha.astype(np.float32) * np.float32(pen.opacity / 255)
    if pen.grain:
        y, x = rng.integers(0, 64, 2)
        side = len(GRAIN) - 64
        grain = GRAIN if max(h, w) <= side else np.tile(GRAIN, (h // side + 1, w // side + 1))
        share *= np.clip((grain[y : y + h, x : x + w] - 0.5) * (6 * pen.grain) + 1.3 - pen.grain, 1 - pen.grain, 1)
    image[:] = image + (np.array(pen.color, np.float32) - image) * share[..., None]
