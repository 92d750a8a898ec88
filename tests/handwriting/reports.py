"""Sound reports of made-up models."""

import hashlib

from model.classifiers.report import save_report

SHA256 = hashlib.sha256(b"data").hexdigest()
WEIGHTS_SHA256 = hashlib.sha256(b"weights").hexdigest()
SETTINGS = {"epochs": 2, "batch_size": 128, "seed": 0, "bfloat16": False}


def make_data(**changes):
    """The section `data`."""
    counts = dict.fromkeys(("stroke_digits", "stroke_non_digits", "strokes_held_out"), 0)
    sets = {"name": "MNIST", "sha256": SHA256, "strokes_sha256": {}, "trained_on": 50, "held_out": 10}
    return sets | counts | changes


def make_calibration(**changes):
    """The section `calibration`."""
    shares = {"digits_accepted": 0.9, "non_digits_accepted": 0.006, "auroc": 0.99}
    return {"temperature": 1.0, "threshold": 0.5} | shares | changes


def make_held_out(errors=0.1):
    """The section `held_out`."""
    return {"held_out_accuracy": 1 - errors, "held_out_augmented_accuracy": 1 - errors, "held_out_errors": errors}


def make_curve(epochs=2):
    """The section `curve`: errors that fall from epoch to epoch."""
    rows = [make_held_out(0.1 / epoch) for epoch in range(1, epochs + 1)]
    return [
        row | {"accuracy": 0.9, "loss": 1 / epoch, "augmentation": 0.0, "seconds": 3.0}
        for epoch, row in enumerate(rows, start=1)
    ]


def make_test(errors=0):
    """The section `test`: ten of each digit, of which the first `errors` zeros are read as ones."""
    confusion = [[10 * (row == column) for column in range(10)] for row in range(10)]
    confusion[0][0], confusion[0][1] = 10 - errors, errors
    per_class = [{"label": i, "precision": 1.0, "recall": 1.0, "f1": 1.0, "support": 10} for i in range(10)]
    return {
        "n": 100,
        "errors": errors,
        "accuracy": 1 - errors / 100,
        "accuracy_95": [0.9, 1.0],
        "log_loss": 0.1,
        "ece": 0.01,
        "coverage": 0.9,
        "selective_accuracy": 1.0,
        "macro_f1": 1.0,
        "per_class": per_class,
        "confusion": confusion,
    }


def make_start(**changes):
    """The section `started_from`."""
    return {"weights_sha256": WEIGHTS_SHA256, "data": make_data(), "settings": dict(SETTINGS), "seconds": 9} | changes


def make_report(**changes):
    """What training reports; a change replaces a whole section, None leaves it out."""
    report = {
        "model": "softmax",
        "parameters": 7850,
        "data": make_data(),
        "calibration": make_calibration(),
        "held_out": make_held_out(),
        "test": make_test(),
        "created": "2026-11-21T15:29:07+00:00",
        "settings": dict(SETTINGS),
        "seconds": 75,
        "hardware": "2 cores, <AMD>",
        "versions": {"keras": "3.15.1"},
        "curve": make_curve(),
    }
    return {name: section for name, section in (report | changes).items() if section is not None}


def put_report(folder, weights=b"weights", **changes):
    """Write weights that are never loaded, in both formats, and their report; returns what the report says."""
    folder.mkdir(parents=True, exist_ok=True)
    report = make_report(**changes)
    for name, key in (("digits.keras", "weights_sha256"), ("digits.tflite", "lite_sha256")):
        (folder / name).write_bytes(weights)
        report[key] = hashlib.sha256(weights).hexdigest()
    save_report(report, folder)
    return report
