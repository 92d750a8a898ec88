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

from model.classifiers.architectures import build
from model.classifiers.report import CurveRow, TrainingReport, build_report
from model.data.mnist import LabeledFrames, Mnist
from model.data.pen_strokes import PenStrokes
from model.training.held_out import HeldOutSets
from model.training.trainer import RunFiles, Settings, tensorboard_logger

_COMPONENTS = 60  # of 784; with fewer, random features approximate the kernel better
_FEATURES = 9216
_GAMMA = 0.014  # of the radial kernel exp(-gamma |x - y|²), on pixels in 0-1
_REGULARIZATION = 1.0


def train_svm(
    mnist: Mnist, strokes: PenStrokes, settings: Settings, files: RunFiles, name: str = "svm"
) -> tuple[keras.Model, TrainingReport]:
    """Fit a least-squares support vector machine for each digit on random features of a radial kernel, in one step.

    Suykens and Vandewalle 1999 (Least squares support vector machine classifiers). The network holds no support
    vectors: only principal components, random frequencies and a linear layer. Temperature, thresholds and report are as
    for the other models.

    Args:
        mnist: the data.
        strokes: their held-out drawings are used as for the other models; none is trained on.
        settings: of which only the seed is used.
        files: of which only `tensorboard` is used; a fit of minutes has no checkpoints.
        name: a registered model that is trained by least squares.

    Returns:
        The network, and the report to save beside it.

    Raises:
        TrainingError: TensorBoard is not installed.
    """
    tensorboard = tensorboard_logger(files.tensorboard / name) if files.tensorboard else None
    keras.utils.set_random_seed(settings.seed)
    began = time.monotonic()
    network = _fourier(mnist.train, settings.seed, name)
    features = keras.Model(network.inputs, network.get_layer("logits").input)
    x = np.asarray(features.predict(mnist.train.frames, batch_size=500, verbose=0))
    machines = RidgeClassifier(_REGULARIZATION, solver="cholesky").fit(x, mnist.train.labels)
    network.get_layer("logits").set_weights([machines.coef_.T, machines.intercept_])
    held_out = HeldOutSets.of_frames(mnist, strokes, name)
    accuracy = float(machines.score(x, mnist.train.labels))
    row = cast(CurveRow, {"accuracy": accuracy, "augmentation": 0.0, **held_out.score(network)})
    row["seconds"] = time.monotonic() - began
    if tensorboard:
        features.compile(optimizer=None)  # the callback asks for the learning rate
        tensorboard.set_model(features)
        tensorboard.on_epoch_end(0, row)
        tensorboard.on_train_end()
    return network, build_report(held_out.assess(name, network), settings.section(), [row], {"best_epoch": 1})


def _fourier(digits: LabeledFrames, seed: int, name: str = "svm") -> keras.Model:
    """Build the network and set all but its last layer: principal components and random frequencies."""
    pca = PCA(min(_COMPONENTS, len(digits)), svd_solver="covariance_eigh").fit(_pixels(digits.frames))
    sampler = RBFSampler(gamma=_GAMMA, n_components=_FEATURES, random_state=seed).fit(pca.components_.T)
    network = build(name, pca.n_components_, _FEATURES)
    network.get_layer("components").set_weights([pca.components_.T, -pca.components_ @ pca.mean_])
    network.get_layer("angles").set_weights([sampler.random_weights_, sampler.random_offset_])
    return network


def _pixels(frames: NDArray[np.uint8]) -> NDArray[np.float32]:
    return (frames.reshape(len(frames), -1) / 255).astype(np.float32)
