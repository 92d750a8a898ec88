"""Glyphs to lines of digits: find the reading order, and leave out glyphs that are not digits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from model.vision.segmentation import Glyph
from model.vision.sizes import typical_height

_OVERLAP = 0.3  # of the lower glyph's height; glyphs of one line overlap by this much vertically
_WORD_GAP = 1.4  # of the line's typical height; glyphs farther apart belong to different words

_LOW = 0.25  # of the line's typical height; lower glyphs are dirt, dots or commas
_STICK = 0.45  # of its length; a narrower glyph is a stick, and if it is short, a comma or a dash instead of a 1
_SHORT = 0.45  # of the line's typical height
_DASH = 2.5  # times as wide as high

# Evidence for digits, in log odds, by confidence: nearly every digit is read with certainty, but so are many letters
# and signs, while a glyph of low confidence is hardly ever a digit.
_CONFIDENCES = (0.1, 0.3, 0.5, 0.8, 0.95, 0.99, 0.999)
_WHOLE_LOG_ODDS = (-3.5, -2.0, -0.7, 0.0, 0.5, 1.0, 1.2)
# A bad split makes digits doubtful, a lucky one makes letters look like digits.
_PART_LOG_ODDS = (-1.0, -1.0, -1.0, -0.8, -0.2, 0.0, 0.8)
_PART_STICK_LOG_ODDS = -1.2  # every stroke that is split off looks like a 1
_MIN_WORD_CONFIDENCE = 0.3  # if no glyph of a word reaches it, the word is a sign or a stain, not a doubtful digit
_PRIOR = 3.0  # in log odds; uploaded pictures usually hold digits
_LINE_WEIGHT, _PAGE_WEIGHT = 0.1, 0.25  # of the evidence of a word's line, and of its page
# Bounds of that evidence, in log odds: letters make letters likely, but digits may follow any word.
_MIN_CONTEXT, _MAX_CONTEXT = -18.0, 2.0

# Odds of a non-digit among the glyphs that are kept, 1 in 50, to the odds in the classifier's training, 1 in 5.
_NON_DIGIT_ODDS_RATIO = (1 / 49) / (1 / 4)

GlyphLines = list[list[Glyph]]


def digit_lines(glyphs: Sequence[Glyph]) -> GlyphLines:
    """Put the digits of a page in reading order, and leave out non-digits.

    Dots, dashes and the boxes of forms are recognized by size and place. Letters look too much like digits one by one,
    so words are classified as a whole: naive Bayes over their glyphs, with their line and page as context.

    Args:
        glyphs: all glyphs of a page, in any order.

    Returns:
        Lines from top to bottom, each from left to right and with a glyph at least; their probabilities are those of
        `correct_for_digit_prior`.
    """
    lines = [_without_clutter(line) for line in _lines(_without_frames(glyphs))]
    page = sum(_log_odds(line) for line in lines)
    kept = [[glyph for word in _words(line) if _are_digits(word, line, page) for glyph in word] for line in lines]
    return [
        [replace(glyph, probabilities=correct_for_digit_prior(glyph.probabilities)) for glyph in line]
        for line in kept
        if line
    ]


def correct_for_digit_prior(probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """Correct a glyph's probabilities for standing among digits, where non-digits are rarer than in training.

    The classifier answers non-digits with even probabilities, so ten times the least one is the probability of a
    non-digit. Its odds are corrected to the new prior (Saerens, Latinne and Decaestecker 2002); those between digits
    stay.

    Args:
        probabilities: (10,) float64 of a glyph by itself.

    Returns:
        (10,) float64 that sum to 1.
    """
    none = 10 * float(probabilities.min())
    digits = probabilities - none / 10
    total = digits.sum()
    if total <= 0:
        return probabilities
    rarer = _NON_DIGIT_ODDS_RATIO * none / (_NON_DIGIT_ODDS_RATIO * none + total)
    return np.asarray((1 - rarer) * digits / total + rarer / 10)


def _without_frames(glyphs: Sequence[Glyph]) -> list[Glyph]:
    """Leave out glyphs that surround another one, as the boxes of a form do."""
    return [g for g in glyphs if not any(_surrounds(g, other) for other in glyphs if other is not g)]


def _surrounds(frame: Glyph, other: Glyph) -> bool:
    (a, b, c, d), (x0, y0, x1, y1) = frame.box, other.box
    inside = a < x0 and b < y0 and x1 < c and y1 < d
    return inside and y1 - y0 >= 0.35 * (d - b) and other.confidence >= 0.5


def _lines(glyphs: Sequence[Glyph]) -> GlyphLines:
    """Add each glyph, from left to right, to the line whose last glyphs it stands beside, so that lines may slope."""
    lines: GlyphLines = []
    for glyph in sorted(glyphs, key=lambda glyph: glyph.center_x):
        nearest = max(lines, key=lambda line: _shared(line, glyph), default=[])
        if nearest and _shared(nearest, glyph) > 0:
            nearest.append(glyph)
        else:
            lines.append([glyph])
    return sorted(lines, key=lambda line: np.mean([glyph.box[1] + glyph.box[3] for glyph in line]))


def _shared(line: list[Glyph], glyph: Glyph) -> int:
    """Vertical overlap in px with the line's last three glyphs, since the last may be a speck; 0 if it is small."""
    return max(_overlap(other, glyph) for other in line[-3:])


def _overlap(one: Glyph, other: Glyph) -> int:
    shared = min(one.box[3], other.box[3]) - max(one.box[1], other.box[1])
    return shared if shared >= _OVERLAP * min(len(one.ink), len(other.ink)) else 0


def _without_clutter(line: list[Glyph]) -> list[Glyph]:
    typical = _typical_height(line)
    return [glyph for glyph in line if not _is_clutter(glyph, typical)]


def _typical_height(line: list[Glyph]) -> float:
    """Typical height of a line's glyphs in px; 0 for none."""
    return typical_height(np.array([len(glyph.ink) for glyph in line], np.int64), power=1, lowest=0)


def _is_clutter(glyph: Glyph, typical: float) -> bool:
    height, width = glyph.ink.shape
    is_stick = min(width, height) <= _STICK * max(width, height)
    return height < _LOW * typical or (is_stick and height < _SHORT * typical) or width > _DASH * height


def _words(line: list[Glyph]) -> GlyphLines:
    """Split a line at its wide gaps."""
    words: GlyphLines = []
    typical = _typical_height(line)
    for glyph in line:
        if words and glyph.box[0] - words[-1][-1].box[2] <= _WORD_GAP * typical:
            words[-1].append(glyph)
        else:
            words.append([glyph])
    return words


def _log_odds(glyphs: Sequence[Glyph]) -> float:
    """Log odds that these are digits; wide glyphs count as several letters."""
    return sum(_log_odds_part(glyph) if glyph.is_part else _log_odds_whole(glyph) for glyph in glyphs)


def _log_odds_whole(glyph: Glyph) -> float:
    """Log odds by confidence; strokes of all kinds look like a 1, so it is no evidence for digits."""
    height, width = glyph.ink.shape
    evidence = float(np.interp(glyph.confidence, _CONFIDENCES, _WHOLE_LOG_ODDS))
    is_stick = glyph.probabilities.argmax() == 1
    return min(evidence, 0.0) if is_stick else evidence * max(width / height - 0.7, 1.0)


def _log_odds_part(glyph: Glyph) -> float:
    """Log odds by confidence, which is weaker evidence than that of a whole component."""
    if glyph.probabilities.argmax() == 1:
        return _PART_STICK_LOG_ODDS
    return float(np.interp(glyph.confidence, _CONFIDENCES, _PART_LOG_ODDS))


def _are_digits(word: list[Glyph], line: list[Glyph], page: float) -> bool:
    if max(glyph.confidence for glyph in word) < _MIN_WORD_CONFIDENCE:
        return False
    own = _log_odds(word)
    of_line, of_page = (
        float(np.clip(context - own, _MIN_CONTEXT, _MAX_CONTEXT)) for context in (_log_odds(line), page)
    )
    return _PRIOR + own + _LINE_WEIGHT * of_line + _PAGE_WEIGHT * of_page > 0
