"""Ensembles: several networks of different seeds, whose answers are averaged."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import cast

import keras
import numpy as np

from model.classifiers.architectures import build_average
from model.classifiers.registry import MODELS, REPORT_FILE
from model.classifiers.report import (
    CurveRow,
    EnsembleMember,
    Origin,
    Report,
    TrainingReport,
    build_report,
    load_report,
    save,
)
from model.classifiers.runtime import load_network
from model.data.mnist import Mnist
from model.data.pen_strokes import PenStrokes
from model.errors import ArtifactError
from model.training.held_out import HeldOutSets
from model.training.trainer import RunFiles, Settings, train


def train_ensemble(
    mnist: Mnist, ink: PenStrokes, settings: Settings, records: RunFiles, name: str = "ensemble"
) -> tuple[keras.Model, TrainingReport]:
    """Train the shipped network again from several seeds, member after member, and average them.

    Args:
        mnist: the data.
        ink: drawings of digits and of other characters; may be empty.
        settings: of the first member; each further one has the next seed.
        records: every member has a folder of its own below the checkpoints, where its weights stay.
        name: a registered model that is an ensemble.

    Returns:
        The ensemble, and the report to save beside it.

    Raises:
        ArtifactError: see `train` and `combine`.
    """
    folders = [records.checkpoints / f"member-{i}" for i in range(1, MODELS[name].members + 1)]
    if not records.resume:
        _start_anew(folders)
    for i, folder in enumerate(folders):
        print(f"{folder.name} of {len(folders)}", flush=True)
        logs = records.tensorboard and records.tensorboard / name / folder.name
        member = replace(settings, seed=settings.seed + i)
        save(*train(mnist, ink, member, RunFiles(folder, records.resume, logs)), folder)
    return combine(folders, mnist, ink, name)


def _start_anew(folders: list[Path]) -> None:
    """Remove a finished run; an unfinished one is not thrown away."""
    done = [folder for folder in folders if (folder / REPORT_FILE).exists()]
    begun = [folder for folder in folders if folder.exists()]
    if begun and len(done) < len(folders):
        raise ArtifactError(
            f"{folders[0].parent} holds an unfinished run. Expected --resume, or another folder by --checkpoints. "
            f"Received: neither, and {len(done)} of {len(folders)} members done."
        )
    for folder in begun:
        shutil.rmtree(folder)


def combine(
    folders: list[Path], mnist: Mnist, ink: PenStrokes, name: str = "ensemble"
) -> tuple[keras.Model, TrainingReport]:
    """Average networks that are trained already.

    Args:
        folders: weights and report of each member.
        mnist: the data they were trained on.
        ink: the pen strokes they were trained on.
        name: a registered model that is an ensemble.

    Returns:
        The ensemble with a temperature and a threshold of its own, and the report to save beside it.

    Raises:
        ArtifactError: there is no member, or one is missing, damaged, or was trained on other data, whose held-out
            digits cannot judge it.
    """
    if not folders:
        raise ArtifactError("There is nothing to average. Expected folders of weights and report. Received: none.")
    reports = [load_report(folder) for folder in folders]
    for folder, report in zip(folders, reports, strict=True):
        _check_data(folder, report, mnist, ink)
    network = build_average([load_network(folder) for folder in folders])
    assessment = HeldOutSets(mnist, ink).assess(name, network)
    origin: Origin = {"members": [_member(report) for report in reports]}
    return network, build_report(assessment, reports[0]["settings"], _mean_curve(reports), origin)


def _member(report: Report) -> EnsembleMember:
    return {
        "settings": report["settings"],
        "seconds": report["seconds"],
        "created": report["created"],
        "weights_sha256": report["weights_sha256"],
        "errors": report["test"]["errors"],
    }


def _check_data(folder: Path, report: Report, mnist: Mnist, ink: PenStrokes) -> None:
    data = report["data"]
    expected, received = (mnist.sha256, ink.files), (data["sha256"], data["strokes_sha256"])
    if received != expected:
        raise ArtifactError(
            f"The network in {folder} was trained on other data, whose held-out digits cannot judge an ensemble. "
            f"Expected MNIST and ink files with sha256 {expected}. Received: {received}."
        )


def _mean_curve(reports: list[Report]) -> list[CurveRow]:
    """The members' mean after every epoch; none if they were not trained alike."""
    if len({len(report["curve"]) for report in reports}) > 1:
        return []
    epochs = zip(*(cast("list[dict[str, float]]", report["curve"]) for report in reports), strict=True)
    means = [{name: float(np.mean([row[name] for row in rows])) for name in rows[0]} for rows in epochs]
    return cast("list[CurveRow]", means)
