"""Page ink to glyphs in reading order."""

from __future__ import annotations

from dataclasses import dataclass

from model.reading import Box, Ink


@dataclass(frozen=True, eq=False, slots=True)
class Glyph:
    """The ink of what may be one digit, cut out of its page.

    Attributes:
        box: xyxy half-open, px of the page.
        ink: (h, w) uint8 of the box's size, with nothing of its neighbors in it.
    """

    box: Box
    ink: Ink


def find_glyphs(ink: Ink) -> list[list[Glyph]]:
    """Glyphs line by line, top to bottom, and from left to right within a line."""
    raise NotImplementedError
