"""Batches of training frames and their targets."""

from math import ceil

import numpy as np

from model.data.pen_strokes import load_drawings
from model.data.stroke_templates import draw_digits
from model.training.batches import DIGITS_PER_NON_DIGIT, TrainingSampler
from tests.handwriting.stroke_files import digit_file, non_digit_file


def sampler(tmp_path):
    drawings = load_drawings(digit_file(tmp_path / "a.jsonl")) + load_drawings(non_digit_file(tmp_path / "b.jsonl"))
    return TrainingSampler.augmented(draw_digits(90, np.random.default_rng(0)), drawings)


def test_an_epoch_holds_mnist_template_digits_and_two_views_of_every_drawn_digit(tmp_path):
    given = sampler(tmp_path)
    assert (len(given.digits), len(given.non_digits)) == (120, 30)
    assert len(given) == 90 + 15 + 2 * 120


def test_targets_name_the_digit_or_are_uniform(tmp_path):
    frames, targets = next(sampler(tmp_path).batches(seed=0, epoch=0, size=50, augmentation=1.0))
    assert frames.shape == (50 + ceil(50 / DIGITS_PER_NON_DIGIT), 28, 28)
    assert frames.dtype == np.uint8
    np.testing.assert_allclose(targets.sum(axis=1), 1, rtol=1e-6)
    assert (targets[:50].max(axis=1) > 0.9).all()
    np.testing.assert_allclose(targets[50:], 0.1)


def test_every_digit_comes_once_an_epoch(tmp_path):
    given = sampler(tmp_path)
    _, targets = next(given.batches(seed=0, epoch=0, size=len(given), augmentation=0.0))
    labels = targets[: len(given)].argmax(axis=1)
    np.testing.assert_array_equal(np.bincount(labels), 9 + 24 + np.array([2] * 5 + [1] * 5))


def test_seed_and_epoch_decide_the_batch(tmp_path):
    given = sampler(tmp_path)
    first, again, later = (next(given.batches(0, epoch, 20, 1.0))[0] for epoch in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert (first != later).any()
    second_epoch = given.batches(0, 0, len(given), 1.0)
    next(second_epoch)
    np.testing.assert_array_equal(next(second_epoch)[0][:20], next(given.batches(0, 1, len(given), 1.0))[0][:20])


def test_without_drawings_there_are_mnist_and_template_digits():
    given = TrainingSampler.augmented(draw_digits(90, np.random.default_rng(0)), [])
    assert len(given) == 105
    assert next(given.batches(0, 0, 10, 1.0))[0].shape == (10 + ceil(10 / DIGITS_PER_NON_DIGIT), 28, 28)


def test_plain_batches_are_mnist_as_it_is():
    digits = draw_digits(30, np.random.default_rng(0))
    given = TrainingSampler.plain(digits)
    assert len(given) == 30
    frames, targets = next(given.batches(seed=0, epoch=0, size=30, augmentation=0.0))
    np.testing.assert_array_equal(np.sort(frames.sum(axis=(1, 2))), np.sort(digits.frames.sum(axis=(1, 2))))
    assert sorted(np.unique(targets)) == [0, 1]
    shown = {frame.tobytes(): label for frame, label in zip(digits.frames, digits.labels, strict=True)}
    assert [shown[frame.tobytes()] for frame in frames] == targets.argmax(axis=1).tolist()
