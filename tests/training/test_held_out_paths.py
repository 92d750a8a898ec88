"""The pair of networks on literal logits, and the writers who test it."""

import numpy as np
import pytest

from model.data.pen_strokes import Drawing
from model.reading import softmax
from model.training.held_out_paths import _by_writer, fit_pair

N = 3000


def noisy(labels, noise, rng):
    """Logits that favor the label, with noise; all 0 for labels below 0."""
    logits = rng.normal(0, noise, (len(labels), 10)) + 4 * (labels[:, None] == np.arange(10))
    return logits * (labels >= 0)[:, None]


def test_the_better_network_weighs_more_and_both_are_calibrated():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 10, N)
    everything = np.append(labels, np.full(300, -1))
    frame, path = noisy(everything, 1.0, rng), noisy(everything, 2.5, rng)
    pair = fit_pair(frame, path, labels)
    assert pair["frame_weight"] > 2 * pair["path_weight"] > 0
    probabilities = softmax(pair["frame_weight"] * frame + pair["path_weight"] * path)[:N]
    confidence, correct = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    assert confidence.mean() == pytest.approx(correct.mean(), abs=0.02)
    assert correct.mean() > (frame[:N].argmax(axis=1) == labels).mean()
    assert pair["digits_accepted"] == (confidence >= pair["threshold"]).mean()


def test_a_wrong_label_costs_no_more_than_a_few_nats():
    """A label in a hundred is wrong: without a limit the networks' certainty would be taken from all."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 10, N)
    sure = 20.0 * np.eye(10)[labels]
    wrong = np.where(np.arange(N) % 100 == 0, (labels + 1) % 10, labels)
    pair = fit_pair(np.vstack([sure, np.zeros((10, 10))]), np.vstack([sure, np.zeros((10, 10))]), wrong)
    assert 20 * (pair["frame_weight"] + pair["path_weight"]) > 7


def test_every_second_writer_tests():
    drawings = [Drawing([np.zeros((2, 2))], 1, writer) for writer in "dacbaa"]
    chosen, tested = _by_writer(drawings)
    assert {drawing.writer for drawing in chosen} == {"a", "c"}
    assert {drawing.writer for drawing in tested} == {"b", "d"}
