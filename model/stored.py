"""What `make report` has measured, as the pages need it: read from compact files, tied to the weights by checksum.

Importing this costs neither TensorFlow nor scikit-learn.
"""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model import registry
from model.artifacts import WEIGHTS_FILE, Report, load_report, verify
from model.dataset import checked_archive
from model.errors import ArtifactError
from model.reading import softmax

EVALUATION_FILE = "evaluation.npz"
DIAGNOSIS_FILE = "diagnosis.npz"
STATISTICS_FILE = "dataset.npz"

DISPUTED = (947, 1621, 1901, 2130, 2462, 2597, 2654, 3520, 3558, 5937, 6651, 6783, 8527, 9679, 9729)
"""Indices of the 15 test digits whose label most of five human raters dispute (Northcutt, Athalye and Mueller 2021,
Pervasive label errors in test sets; labelerrors.com)."""

_MAKE = "Make it with: make report"
_SALIENCY_STEPS = 127  # of int8, on either side of 0
_LEAST_CERTAIN = 60  # digits that are read right
_LEAST = 1e-30  # probability that is told from 0
_Arrays = dict[str, NDArray[Any]]
FIGURES = {"n", "errors", "accuracy", "accuracy_95", "log_loss", "ece", "macro_f1", "per_class", "confusion"}
_Forms = Mapping[str, tuple[type[np.generic], int]]
"""Names of arrays, their dtypes and numbers of dimensions."""


@dataclass(frozen=True, eq=False, slots=True)
class Evaluation:
    """How one model reads MNIST's test set.

    Attributes:
        name: of the model, as in the registry.
        report: what is known of its weights, with the metrics under `test` and the time a digit takes under `speed`.
        labels: (n,) uint8, the true digits 0-9.
        probabilities: (n, 10) float32, calibrated; each row sums to 1.
        size_bytes: of the file of weights.
    """

    name: str
    report: Report
    labels: NDArray[np.uint8]
    probabilities: NDArray[np.float32]
    size_bytes: int

    @property
    def read(self) -> NDArray[np.intp]:
        """(n,) the digits read, 0-9."""
        return self.probabilities.argmax(axis=1)

    @property
    def confidence(self) -> NDArray[np.float32]:
        """(n,) probability of the digit read, 0.1-1."""
        return np.asarray(self.probabilities.max(axis=1))

    @property
    def right(self) -> NDArray[np.bool_]:
        """(n,) whether the true digit is read."""
        return self.read == self.labels


@dataclass(frozen=True, slots=True)
class Robustness:
    """Accuracy against one kind of disturbance.

    Attributes:
        name: what is disturbed, such as "rotation".
        unit: what `values` are counted in.
        values: how far it goes, ascending; the undisturbed value is one of them.
        accuracies: 0-1, one for each value.
        n: test digits that each accuracy is measured on.
        break_points: on either side the value nearest to the undisturbed one at which too few digits are read right
            (`model.disturbances.BROKEN`), ascending; that one itself if too few are right there; may be none.
    """

    name: str
    unit: str
    values: tuple[float, ...]
    accuracies: tuple[float, ...]
    n: int
    break_points: tuple[float, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Diagnosis:
    """Where the shipped network fails on MNIST's test set, and why. m digits are looked at closely.

    Attributes:
        indices: (m,) int32 in the test set: every misread digit, then the least certain right ones; in both groups the
            least certain comes first.
        frames: (m, 28, 28) uint8.
        compared: (m, 2) uint8: the digit read, and what it is compared with: the true digit if that is another one,
            else the runner-up.
        saliency: (m, 28, 28) float32, -1 to 1: what speaks for the first of `compared` (positive) or for the second.
        neighbors: (m, 8) int32, the nearest training digits in the network's embedding, the nearest first; indices in
            the training set as Keras orders it.
        neighbor_labels: (m, 8) uint8.
        embedding: (n, 2) float32, a map of all test digits: what the network sees alike lies close together.
        robustness: accuracy against disturbances.
    """

    indices: NDArray[np.int32]
    frames: NDArray[np.uint8]
    compared: NDArray[np.uint8]
    saliency: NDArray[np.float32]
    neighbors: NDArray[np.int32]
    neighbor_labels: NDArray[np.uint8]
    embedding: NDArray[np.float32]
    robustness: tuple[Robustness, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Statistics:
    """What MNIST looks like. All but `test_counts` is of the training digits; rows are the digits 0-9.

    Attributes:
        train_counts: (10,) int64.
        test_counts: (10,) int64.
        mean: (10, 28, 28) uint8, the mean frame.
        spread: (10, 28, 28) uint8, the standard deviation of every pixel.
        quantiles: (k,) float64 in 0-1, which quantiles `ink_share` holds.
        ink_share: (10, k) float64 in 0-1, quantiles of the share of ink in a frame (its mean value by 255).
        stroke_width: (10, bins) int64, digits in each bin of stroke width.
        stroke_edges: (bins + 1,) float64, edges of the bins in px of the frame; the last bin also holds what is wider.
        intensity: (256,) int64, pixels of each value 0-255.
        facts: headline numbers by name: `train`, `test`, `pixels` of a frame, `mean` and `std` of the pixels (0-255),
            `paper` (share of pixels that are 0), `stroke_width` (median, px) and `sha256` of the data.
    """

    train_counts: NDArray[np.int64]
    test_counts: NDArray[np.int64]
    mean: NDArray[np.uint8]
    spread: NDArray[np.uint8]
    quantiles: NDArray[np.float64]
    ink_share: NDArray[np.float64]
    stroke_width: NDArray[np.int64]
    stroke_edges: NDArray[np.float64]
    intensity: NDArray[np.int64]
    facts: dict[str, Any]


_EVALUATION: _Forms = {"labels": (np.uint8, 1), "log_probabilities": (np.float16, 2)}
_DIAGNOSIS: _Forms = {
    "indices": (np.int32, 1),
    "frames": (np.uint8, 3),
    "compared": (np.uint8, 2),
    "saliency": (np.int8, 3),
    "neighbors": (np.int32, 2),
    "neighbor_labels": (np.uint8, 2),
    "embedding": (np.float16, 2),
    "robustness": (np.str_, 0),
}
_STATISTICS: _Forms = {
    "train_counts": (np.int64, 1),
    "test_counts": (np.int64, 1),
    "mean": (np.uint8, 3),
    "spread": (np.uint8, 3),
    "quantiles": (np.float64, 1),
    "ink_share": (np.float64, 2),
    "stroke_width": (np.int64, 2),
    "stroke_edges": (np.float64, 1),
    "intensity": (np.int64, 1),
    "facts": (np.str_, 0),
}


def worth_a_look(
    confidence: NDArray[np.floating], right: NDArray[np.bool_]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Indices of every misread digit, and of the least certain right ones; the least certain of a group first.

    Args:
        confidence: (n,) probability of the digit read.
        right: (n,) whether it is the true one.
    """
    order = np.argsort(confidence, kind="stable")
    return order[~right[order]], order[right[order]][:_LEAST_CERTAIN]


def load_evaluation(name: str = registry.SHIPPED) -> Evaluation:
    """Read how a model does on the test set.

    Raises:
        ArtifactError: there is no such model; its report, its weights or the file are missing or damaged; or the file
            belongs to other weights.
    """
    folder = registry.folder(name)
    report = verify(folder)
    if missing := FIGURES - set(report.get("test", {})):
        raise ArtifactError(
            f"The report of {name} is incomplete. Expected {', '.join(sorted(FIGURES))} of the test set. "
            f"Received: no {', '.join(sorted(missing))}. {_MAKE}"
        )
    arrays = _load(folder / EVALUATION_FILE, report["weights_sha256"], _EVALUATION)
    probabilities = _frozen(softmax(arrays["log_probabilities"]).astype(np.float32))
    size = (folder / WEIGHTS_FILE).stat().st_size
    return Evaluation(name, report, arrays["labels"], probabilities, size)


def load_diagnosis() -> Diagnosis:
    """Read where the shipped model fails.

    Raises:
        ArtifactError: the weights or the file are missing or damaged, or the file belongs to other weights.
    """
    folder = registry.folder(registry.SHIPPED)
    arrays = _load(folder / DIAGNOSIS_FILE, verify(folder)["weights_sha256"], _DIAGNOSIS)
    with _saying_what_is_damaged(folder / DIAGNOSIS_FILE, "curves as JSON"):
        rows = json.loads(str(arrays.pop("robustness")))
        curves = [row | {name: tuple(row[name]) for name in ("values", "accuracies", "break_points")} for row in rows]
        robustness = tuple(Robustness(**curve) for curve in curves)
    saliency = _frozen(arrays.pop("saliency").astype(np.float32) / _SALIENCY_STEPS)
    embedding = _frozen(arrays.pop("embedding").astype(np.float32))
    return Diagnosis(**arrays, saliency=saliency, embedding=embedding, robustness=robustness)


def load_statistics() -> Statistics:
    """Read the statistics of the data set.

    Raises:
        ArtifactError: the file is missing or damaged, or it is not of the data that the shipped model was trained on.
    """
    folder = registry.folder(registry.SHIPPED)
    data = load_report(folder).get("data", {})
    arrays = _load(folder / STATISTICS_FILE, str(data.get("sha256")), _STATISTICS)
    with _saying_what_is_damaged(folder / STATISTICS_FILE, "facts as JSON"):
        facts = dict(json.loads(str(arrays.pop("facts"))))
    return Statistics(**arrays, facts=facts)


def save_evaluation(folder: Path, evaluation: Evaluation) -> None:
    """Write what a model answers to the test digits, beside its weights.

    Logarithms of the probabilities keep in 16 bits what the probabilities would lose: the doubts of those near 1, and
    the order of those near 0. The report and the size are the weights' own and not written again.
    """
    answers: _Arrays = {"labels": evaluation.labels, "log_probabilities": _half_logarithms(evaluation.probabilities)}
    _save(folder / EVALUATION_FILE, verify(folder)["weights_sha256"], answers)


def save_diagnosis(folder: Path, diagnosis: Diagnosis) -> None:
    """Write where a model fails, beside its weights."""
    arrays: _Arrays = {name: getattr(diagnosis, name) for name in _DIAGNOSIS}
    arrays["saliency"] = np.rint(diagnosis.saliency * _SALIENCY_STEPS).astype(np.int8)
    arrays["embedding"] = diagnosis.embedding.astype(np.float16)
    arrays["robustness"] = np.array(json.dumps([asdict(curve) for curve in diagnosis.robustness]))
    _save(folder / DIAGNOSIS_FILE, verify(folder)["weights_sha256"], arrays)


def save_statistics(folder: Path, statistics: Statistics) -> None:
    """Write the statistics of the data set."""
    arrays: _Arrays = {name: getattr(statistics, name) for name in _STATISTICS}
    arrays["facts"] = np.array(json.dumps(statistics.facts))
    _save(folder / STATISTICS_FILE, statistics.facts["sha256"], arrays)


def _half_logarithms(probabilities: NDArray[np.float32]) -> NDArray[np.float16]:
    """(n, 10) float16; what was likeliest stays so, also where two are as good as even."""
    logarithms = np.log(probabilities.clip(_LEAST)).astype(np.float16)
    rows, read = np.arange(len(probabilities)), probabilities.argmax(axis=1)
    tied = logarithms.argmax(axis=1) != read
    winners = rows[tied], read[tied]
    logarithms[winners] = np.nextafter(logarithms[winners], np.float16(0))
    return logarithms


def _save(path: Path, sha256: str, arrays: _Arrays) -> None:
    """Write the arrays in full, then give them their name: a crash leaves what was there."""
    half = path.with_name(f".half-{path.name}")
    with half.open("wb") as stream:
        np.savez_compressed(stream, **({"sha256": np.array(sha256)} | arrays), allow_pickle=False)
    half.replace(path)


def _load(path: Path, sha256: str, forms: _Forms) -> _Arrays:
    """Read arrays of the dtypes and dimensions named; they are read-only, for all sessions share them."""
    with (
        _saying_what_is_damaged(path, ", ".join(forms)),
        path.open("rb") as stream,
        np.load(checked_archive(stream), allow_pickle=False) as file,
    ):
        received = str(file["sha256"])
        arrays = {name: _checked(name, file[name], *form) for name, form in forms.items()}
    if received != sha256:
        raise ArtifactError(
            f"{path.name} is stale. Expected sha256 {sha256[:12]}… in {path}. Received: {received[:12]}…. {_MAKE}"
        )
    return arrays


@contextmanager
def _saying_what_is_damaged(path: Path, expected: str) -> Iterator[None]:
    """Raise an ArtifactError if what is read inside is missing or not what was expected."""
    try:
        yield
    except FileNotFoundError as error:
        raise ArtifactError(f"{path.name} is missing. Expected {path}. Received: no such file. {_MAKE}") from error
    except (OSError, KeyError, ValueError, TypeError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise ArtifactError(
            f"{path.name} is damaged. Expected {expected} in {path}. Received: {error!r:.120}. {_MAKE}"
        ) from error


def _checked(name: str, array: NDArray[Any], dtype: type[np.generic], ndim: int) -> NDArray[Any]:
    if array.dtype.type is not dtype or array.ndim != ndim:
        raise ValueError(f"{name} of {array.ndim} dimensions, {array.dtype}")
    return _frozen(array)


def _frozen(array: NDArray[Any]) -> NDArray[Any]:
    array.setflags(write=False)
    return array
