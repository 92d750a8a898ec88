"""The pen's path on literal strokes."""

import numpy as np
import pytest

from model.vision.pen_path import PATH_CHANNELS, PATH_POINTS, joined, path_of, resample

BAR = np.array([[0.0, 0.0], [100.0, 0.0]])
SEVEN = np.array([[10.0, 10.0], [90.0, 12.0], [40.0, 120.0]])
X, Y, COS, SIN, COS_TWICE, SIN_TWICE, DOWN, UP = range(PATH_CHANNELS)


def moved(stroke, right, down):
    return stroke + np.array([right, down])


def test_points_lie_at_even_distances_along_all_strokes():
    points, order = resample(*joined([BAR, moved(BAR, 0, 100)]), 4)
    np.testing.assert_allclose(points, [[25, 0], [75, 0], [25, 100], [75, 100]])
    np.testing.assert_array_equal(order, [0, 0, 1, 1])


def test_the_way_between_two_strokes_has_no_points():
    points, _ = resample(*joined([BAR, moved(BAR, 1000, 0)]), 50)
    assert not ((points[:, 0] > 100) & (points[:, 0] < 1000)).any()


def test_a_bar_goes_from_left_to_right_in_the_middle():
    path = path_of([BAR])
    assert (path.shape, path.dtype) == ((PATH_POINTS, PATH_CHANNELS), np.float32)
    np.testing.assert_allclose(path[:, X], np.linspace(-1, 1, PATH_POINTS), atol=1e-6)
    np.testing.assert_allclose(path[:, [Y, SIN, SIN_TWICE]], 0, atol=1e-6)
    np.testing.assert_allclose(path[:, [COS, COS_TWICE]], 1, atol=1e-6)
    assert (np.flatnonzero(path[:, DOWN]).tolist(), np.flatnonzero(path[:, UP]).tolist()) == ([0], [PATH_POINTS - 1])


def test_the_box_is_square_around_the_middle():
    path = path_of([np.array([[0.0, 0.0], [0.0, 40.0], [20.0, 40.0]])])
    assert (path[:, Y].min(), path[:, Y].max()) == pytest.approx((-1, 1))
    assert (path[:, X].min(), path[:, X].max()) == pytest.approx((-0.5, 0.5), abs=0.02)


def test_size_and_place_do_not_matter():
    strokes = [SEVEN, moved(BAR, 0, 60)]
    for scale, shift in ((0.01, 0), (7, -500), (1, 90_000)):
        other = [stroke * scale + shift for stroke in strokes]
        np.testing.assert_allclose(path_of(other), path_of(strokes), atol=1e-3)


def test_more_points_on_the_same_path_change_little():
    along = np.linspace(0, 1, 40)[:, None]
    dense = np.concatenate([SEVEN[:1] + (SEVEN[1] - SEVEN[0]) * along, SEVEN[1] + (SEVEN[2] - SEVEN[1]) * along])
    np.testing.assert_allclose(path_of([dense]), path_of([SEVEN]), atol=0.03)


def test_a_reversed_stroke_has_the_same_double_direction():
    there, back = path_of([SEVEN]), path_of([SEVEN[::-1]])[::-1]
    np.testing.assert_allclose(back[:, [X, Y, COS_TWICE, SIN_TWICE]], there[:, [X, Y, COS_TWICE, SIN_TWICE]], atol=1e-4)
    np.testing.assert_allclose(back[:, [COS, SIN]], -there[:, [COS, SIN]], atol=1e-4)


def test_every_stroke_has_its_pen_down_and_pen_up():
    path = path_of([SEVEN, moved(BAR, 0, 60), np.array([[50.0, 60.0]])])
    assert path[:, [DOWN, UP]].sum(axis=0).tolist() == [3, 3]


def test_a_dot_beside_a_long_stroke_is_seen():
    path = path_of([BAR, np.array([[50.0, 50.0]])])
    assert (path[:, Y] == path[:, Y].max()).sum() >= 2


@pytest.mark.parametrize("strokes", [[np.array([[5.0, 5.0]])], [np.full((3, 2), 7.0)], [np.zeros((1, 2))] * 500])
def test_taps_are_finite(strokes):
    assert np.isfinite(path_of(strokes)).all()


def test_strokes_are_not_changed():
    before = SEVEN.copy()
    path_of([SEVEN])
    np.testing.assert_array_equal(SEVEN, before)
