"""Typical heights and pen widths of literal marks."""

import numpy as np
import pytest

from model.vision.sizes import MIN_HEIGHT, pen_width, ridge_depths, typical_height


@pytest.mark.parametrize(
    ("heights", "power", "expected"),
    [
        ([], 2, 0.0),
        ([MIN_HEIGHT - 1] * 5, 2, 0.0),
        ([60], 2, 60.0),
        ([10] * 30 + [60], 2, 60.0),  # 30 * 10² < 60²
        ([10] * 30 + [60], 1, 10.0),  # 30 * 10 > 60
        ([20, 30, 40], 2, 40.0),
        ([20, 30, 40], 1, 30.0),
    ],
)
def test_typical_height_is_a_weighted_median(heights, power, expected):
    assert typical_height(np.array(heights, int), power) == expected


def test_low_marks_count_if_they_are_asked_for():
    assert typical_height(np.array([3, 3, 3]), power=1, lowest=0) == 3


def bar(width):
    mask = np.zeros((100, 60), bool)
    mask[10:90, 20 : 20 + width] = True
    return mask


@pytest.mark.parametrize("width", [3, 6, 12])
def test_both_methods_measure_the_width_of_a_bar(width):
    assert pen_width(bar(width)) == pytest.approx(width, rel=0.25)
    assert 2 * np.median(ridge_depths(bar(width))) == pytest.approx(width, abs=1.1)


def test_a_short_wide_place_changes_no_quantile_of_the_ridge():
    blot = bar(4)
    blot[40:48, 10:40] = True
    assert np.quantile(ridge_depths(blot), 0.75) == np.quantile(ridge_depths(bar(4)), 0.75)
    assert pen_width(blot) > pen_width(bar(4))


def test_a_blank_mask_has_no_width():
    blank = np.zeros((5, 5), bool)
    assert pen_width(blank) == 0
    assert len(ridge_depths(blank)) == 0
