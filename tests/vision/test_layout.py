from dataclasses import replace

import numpy as np
import pytest

from model.vision.layout import correct_for_digit_prior, digit_lines
from model.vision.segmentation import Glyph


def glyph(x, y=100, size_wh=(40, 60), confidence=0.99, *, label=8):
    width, height = size_wh
    probabilities = np.where(np.arange(10) == label, confidence, (1 - confidence) / 9)
    ink = np.full((height, width), 255, np.uint8)
    return Glyph((x, y, x + width, y + height), ink, np.zeros((28, 28), np.uint8), probabilities)


def row(*confidences, y=100, **features):
    return [glyph(50 * i, y, confidence=confidence, **features) for i, confidence in enumerate(confidences)]


def parts(*confidences):
    return [replace(glyph, is_part=True) for glyph in row(*confidences)]


def lefts(glyphs):
    return [[glyph.box[0] for glyph in line] for line in digit_lines(glyphs)]


def test_nothing_makes_no_line():
    assert digit_lines([]) == []


def test_a_lower_digit_stays_on_its_line():
    assert lefts([glyph(100, 95), glyph(0), glyph(50, 130, (40, 25))]) == [[0, 50, 100]]


def test_a_speck_at_the_end_of_a_line_does_not_end_it():
    assert lefts([*row(0.99, 0.99), glyph(95, 98, (4, 4)), glyph(120, 115, (40, 40))]) == [[0, 50, 120]]


def test_a_bar_above_a_digit_does_not_draw_the_next_one_away():
    bar = glyph(10, 99, (40, 8))
    assert lefts([glyph(0, 108), bar, glyph(50), glyph(100)]) == [[0, 50, 100]]


def test_dots_commas_and_dashes_are_left_out():
    dot, comma, dash = glyph(100, 150, (10, 10)), glyph(150, 140, (8, 25), label=1), glyph(200, 130, (40, 10))
    assert lefts([*row(0.99, 0.99), dot, comma, dash]) == [[0, 50]]


def test_a_glyph_around_a_digit_is_left_out():
    assert lefts([glyph(100, 50, (160, 160), label=0), glyph(160)]) == [[160]]


def test_a_doubtful_digit_stays_among_others():
    assert lefts(row(0.99, 0.2, 0.99, 0.99)) == [[0, 50, 100, 150]]


def test_digits_beside_a_sign_are_kept():
    assert lefts([glyph(0), glyph(150, size_wh=(60, 60), confidence=0.1), glyph(320)]) == [[0, 320]]


def test_words_are_left_out_whatever_some_letters_look_like():
    assert lefts(row(0.99, 0.1, 0.99, 0.15, 0.99, 0.1, 0.99, 0.99)) == []


def test_a_number_beside_a_word_is_kept():
    assert lefts([*row(0.1, 0.99, 0.1, 0.1), *[glyph(x) for x in (400, 450, 500)]]) == [[400, 450, 500]]


def test_a_letter_that_looks_like_a_digit_is_none_among_words():
    words = [g for y in range(100, 900, 100) for g in row(0.1, 0.3, 0.1, 0.2, y=y)]
    assert lefts([*words, glyph(0, 1000)]) == []


def test_split_glyphs_are_weaker_evidence():
    assert lefts(parts(*[0.99] * 4)) == [[0, 50, 100, 150]]
    assert lefts(parts(*[0.7] * 8)) == []


def test_strokes_are_no_evidence():
    strokes = row(*[0.99] * 8, size_wh=(10, 60), label=1)
    letters = [glyph(x, confidence=0.1) for x in (400, 450)]
    assert lefts(strokes) == [[50 * i for i in range(8)]]
    assert lefts([*strokes, *letters]) == []


def test_a_doubtful_glyph_among_digits_is_likelier_a_digit():
    doubtful = np.array([0.05] * 9 + [0.55])  # half of it the even answer to non-digits
    (((read,),)) = digit_lines([replace(glyph(0), probabilities=doubtful)])
    assert read.probabilities.sum() == pytest.approx(1)
    assert read.confidence == pytest.approx(0.932, abs=0.001)


@pytest.mark.parametrize("answer", [[0.1] * 10, [0.0] * 8 + [0.45, 0.55], [0.0] * 9 + [1.0]])
def test_among_digits_other_doubts_stay(answer):
    np.testing.assert_allclose(correct_for_digit_prior(np.array(answer)), answer, atol=1e-12)
