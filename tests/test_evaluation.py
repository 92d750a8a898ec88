"""Metrics on small literal arrays, and against scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score
from sklearn.metrics import log_loss as sklearn_log_loss

from model.evaluation import (
    OTHERS_ACCEPTED,
    auroc,
    choose_threshold,
    evaluate,
    expected_calibration_error,
    fit_temperature,
    log_loss,
    wilson_interval,
)
from model.reading import softmax


def random_logits(n=500, seed=0):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 10, n)
    return rng.normal(0, 1, (n, 10)) + 3 * np.eye(10)[labels], labels


def test_softmax():
    np.testing.assert_allclose(softmax(np.array([[0.0, np.log(3)], [1000.0, 1000.0]])), [[0.25, 0.75], [0.5, 0.5]])


def test_log_loss_is_scikit_learns():
    logits, labels = random_logits()
    assert log_loss(logits, labels) == pytest.approx(sklearn_log_loss(labels, softmax(logits)))
    assert log_loss(np.array([[1e4, 0.0]]), np.array([0])) == 0


@pytest.mark.parametrize(
    ("right", "n", "expected"),
    [(0, 10, (0.0, 0.2775)), (10, 10, (0.7225, 1.0)), (9970, 10_000, (0.99873 - 0.00301, 0.99789))],
)
def test_wilson_interval(right, n, expected):
    np.testing.assert_allclose(wilson_interval(right, n), expected, atol=3e-4)


def test_calibration_error():
    confidence, right = np.array([0.95, 0.95, 0.55, 0.55]), np.array([True, True, True, False])
    assert expected_calibration_error(confidence, right) == pytest.approx(0.05)
    assert expected_calibration_error(np.ones(4), np.ones(4, bool)) == 0
    assert expected_calibration_error(np.ones(4), np.zeros(4, bool)) == 1


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_temperature_is_found_again(temperature):
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (20_000, 10))
    labels = np.array([rng.choice(10, p=row) for row in softmax(logits)])
    assert fit_temperature(logits * temperature, labels) == pytest.approx(temperature, rel=0.05)


def test_threshold_is_the_least_that_keeps_the_promise():
    confidence = np.concatenate([np.full(995, 0.9), np.full(5, 0.8), np.full(100, 0.6)])
    right = np.concatenate([np.ones(995, bool), np.zeros(105, bool)])
    none = np.empty(0)
    assert choose_threshold(confidence, right, none) == 0.8
    assert choose_threshold(confidence, np.ones(1100, bool), none) == 0.6
    assert choose_threshold(np.array([0.2, 0.3]), np.ones(2, bool), none) == 0.5
    assert choose_threshold(confidence, np.zeros(1100, bool), none) == 1.0


def test_threshold_keeps_out_all_but_a_few_of_what_is_no_digit():
    confidence, right = np.linspace(0.5, 1, 1000), np.ones(1000, bool)
    others = np.concatenate([np.full(970, 0.2), np.full(20, 0.7), np.full(10, 0.95)])
    threshold = choose_threshold(confidence, right, others)
    assert threshold == pytest.approx(0.7)
    assert (others >= threshold).mean() <= OTHERS_ACCEPTED


def test_auroc_is_the_chance_to_tell_them_apart():
    assert auroc(np.array([0.9, 0.8]), np.array([0.1, 0.2])) == 1
    assert auroc(np.array([0.1, 0.5]), np.array([0.1, 0.5])) == 0.5
    assert auroc(np.array([0.9, 0.3]), np.array([0.5])) == 0.5


def test_all_metrics_of_a_small_set():
    logits = np.full((4, 10), -20.0)
    logits[[0, 1, 2, 3], [0, 0, 1, 2]] = 20.0  # reads 0 0 1 2
    metrics = evaluate(logits, np.array([0, 0, 1, 1]), threshold=0.9)
    assert (metrics["n"], metrics["errors"], metrics["accuracy"]) == (4, 1, 0.75)
    assert metrics["accepted"] == 1
    assert metrics["right_when_accepted"] == 0.75
    assert metrics["confusion"][1][:3] == [0, 1, 1]
    assert metrics["per_class"][1] == {
        "label": 1,
        "precision": 1.0,
        "recall": 0.5,
        "f1": pytest.approx(2 / 3),
        "support": 2,
    }


def test_metrics_are_scikit_learns():
    logits, labels = random_logits()
    metrics = evaluate(logits, labels, threshold=0.5)
    read = logits.argmax(axis=1)
    assert metrics["accuracy"] == accuracy_score(labels, read)
    assert metrics["macro_f1"] == pytest.approx(f1_score(labels, read, average="macro"))


def test_nothing_accepted_has_no_share_of_right_ones():
    logits, labels = random_logits(20)
    assert evaluate(logits / 100, labels, threshold=0.99)["right_when_accepted"] is None
