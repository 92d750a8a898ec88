"""Results that `make report` measured for the pages, saved in compact files that name the weights by checksum.

Importing this module imports neither TensorFlow nor scikit-learn.
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.classifiers import registry
from model.classifiers.registry import WEIGHTS_FILE
from model.classifiers.report import Report, find_file, load_report, verify
from model.data.statistics import Statistics, load_statistics
from model.evaluation.diagnosis import Diagnosis
from model.evaluation.robustness import Robustness
from model.files import Arrays, Layout, load_arrays, read_only, reporting_damage, save_arrays
from model.reading import softmax

EVALUATION_FILE = "evaluation.npz"
DIAGNOSIS_FILE = "diagnosis.npz"
PREDICTION_COLUMNS = ("index", "true", "read", "confidence", *(f"p{digit}" for digit in range(10)))
_SALIENCY_STEPS = 127  # of int8, on either side of 0
_MIN_PROBABILITY = 1e-30  # keeps the logarithm finite


@dataclass(frozen=True, eq=False, slots=True)
class Evaluation:
    """Predictions of one model for MNIST's test set.

    Attributes:
        name: of the model, as in the registry.
        report: of its weights, with the metrics under `test` and the time per digit under `speed`.
        labels: (n,) uint8, the true digits 0-9.
        probabilities: (n, 10) float32, calibrated; each row sums to 1.
        size_bytes: size of the Keras file.
    """

    name: str
    report: Report
    labels: NDArray[np.uint8]
    probabilities: NDArray[np.float32]
    size_bytes: int

    @property
    def predicted(self) -> NDArray[np.intp]:
        """(n,) predicted digits, 0-9."""
        return self.probabilities.argmax(axis=1)

    @property
    def confidence(self) -> NDArray[np.float32]:
        """(n,) probability of the predicted digit, 0.1-1."""
        return np.asarray(self.probabilities.max(axis=1))

    @property
    def correct(self) -> NDArray[np.bool_]:
        """(n,) whether the predicted digit is the true one."""
        return self.predicted == self.labels


_EVALUATION: Layout = {"labels": (np.uint8, 1), "log_probabilities": (np.float16, 2)}
_DIAGNOSIS: Layout = {
    "indices": (np.int32, 1),
    "frames": (np.uint8, 3),
    "compared": (np.uint8, 2),
    "saliency": (np.int8, 3),
    "neighbors": (np.int32, 2),
    "neighbor_labels": (np.uint8, 2),
    "embedding": (np.float16, 2),
    "robustness": (np.str_, 0),
}


def to_predictions_csv(evaluation: Evaluation) -> str:
    """Format predictions as CSV: one row per test digit, columns PREDICTION_COLUMNS, probabilities to seven digits."""
    rows = zip(evaluation.labels, evaluation.predicted, evaluation.probabilities, strict=True)
    table = ((i, true, read, *(f"{p:.7g}" for p in (own[read], *own))) for i, (true, read, own) in enumerate(rows))
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows([PREDICTION_COLUMNS, *table])
    return buffer.getvalue()


def load_evaluation(name: str = registry.SHIPPED) -> Evaluation:
    """Load the evaluation of a registered model.

    Raises:
        ArtifactError: there is no such model; its report, its weights or the file are missing or damaged; or the file
            belongs to other weights.
    """
    folder = registry.weights_folder(name)
    report, size = load_report_and_size(name)
    arrays = load_arrays(folder / EVALUATION_FILE, report["weights_sha256"], _EVALUATION)
    probabilities = read_only(softmax(arrays["log_probabilities"]).astype(np.float32))
    return Evaluation(name, report, arrays["labels"], probabilities, size)


def load_report_and_size(name: str) -> tuple[Report, int]:
    """Load the report of a registered model, and the size of its Keras file in bytes.

    Raises:
        ArtifactError: there is no such model, or its report or its weights are missing or damaged.
    """
    folder = registry.weights_folder(name)
    report = load_report(folder)
    return report, find_file(folder, report, WEIGHTS_FILE).stat().st_size


def load_diagnosis() -> Diagnosis:
    """Load the diagnosis of the shipped model.

    Raises:
        ArtifactError: the weights or the file are missing or damaged, or the file belongs to other weights.
    """
    folder = registry.weights_folder(registry.SHIPPED)
    arrays = load_arrays(folder / DIAGNOSIS_FILE, verify(folder)["weights_sha256"], _DIAGNOSIS)
    with reporting_damage(folder / DIAGNOSIS_FILE, "curves as JSON"):
        rows = json.loads(str(arrays.pop("robustness")))
        curves = [
            row | {name: tuple(row[name]) for name in ("values", "accuracies", "breakdown_points")} for row in rows
        ]
        robustness = tuple(Robustness(**curve) for curve in curves)
    saliency = read_only(arrays.pop("saliency").astype(np.float32) / _SALIENCY_STEPS)
    embedding = read_only(arrays.pop("embedding").astype(np.float32))
    return Diagnosis(**arrays, saliency=saliency, embedding=embedding, robustness=robustness)


def load_data_statistics() -> Statistics:
    """Load the statistics of the MNIST file that the shipped model was trained on.

    Raises:
        ArtifactError: the report or the file is missing or damaged, or the file describes another data set.
    """
    return load_statistics(load_report(registry.weights_folder(registry.SHIPPED))["data"]["sha256"])


def save_evaluation(folder: Path, evaluation: Evaluation) -> None:
    """Save labels and predictions beside the weights; the report has its own file.

    Probabilities are saved as 16-bit logarithms, which have the precision that 16-bit probabilities lack: the distance
    from 1 of those near 1, and the order of those near 0.
    """
    logarithms = _half_logarithms(evaluation.probabilities)
    arrays: Arrays = {"labels": evaluation.labels, "log_probabilities": logarithms}
    save_arrays(folder / EVALUATION_FILE, verify(folder)["weights_sha256"], arrays)


def save_diagnosis(folder: Path, diagnosis: Diagnosis) -> None:
    """Save the diagnosis of a model beside its weights."""
    arrays: Arrays = {name: getattr(diagnosis, name) for name in _DIAGNOSIS}
    arrays["saliency"] = np.rint(diagnosis.saliency * _SALIENCY_STEPS).astype(np.int8)
    arrays["embedding"] = diagnosis.embedding.astype(np.float16)
    arrays["robustness"] = np.array(json.dumps([asdict(curve) for curve in diagnosis.robustness]))
    save_arrays(folder / DIAGNOSIS_FILE, verify(folder)["weights_sha256"], arrays)


def _half_logarithms(probabilities: NDArray[np.float32]) -> NDArray[np.float16]:
    """Compute (n, 10) float16 logarithms with the same predictions: rounding may not make a runner-up the first."""
    logarithms = np.log(probabilities.clip(_MIN_PROBABILITY)).astype(np.float16)
    rows, predicted = np.arange(len(probabilities)), probabilities.argmax(axis=1)
    tied = logarithms.argmax(axis=1) != predicted
    winners = rows[tied], predicted[tied]
    logarithms[winners] = np.nextafter(logarithms[winners], np.float16(0))
    return logarithms
