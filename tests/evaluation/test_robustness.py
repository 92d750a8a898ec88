"""Disturbances on literal frames, and curves of readers that are known beforehand."""

import numpy as np
import pytest

from model.data.mnist import LabeledFrames
from model.data.stroke_templates import draw_digits
from model.evaluation.robustness import (
    _KINDS,
    add_noise,
    blur,
    change_pen,
    fade,
    measure_robustness,
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


@pytest.mark.parametrize("kind", _KINDS, ids=lambda kind: kind.name)
def test_the_undisturbed_value_changes_nothing(kind):
    frame = draw_digits(1, np.random.default_rng(0)).frames[0]
    before = frame.copy()
    np.testing.assert_array_equal(kind.disturb(frame, 1, kind.uncorrupted), frame)
    for value in kind.values:
        disturbed = kind.disturb(frame, 1, value)
        assert (disturbed.shape, disturbed.dtype) == ((28, 28), np.uint8)
        assert np.array_equal(disturbed, frame) == (value == kind.uncorrupted)
    np.testing.assert_array_equal(frame, before)
    assert list(kind.values) == sorted(kind.values)


def test_rotation():
    np.testing.assert_array_equal(rotate(BAR, 90), BAR.T)
    corner = np.zeros((28, 28), np.uint8)
    corner[2, 14:26] = 255  # top right
    assert rotate(corner, 45)[:14, :14].any()  # counterclockwise, to the left


@pytest.mark.parametrize("side", [8, 10, 14, 20, 26])
def test_size_is_the_longest_side_of_the_ink(side):
    assert max(width_and_height(resize(BAR, side))) == pytest.approx(side, abs=1)


def test_what_leaves_the_frame_is_cut():
    assert width_and_height(resize(BAR, 34))[1] == 28
    assert width_and_height(shift(BAR, 0, 8)) == (4, 16)


def test_shift():
    np.testing.assert_array_equal(shift(BAR, 3, 0)[:, 15:19], BAR[:, 12:16])
    np.testing.assert_array_equal(shift(BAR, 0, -2)[2:22], BAR[4:24])
    assert not shift(BAR, 28, 0).any()


def test_every_fourth_digit_is_shifted_to_the_same_side():
    kind = next(kind for kind in _KINDS if kind.name == "shift")
    boxes = [ink_box(kind.disturb(BAR, index, 2))[:2] for index in range(5)]
    assert boxes == [(14, 4), (12, 6), (10, 4), (12, 2), (14, 4)]


@pytest.mark.parametrize(("wider", "width"), [(-2, 2), (-1, 3), (0, 4), (1, 5), (2, 6), (4, 8)])
def test_pen_width(wider, width):
    assert (change_pen(BAR, wider)[14] / 255).sum() == pytest.approx(width, abs=0.01)


def test_half_a_pixel_of_pen_is_half_of_it():
    assert (change_pen(BAR, 0.5)[14] / 255).sum() == pytest.approx(4.5, abs=0.01)
    assert (change_pen(BAR, -1.5)[14] / 255).sum() == pytest.approx(2.5, abs=0.01)


def test_noise_is_as_strong_as_told_and_the_same_for_a_seed():
    gray = np.full((28, 28), 128, np.uint8)
    noisy = add_noise(gray, 20, seed=3)
    assert noisy.std() == pytest.approx(20, rel=0.1)
    np.testing.assert_array_equal(noisy, add_noise(gray, 20, seed=3))
    assert (noisy != add_noise(gray, 20, seed=4)).any()


def test_blur_and_contrast():
    assert int(blur(BAR, 2).sum()) == pytest.approx(int(BAR.sum()), rel=0.01)
    assert blur(BAR, 2)[14, 14] < 255
    np.testing.assert_array_equal(np.unique(fade(BAR, 0.5)), [0, 128])


def always(digit):
    return lambda frames: np.tile(np.eye(10, dtype=np.float32)[digit], (len(frames), 1))


@pytest.fixture
def digits():
    return draw_digits(40, np.random.default_rng(0))


def test_a_reader_that_is_always_right_never_breaks(digits):
    sevens = LabeledFrames(digits.frames, np.full(40, 7, np.uint8))
    for curve in measure_robustness(always(7), sevens):
        assert set(curve.accuracies) == {1.0}
        assert len(curve.values) == len(curve.accuracies)
        assert (curve.n, curve.breakdown_points) == (40, ())


def test_a_constant_reader_is_as_right_as_its_digit_is_frequent_and_broken_from_the_start(digits):
    share = float((digits.labels == 7).mean())
    for kind, curve in zip(_KINDS, measure_robustness(always(7), digits), strict=True):
        assert set(curve.accuracies) == {share}
        assert curve.breakdown_points == (kind.uncorrupted,)


def test_the_break_point_is_the_nearest_value_at_which_too_few_are_right():
    """A reader that sees nothing but how bright the frame is: it reads 1 while it is bright enough, then 0."""

    def predict(frames):
        bright = frames.max(axis=(1, 2)) > 100
        return np.eye(10, dtype=np.float32)[bright.astype(int)]

    bars = LabeledFrames(np.repeat(BAR[None], 8, axis=0), np.ones(8, np.uint8))
    curves = {curve.name: curve for curve in measure_robustness(predict, bars)}
    assert curves["contrast"].breakdown_points == (0.3,)
    assert curves["contrast"].accuracies[-8:] == (0, *[1.0] * 7)
    assert curves["rotation"].breakdown_points == ()


def test_both_sides_have_their_break_point():
    """A reader that is right while the ink's middle column is dark: a bar that is turned far either way is lost."""

    def predict(frames):
        upright = frames[:, 6, 13:15].max(axis=1) > 100
        return np.eye(10, dtype=np.float32)[upright.astype(int)]

    bars = LabeledFrames(np.repeat(BAR[None], 8, axis=0), np.ones(8, np.uint8))
    rotation = next(curve for curve in measure_robustness(predict, bars) if curve.name == "rotation")
    low, high = rotation.breakdown_points
    assert low == -high
    assert all(
        right == 1 for value, right in zip(rotation.values, rotation.accuracies, strict=True) if low < value < high
    )


def test_many_digits_are_thinned_evenly(monkeypatch, digits):
    monkeypatch.setattr("model.evaluation.robustness._DIGITS", 10)
    seen = []

    def predict(frames):
        seen.append(frames)
        return always(0)(frames)

    curve = measure_robustness(predict, digits)[0]
    assert curve.n == 10
    middle = curve.values.index(0)
    np.testing.assert_array_equal(seen[middle], digits.frames[::4])


def test_drawn_digits_are_twenty_pixels_like_mnists():
    """The scale of `resize` holds for them as well."""
    frame = draw_digits(1, np.random.default_rng(0)).frames[0]
    framing = frame_glyph(frame)
    x0, y0, x1, y1 = framing.box
    assert max(x1 - x0, y1 - y0) == pytest.approx(20, abs=1)
