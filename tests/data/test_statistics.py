"""Statistics of a handful of literal digits."""

import numpy as np
import pytest

from model.data.mnist import LabeledFrames, Mnist
from model.data.statistics import measure_pen, measure_statistics


def bar(width, value=255):
    frame = np.zeros((28, 28), np.uint8)
    frame[4:24, 10 : 10 + width] = value
    return frame


@pytest.fixture
def statistics():
    frames = np.stack([bar(2), bar(4), bar(4), bar(3, value=100)])
    train = LabeledFrames(frames, np.array([1, 1, 1, 7], np.uint8))
    return measure_statistics(Mnist(train, np.arange(4), train[:2], "checksum"))


def test_counts(statistics):
    assert statistics.train_counts.tolist() == [0, 3, 0, 0, 0, 0, 0, 1, 0, 0]
    assert statistics.test_counts.tolist() == [0, 2, 0, 0, 0, 0, 0, 0, 0, 0]


def test_mean_and_spread_of_every_pixel(statistics):
    assert statistics.mean[1, 10, 9:15].tolist() == [0, 255, 255, 170, 170, 0]
    assert statistics.spread[1, 10, 9:15].tolist() == [0, 0, 0, 120, 120, 0]
    assert statistics.mean[7, 10, 9:15].tolist() == [0, 100, 100, 100, 0, 0]
    assert not statistics.mean[0].any()  # there is no 0
    assert (statistics.mean.shape, statistics.mean.dtype) == ((10, 28, 28), np.uint8)


def test_share_of_ink(statistics):
    median = statistics.quantiles.tolist().index(0.5)
    assert statistics.ink_share[1, median] == pytest.approx(20 * 4 / 784)
    assert statistics.ink_share[7, median] == pytest.approx(20 * 3 * 100 / 255 / 784)
    assert statistics.ink_share[1].tolist() == sorted(statistics.ink_share[1])


@pytest.mark.parametrize("width", [2, 3, 4, 6])
def test_stroke_width(width):
    assert measure_pen(bar(width)) == pytest.approx(width, abs=0.5)


def test_stroke_width_of_a_blank_frame():
    assert measure_pen(np.zeros((28, 28), np.uint8)) == 0


def test_every_digit_is_in_one_bin_of_stroke_width(statistics):
    assert statistics.stroke_width[1].sum() == 3
    assert statistics.stroke_width.shape == (10, len(statistics.stroke_edges) - 1)
    widest = statistics.stroke_edges[np.flatnonzero(statistics.stroke_width[1])[-1]]
    assert widest == pytest.approx(4, abs=0.5)


def test_facts_are_of_all_training_digits(statistics):
    pixels = np.stack([bar(2), bar(4), bar(4), bar(3, value=100)])
    facts = statistics.facts
    assert (facts["train"], facts["test"], facts["pixels"], facts["sha256"]) == (4, 2, 784, "checksum")
    assert facts["mean"] == pytest.approx(pixels.mean())
    assert facts["std"] == pytest.approx(pixels.std())
    assert facts["paper"] == pytest.approx((pixels == 0).mean())
    assert statistics.intensity[[0, 100, 255]].tolist() == [(pixels == 0).sum(), 60, 200]
    assert statistics.intensity.sum() == pixels.size
