"""Ensembles: networks trained from different seeds, whose log probabilities are averaged."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import cast

import keras
import numpy as np

from model.classifiers.architectures import build
from model.classifiers.networks import load_network
from model.classifiers.registry import MODELS, REPORT_FILE
from model.classifiers.report import (
    CurveRow,
    EnsembleMember,
    Origin,
    Report,
    TrainingReport,
    build_report,
    load_report,
)
from model.classifiers.saving import save
from model.data.mnist import Mnist
from model.data.pen_strokes import PenStrokes
from model.errors import ArtifactError
from model.training.checkpoints import STATE_FILE
from model.training.folder_lock import lock_folder
from model.training.held_out import HeldOutSets
from model.training.trainer import RunFiles, Settings, train


def train_ensemble(
    mnist: Mnist, strokes: PenStrokes, settings: Settings, files: RunFiles, name: str = "ensemble"
) -> tuple[keras.Model, TrainingReport]:
    """Train the shipped architecture from several seeds, member after member, and average the networks.

    Args:
        mnist: the data.
        strokes: drawings of digits and of other characters; may be empty.
        settings: of the first member; each further one has the next seed.
        files: every member has its own folder below the checkpoints, where its weights stay.
        name: a registered model that is an ensemble.

    Returns:
        The ensemble, and the report to save beside it.

    Raises:
        TrainingError: see `train`.
        ArtifactError: see `train` and `combine`.
    """
    folders = [files.checkpoints / f"member-{i}" for i in range(1, MODELS[name].members + 1)]
    with lock_folder(files.checkpoints):
        if not files.resume:
            _discard_finished(folders)
        for i, folder in enumerate(folders):
            print(f"{folder.name} of {len(folders)}", flush=True)
            logs = files.tensorboard and files.tensorboard / name / folder.name
            member = replace(settings, seed=settings.seed + i)
            save(*train(mnist, strokes, member, RunFiles(folder, files.resume, logs)), folder)
        return combine(folders, mnist, strokes, name)


def _discard_finished(folders: list[Path]) -> None:
    """Remove the members of a finished ensemble.

    Raises:
        ArtifactError: the ensemble is unfinished; it is kept.
    """
    done = [folder for folder in folders if (folder / REPORT_FILE).exists()]
    begun = [folder for folder in folders if any((folder / file).exists() for file in (STATE_FILE, REPORT_FILE))]
    if begun and len(done) < len(folders):
        raise ArtifactError(
            f"{folders[0].parent} holds an unfinished run. Expected --resume, or another folder by --checkpoints. "
            f"Received: neither, and {len(done)} of {len(folders)} members done."
        )
    for folder in filter(Path.exists, folders):
        shutil.rmtree(folder)


def combine(
    folders: list[Path], mnist: Mnist, strokes: PenStrokes, name: str = "ensemble"
) -> tuple[keras.Model, TrainingReport]:
    """Average trained networks.

    Args:
        folders: weights and report of each member.
        mnist: the data that the members were trained on.
        strokes: the drawings that the members were trained on.
        name: a registered model that is an ensemble.

    Returns:
        The ensemble with its own temperature and thresholds, and the report to save beside it.

    Raises:
        ArtifactError: there is no member, or one is missing, damaged, or was trained on other data: it may have seen
            the held-out digits.
    """
    if not folders:
        raise ArtifactError("There is nothing to average. Expected folders of weights and report. Received: none.")
    reports = [load_report(folder) for folder in folders]
    for folder, report in zip(folders, reports, strict=True):
        _check_data(folder, report, mnist, strokes)
    network = build(name, [load_network(folder) for folder in folders])
    assessment = HeldOutSets.of_frames(mnist, strokes, name).assess(name, network)
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


def _check_data(folder: Path, report: Report, mnist: Mnist, strokes: PenStrokes) -> None:
    data = report["data"]
    expected, received = (mnist.sha256, strokes.files), (data["sha256"], data["strokes_sha256"])
    if received != expected:
        raise ArtifactError(
            f"The network in {folder} was trained on other data, whose held-out digits cannot calibrate an ensemble. "
            f"Expected MNIST and stroke files with sha256 {expected}. Received: {received}."
        )


def _mean_curve(reports: list[Report]) -> list[CurveRow]:
    """Average the members' curves epoch by epoch; empty if they differ in length."""
    if len({len(report["curve"]) for report in reports}) > 1:
        return []
    epochs = zip(*(cast("list[dict[str, float]]", report["curve"]) for report in reports), strict=True)
    means = [{name: float(np.mean([row[name] for row in rows])) for name in rows[0]} for rows in epochs]
    return cast("list[CurveRow]", means)
