"""Augmented paths and random non-digits."""

import numpy as np
import pytest

from model.training import path_augmentation
from model.training.path_augmentation import DensePaths, NonDigits, augment_paths
from model.vision.pen_path import PATH_CHANNELS, PATH_POINTS

FOUR = [np.array([[10.0, 0.0], [0.0, 30.0], [50.0, 30.0]]), np.array([[40.0, 5.0], [38.0, 80.0]])]
ONE = [np.array([[0.0, 0.0], [0.0, 100.0]])]


@pytest.fixture
def paths():
    return DensePaths.of([FOUR, ONE] * 100)


def test_a_drawing_becomes_a_centered_path_of_its_strokes(paths):
    assert len(paths) == 200
    np.testing.assert_allclose(paths.points[0].min(axis=0), -paths.points[0].max(axis=0))
    assert np.ptp(paths.points[0], axis=0).max() == pytest.approx(2, abs=0.05)
    assert [len(path) for path in (paths.strokes(0), paths.strokes(1))] == [2, 1]
    assert paths.features().shape == (200, PATH_POINTS, PATH_CHANNELS)


def test_no_drawings_are_no_paths():
    assert DensePaths.of([]).points.shape == (0, 128, 2)
    assert len(DensePaths.of([]) + DensePaths.of([ONE])) == 1


def test_without_strength_only_order_and_direction_change(paths):
    augmented = augment_paths(paths, np.random.default_rng(0), max_strength=0.0)
    for before, after in zip(paths.points, augmented.points, strict=True):
        np.testing.assert_allclose(np.sort(after, axis=0), np.sort(before, axis=0), atol=1e-4)
    starts = {tuple(np.round(points[0], 1)) for points in augmented.points[::2]}
    assert len(starts) == 4, "each of two strokes comes first, in both directions"
    assert augmented.order.max() == 1


def test_strength_bends_cuts_and_joins(paths):
    augmented = augment_paths(paths, np.random.default_rng(0))
    assert np.abs(augmented.points - paths.points).max() > 0.3
    strokes = [len(augmented.strokes(i)) for i in range(0, 200, 2)]
    assert set(strokes) == {1, 2, 3}
    assert np.median(strokes) == 2
    assert np.isfinite(augmented.features()).all()


def test_the_same_seed_augments_alike_and_changes_nothing_given(paths):
    before = paths.points.copy()
    first, second = (augment_paths(paths, np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(first.points, second.points)
    np.testing.assert_array_equal(paths.points, before)


@pytest.mark.parametrize("drawings", [[], [ONE]])
def test_non_digits_are_finite_and_of_many_kinds(drawings, paths):
    labels = np.tile([4, 1], 100)
    non_digits = NonDigits(paths, labels, DensePaths.of(drawings), DensePaths.of([FOUR]))
    sample = non_digits.sample(300, np.random.default_rng(0))
    assert len(sample) == 300
    assert np.isfinite(sample.features()).all()
    assert (np.diff(sample.order, axis=1) >= 0).all()
    assert len({len(sample.strokes(i)) for i in range(300)}) >= 4


@pytest.mark.parametrize(("kind", "labels"), [(0, (3, 4, 7)), (1, (1, 2, 3, 4, 5, 7, 8)), (2, (3, 4, 6, 7, 9))])
def test_only_digits_that_become_none_are_turned(kind, labels, monkeypatch):
    shown = []
    digits = DensePaths.of([ONE] * 10)
    non_digits = NonDigits(digits, np.arange(10), DensePaths.of([]), digits)

    class Rng:
        def integers(self, n):
            return kind

        def choice(self, among):
            shown.extend(among)
            return among[0]

    non_digits._turned(Rng())
    assert set(shown) - {-1, 1} == set(labels) - {-1, 1}


def test_lines_are_straight():
    for seed in range(20):
        points, order = path_augmentation._lines(np.random.default_rng(seed))
        for stroke in range(order.max() + 1):
            steps = np.diff(points[order == stroke], axis=0)
            assert np.abs(steps - steps[0]).max() < 1e-9
