"""Corruptions of literal frames, and robustness curves of classifiers whose answers are known."""

import numpy as np
import pytest

from model.data.mnist import LabeledFrames
from model.data.stroke_templates import draw_digits
from model.evaluation.robustness import (
    _CORRUPTIONS,
    add_noise,
    blur,
    change_pen_width,
    measure_robustness,
    reduce_contrast,
    resize,
    rotate,
    shift,
)
from model.vision.framing import frame_glyph, ink_box

BAR = np.zeros((28, 28), np.uint8)
BAR[4:24, 12:16] = 255


def width_and_height(frame):
    x0, y0, x1, y1 = ink_box((frame > 127).astype(np.uint8))
    return x1 - x0, y1 - y0


@pytest.mark.parametrize("corruption", _CORRUPTIONS, ids=lambda corruption: corruption.name)
def test_the_uncorrupted_value_changes_nothing(corruption):
    frame = draw_digits(1, np.random.default_rng(0)).frames[0]
    before = frame.copy()
    np.testing.assert_array_equal(corruption.corrupt(frame, 1, corruption.uncorrupted), frame)
    for value in corruption.values:
        corrupted = corruption.corrupt(frame, 1, value)
        assert (corrupted.shape, corrupted.dtype) == ((28, 28), np.uint8)
        assert np.array_equal(corrupted, frame) == (value == corruption.uncorrupted)
    np.testing.assert_array_equal(frame, before)
    assert list(corruption.values) == sorted(corruption.values)


def test_rotation():
    np.testing.assert_array_equal(rotate(BAR, 90), BAR.T)
    corner = np.zeros((28, 28), np.uint8)
    corner[2, 14:26] = 255  # top right
    assert rotate(corner, 45)[:14, :14].any()  # counterclockwise, to the left


@pytest.mark.parametrize("side", [8, 10, 14, 20, 26])
def test_size_is_the_longest_side_of_the_ink(side):
    assert max(width_and_height(resize(BAR, side))) == pytest.approx(side, abs=1)


def test_ink_outside_the_frame_is_cropped():
    assert width_and_height(resize(BAR, 34))[1] == 28
    assert width_and_height(shift(BAR, 0, 8)) == (4, 16)


def test_shift():
    np.testing.assert_array_equal(shift(BAR, 3, 0)[:, 15:19], BAR[:, 12:16])
    np.testing.assert_array_equal(shift(BAR, 0, -2)[2:22], BAR[4:24])
    assert not shift(BAR, 28, 0).any()


def test_every_fourth_digit_is_shifted_in_the_same_direction():
    shifts = next(corruption for corruption in _CORRUPTIONS if corruption.name == "shift")
    boxes = [ink_box(shifts.corrupt(BAR, index, 2))[:2] for index in range(5)]
    assert boxes == [(14, 4), (12, 6), (10, 4), (12, 2), (14, 4)]


@pytest.mark.parametrize(("by", "width"), [(-2, 2), (-1, 3), (0, 4), (1, 5), (2, 6), (4, 8)])
def test_pen_width(by, width):
    assert (change_pen_width(BAR, by)[14] / 255).sum() == pytest.approx(width, abs=0.01)


def test_pen_width_changes_by_half_a_pixel():
    assert (change_pen_width(BAR, 0.5)[14] / 255).sum() == pytest.approx(4.5, abs=0.01)
    assert (change_pen_width(BAR, -1.5)[14] / 255).sum() == pytest.approx(2.5, abs=0.01)


def test_noise_has_its_deviation_and_depends_on_the_seed_alone():
    gray = np.full((28, 28), 128, np.uint8)
    noisy = add_noise(gray, 20, seed=3)
    assert noisy.std() == pytest.approx(20, rel=0.1)
    np.testing.assert_array_equal(noisy, add_noise(gray, 20, seed=3))
    assert (noisy != add_noise(gray, 20, seed=4)).any()


def test_blur_and_contrast():
    assert int(blur(BAR, 2).sum()) == pytest.approx(int(BAR.sum()), rel=0.01)
    assert blur(BAR, 2)[14, 14] < 255
    np.testing.assert_array_equal(np.unique(reduce_contrast(BAR, 0.5)), [0, 128])


def always(digit):
    return lambda frames: np.tile(np.eye(10, dtype=np.float32)[digit], (len(frames), 1))


@pytest.fixture
def digits():
    return draw_digits(40, np.random.default_rng(0))


def test_a_classifier_that_is_always_correct_has_no_breakdown_point(digits):
    sevens = LabeledFrames(digits.frames, np.full(40, 7, np.uint8))
    for curve in measure_robustness(always(7), sevens):
        assert set(curve.accuracies) == {1.0}
        assert len(curve.values) == len(curve.accuracies)
        assert (curve.n, curve.breakdown_points) == (40, ())


def test_a_constant_classifier_has_the_accuracy_of_its_digit_and_breaks_down_uncorrupted(digits):
    share = float((digits.labels == 7).mean())
    for corruption, curve in zip(_CORRUPTIONS, measure_robustness(always(7), digits), strict=True):
        assert set(curve.accuracies) == {share}
        assert curve.breakdown_points == (corruption.uncorrupted,)


def test_the_breakdown_point_is_the_nearest_value_below_the_minimum_accuracy():
    """The classifier predicts 1 for frames with a pixel above 100, and 0 for darker ones."""

    def predict(frames):
        bright = frames.max(axis=(1, 2)) > 100
        return np.eye(10, dtype=np.float32)[bright.astype(int)]

    bars = LabeledFrames(np.repeat(BAR[None], 8, axis=0), np.ones(8, np.uint8))
    curves = {curve.name: curve for curve in measure_robustness(predict, bars)}
    assert curves["contrast"].breakdown_points == (0.3,)
    assert curves["contrast"].accuracies[-8:] == (0, *[1.0] * 7)
    assert curves["rotation"].breakdown_points == ()


def test_each_side_has_its_breakdown_point():
    """The classifier predicts 1 while there is ink above the center: not for a bar rotated far in either direction."""

    def predict(frames):
        upright = frames[:, 6, 13:15].max(axis=1) > 100
        return np.eye(10, dtype=np.float32)[upright.astype(int)]

    bars = LabeledFrames(np.repeat(BAR[None], 8, axis=0), np.ones(8, np.uint8))
    rotation = next(curve for curve in measure_robustness(predict, bars) if curve.name == "rotation")
    low, high = rotation.breakdown_points
    assert low == -high
    assert all(
        accuracy == 1
        for value, accuracy in zip(rotation.values, rotation.accuracies, strict=True)
        if low < value < high
    )


def test_many_digits_are_sampled_evenly(monkeypatch, digits):
    monkeypatch.setattr("model.evaluation.robustness._DIGITS", 10)
    seen = []

    def predict(frames):
        seen.append(frames)
        return always(0)(frames)

    curve = measure_robustness(predict, digits)[0]
    assert curve.n == 10
    middle = curve.values.index(0)
    np.testing.assert_array_equal(seen[middle], digits.frames[::4])


def test_drawn_digits_have_the_size_of_mnists():
    """So `resize`, whose scale is that of MNIST's digits, fits them as well."""
    frame = draw_digits(1, np.random.default_rng(0)).frames[0]
    framing = frame_glyph(frame)
    x0, y0, x1, y1 = framing.box
    assert max(x1 - x0, y1 - y0) == pytest.approx(20, abs=1)
