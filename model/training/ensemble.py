"""Ensembles: networks trained from different seeds, whose log probabilities are averaged."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np

from model.classifiers.architectures import build_average
from model.classifiers.registry import MODELS, REPORT_FILE
from model.classifiers.report import Report, load_report, save
from model.classifiers.runtime import load_classifier
from model.data.mnist import Mnist
from model.data.pen_strokes import PenStrokes
from model.errors import ArtifactError
from model.training.folder_lock import lock_folder
from model.training.held_out import HeldOutSets
from model.training.trainer import RunFiles, Settings, train

_MEMBER_KEYS = ("settings", "seconds", "created", "weights_sha256")  # of a member's report in the ensemble's


def train_ensemble(
    mnist: Mnist, strokes: PenStrokes, settings: Settings, files: RunFiles
) -> tuple[keras.Model, Report]:
    """Train the shipped architecture from several seeds, member after member, and average the networks.

    Args:
        mnist: the data.
        strokes: drawings of digits and of other characters; may be empty.
        settings: of the first member; each further one has the next seed.
        files: every member has its own folder below the checkpoints, where its weights stay.

    Returns:
        The ensemble, and the report to save beside it.

    Raises:
        TrainingError: see `train`.
        ArtifactError: see `train` and `combine`.
    """
    folders = [files.checkpoints / f"member-{i}" for i in range(1, MODELS["ensemble"].members + 1)]
    with lock_folder(files.checkpoints):
        if not files.resume:
            _discard_finished(folders)
        for i, folder in enumerate(folders):
            print(f"{folder.name} of {len(folders)}", flush=True)
            logs = files.tensorboard and files.tensorboard / "ensemble" / folder.name
            member = replace(settings, seed=settings.seed + i)
            save(*train(mnist, strokes, member, RunFiles(folder, files.resume, logs)), folder)
        return combine(folders, mnist, strokes)


def _discard_finished(folders: list[Path]) -> None:
    """Remove the members of a finished ensemble.

    Raises:
        ArtifactError: the ensemble is unfinished; it is kept.
    """
    done = [folder for folder in folders if (folder / REPORT_FILE).exists()]
    begun = [folder for folder in folders if folder.exists()]
    if begun and len(done) < len(folders):
        raise ArtifactError(
            f"{folders[0].parent} holds an unfinished run. Expected --resume, or another folder by --checkpoints. "
            f"Received: neither, and {len(done)} of {len(folders)} members done."
        )
    for folder in begun:
        shutil.rmtree(folder)


def combine(folders: list[Path], mnist: Mnist, strokes: PenStrokes) -> tuple[keras.Model, Report]:
    """Average trained networks.

    Args:
        folders: weights and report of each member.
        mnist: the data that the members were trained on.
        strokes: the drawings that the members were trained on.

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
    network = build_average([load_classifier(folder).network for folder in folders])
    report = HeldOutSets(mnist, strokes).report("ensemble", network, reports[0]["settings"], _mean_curve(reports))
    members = [
        {name: member[name] for name in _MEMBER_KEYS} | {"errors": member["test"]["errors"]} for member in reports
    ]
    return network, report | {"seconds": sum(member["seconds"] for member in reports), "members": members}


def _check_data(folder: Path, report: Report, mnist: Mnist, strokes: PenStrokes) -> None:
    data = report.get("data", {})
    expected, received = (mnist.sha256, strokes.files), (data.get("sha256"), data.get("strokes_sha256"))
    if received != expected:
        raise ArtifactError(
            f"The network in {folder} was trained on other data, whose held-out digits cannot judge an ensemble. "
            f"Expected MNIST and ink files with sha256 {expected}. Received: {received}."
        )


def _mean_curve(reports: list[Report]) -> list[dict[str, float]]:
    """Average the members' curves epoch by epoch; empty if they differ in length."""
    if len({len(report["curve"]) for report in reports}) > 1:
        return []
    curves = zip(*(report["curve"] for report in reports), strict=True)
    return [{name: float(np.mean([row[name] for row in rows])) for name in rows[0]} for rows in curves]
