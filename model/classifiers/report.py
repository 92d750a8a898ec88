"""The report of a model's weights: what it holds, how it is written and loaded strictly, and which files it is of.

`build_report` assembles it, `write_report` alone writes it, and `load_report` checks every field of `Report`: its type,
its range, and the checksum of the whole.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, NotRequired, TypedDict, cast

from model.classifiers.registry import LITE_FILE, REPORT_FILE, WEIGHTS_FILE
from model.classifiers.schema import Length, Pattern, Range, SchemaError, check
from model.errors import ArtifactError
from model.files import partial_path, sha256_of, write_atomically

Share = Annotated[float, Range(0, 1)]
Count = Annotated[int, Range(0)]
Seconds = Annotated[float, Range(0)]
Sha256 = Annotated[str, Pattern("[0-9a-f]{64}", "64 hexadecimal digits")]


class DataSection(TypedDict):
    """The data: sets by their checksums, and numbers of digits, strokes and non-digits."""

    name: str
    sha256: Sha256
    strokes_sha256: dict[str, Sha256]
    trained_on: Count
    held_out: Count
    stroke_digits: Count
    stroke_non_digits: Count
    strokes_held_out: Count


class SettingsSection(TypedDict):
    """The settings that define a training run."""

    epochs: Annotated[int, Range(1)]
    batch_size: Annotated[int, Range(1)]
    seed: Count
    bfloat16: bool


class Thresholds(TypedDict):
    """The thresholds, and what they accept of the held-out sets.

    Without a threshold of its own, a digit in a line is accepted from `threshold` on.
    """

    threshold: Share
    line_threshold: NotRequired[Share]
    digits_accepted: Share
    non_digits_accepted: Share
    auroc: Share


class Calibration(Thresholds):
    """The temperature in the last layer, and the thresholds."""

    temperature: Annotated[float, Range(0, is_open=True)]


class Pair(Thresholds):
    """How two networks read drawings together: the weights of their logits, and the thresholds for the sum."""

    frame_weight: Annotated[float, Range(0, is_open=True)]
    path_weight: Annotated[float, Range(0, is_open=True)]


class PairCalibration(Pair):
    """A pair, and the checksum of the network in it that sees the frame: for another one it does not hold."""

    weights_sha256: Sha256


class HeldOutMetrics(TypedDict):
    """Accuracy on each held-out set, and the mean share of errors."""

    held_out_accuracy: Share
    held_out_augmented_accuracy: Share
    held_out_strokes_accuracy: NotRequired[Share]
    held_out_errors: Share


class CurveRow(HeldOutMetrics):
    """One epoch: the held-out metrics of the averaged weights, how strong augmentation was, and the time it took."""

    accuracy: Share
    loss: NotRequired[float]
    augmentation: Share
    seconds: Seconds


class ClassMetrics(TypedDict):
    """Metrics of one digit."""

    label: Annotated[int, Range(0, 9)]
    precision: Share
    recall: Share
    f1: Share
    support: Count


class TestMetrics(TypedDict):
    """Metrics on a test set. `accuracy_95` is the 95 % interval; rows of `confusion` are true digits, columns read."""

    n: Annotated[int, Range(1)]
    errors: Count
    accuracy: Share
    accuracy_95: Annotated[list[Share], Length(2)]
    log_loss: Annotated[float, Range(0)]
    ece: Share
    coverage: Share
    selective_accuracy: Share | None
    macro_f1: Share
    per_class: Annotated[list[ClassMetrics], Length(10)]
    confusion: Annotated[list[Annotated[list[Count], Length(10)]], Length(10)]


class StartedFrom(TypedDict):
    """The weights that a run refined, and their own training."""

    weights_sha256: Sha256
    data: DataSection
    settings: SettingsSection
    seconds: Count
    best_epoch: NotRequired[Annotated[int, Range(1)]]


class EnsembleMember(TypedDict):
    """One network of an ensemble, with its errors on the test set."""

    settings: SettingsSection
    seconds: Count
    created: str
    weights_sha256: Sha256
    errors: Count


class DigitWriters(TypedDict):
    """Metrics on the digits of a file of pen strokes; `auroc` is measured against all non-digits."""

    n: Count
    writers: Count
    accuracy: Share
    worst_writer: Share | None
    coverage: Share
    selective_accuracy: Share | None
    macro_f1: Share
    log_loss: Annotated[float, Range(0)]
    ece: Share
    auroc: NotRequired[Share]


class NonDigitWriters(TypedDict):
    """The rate at which the non-digits of a file of pen strokes are accepted."""

    n: Count
    false_accept_rate: Share


class WritersMetrics(TypedDict):
    """By file name; `left_out` are the writers that training held out, of files that it trained on."""

    digits: dict[str, DigitWriters]
    left_out: dict[str, DigitWriters]
    non_digits: dict[str, NonDigitWriters]


class PictureMetrics(TypedDict):
    """Metrics on a list of pictures: those that show digits, and those `without`."""

    pictures: Count
    digits: Count
    accuracy: Share | None
    exact: Share | None
    without: Count
    seen_there: Count
    seconds: Seconds


class Speed(TypedDict):
    """The median time of reading a single digit."""

    ms_per_digit: Annotated[float, Range(0)]
    n: Count
    hardware: str


class Assessment(TypedDict):
    """A network's description, its training data, and its metrics."""

    model: str
    parameters: Count
    data: DataSection
    calibration: Calibration
    held_out: HeldOutMetrics
    test: TestMetrics
    pair: NotRequired[PairCalibration]


class Origin(TypedDict, total=False):
    """The origin of the weights, as far as it applies."""

    best_epoch: Annotated[int, Range(1)]
    started_from: StartedFrom
    members: list[EnsembleMember]


class TrainingReport(Assessment):
    """The report of a network before it is saved; `curve` is empty where no epochs are known."""

    created: str
    settings: SettingsSection
    seconds: Count
    hardware: str
    versions: dict[str, str]
    curve: list[CurveRow]
    best_epoch: NotRequired[Annotated[int, Range(1)]]
    started_from: NotRequired[StartedFrom]
    members: NotRequired[list[EnsembleMember]]


class Report(TrainingReport):
    """The report of saved weights, in Keras's format and LiteRT's; later measurements are added, each by its name."""

    weights_sha256: Sha256
    lite_sha256: Sha256
    speed: NotRequired[Speed]
    pictures: NotRequired[dict[str, dict[str, PictureMetrics]]]
    writers: NotRequired[dict[str, WritersMetrics]]


_CHECKSUM = "report_sha256"  # of the file's other content; a damaged byte that leaves valid values is found by it
_PACKAGES = ("tensorflow", "keras", "numpy", "opencv-python-headless", "scikit-learn")
_RETRAIN = "Restore it from the repository, or train it: python train_model.py --model NAME"


def build_report(
    assessment: Assessment, settings: SettingsSection, curve: list[CurveRow], origin: Origin
) -> TrainingReport:
    """Assemble the report of a trained network; `seconds` include the training of what it started from or averages."""
    members, start = origin.get("members"), origin.get("started_from")
    seconds = sum(each["seconds"] for each in members) if members else round(sum(row["seconds"] for row in curve))
    return {
        **assessment,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "settings": settings,
        "seconds": seconds + (start["seconds"] if start else 0),
        "hardware": hardware(),
        "versions": {package: version(package) for package in _PACKAGES} | {"python": platform.python_version()},
        "curve": curve,
        **origin,
    }


def hardware() -> str:
    """Describe the machine: cores, and the processor's name where Linux gives it, else its kind."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return f"{os.cpu_count()} cores, {next(names, platform.machine())}"


def save_report(report: Report, folder: Path) -> None:
    """Replace the report of weights that stay as they are.

    Raises:
        ArtifactError: a value of the report is not of its type, or out of its range. Nothing is replaced.
    """
    with write_atomically(folder / REPORT_FILE) as path:
        write_report(report, path)


def keep_test(folder: Path, test: TestMetrics, speed: Speed) -> None:
    """Replace the metrics on the test set and the speed in the folder's report.

    Raises:
        ArtifactError: see `load_report` and `save_report`.
    """
    save_report({**load_report(folder), "test": test, "speed": speed}, folder)


def keep_writers(folder: Path, name: str, metrics: WritersMetrics) -> None:
    """Keep what was measured on writers in the folder's report, by a name.

    Raises:
        ArtifactError: see `load_report` and `save_report`.
    """
    report = load_report(folder)
    save_report({**report, "writers": {**report.get("writers", {}), name: metrics}}, folder)


def keep_pictures(folder: Path, name: str, metrics: dict[str, PictureMetrics]) -> None:
    """Keep what was measured on pictures in the folder's report, by a name.

    Raises:
        ArtifactError: see `load_report` and `save_report`.
    """
    report = load_report(folder)
    save_report({**report, "pictures": {**report.get("pictures", {}), name: metrics}}, folder)


def write_report(report: Report, path: Path) -> None:
    """Write a report with its checksum.

    Raises:
        ArtifactError: a value of the report is not of its type, or out of its range.
    """
    try:
        _check(report)
    except SchemaError as error:
        raise ArtifactError(f"The report cannot be saved. {error}") from error
    content = {**report, _CHECKSUM: _checksum(report)}
    path.write_text(json.dumps(content, indent=1, allow_nan=False) + "\n", encoding="utf-8")


def _checksum(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True, allow_nan=False).encode()).hexdigest()


def load_report(folder: Path) -> Report:
    """Read the report of a weights folder.

    Raises:
        ArtifactError: it is missing, no JSON, lacks a field or has an unknown one, a value is not of its type or out of
            its range, or its checksum is that of another content.
    """
    path = folder / REPORT_FILE
    try:
        content = json.loads(path.read_text(encoding="utf-8"), parse_constant=_refuse_constant)
        return _checked(content)
    except FileNotFoundError as error:
        raise ArtifactError(f"The report is missing. Expected {path}. Received: no such file. {_RETRAIN}") from error
    except SchemaError as error:
        raise ArtifactError(
            f"The report is damaged. Expected {error.expected} as {error.field} in {path}. "
            f"Received: {error.received!r:.60}. {_RETRAIN}"
        ) from error
    except (OSError, ValueError) as error:
        raise ArtifactError(
            f"The report is damaged. Expected JSON in {path}. Received: {error!r:.120}. {_RETRAIN}"
        ) from error


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name}, which is no number of JSON")


def _checked(content: object) -> Report:
    """Check the content of a file, and return it without its checksum."""
    if not isinstance(content, dict):
        raise SchemaError("an object", "report", content)
    received = content.pop(_CHECKSUM, None)
    _check(content)
    if received != (expected := _checksum(content)):
        raise SchemaError(f"{expected}, the checksum of the rest,", f"report.{_CHECKSUM}", received)
    return cast(Report, content)


def _check(content: Mapping[str, Any]) -> None:
    check(content, Report, "report")
    test, field = content["test"], "report.test"
    if [row["label"] for row in test["per_class"]] != list(range(10)):
        raise SchemaError("the labels 0-9 in order", f"{field}.per_class", [row["label"] for row in test["per_class"]])
    confusion = test["confusion"]
    if (total := sum(map(sum, confusion))) != test["n"]:
        raise SchemaError(f"a sum of {test['n']}", f"{field}.confusion", total)
    if (errors := total - sum(confusion[digit][digit] for digit in range(10))) != test["errors"]:
        raise SchemaError(f"the {errors} off the diagonal of the confusion", f"{field}.errors", test["errors"])


def verify(folder: Path, file: str = WEIGHTS_FILE) -> Report:
    """Read the report of a weights folder, and check that it belongs to the network's file.

    Raises:
        ArtifactError: see `load_report` and `find_file`.
    """
    report = load_report(folder)
    find_file(folder, report, file)
    return report


def find_file(folder: Path, report: Report, file: str) -> Path:
    """Find the network's file that a report is of: a crash in mid-save may have left it under its temporary name.

    Args:
        folder: the weights folder.
        report: the folder's report.
        file: WEIGHTS_FILE or LITE_FILE.

    Raises:
        ArtifactError: the file is missing or damaged, or belongs to another report.
    """
    path = folder / file
    expected = report["lite_sha256"] if file == LITE_FILE else report["weights_sha256"]
    received = {each: sha256_of(each) for each in (path, partial_path(path)) if each.is_file()}
    for found, checksum in received.items():
        if checksum == expected:
            return found
    if path not in received:
        raise ArtifactError(f"The weights are missing. Expected {path}. Received: no such file. {_RETRAIN}")
    raise ArtifactError(
        f"{path} is damaged, or belongs to another report. Expected sha256 {expected[:12]}… as the report says. "
        f"Received: {received[path][:12]}…. {_RETRAIN}"
    )
