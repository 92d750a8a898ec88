"""Strokes to ink: checks of what comes from outside, and the pen."""

import numpy as np
import pytest

from model.errors import StrokesError
from model.vision.framing import frame_glyph
from model.vision.strokes import (
    MAX_POINTS,
    MAX_STROKES,
    as_pen_width,
    as_strokes,
    drawing_box,
    extent,
    fit,
    ink_digit,
    ink_strokes,
    side_by_side,
)

SEVEN = np.array([[10.0, 10.0], [90.0, 12.0], [40.0, 120.0]])


def test_empty_strokes_are_dropped():
    assert as_strokes([]) == []
    assert as_strokes([[], np.empty((0, 2))]) == []
    assert len(as_strokes([[], SEVEN])) == 1


def test_lists_and_arrays_are_taken_and_not_changed():
    (stroke,) = as_strokes([[[1, 2], [3, 4]]])
    np.testing.assert_array_equal(stroke, [[1.0, 2.0], [3.0, 4.0]])
    before = SEVEN.copy()
    ink_digit(as_strokes([SEVEN]))
    np.testing.assert_array_equal(SEVEN, before)


@pytest.mark.parametrize(
    ("strokes", "message"),
    [
        ([[[1, 2, 3]]], r"wrong shape. Expected \(n, 2\). Received: \(1, 3\)"),
        ([[1, 2]], r"wrong shape. Expected \(n, 2\). Received: \(2,\)"),
        ([[["a", "b"]]], "Expected an .n, 2. array of numbers"),
        ([[[1, 2], [3]]], "Expected an .n, 2. array of numbers"),
        ([{"x": 1}], "Expected an .n, 2. array of numbers"),
        ([[[float("nan"), 1]]], "leaves the canvas. Expected finite coordinates"),
        ([[[float("inf"), 1]]], "leaves the canvas"),
        ([[[1e9, 1]]], "leaves the canvas"),
        ([[[10**400, 1]]], r"Expected an \(n, 2\) array of numbers. Received: \[\[10+\.\.\.0+, 1\]\]"),
        ([[[10**5000, 1]]], "Expected an .n, 2. array of numbers. Received: list with a number of thousands of digits"),
        pytest.param(
            10**5000,
            "Expected a list of .n, 2. arrays. Received: int with a number of thousands of digits",
            id="5001 digits",
        ),
        (7, "Strokes cannot be read. Expected a list"),
        (None, "Strokes cannot be read. Expected a list"),
        (
            [[[1, 1]]] * (MAX_STROKES + 1),
            f"Too many strokes. Expected at most {MAX_STROKES}. Received: {MAX_STROKES + 1}",
        ),
    ],
)
def test_malformed_strokes_are_refused(strokes, message):
    with pytest.raises(StrokesError, match=message):
        as_strokes(strokes)


@pytest.mark.parametrize(
    "pen_width", [0, -3, float("nan"), float("inf"), "wide", None, 10**400, pytest.param(10**5000, id="5001 digits")]
)
def test_malformed_pen_widths_are_refused(pen_width):
    with pytest.raises(StrokesError, match="Expected px above 0"):
        as_pen_width(pen_width)


def test_too_many_points_are_thinned_to_the_same_drawing():
    along = np.linspace(0, 2 * np.pi, 100_000)
    circle = np.stack([100 + 50 * np.cos(along), 100 + 50 * np.sin(along)], axis=1)
    (thinned,) = as_strokes([circle])
    assert len(thinned) <= MAX_POINTS + 1
    few = circle[np.linspace(0, len(circle) - 1, 200).astype(int)]
    difference = ink_digit([thinned]).astype(int) - ink_digit(as_strokes([few]))
    assert np.abs(difference).mean() < 1


def test_extent_and_box():
    assert extent([SEVEN]) == 110
    assert extent([np.array([[5.0, 5.0]])]) == 0
    assert drawing_box([SEVEN], 20) == (0, 0, 100, 130)


def test_a_lying_line_in_pixels():
    ink = ink_strokes([np.array([[2.5, 3.5], [6.5, 3.5]])], 1, (9, 7))
    expected = np.zeros((7, 9), np.uint8)
    expected[3, 2:7] = 255
    np.testing.assert_array_equal(ink > 127, expected > 0)


@pytest.mark.parametrize("pen_width", [1, 3, 9, 15, 29])
def test_pen_width_is_the_width_of_lines_and_dots(pen_width):
    line, dot = (
        ink_strokes([np.array(path)], pen_width, (99, 99)) for path in ([[20.5, 49.5], [80.5, 49.5]], [[49.5, 49.5]])
    )
    assert np.count_nonzero(line[:, 49]) == pen_width
    assert np.count_nonzero(dot[:, 49]) == np.count_nonzero(dot[49]) == pen_width


@pytest.mark.parametrize("side", [1, 100, 171])
def test_fit_scales_the_longest_side_and_moves_the_box_to_the_corner(side):
    first, second = fit([SEVEN[:2], SEVEN[1:]], side)
    np.testing.assert_allclose(first, [[0, 0], [80 * side / 110, 2 * side / 110]])
    np.testing.assert_allclose(second, [[80 * side / 110, 2 * side / 110], [30 * side / 110, side]])


def test_fit_keeps_a_single_point_finite():
    (point,) = fit([np.array([[5.0, 5.0]])], 100)
    np.testing.assert_array_equal(point, [[0, 0]])


@pytest.mark.parametrize("scale", [0.05, 0.7, 30])
@pytest.mark.parametrize("offset", [(0, 0), (137.3, -58.9)])
def test_size_and_place_give_the_same_frame(scale, offset):
    expected = frame_glyph(ink_digit([SEVEN])).frame
    frame = frame_glyph(ink_digit([SEVEN * scale + offset])).frame
    assert np.abs(frame.astype(int) - expected).max() <= 2


def test_a_tap_is_one_dot():
    ink = ink_digit([np.array([[5.0, 5.0]])])
    assert ink.any()
    assert frame_glyph(ink).frame.any()


def test_the_pen_is_mnists_median():
    upright = frame_glyph(ink_digit([np.array([[0.0, 0.0], [0.0, 100.0]])])).frame
    assert (upright[14] / 255.0).sum() == pytest.approx(3, abs=0.2)  # 0.15 of 20 px


def test_strokes_clear_of_each_other_stand_side_by_side():
    left, bar, right, dot = (
        np.array(points, np.float64)
        for points in ([(10, 0), (12, 90)], [(0, 40), (30, 40)], [(60, 0), (80, 90)], [(31, 5)])
    )
    groups = side_by_side([right, bar, dot, left])
    assert [[id(stroke) for stroke in group] for group in groups] == [[id(bar), id(left)], [id(dot)], [id(right)]]
    assert side_by_side([]) == []
