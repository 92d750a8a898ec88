"""Metrics of a classifier, from its logits; NumPy and scikit-learn only.

Pages need some of them: SciPy and scikit-learn, which take a second to import, are imported where they are used.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb, sqrt

import numpy as np
from numpy.typing import NDArray

from model.classifiers.report import Metrics
from model.reading import softmax

_LEAST_CERTAIN = 60  # digits that are read right


def hard_examples(
    confidence: NDArray[np.floating], right: NDArray[np.bool_]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Indices of every misread digit, and of the least certain right ones; the least certain of a group first.

    Args:
        confidence: (n,) probability of the digit read.
        right: (n,) whether it is the true one.
    """
    order = np.argsort(confidence, kind="stable")
    return order[~right[order]], order[right[order]][:_LEAST_CERTAIN]


_Z95 = 1.959964  # two-sided 95 % of the normal distribution


def log_loss(logits: NDArray[np.floating], labels: NDArray[np.integer]) -> float:
    """Mean negative log-likelihood of the true labels, in nats."""
    shifted = logits.astype(np.float64) - logits.max(axis=1, keepdims=True)
    log_sum = np.log(np.exp(shifted).sum(axis=1))
    return float((log_sum - shifted[np.arange(len(labels)), labels]).mean())


def wilson_interval(right: int, n: int) -> tuple[float, float]:
    """95 % interval of a proportion (Wilson 1927): stays within [0, 1] and holds near its ends."""
    share, z2 = right / n, _Z95**2
    center = (share + z2 / (2 * n)) / (1 + z2 / n)
    reach = _Z95 * sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return center - reach, center + reach


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


def auroc(digits: NDArray[np.floating], others: NDArray[np.floating]) -> float:
    """Probability that a digit's confidence is above that of something else; ties count half."""
    from sklearn.metrics import roc_auc_score

    is_digit = np.concatenate([np.ones(len(digits), bool), np.zeros(len(others), bool)])
    return float(roc_auc_score(is_digit, np.concatenate([digits, others])))


def mcnemar(correct_a: NDArray[np.bool_], correct_b: NDArray[np.bool_]) -> tuple[int, int, float]:
    """McNemar's test (1947), exact: whether two models' errors on the same digits differ by more than chance.

    Only digits that one of them reads right and the other wrong count; were the models equally good, either would be
    the right one half of the time. Dietterich 1998 (Approximate statistical tests for comparing supervised
    classification learning algorithms) recommends it for models that are trained once.

    Args:
        correct_a: (n,) whether the first model reads each digit correctly.
        correct_b: (n,) whether the second model does.

    Returns:
        Digits that only the first reads correctly, those that only the second does, and the two-sided binomial
        probability (0-1) of a difference at least as large by chance.
    """
    only_a, only_b = int((correct_a & ~correct_b).sum()), int((correct_b & ~correct_a).sum())
    n, fewer = only_a + only_b, min(only_a, only_b)
    tail = sum(comb(n, k) for k in range(fewer + 1)) / 2**n
    return only_a, only_b, min(2 * tail, 1.0)


def macro_f1(read: NDArray[np.integer], labels: NDArray[np.integer]) -> float:
    """The mean of the ten digits' F1, that of a digit which never occurs being 0; other values of `read` are errors."""
    from sklearn.metrics import f1_score

    return float(f1_score(labels, read, labels=np.arange(10), average="macro", zero_division=0))


def evaluate(logits: NDArray[np.floating], labels: NDArray[np.integer], threshold: float) -> Metrics:
    """All metrics of one set, as plain JSON types.

    Args:
        logits: (n, 10) float, calibrated.
        labels: (n,) int, 0-9.
        threshold: least confidence that is accepted.

    Returns:
        n, errors, accuracy with its 95 % interval, log_loss (nats), ece, coverage, selective_accuracy, macro_f1,
        per_class (label, precision, recall, f1, support) and confusion (rows true, columns read).
    """
    from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

    probabilities = softmax(logits)
    read, confidence = probabilities.argmax(axis=1), probabilities.max(axis=1)
    right, accepted = read == labels, confidence >= threshold
    digits = np.arange(10)
    rows = precision_recall_fscore_support(labels, read, labels=digits, zero_division=0)
    names = ("precision", "recall", "f1", "support")
    per_class = [dict(zip(names, map(float, values), strict=True)) for values in zip(*rows, strict=True)]
    return {
        "n": len(labels),
        "errors": int((~right).sum()),
        "accuracy": float(right.mean()),
        "accuracy_95": wilson_interval(int(right.sum()), len(labels)),
        "log_loss": log_loss(logits, labels),
        "ece": expected_calibration_error(confidence, right),
        "coverage": float(accepted.mean()),
        "selective_accuracy": float(right[accepted].mean()) if accepted.any() else None,
        "macro_f1": macro_f1(read, labels),
        "per_class": [
            {"label": int(d), **row, "support": int(row["support"])} for d, row in zip(digits, per_class, strict=True)
        ],
        "confusion": confusion_matrix(labels, read, labels=digits).tolist(),
    }
