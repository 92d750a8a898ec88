"""Contrast and pen width of a photo's glyphs."""

import cv2
import numpy as np
import pytest

from model.vision.normalize import even_pen


def stroke_share(ink):
    """Width of a vertical stroke as part of the glyph's longest side."""
    rows, columns = np.nonzero(ink > 127)
    return np.ptp(columns) / np.ptp(rows)


@pytest.mark.parametrize("width", [1, 2, 5])
@pytest.mark.parametrize("scale", [0.3, 1, 4])
def test_thin_strokes_get_the_pen_of_mnist(width, scale):
    ink = np.full((round(100 * scale), max(round(width * scale), 1)), 255, np.uint8)
    assert 0.08 < stroke_share(even_pen(ink)) < 0.16


@pytest.mark.parametrize("width", [15, 25, 40])
def test_fat_strokes_stay(width):
    ink = np.full((200, 2 * width), 255, np.uint8)
    assert stroke_share(even_pen(ink)) == pytest.approx(width / 100, abs=0.02)


def test_faint_ink_gets_full_contrast():
    faint = np.full((100, 20), 40, np.uint8)
    np.testing.assert_array_equal(even_pen(faint), np.full((100, 20), 255))


@pytest.mark.parametrize("shape", [(1, 1), (1, 5000), (5000, 1)])
def test_even_pen_takes_any_shape(shape):
    assert even_pen(np.full(shape, 255, np.uint8)).max() == 255


def test_even_pen_does_not_close_the_holes_of_a_digit():
    ring = np.zeros((100, 100), np.uint8)
    cv2.circle(ring, (50, 50), 46, 255, 3)
    assert even_pen(ring)[40:60, 40:60].max() == 0
