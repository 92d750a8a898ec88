"""What `evaluate` measures of a model on MNIST, and what of it is kept for the pages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from model.classifiers import registry
from model.classifiers.registry import WEIGHTS_FILE
from model.classifiers.report import hardware, keep_measured, load_report
from model.classifiers.runtime import load_classifier
from model.data.mnist import LabeledFrames, Mnist
from model.data.statistics import save_statistics
from model.errors import ArtifactError
from model.evaluation.metrics import evaluate
from model.evaluation.results import Evaluation, save_diagnosis, save_evaluation
from model.reading import Predict, softmax

_TIMED = 500  # digits, one at a time


def measure(name: str, folder: Path, test: LabeledFrames) -> Evaluation:
    """Let a model read the test digits.

    Args:
        name: what the model is called.
        folder: of its weights.
        test: the digits.

    Returns:
        All that came out; in its report, `test` and `speed` are as measured now.

    Raises:
        ArtifactError: weights or report are missing, damaged, or do not belong together.
    """
    classifier = load_classifier(folder)
    logits = classifier.predict(test.frames)
    metrics = evaluate(logits, test.labels, classifier.threshold)
    report = load_report(folder) | {"test": metrics, "speed": measure_speed(classifier.predict, test.frames[:_TIMED])}
    size = (folder / WEIGHTS_FILE).stat().st_size
    return Evaluation(name, report, test.labels, softmax(logits).astype(np.float32), size)


def measure_speed(predict: Predict, frames: NDArray[np.uint8]) -> dict[str, Any]:
    """Median time that a digit takes when frames are read one by one, as live drawing does."""
    seconds = []
    for frame in frames:
        began = perf_counter()
        predict(frame[None])
        seconds.append(perf_counter() - began)
    return {"ms_per_digit": 1000 * float(np.median(seconds)), "n": len(frames), "hardware": hardware()}


def keep(evaluation: Evaluation, mnist: Mnist) -> None:
    """Keep what was measured of a registered model beside its weights, and in its report.

    Raises:
        ArtifactError: it was measured on other data than the model's report tells of.
    """
    folder, expected = registry.folder(evaluation.name), evaluation.report.get("data", {}).get("sha256", "unknown")
    if mnist.sha256 != expected:
        raise ArtifactError(
            f"What is measured on other digits is not kept. Expected data of sha256 {expected[:12]}…, as the report of "
            f"{evaluation.name} says. Received: {mnist.sha256[:12]}…. To measure without keeping: --weights {folder}"
        )
    save_evaluation(folder, evaluation)
    keep_measured(folder, test=evaluation.report["test"], speed=evaluation.report["speed"])


def rebuild(mnist: Mnist) -> Iterator[str]:
    """Measure and keep everything that the pages show: every model, the shipped one's diagnosis, the data's statistics.

    Yields:
        A line for each part, when it is done.

    Raises:
        ArtifactError: weights or report of a model are missing, damaged, or do not belong together.
    """
    from model.data.statistics import measure_statistics
    from model.evaluation.diagnosis import diagnose

    shipped = registry.folder(registry.SHIPPED)
    for name in registry.available():
        evaluation = measure(name, registry.folder(name), mnist.test)
        keep(evaluation, mnist)
        test, speed = evaluation.report["test"], evaluation.report["speed"]
        yield f"{name}: {test['accuracy']:.2%}, {test['errors']} errors, {speed['ms_per_digit']:.2f} ms a digit"
    save_statistics(measure_statistics(mnist))
    yield "data set: counted and measured"
    diagnosis = diagnose(load_classifier(shipped), mnist)
    save_diagnosis(shipped, diagnosis)
    yield f"{registry.SHIPPED}: {len(diagnosis.indices)} digits looked at closely"


def draw_figures(evaluation: Evaluation, frames: NDArray[np.uint8], folder: Path) -> list[Path]:
    """Draw confusion matrix, misread digits, reliability and the learning curve, if one is known, as PNG files.

    Args:
        evaluation: what was measured.
        frames: (n, 28, 28) uint8, the digits that it was measured on.
        folder: where to; it is made if it is not there.
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
    if curve := report.get("curve"):
        pictures["learning_curve"] = charts.to_png(charts.learning_curve({evaluation.name: curve}).chart)
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{name}.png" for name in pictures]
    for path, picture in zip(paths, pictures.values(), strict=True):
        path.write_bytes(picture)
    return paths
