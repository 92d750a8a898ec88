"""Metrics of a classifier, computed from its logits with NumPy and scikit-learn.

scikit-learn takes a second to import, and pages need only some of the metrics: it is imported where it is used.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb, sqrt

import numpy as np
from numpy.typing import NDArray

from model.classifiers.report import ClassMetrics, TestMetrics
from model.reading import softmax

_DIGITS = np.arange(10)
_HARD_CORRECT = 60  # digits that are predicted correctly
_Z95 = 1.959964  # two-sided 95 % of the normal distribution


def log_loss(logits: NDArray[np.floating], labels: NDArray[np.integer]) -> float:
    """Compute the mean negative log-likelihood of the true labels, in nats.

    Args:
        logits: (n, k) float.
        labels: (n,) int, 0 to k - 1.
    """
    shifted = logits.astype(np.float64) - logits.max(axis=1, keepdims=True)
    log_sum = np.log(np.exp(shifted).sum(axis=1))
    return float((log_sum - shifted[np.arange(len(labels)), labels]).mean())


def wilson_interval(correct: int, n: int) -> tuple[float, float]:
    """Compute the 95 % interval of a proportion (Wilson 1927), which stays within 0-1 and is accurate near both ends.

    Args:
        correct: number of successes, 0 to n.
        n: number of trials, at least 1.
    """
    share, z2 = correct / n, _Z95**2
    center = (share + z2 / (2 * n)) / (1 + z2 / n)
    reach = _Z95 * sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return max(center - reach, 0.0), min(center + reach, 1.0)


@dataclass(frozen=True, slots=True)
class CalibrationBin:
    """The digits whose confidence falls into one bin.

    Attributes:
        confidence: mean confidence of the digits, 0-1.
        correct: digits whose predicted label is the true one.
        n: digits in the bin, at least 1.
    """

    confidence: float
    correct: int
    n: int

    @property
    def accuracy(self) -> float:
        """Share of the digits that are predicted correctly, 0-1."""
        return self.correct / self.n


def calibration_bins(
    confidence: NDArray[np.floating], correct: NDArray[np.bool_], bins: int = 15
) -> list[CalibrationBin]:
    """Sort digits by confidence into bins of equal width, as the ECE and the reliability diagram do.

    Args:
        confidence: (n,) 0-1; a confidence of 1 falls into the last bin.
        correct: (n,) whether the predicted label is the true one.
        bins: number of bins between 0 and 1.

    Returns:
        The bins that hold digits, in ascending order.
    """
    index = np.minimum((confidence * bins).astype(int), bins - 1)
    inside = [index == b for b in np.unique(index)]
    return [CalibrationBin(float(confidence[i].mean()), int(correct[i].sum()), int(i.sum())) for i in inside]


def expected_calibration_error(confidence: NDArray[np.floating], correct: NDArray[np.bool_], bins: int = 15) -> float:
    """Compute the ECE of Guo et al. 2017 (arXiv 1706.04599): the mean distance of confidence from accuracy, 0-1.

    Args: as in `calibration_bins`.
    """
    rows = calibration_bins(confidence, correct, bins)
    return float(sum(abs(row.accuracy - row.confidence) * (row.n / len(confidence)) for row in rows))


def auroc(digits: NDArray[np.floating], non_digits: NDArray[np.floating]) -> float:
    """Compute the probability that a digit's confidence is above that of a non-digit; ties count half.

    Args:
        digits: (n,) confidences of digits.
        non_digits: (m,) confidences of non-digits.
    """
    from sklearn.metrics import roc_auc_score

    is_digit = np.concatenate([np.ones(len(digits), bool), np.zeros(len(non_digits), bool)])
    return float(roc_auc_score(is_digit, np.concatenate([digits, non_digits])))


def mcnemar(correct_a: NDArray[np.bool_], correct_b: NDArray[np.bool_]) -> tuple[int, int, float]:
    """Apply McNemar's exact test (1947): do two models' errors on the same digits differ by more than chance?

    Only digits that exactly one of the models predicts correctly count; if the models were equally good, each would be
    the correct one half of the time. Dietterich 1998 (Approximate statistical tests for comparing supervised
    classification learning algorithms) recommends the test for models that are trained once.

    Args:
        correct_a: (n,) whether the first model predicts each digit correctly.
        correct_b: (n,) whether the second model does.

    Returns:
        Number of digits that only the first model predicts correctly, number of those that only the second does, and
        the two-sided binomial probability (0-1) of a difference at least as large by chance.
    """
    only_a, only_b = int((correct_a & ~correct_b).sum()), int((correct_b & ~correct_a).sum())
    n, fewer = only_a + only_b, min(only_a, only_b)
    tail = sum(comb(n, k) for k in range(fewer + 1)) / 2**n
    return only_a, only_b, min(2 * tail, 1.0)


def macro_f1(predicted: NDArray[np.integer], labels: NDArray[np.integer]) -> float:
    """Compute the mean F1 of the ten digits; a digit that never occurs has an F1 of 0.

    Args:
        predicted: (n,) int; values other than 0-9 count as errors.
        labels: (n,) int, 0-9.
    """
    from sklearn.metrics import f1_score

    return float(f1_score(labels, predicted, labels=_DIGITS, average="macro", zero_division=0))


def selective_accuracy(correct: NDArray[np.bool_], accepted: NDArray[np.bool_]) -> float | None:
    """Compute the share of the accepted digits that are predicted correctly, 0-1; None if no digit is accepted."""
    return float(correct[accepted].mean()) if accepted.any() else None


def evaluate(logits: NDArray[np.floating], labels: NDArray[np.integer], threshold: float) -> TestMetrics:
    """Compute all metrics of one set, as plain JSON types.

    Args:
        logits: (n, 10) float, calibrated.
        labels: (n,) int, 0-9.
        threshold: least confidence that is accepted, 0-1.

    Returns:
        n, errors, accuracy with its 95 % interval, log_loss (nats), ece, coverage, selective_accuracy, macro_f1,
        per_class (label, precision, recall, f1, support) and confusion (rows true, columns predicted).
    """
    from sklearn.metrics import confusion_matrix

    probabilities = softmax(logits)
    predicted, confidence = probabilities.argmax(axis=1), probabilities.max(axis=1)
    correct, accepted = predicted == labels, confidence >= threshold
    return {
        "n": len(labels),
        "errors": int((~correct).sum()),
        "accuracy": float(correct.mean()),
        "accuracy_95": [*wilson_interval(int(correct.sum()), len(labels))],
        "log_loss": log_loss(logits, labels),
        "ece": expected_calibration_error(confidence, correct),
        "coverage": float(accepted.mean()),
        "selective_accuracy": selective_accuracy(correct, accepted),
        "macro_f1": macro_f1(predicted, labels),
        "per_class": _per_class(predicted, labels),
        "confusion": confusion_matrix(labels, predicted, labels=_DIGITS).tolist(),
    }


def _per_class(predicted: NDArray[np.integer], labels: NDArray[np.integer]) -> list[ClassMetrics]:
    """Compute precision, recall, F1 and support of each digit; a quotient of 0 / 0 is 0."""
    from sklearn.metrics import precision_recall_fscore_support

    columns = precision_recall_fscore_support(labels, predicted, labels=_DIGITS, zero_division=0)
    return [
        {"label": digit, "precision": float(p), "recall": float(r), "f1": float(f1), "support": int(support)}
        for digit, (p, r, f1, support) in enumerate(zip(*columns, strict=True))
    ]


def hard_examples(
    confidence: NDArray[np.floating], correct: NDArray[np.bool_]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Find all misread digits and the 60 least confident correct ones, each group by ascending confidence.

    Args:
        confidence: (n,) probability of the predicted label, 0-1.
        correct: (n,) whether the predicted label is the true one.

    Returns:
        Indices of the misread digits, and of the correct ones.
    """
    order = np.argsort(confidence, kind="stable")
    return order[~correct[order]], order[correct[order]][:_HARD_CORRECT]
