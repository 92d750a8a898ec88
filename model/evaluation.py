"""Metrics of a classifier, from its logits; NumPy and scikit-learn only.

Pages need some of them: SciPy and scikit-learn, which take a second to import, are imported where they are used.
"""

from __future__ import annotations

from math import comb, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from model.errors import ArtifactError
from model.reading import softmax

if TYPE_CHECKING:
    from model.stored import Evaluation

Metrics = dict[str, Any]
"""What `evaluate` returns, and the report and the command line carry."""

RIGHT_WHEN_ACCEPTED = 0.995
"""The share of accepted digits that the shipped threshold is chosen to get right."""
OTHERS_ACCEPTED = 0.006
"""The share of newly drawn scribbles, letters and signs that it may accept; of unseen kinds, several times more are."""

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


def expected_calibration_error(confidence: NDArray[np.floating], right: NDArray[np.bool_], bins: int = 15) -> float:
    """ECE of Guo et al. 2017 (arXiv 1706.04599) over bins of equal width: how far confidence is off on average."""
    index = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = [
        abs(right[index == b].mean() - confidence[index == b].mean()) * (index == b).mean()
        for b in range(bins)
        if (index == b).any()
    ]
    return float(sum(gaps))


def auroc(digits: NDArray[np.floating], others: NDArray[np.floating]) -> float:
    """Probability that a digit's confidence is above that of something else; ties count half."""
    from sklearn.metrics import roc_auc_score

    is_digit = np.concatenate([np.ones(len(digits), bool), np.zeros(len(others), bool)])
    return float(roc_auc_score(is_digit, np.concatenate([digits, others])))


def mcnemar(a: Evaluation, b: Evaluation) -> tuple[int, int, float]:
    """McNemar's test (1947), exact: whether two models' errors on the same digits differ by more than chance.

    Only digits that one of them reads right and the other wrong count; were the models equally good, either would be
    the right one half of the time. Dietterich 1998 (Approximate statistical tests for comparing supervised
    classification learning algorithms) recommends it for models that are trained once.

    Returns:
        Digits that only `a` reads right, those that only `b` does, and the two-sided binomial probability (0-1) of a
        difference at least as large by chance.

    Raises:
        ArtifactError: they are not of the same test digits.
    """
    if not np.array_equal(a.labels, b.labels):
        raise ArtifactError(
            "Two models cannot be compared. Expected evaluations of the same test digits. "
            f"Received: {a.name} on {len(a.labels)}, {b.name} on {len(b.labels)} or others. Make them with: make report"
        )
    only_a, only_b = int((a.right & ~b.right).sum()), int((b.right & ~a.right).sum())
    n, fewer = only_a + only_b, min(only_a, only_b)
    tail = sum(comb(n, k) for k in range(fewer + 1)) / 2**n
    return only_a, only_b, min(2 * tail, 1.0)


def fit_temperature(logits: NDArray[np.floating], labels: NDArray[np.integer]) -> float:
    """The temperature that calibrates logits best (Guo et al. 2017): softmax(logits / T) has the least log loss."""
    from scipy.optimize import minimize_scalar

    found = minimize_scalar(lambda log_t: log_loss(logits / np.exp(log_t), labels), bounds=(-2.5, 2.5))
    return float(np.exp(found.x))


def choose_threshold(confidence: NDArray[np.floating], right: NDArray[np.bool_], others: NDArray[np.floating]) -> float:
    """The least confidence, 0.5 or more, that keeps both promises, RIGHT_WHEN_ACCEPTED and OTHERS_ACCEPTED.

    Args:
        confidence: (n,) of digits.
        right: (n,) whether they are read right.
        others: (m,) confidence in what is no digit; may be empty.

    Returns:
        0.5-1. If no threshold gets there, 1.0, which only full certainty reaches.
    """
    return max(choose_line_threshold(confidence, right), _above_most(others))


def choose_line_threshold(confidence: NDArray[np.floating], right: NDArray[np.bool_]) -> float:
    """The least confidence, 0.5 or more, that keeps the promise RIGHT_WHEN_ACCEPTED, for what is known to be a digit.

    Args:
        confidence: (n,) of digits.
        right: (n,) whether they are read right.

    Returns:
        0.5-1; 0.5 if a lower one keeps it. If none does, 1.0, which only full certainty reaches.
    """
    order = np.argsort(-confidence, kind="stable")
    falling = confidence[order]
    share_right = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    is_last = np.diff(falling, append=-1.0) < 0  # of those with the same confidence, who are accepted together
    good = np.flatnonzero(is_last & (share_right >= RIGHT_WHEN_ACCEPTED))
    return max(float(falling[good[-1]]), 0.5) if len(good) else 1.0


def _above_most(others: NDArray[np.floating]) -> float:
    """The least threshold that at most OTHERS_ACCEPTED of them reach."""
    refused = np.sort(others)[: len(others) - int(OTHERS_ACCEPTED * len(others))]
    return float(np.nextafter(refused[-1], 1.0)) if len(refused) else 0.0


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
        n, errors, accuracy with its 95 % interval, log_loss (nats), ece, accepted, right_when_accepted, macro_f1,
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
        "accepted": float(accepted.mean()),
        "right_when_accepted": float(right[accepted].mean()) if accepted.any() else None,
        "macro_f1": macro_f1(read, labels),
        "per_class": [
            {"label": int(d), **row, "support": int(row["support"])} for d, row in zip(digits, per_class, strict=True)
        ],
        "confusion": confusion_matrix(labels, read, labels=digits).tolist(),
    }
