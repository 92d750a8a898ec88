"""Metrics on small literal arrays, and against scikit-learn."""

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, precision_recall_fscore_support
from sklearn.metrics import log_loss as sklearn_log_loss

from model.evaluation.metrics import (
    CalibrationBin,
    auroc,
    calibration_bins,
    evaluate,
    expected_calibration_error,
    log_loss,
    mcnemar,
    wilson_interval,
)
from model.evaluation.results import Evaluation
from model.reading import softmax


def random_logits(n=500, seed=0):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 10, n)
    return rng.normal(0, 1, (n, 10)) + 3 * np.eye(10)[labels], labels


def test_softmax():
    np.testing.assert_allclose(softmax(np.array([[0.0, np.log(3)], [1000.0, 1000.0]])), [[0.25, 0.75], [0.5, 0.5]])


def test_log_loss_equals_scikit_learns():
    logits, labels = random_logits()
    assert log_loss(logits, labels) == pytest.approx(sklearn_log_loss(labels, softmax(logits)))
    assert log_loss(np.array([[1e4, 0.0]]), np.array([0])) == 0


@pytest.mark.parametrize(
    ("correct", "n", "expected"),
    [(0, 10, (0.0, 0.2775)), (10, 10, (0.7225, 1.0)), (9970, 10_000, (0.99572, 0.99790))],
)
def test_wilson_interval(correct, n, expected):
    """Expected: scipy.stats.binomtest(correct, n).proportion_ci(method="wilson"), SciPy 1.17.1."""
    np.testing.assert_allclose(wilson_interval(correct, n), expected, atol=1e-5 if n > 10 else 5e-5)
    np.testing.assert_allclose(wilson_interval(correct, n), binomtest(correct, n).proportion_ci(method="wilson"))


def test_calibration_error():
    confidence, right = np.array([0.95, 0.95, 0.55, 0.55]), np.array([True, True, True, False])
    assert expected_calibration_error(confidence, right) == pytest.approx(0.05)
    assert expected_calibration_error(np.ones(4), np.ones(4, bool)) == 0
    assert expected_calibration_error(np.ones(4), np.zeros(4, bool)) == 1


def test_auroc_is_the_probability_of_the_right_order():
    assert auroc(np.array([0.9, 0.8]), np.array([0.1, 0.2])) == 1
    assert auroc(np.array([0.1, 0.5]), np.array([0.1, 0.5])) == 0.5
    assert auroc(np.array([0.9, 0.3]), np.array([0.5])) == 0.5


def test_all_metrics_of_a_small_set():
    logits = np.full((4, 10), -20.0)
    logits[[0, 1, 2, 3], [0, 0, 1, 2]] = 20.0  # predicts 0 0 1 2
    metrics = evaluate(logits, np.array([0, 0, 1, 1]), threshold=0.9)
    assert (metrics["n"], metrics["errors"], metrics["accuracy"]) == (4, 1, 0.75)
    assert metrics["coverage"] == 1
    assert metrics["selective_accuracy"] == 0.75
    assert metrics["confusion"][1][:3] == [0, 1, 1]
    assert metrics["per_class"][1] == {
        "label": 1,
        "precision": 1.0,
        "recall": 0.5,
        "f1": pytest.approx(2 / 3),
        "support": 2,
    }


def test_metrics_equal_scikit_learns():
    logits, labels = random_logits()
    metrics = evaluate(logits, labels, threshold=0.5)
    predicted = logits.argmax(axis=1)
    assert metrics["accuracy"] == accuracy_score(labels, predicted)
    assert metrics["macro_f1"] == pytest.approx(f1_score(labels, predicted, average="macro"))
    assert metrics["log_loss"] == pytest.approx(sklearn_log_loss(labels, softmax(logits)))
    assert metrics["confusion"] == confusion_matrix(labels, predicted).tolist()
    rows = [[row[name] for row in metrics["per_class"]] for name in ("precision", "recall", "f1", "support")]
    np.testing.assert_allclose(rows, precision_recall_fscore_support(labels, predicted))


def test_log_loss_of_a_literal_matrix():
    logits = np.log([[0.5, 0.25, 0.25], [0.1, 0.8, 0.1]])
    assert log_loss(logits, np.array([1, 1])) == pytest.approx((np.log(4) + np.log(1.25)) / 2)


def test_calibration_error_of_bins_by_hand():
    """Two bins: 0.6 and 0.7 with half of them correct, 0.95 with all correct."""
    confidence, correct = np.array([0.6, 0.7, 0.95, 0.95]), np.array([True, False, True, True])
    by_hand = abs(0.5 - 0.65) * 2 / 4 + abs(1 - 0.95) * 2 / 4
    assert expected_calibration_error(confidence, correct, bins=4) == pytest.approx(by_hand)


def test_calibration_bins_of_literal_confidences():
    """Ten bins: 0.55 and 0.58 share one, 1.0 falls into the last; empty bins are left out."""
    confidence, correct = np.array([1.0, 0.55, 0.58, 0.95]), np.array([True, True, False, False])
    assert calibration_bins(confidence, correct, bins=10) == [
        CalibrationBin(pytest.approx(0.565), correct=1, n=2),
        CalibrationBin(pytest.approx(0.975), correct=1, n=2),
    ]
    assert [row.accuracy for row in calibration_bins(confidence, correct)] == [0.5, 0.5]
    assert [row.n for row in calibration_bins(np.array([0.0, 0.07, 1.0]), np.ones(3, bool))] == [1, 1, 1]
    assert calibration_bins(np.empty(0), np.empty(0, bool)) == []


def test_macro_f1_gives_every_digit_the_same_weight():
    """Nine 0 predicted correctly, one 1 predicted as 0: F1 is 18/19, 0, and 0 for the eight other digits."""
    logits = np.zeros((10, 10))
    logits[:, 0] = 9
    metrics = evaluate(logits, np.array([0] * 9 + [1]), threshold=0.5)
    assert metrics["macro_f1"] == pytest.approx(18 / 19 / 10)
    assert [metrics["confusion"][label][0] for label in (0, 1, 2)] == [9, 1, 0]


def predicting(name, *digits):
    """An evaluation of len(digits) sevens, for which these digits are predicted."""
    labels = np.full(len(digits), 7, np.uint8)
    return Evaluation(name, {}, labels, np.eye(10, dtype=np.float32)[list(digits)], 0)


@pytest.mark.parametrize(
    ("only_a", "only_b", "p"),
    [
        (0, 0, 1.0),
        (1, 1, 1.0),
        (5, 5, 1.0),
        (5, 0, 2 / 2**5),
        (1, 8, 2 * (1 + 9) / 2**9),
        (9, 2, 2 * (1 + 11 + 55) / 2**11),
    ],
)
def test_mcnemar_equals_the_binomial_by_hand(only_a, only_b, p):
    a = predicting("a", *[7] * only_a, *[1] * only_b, 7, 7, 1)
    b = predicting("b", *[1] * only_a, *[7] * only_b, 7, 7, 2)
    assert mcnemar(a.correct, b.correct) == (only_a, only_b, pytest.approx(p))
    assert mcnemar(b.correct, a.correct) == (only_b, only_a, pytest.approx(p))


def test_mcnemar_equals_scipys():
    a = predicting("a", *[7] * 150, *[1] * 190)
    b = predicting("b", *[1] * 150, *[7] * 190)
    assert mcnemar(a.correct, b.correct)[2] == pytest.approx(binomtest(150, 340, 0.5).pvalue)


def test_selective_accuracy_of_nothing_accepted_is_none():
    logits, labels = random_logits(20)
    assert evaluate(logits / 100, labels, threshold=0.99)["selective_accuracy"] is None
