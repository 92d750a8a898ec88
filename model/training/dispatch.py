"""Train any registered model: the function behind each `Trainer`."""

from __future__ import annotations

from collections.abc import Callable

import keras

from model.classifiers.registry import ModelSpec, Trainer
from model.classifiers.report import TrainingReport
from model.data.mnist import Mnist
from model.data.pen_strokes import PenStrokes
from model.training.ensemble import train_ensemble
from model.training.svm import train_svm
from model.training.trainer import RunFiles, Settings, train

TrainFunction = Callable[[Mnist, PenStrokes, Settings, RunFiles, str], tuple[keras.Model, TrainingReport]]

TRAINERS: dict[Trainer, TrainFunction] = {
    Trainer.GRADIENT_DESCENT: train,
    Trainer.LEAST_SQUARES: train_svm,
    Trainer.ENSEMBLE: train_ensemble,
}


def train_by_spec(
    spec: ModelSpec, mnist: Mnist, strokes: PenStrokes, settings: Settings, files: RunFiles
) -> tuple[keras.Model, TrainingReport]:
    """Train a registered model in the way that its entry names.

    Returns:
        The network, and the report to save beside it.

    Raises:
        ArtifactError: see the trainer.
    """
    return TRAINERS[spec.trainer](mnist, strokes, settings, files, spec.name)
