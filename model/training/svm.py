"""The support vector machine: fitted by scikit-learn, shipped as a network like the others."""

from __future__ import annotations

import time
from typing import cast

import keras
import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.kernel_approximation import RBFSampler
from sklearn.linear_model import RidgeClassifier

from model.classifiers.architectures import build_fourier
from model.classifiers.report import CurveRow, TrainingReport, build_report
from model.data.mnist import LabeledFrames, Mnist
from model.data.pen_strokes import PenStrokes
from model.training.held_out import HeldOutSets
from model.training.trainer import RunFiles, Settings, write_logs

_COMPONENTS = 60  # of 784; the fewer, the better random features stand in for the kernel
_FEATURES = 9216
_GAMMA = 0.014  # of the radial kernel exp(-gamma |x - y|²), on pixels in 0-1
_REGULARIZATION = 1.0


def train_svm(
    mnist: Mnist, ink: PenStrokes, settings: Settings, records: RunFiles, name: str = "svm"
) -> tuple[keras.Model, TrainingReport]:
    """Fit a least-squares support vector machine for each digit on random features of a radial kernel, in one go.

    Suykens and Vandewalle 1999 (Least squares support vector machine classifiers). No digit is kept: principal
    components, random frequencies and a linear layer are all that the network holds. Temperature, threshold and report
    are as for the others.

    Args:
        mnist: the data.
        ink: as for the other models; it is only judged by.
        settings: the seed alone has a meaning here.
        records: `tensorboard` alone is used; a fit of minutes has no checkpoints.
        name: a registered model that is trained by least squares.

    Returns:
        The network, and the report to save beside it.
    """
    keras.utils.set_random_seed(settings.seed)
    began = time.monotonic()
    network = _fourier(mnist.train, settings.seed)
    features = keras.Model(network.inputs, network.get_layer("logits").input)
    x = np.asarray(features.predict(mnist.train.frames, batch_size=500, verbose=0))
    machines = RidgeClassifier(_REGULARIZATION, solver="cholesky").fit(x, mnist.train.labels)
    network.get_layer("logits").set_weights([machines.coef_.T, machines.intercept_])
    judge = HeldOutSets(mnist, ink)
    accuracy = float(machines.score(x, mnist.train.labels))
    row = cast(CurveRow, {**judge.measure(network), "accuracy": accuracy, "augmentation": 0.0})
    row["seconds"] = time.monotonic() - began
    if records.tensorboard:
        write_logs(records.tensorboard / name, 1, row)
    return network, build_report(judge.assess(name, network), settings.section(), [row], {"best_epoch": 1})


def _fourier(digits: LabeledFrames, seed: int) -> keras.Model:
    """The network up to its last layer: principal components and random frequencies, set once."""
    pca = PCA(min(_COMPONENTS, len(digits)), svd_solver="covariance_eigh").fit(_pixels(digits.frames))
    sampler = RBFSampler(gamma=_GAMMA, n_components=_FEATURES, random_state=seed).fit(pca.components_.T)
    network = build_fourier(pca.n_components_, _FEATURES)
    network.get_layer("components").set_weights([pca.components_.T, -pca.components_ @ pca.mean_])
    network.get_layer("angles").set_weights([sampler.random_weights_, sampler.random_offset_])
    return network


def _pixels(frames: NDArray[np.uint8]) -> NDArray[np.float32]:
    return (frames.reshape(len(frames), -1) / 255).astype(np.float32)
