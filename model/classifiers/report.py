"""Weights and their report: one folder, saved whole, loaded strictly."""

from __future__ import annotations

import json
import os
import platform
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from model.classifiers.registry import REPORT_FILE, WEIGHTS_FILE
from model.errors import ArtifactError
from model.files import sha256_of

if TYPE_CHECKING:
    import keras


_HALF_REPORT = f".half-{REPORT_FILE}"
_RETRAIN = "Restore it from the repository, or train it: python train_model.py --model NAME"

Metrics = dict[str, Any]
"""What was measured on one set, as plain JSON types."""

Report = dict[str, Any]
"""What is known of the weights: data, seed, versions, curve, calibration, metrics; see training.py for the keys."""


def save(network: keras.Model, report: Report, folder: Path) -> None:
    """Save network and report under their names, both written in full before the first gets its name.

    A crash before that leaves what was there; one between the two names leaves the new report under its temporary
    name, where loading finds it by the weights' checksum.
    """
    folder.mkdir(parents=True, exist_ok=True)
    half_weights = folder / f".half-{WEIGHTS_FILE}"
    network.save(half_weights)
    whole = report | {"weights_sha256": sha256_of(half_weights)}
    half_report = _write_half(whole, folder)
    half_weights.replace(folder / WEIGHTS_FILE)
    half_report.replace(folder / REPORT_FILE)


def keep_unseen(folder: Path, kind: Literal["writers", "pictures"], name: str, metrics: Metrics) -> None:
    """Add what was measured on unseen hands or pictures to the folder's report, under the name of what was measured.

    Raises:
        ArtifactError: see `load_report`.
    """
    keep_measured(folder, **{kind: load_report(folder).get(kind, {}) | {name: metrics}})


def keep_measured(folder: Path, **measured: Metrics) -> None:
    """Put what was measured into the folder's report, in place of what stood there under the same names.

    Raises:
        ArtifactError: see `load_report`.
    """
    _write_half(load_report(folder) | measured, folder).replace(folder / REPORT_FILE)


def _write_half(report: Report, folder: Path) -> Path:
    """Write a report in full under its temporary name."""
    half = folder / _HALF_REPORT
    half.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    return half


def hardware() -> str:
    """What something is measured on: cores, and the processor's name where Linux tells it, else its kind."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return f"{os.cpu_count()} cores, {next(names, platform.machine())}"


def load_report(folder: Path) -> Report:
    """Read the report of a weights folder.

    Raises:
        ArtifactError: it is missing, no JSON, or lacks the threshold or the checksum.
    """
    path = folder / (_HALF_REPORT if _is_torn(folder) else REPORT_FILE)
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
        threshold, checksum = report["calibration"]["threshold"], report["weights_sha256"]
    except FileNotFoundError as error:
        raise ArtifactError(f"The report is missing. Expected {path}. Received: no such file. {_RETRAIN}") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ArtifactError(
            f"The report is damaged. Expected JSON in {path}. Received: {error!r:.120}. {_RETRAIN}"
        ) from error
    if not isinstance(threshold, float) or not 0 <= threshold <= 1 or not isinstance(checksum, str):
        raise ArtifactError(
            f"The report is damaged. Expected a threshold in 0-1 and a checksum in {path}. "
            f"Received: {threshold!r:.40} and {checksum!r:.80}. {_RETRAIN}"
        )
    return dict(report)


def _is_torn(folder: Path) -> bool:
    """Whether a crash has left the weights' report under its temporary name."""
    try:
        half = json.loads((folder / _HALF_REPORT).read_text(encoding="utf-8"))
        return bool(half["weights_sha256"] == sha256_of(folder / WEIGHTS_FILE))
    except (OSError, ValueError, KeyError, TypeError):
        return False


def verify(folder: Path) -> Report:
    """Read the report of a weights folder, and make sure that it is the report of these weights.

    Raises:
        ArtifactError: weights or report are missing, damaged, or do not belong together.
    """
    report, path = load_report(folder), folder / WEIGHTS_FILE
    if not path.is_file():
        raise ArtifactError(f"The weights are missing. Expected {path}. Received: no such file. {_RETRAIN}")
    expected, received = report["weights_sha256"], sha256_of(path)
    if received != expected:
        raise ArtifactError(
            f"{path} is damaged, or belongs to another report. Expected sha256 {expected[:12]}… as the report says. "
            f"Received: {received[:12]}…. {_RETRAIN}"
        )
    return report
