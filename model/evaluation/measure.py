"""Measure models on MNIST, keep the results for the pages, and write them to files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from model.classifiers import registry
from model.classifiers.inputs import draw_samples
from model.classifiers.registry import LITE_FILE, WEIGHTS_FILE, Input
from model.classifiers.report import Report, Speed, find_file, hardware, keep_test, load_report, save_report
from model.classifiers.runtime import load_classifier, load_lite
from model.data.mnist import LabeledFrames, Mnist
from model.data.statistics import save_statistics
from model.errors import ArtifactError
from model.evaluation.metrics import evaluate
from model.evaluation.results import Evaluation, save_diagnosis, save_evaluation, to_predictions_csv
from model.files import write_atomically
from model.reading import Predict, softmax

_TIMED = 500  # digits, one at a time


def measure(name: str, folder: Path, test: LabeledFrames) -> Evaluation:
    """Evaluate a model on test digits, and measure its speed on this machine.

    Args:
        name: of the model.
        folder: of its weights and report.
        test: the digits.

    Returns:
        The evaluation; `test` and `speed` in its report are the new measurements.

    Raises:
        ArtifactError: weights or report are missing, damaged, or do not belong together.
    """
    classifier = load_classifier(folder)
    logits = classifier.predict(test.frames)
    metrics = evaluate(logits, test.labels, classifier.threshold)
    speed = measure_speed(classifier.predict, test.frames[:_TIMED])
    report: Report = {**load_report(folder), "test": metrics, "speed": speed}
    size = find_file(folder, report, WEIGHTS_FILE).stat().st_size
    return Evaluation(name, report, test.labels, softmax(logits).astype(np.float32), size)


def measure_speed(predict: Predict, digits: NDArray[Any]) -> Speed:
    """Measure the median time per digit, in ms, when digits are predicted one by one, as for a live drawing."""
    seconds = []
    for digit in digits:
        began = perf_counter()
        predict(digit[None])
        seconds.append(perf_counter() - began)
    return {"ms_per_digit": 1000 * float(np.median(seconds)), "n": len(digits), "hardware": hardware()}


def keep(folder: Path, evaluation: Evaluation, mnist: Mnist) -> None:
    """Save an evaluation beside the weights, and its metrics and speed in their report.

    Args:
        folder: of the weights that were evaluated.
        evaluation: from `measure`.
        mnist: the data whose test digits were measured.

    Raises:
        ArtifactError: the weights were trained on other data, according to their report.
    """
    expected = evaluation.report["data"]["sha256"]
    if mnist.sha256 != expected:
        raise ArtifactError(
            f"What is measured on other digits is not kept. Expected data of sha256 {expected[:12]}…, as the report of "
            f"{evaluation.name} says. Received: {mnist.sha256[:12]}…. To measure without keeping: "
            "python -m model evaluate mnist, without --keep"
        )
    save_evaluation(folder, evaluation)
    keep_test(folder, evaluation.report["test"], evaluation.report["speed"])


def keep_speed(folder: Path) -> Speed:
    """Measure the speed of a stroke network on drawn digits, and save it in the network's report.

    Raises:
        ArtifactError: the LiteRT file or the report is missing or damaged, or they do not belong together.
    """
    report = load_report(folder)
    predict = load_lite(find_file(folder, report, LITE_FILE), Input.PATH)
    paths, _ = draw_samples(Input.PATH, _TIMED, np.random.default_rng(0))
    speed = measure_speed(predict, paths)
    save_report({**report, "speed": speed}, folder)
    return speed


def rebuild(mnist: Mnist) -> Iterator[str]:
    """Measure and keep all that the pages show: every model, the shipped model's diagnosis, the data's statistics.

    Yields:
        A line for each part, when it is done.

    Raises:
        ArtifactError: weights or report of a model are missing, damaged, or do not belong together.
    """
    from model.classifiers.networks import load_network
    from model.data.statistics import measure_statistics
    from model.evaluation.diagnosis import diagnose

    for name in registry.available():
        evaluation = measure(name, registry.weights_folder(name), mnist.test)
        keep(registry.weights_folder(name), evaluation, mnist)
        test, speed = evaluation.report["test"], evaluation.report["speed"]
        yield f"{name}: {test['accuracy']:.2%}, {test['errors']} errors, {speed['ms_per_digit']:.2f} ms a digit"
    for name in registry.available(Input.PATH):
        folder = registry.weights_folder(name)
        speed = keep_speed(folder)
        yield f"{name}: {speed['ms_per_digit']:.2f} ms a digit"
    save_statistics(measure_statistics(mnist))
    yield "data set: counted and measured"
    shipped = registry.weights_folder(registry.SHIPPED)
    diagnosis = diagnose(load_network(shipped), mnist)
    save_diagnosis(shipped, diagnosis)
    yield f"{registry.SHIPPED}: {len(diagnosis.indices)} digits looked at closely"


def write_predictions(evaluation: Evaluation, path: Path) -> None:
    """Write the predictions for all test digits as CSV; the path's folder must exist."""
    with write_atomically(path) as partial:
        partial.write_text(to_predictions_csv(evaluation), encoding="utf-8")


def draw_figures(evaluation: Evaluation, frames: NDArray[np.uint8], folder: Path) -> list[Path]:
    """Draw confusion matrix, misread digits, reliability diagram and, if it is known, learning curve as PNG files.

    Args:
        evaluation: from `measure`.
        frames: (n, 28, 28) uint8, the digits that were measured, 0 paper, 255 ink.
        folder: to write to; it is created if it is missing.

    Returns:
        The paths of the files.
    """
    from model.evaluation import charts

    wrong, report = ~evaluation.correct, evaluation.report
    sheet = charts.misread_sheet(frames[wrong], evaluation.labels[wrong], evaluation.predicted[wrong])
    pictures = {
        "confusion": charts.to_png(
            charts.confusion(np.array(report["test"]["confusion"]), shares=False, diagonal=True).chart
        ),
        "errors": cv2.imencode(".png", sheet)[1].tobytes(),
        "reliability": charts.to_png(charts.reliability(evaluation.confidence, evaluation.correct).chart),
    }
    if curve := report["curve"]:
        pictures["learning_curve"] = charts.to_png(charts.learning_curve({evaluation.name: curve}).chart)
    folder.mkdir(parents=True, exist_ok=True)
    for name, picture in pictures.items():
        with write_atomically(folder / f"{name}.png") as partial:
            partial.write_bytes(picture)
    return [folder / f"{name}.png" for name in pictures]
