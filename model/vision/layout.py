"""Glyphs to lines of digits: reading order, and what on a page is no digit at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from model.vision.segmentation import Glyph

_OVERLAP = 0.3  # of the lower one's height: what stands on one line
_WORD_GAP = 1.4  # of the typical height of a line: what is farther apart is another word

_LOW = 0.25  # of the line's typical height: dirt, a dot, a comma
_STICK = 0.45  # of its length: narrower is a stick, and a short one a comma or a dash, not a 1
_SHORT = 0.45  # of the line's typical height
_DASH = 2.5  # times as wide as high

# Evidence for digits, in log odds, by confidence: nearly every digit is read with certainty, but so are many letters
# and signs, while what is read without any is hardly ever a digit.
_CONFIDENCES = (0.1, 0.3, 0.5, 0.8, 0.95, 0.99, 0.999)
_WHOLE_LOG_ODDS = (-3.5, -2.0, -0.7, 0.0, 0.5, 1.0, 1.2)
# A bad cut makes digits doubtful, a lucky one makes letters digits.
_PART_LOG_ODDS = (-1.0, -1.0, -1.0, -0.8, -0.2, 0.0, 0.8)
_PART_STICK_LOG_ODDS = -1.2  # every stroke that is cut off looks like a 1
_MIN_WORD_CONFIDENCE = (
    0.3  # confidence; a word in which no glyph has as much is a sign or a stain, not a doubtful digit
)
_PRIOR = 3.0  # who hands in a picture has digits on it
_OF_LINE, _OF_PAGE = 0.1, 0.25  # a word's line, and its page, count this part of itself
_LEAST, _MOST = -18.0, 2.0  # a context's evidence: letters make letters likely, digits may follow any word

# Odds of no digit among what is kept, one in fifty, to those among what the classifier learned from, one in five.
_NON_DIGIT_ODDS_RATIO = (1 / 49) / (1 / 4)

Lines = list[list[Glyph]]


def digit_lines(glyphs: Sequence[Glyph]) -> Lines:
    """Put the digits of a page in reading order, and leave out what is none.

    Dots, dashes and frames are told by their size and place. Letters look too much like digits one by one, so words are
    judged as a whole: naive Bayes over their glyphs, with their line and page as context.

    Args:
        glyphs: all that was found on a page.

    Returns:
        Lines from top to bottom, each from left to right, with probabilities as of `correct_for_digit_prior`; none is empty.
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
    """What a glyph is, now that it is known to stand where digits stand: a clumsy one is then likelier a digit.

    The classifier answers evenly to what is no digit, so that ten times its least probability is that of no digit. The
    odds of it are corrected to a new prior (Saerens, Latinne and Decaestecker 2002), the digits keep theirs.

    Args:
        probabilities: (10,) of a glyph by itself.

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
    """Without what surrounds another glyph, as the boxes of a form do."""
    return [g for g in glyphs if not any(_surrounds(g, other) for other in glyphs if other is not g)]


def _surrounds(frame: Glyph, other: Glyph) -> bool:
    (a, b, c, d), (x0, y0, x1, y1) = frame.box, other.box
    inside = a < x0 and b < y0 and x1 < c and y1 < d
    return inside and y1 - y0 >= 0.35 * (d - b) and other.confidence >= 0.5


def _lines(glyphs: Sequence[Glyph]) -> Lines:
    """From left to right, each glyph joins the line whose last glyphs it stands beside, so that lines may slope."""
    lines: Lines = []
    for glyph in sorted(glyphs, key=_middle):
        nearest = max(lines, key=lambda line: _shared(line, glyph), default=[])
        if nearest and _shared(nearest, glyph) > 0:
            nearest.append(glyph)
        else:
            lines.append([glyph])
    return sorted(lines, key=lambda line: np.mean([glyph.box[1] + glyph.box[3] for glyph in line]))


def _middle(glyph: Glyph) -> int:
    return glyph.box[0] + glyph.box[2]


def _shared(line: list[Glyph], glyph: Glyph) -> int:
    """Vertical overlap in px, the best of the line's end, for a speck may be the last; 0 if it is too little."""
    return max(_overlap(other, glyph) for other in line[-3:])


def _overlap(one: Glyph, other: Glyph) -> int:
    shared = min(one.box[3], other.box[3]) - max(one.box[1], other.box[1])
    return shared if shared >= _OVERLAP * min(len(one.ink), len(other.ink)) else 0


def _without_clutter(line: list[Glyph]) -> list[Glyph]:
    typical = _typical_height(line)
    return [glyph for glyph in line if not _is_clutter(glyph, typical)]


def _typical_height(line: list[Glyph]) -> float:
    """Median height, weighted by the heights."""
    heights = np.sort([len(glyph.ink) for glyph in line])
    weights = np.cumsum(heights)
    return float(heights[np.searchsorted(weights, weights[-1] / 2)])


def _is_clutter(glyph: Glyph, typical: float) -> bool:
    height, width = glyph.ink.shape
    is_stick = min(width, height) <= _STICK * max(width, height)
    return height < _LOW * typical or (is_stick and height < _SHORT * typical) or width > _DASH * height


def _words(line: list[Glyph]) -> Lines:
    """The line, parted at its wide gaps."""
    words: Lines = []
    typical = _typical_height(line) if line else 0.0
    for glyph in line:
        if words and glyph.box[0] - words[-1][-1].box[2] <= _WORD_GAP * typical:
            words[-1].append(glyph)
        else:
            words.append([glyph])
    return words


def _log_odds(glyphs: Sequence[Glyph]) -> float:
    """Log odds that these are digits; what is wide counts as the several letters that it may be."""
    return sum(_log_odds_part(glyph) if glyph.is_part else _log_odds_whole(glyph) for glyph in glyphs)


def _log_odds_whole(glyph: Glyph) -> float:
    """By confidence; strokes of all kinds look like a 1, so that one proves nothing."""
    height, width = glyph.ink.shape
    evidence = float(np.interp(glyph.confidence, _CONFIDENCES, _WHOLE_LOG_ODDS))
    is_stick = glyph.probabilities.argmax() == 1
    return min(evidence, 0.0) if is_stick else evidence * max(width / height - 0.7, 1.0)


def _log_odds_part(glyph: Glyph) -> float:
    """By confidence, which tells less than that of a whole."""
    if glyph.probabilities.argmax() == 1:
        return _PART_STICK_LOG_ODDS
    return float(np.interp(glyph.confidence, _CONFIDENCES, _PART_LOG_ODDS))


def _are_digits(word: list[Glyph], line: list[Glyph], page: float) -> bool:
    if max(glyph.confidence for glyph in word) < _MIN_WORD_CONFIDENCE:
        return False
    own = _log_odds(word)
    around = [float(np.clip(context - own, _LEAST, _MOST)) for context in (_log_odds(line), page)]
    return _PRIOR + own + _OF_LINE * around[0] + _OF_PAGE * around[1] > 0
