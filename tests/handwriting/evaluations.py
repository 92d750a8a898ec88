"""A stored evaluation and a diagnosis of a network that we make up: 1,000 test digits, of which it misreads six."""

import numpy as np

from model.evaluation.diagnosis import Diagnosis
from model.evaluation.metrics import evaluate
from model.evaluation.results import Evaluation
from model.evaluation.robustness import Robustness

N = 1000
MISREAD = {14: 9, 24: 9, 34: 9, 33: 5, 47: 1, 947: 1}
"""What they were read as: three 4s as 9, a 3 as 5, and two 7s as 1, one of them disputed."""


def make_evaluation(sha256="a"):
    """Digit i is a `i % 10`, read at a confidence that rises with i."""
    labels = (np.arange(N) % 10).astype(np.uint8)
    read = labels.copy()
    read[list(MISREAD)] = list(MISREAD.values())
    confidence = 0.5 + 0.499 * np.arange(N) / N
    logits = np.full((N, 10), -9.0)
    logits[np.arange(N), read] = np.log(confidence)
    logits[np.arange(N), np.where(read == labels, (labels + 1) % 10, labels)] = np.log(1 - confidence)
    seen = {"n": 1200, "writers": 30, "accuracy": 0.999, "worst_writer": 0.99, "ece": 0.002}
    unseen = {"n": 200, "writers": 5, "accuracy": 0.985, "worst_writer": 0.9, "ece": 0.01}
    writers = {
        "digits": {"pendigits_train": seen},
        "left_out": {"pendigits_train": unseen},
        "non_digits": {"omniglot": {"n": 10, "false_accept_rate": 0.1}},
    }
    report = {
        "test": evaluate(logits, labels, 0.6),
        "calibration": {"threshold": 0.6},
        "writers": {"shipped": writers},
        "weights_sha256": sha256,
    }
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return Evaluation("cnn", report, labels, probabilities.astype(np.float32), 7)


def make_frames(n=N):
    """(n, 28, 28) uint8, each another one: the binary digits of its index."""
    frames = np.zeros((n, 28, 28), np.uint8)
    frames[:, 10, :14] = 255 * ((np.arange(n)[:, None] >> np.arange(14)) & 1)
    return frames


def make_diagnosis():
    evaluation = make_evaluation()
    order = np.argsort(evaluation.confidence, kind="stable")
    right = evaluation.correct[order]
    indices = np.concatenate([order[~right], order[right][:60]]).astype(np.int32)
    runner_up, read = np.argsort(evaluation.probabilities[indices], axis=1)[:, -2:].T
    m = len(indices)
    return Diagnosis(
        indices=indices,
        frames=make_frames()[indices],
        compared=np.stack([read, runner_up], axis=1).astype(np.uint8),
        saliency=np.linspace(-1, 1, m * 784, dtype=np.float32).reshape(m, 28, 28),
        neighbors=np.tile(np.arange(8, dtype=np.int32), (m, 1)),
        neighbor_labels=np.tile(np.array([4, 4, 4, 9, 4, 4, 9, 4], np.uint8), (m, 1)),
        embedding=np.zeros((N, 2), np.float32),
        robustness=(
            Robustness("rotation", "degrees", (-30.0, 0.0, 30.0), (0.9, 0.99, 0.96), 200, (-30.0,)),
            Robustness("pen width", "px", (0.0, 1.0), (0.99, 0.98), 200, ()),
        ),
    )
