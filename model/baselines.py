"""The support vector machine: fitted by scikit-learn, shipped as a network like the others."""

from __future__ import annotations

import time
from dataclasses import asdict
from math import sqrt

import keras
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.kernel_approximation import RBFSampler
from sklearn.linear_model import SGDClassifier

from model.artifacts import Report
from model.dataset import Ink, Mnist, Samples
from model.judging import Judge
from model.network import build_fourier
from model.training import Records, Settings, write_logs

_COMPONENTS = 40  # of 784; the fewer, the better random features stand in for the kernel
_FEATURES = 8192
_GAMMA = 0.025  # of the radial kernel exp(-gamma |x - y|²), on pixels in 0-1
_REGULARIZATION = 1e-6
_RATE = 5.0  # constant, as the second half of the passes is averaged (Polyak and Juditsky 1992)
_SCALE = sqrt(2 / _FEATURES)  # the features' inner product is then the kernel
_CHUNK = 5000  # digits whose features are in memory at once


def train_svm(mnist: Mnist, ink: Ink, settings: Settings, records: Records) -> tuple[keras.Model, Report]:
    """Fit a linear support vector machine for each digit on random features of a radial kernel, in passes.

    In every pass each digit is shifted by up to a pixel (Decoste and Schölkopf 2002). No digit is kept: principal
    components, random frequencies and a linear layer are all that the network holds. Temperature, threshold and report
    are as for the others.

    Args:
        mnist: the data.
        ink: as for the other models; it is only judged by.
        settings: epochs (passes) and seed; the other settings have no meaning here.
        records: `tensorboard` alone is used; a fit of minutes has no checkpoints.

    Returns:
        The network, and the report to save beside it.
    """
    keras.utils.set_random_seed(settings.seed)
    rng = np.random.default_rng(settings.seed)
    network = _fourier(mnist.train, settings.seed)
    judge, machines = Judge(mnist, ink), _machines(settings, len(mnist.train))
    history: list[dict[str, float]] = []
    for epoch in range(1, settings.epochs + 1):
        began = time.monotonic()
        row = _pass(machines, network, mnist.train, rng)
        network.get_layer("logits").set_weights([machines.coef_.T * _SCALE, machines.intercept_])
        row |= judge.measure(network) | {"augmentation": 0.0, "seconds": time.monotonic() - began}
        history.append(row)
        if records.tensorboard:
            write_logs(records.tensorboard / "svm", epoch, row)
        print(f"epoch {epoch}/{settings.epochs}: held-out accuracy {row['held_out_accuracy']:.2%}", flush=True)
    return network, judge.report("svm", network, asdict(settings), history) | {"best_epoch": settings.epochs}


def _fourier(digits: Samples, seed: int) -> keras.Model:
    """The network up to its last layer: principal components and random frequencies, set once."""
    pca = PCA(_COMPONENTS, svd_solver="covariance_eigh").fit(_pixels(digits.frames))
    sampler = RBFSampler(gamma=_GAMMA, n_components=_FEATURES, random_state=seed).fit(pca.components_.T)
    network = build_fourier(_COMPONENTS, _FEATURES)
    network.get_layer("components").set_weights([pca.components_.T, -pca.components_ @ pca.mean_])
    network.get_layer("angles").set_weights([sampler.random_weights_, sampler.random_offset_])
    return network


def _machines(settings: Settings, digits: int) -> SGDClassifier:
    """Ten linear machines, one digit against the rest, averaged over the second half of their steps."""
    return SGDClassifier(
        alpha=_REGULARIZATION,
        learning_rate="constant",
        eta0=_RATE,
        average=max(settings.epochs * digits // 2, 1),
        random_state=settings.seed,
        n_jobs=-1,
    )


def _pass(machines: SGDClassifier, network: keras.Model, digits: Samples, rng: Generator) -> dict[str, float]:
    """Show every digit once, in chunks; returns the mean hinge loss and the accuracy on them."""
    features = keras.Model(network.inputs, network.get_layer("logits").input)
    order = rng.permutation(len(digits))
    losses, right = 0.0, 0
    for start in range(0, len(order), _CHUNK):
        chunk = digits[order[start : start + _CHUNK]]
        x = _SCALE * np.asarray(features.predict(_shifted(chunk.frames, rng), batch_size=500, verbose=0))
        machines.partial_fit(x, chunk.labels, classes=np.arange(10))
        margins = x @ machines.coef_.T + machines.intercept_
        signs = np.where(np.arange(10) == chunk.labels[:, None], 1, -1)
        losses += float(np.maximum(0, 1 - signs * margins).mean(axis=1).sum())
        right += int((margins.argmax(axis=1) == chunk.labels).sum())
    return {"loss": losses / len(order), "accuracy": right / len(order)}


def _shifted(frames: NDArray[np.uint8], rng: Generator) -> NDArray[np.uint8]:
    """Each frame moved by -1, 0 or 1 px on both axes; what leaves on one side is paper."""
    moves = rng.integers(-1, 2, (len(frames), 2))
    return np.stack([np.roll(frame, move, axis=(0, 1)) for frame, move in zip(frames, moves, strict=True)])


def _pixels(frames: NDArray[np.uint8]) -> NDArray[np.float32]:
    return (frames.reshape(len(frames), -1) / 255).astype(np.float32)
