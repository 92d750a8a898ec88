"""A small data set and the stored results of small models, for the tests of pages that compare models."""

import numpy as np

from model.data import statistics
from model.evaluation import diagnosis, results
from model.evaluation.metrics import evaluate
from model.reading import softmax
from model.vision.framing import frame_glyph
from model.vision.strokes import as_strokes, ink_digit
from tests.handwriting.digit_strokes import DIGITS
from tests.handwriting.reports import SHA256, make_calibration, make_curve, make_report, put_report

TRAIN, TEST = 60, 50


def frame(digit, slant=0.0):
    """(28, 28) uint8: one of our digits, as the reader frames it."""
    strokes = [[(100 * (x + slant * (1 - y)), 100 * y) for x, y in stroke] for stroke in DIGITS[digit]]
    return frame_glyph(ink_digit(as_strokes(strokes))).frame


def digits(n):
    """n frames and labels, 0 to 9 again and again, each time slanted a little more."""
    labels = (np.arange(n) % 10).astype(np.uint8)
    return np.stack([frame(label, i // 10 * 0.05) for i, label in enumerate(labels)]), labels


def write_mnist(path):
    """A file in the layout of Keras's, of our own digits."""
    (x_train, y_train), (x_test, y_test) = digits(TRAIN), digits(TEST)
    np.savez(path, x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test)


def answers(labels, wrong=(), confidence=0.97):
    """(n, 10) logits of one that reads the digits of these indices as the next one, and all others right."""
    read = (labels + np.isin(np.arange(len(labels)), wrong)) % 10
    probabilities = np.full((len(labels), 10), (1 - confidence) / 9)
    probabilities[np.arange(len(labels)), read] = confidence
    return np.log(probabilities)


def report_of(name, logits, labels, **others):
    """What a model's report says."""
    sections = {
        "model": name,
        "calibration": make_calibration(threshold=0.7),
        "test": evaluate(logits, labels, 0.7),
        "curve": make_curve(3),
        "speed": {"ms_per_digit": 0.5, "n": 500, "hardware": "2 cores"},
    }
    return make_report(**sections | others)


def put_model(folder, name, wrong=(), **others):
    """A model's folder, with something that passes for weights: they are never loaded."""
    labels = digits(TEST)[1]
    logits = answers(labels, wrong)
    put_report(folder, f"weights of {name}".encode(), **report_of(name, logits, labels, **others))
    put_evaluation(folder, name, labels, logits)


def put_evaluation(folder, name, labels, logits):
    """Store a model's answers."""
    results.save_evaluation(folder, results.Evaluation(name, {}, labels, softmax(logits).astype(np.float32), 0))


def put_statistics(sha256=SHA256):
    """Store statistics of the data set."""
    frames, labels = digits(TRAIN)
    of = [frames[labels == digit] for digit in range(10)]
    share = frames.reshape(TRAIN, -1).mean(axis=1) / 255
    quantiles = np.array([0.05, 0.25, 0.5, 0.75, 0.95])
    facts = {
        "train": TRAIN,
        "test": TEST,
        "pixels": 784,
        "mean": 33.3,
        "std": 78.6,
        "paper": 0.809,
        "stroke_width": 3.1,
    }
    statistics.save_statistics(
        statistics.Statistics(
            train_counts=np.bincount(labels),
            test_counts=np.bincount(digits(TEST)[1]),
            mean=np.stack([some.mean(axis=0) for some in of]).astype(np.uint8),
            spread=np.stack([some.std(axis=0) for some in of]).astype(np.uint8),
            quantiles=quantiles,
            ink_share=np.stack([np.quantile(share[labels == digit], quantiles) for digit in range(10)]),
            stroke_width=np.tile(np.array([0, 2, 4, 0]), (10, 1)),
            stroke_edges=np.linspace(0, 8, 5),
            intensity=np.bincount(frames.ravel(), minlength=256),
            facts=facts | {"sha256": sha256},
        ),
    )


def put_diagnosis(folder, wrong=(3,)):
    """Store a diagnosis of the shipped model: here only a map, ten columns of five digits."""
    frames, labels = digits(TEST)
    indices = np.array(wrong, np.int32)
    m = len(indices)
    numbers = np.arange(TEST)
    results.save_diagnosis(
        folder,
        diagnosis.Diagnosis(
            indices=indices,
            frames=frames[indices],
            compared=np.stack([labels[indices], (labels[indices] + 1) % 10], axis=1),
            saliency=np.zeros((m, 28, 28), np.float32),
            neighbors=np.zeros((m, 8), np.int32),
            neighbor_labels=np.zeros((m, 8), np.uint8),
            embedding=np.stack([numbers % 10, numbers // 10], axis=1).astype(np.float32),
            robustness=(),
        ),
    )
