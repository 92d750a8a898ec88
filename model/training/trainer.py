"""Train a network: MNIST and pen strokes in, the best averaged network and its report out.

The file reads downwards as a run goes: `train`, what a run is made of, its phases, one phase's `fit`, and what happens
after every epoch. Checkpoints, batches and held-out sets have modules of their own.
"""

from __future__ import annotations

import gc
import os
import signal
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from math import ceil
from pathlib import Path
from typing import cast

import cv2
import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from model.classifiers.architectures import build, build_baseline_cnn
from model.classifiers.networks import load_network
from model.classifiers.registry import MODELS, SHIPPED, Input, ModelSpec
from model.classifiers.report import (
    CurveRow,
    Origin,
    SettingsSection,
    StartedFrom,
    TrainingReport,
    build_report,
    load_report,
)
from model.data.mnist import Mnist
from model.data.pen_strokes import PenStrokes
from model.errors import ArtifactError, TrainingError
from model.training.batches import TrainingSampler
from model.training.checkpoints import CheckpointStore
from model.training.folder_lock import lock_folder
from model.training.held_out import FINE_TUNING_AUGMENTATION, HeldOutSets
from model.training.held_out_paths import HeldOutPaths
from model.training.path_batches import PathSampler

_FINE_TUNING_SHARE = 0.37  # of the epochs
_FINE_TUNING_RATE = 0.25  # of the learning rate
_WARM_UP_SHARE = 0.05  # of a phase's steps, in which the learning rate rises
_EMA_SHARE = 0.05  # of a phase's steps, over which the moving average of the weights looks back


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of a run: the same settings and data give the same history, up to rounding.

    `bfloat16` computes in half the bits with float32 weights: 1.6 times as fast on CPUs with AVX512-BF16 or AMX, slower
    on others.
    """

    epochs: int
    batch_size: int = 128
    seed: int = 0
    bfloat16: bool = False

    def section(self) -> SettingsSection:
        """Return the settings as the report and the checkpoints hold them."""
        return {"epochs": self.epochs, "batch_size": self.batch_size, "seed": self.seed, "bfloat16": self.bfloat16}


@dataclass(frozen=True, slots=True)
class RunFiles:
    """The folders that a run writes to and starts from.

    Attributes:
        checkpoints: folder of the state after each epoch; locked while the run uses it.
        resume: go on from the last checkpoint, if there is one.
        tensorboard: folder of TensorBoard's logs, in which each model has its own.
        start_from: folder of trained weights, which are fine-tuned and then averaged with the result.
    """

    checkpoints: Path
    resume: bool = False
    tensorboard: Path | None = None
    start_from: Path | None = None


def train(
    mnist: Mnist, strokes: PenStrokes, settings: Settings, files: RunFiles, name: str = SHIPPED
) -> tuple[keras.Model, TrainingReport]:
    """Train a network on augmented MNIST, drawings and non-digits; or on MNIST as it is, if the registry says so.

    AdamW with warm-up, a cosine schedule and a moving average of the weights does the optimization. Of the epochs (of
    the fine-tuning phase, if there is one) the one with the fewest errors on held-out digits is kept. A temperature
    fitted to held-out digits is folded into the last layer, so that the logits come out calibrated. The test set is
    used once, for the report.

    Args:
        mnist: the data.
        strokes: drawings of digits and of other characters; may be empty.
        settings: epochs, batch size and seed.
        files: where the state is kept, and what the run starts from.
        name: a registered model that is trained by gradient descent.

    Returns:
        The network, and the report to save beside it.

    Raises:
        TrainingError: another run uses the folder of checkpoints, or TensorBoard is not installed.
        ArtifactError: the checkpoint is damaged, belongs to other settings or data, or would be lost by a new run; or
            the weights to start from are missing, damaged, or another network's.
    """
    keras.utils.set_random_seed(settings.seed)
    cv2.setNumThreads(1)  # one frame is too small to share between threads
    with lock_folder(files.checkpoints):
        run = TrainingRun.open(mnist, strokes, settings, files, name)
        for phase in _phases(run):
            if run.checkpoints.epoch < phase.epochs.stop:
                _fit(run, phase)
        network = run.checkpoints.load("best")
    if run.initial:
        run.initial.average_with(network)
    origin: Origin = {"best_epoch": run.checkpoints.best_epoch}
    if run.initial:
        origin["started_from"] = run.initial.report
    assessment = run.held_out.assess(name, network)
    return network, build_report(assessment, settings.section(), run.checkpoints.history, origin)


@dataclass(frozen=True, eq=False, slots=True)
class TrainingRun:
    """The parts of a run.

    Attributes:
        spec: the model, and how to optimize it.
        settings: epochs, batch size and seed.
        sampler: makes the batches.
        held_out: choose the best epoch, and calibrate.
        checkpoints: the state after each epoch.
        initial: trained weights to fine-tune, if any.
        tensorboard: Keras's callback that writes logs, if they are wanted.
    """

    spec: ModelSpec
    settings: Settings
    sampler: TrainingSampler | PathSampler
    held_out: HeldOutSets
    checkpoints: CheckpointStore
    initial: InitialWeights | None
    tensorboard: keras.callbacks.Callback | None

    @classmethod
    def open(cls, mnist: Mnist, strokes: PenStrokes, settings: Settings, files: RunFiles, name: str) -> TrainingRun:
        """Make everything ready; the folder of checkpoints is locked."""
        tensorboard = tensorboard_logger(files.tensorboard / name) if files.tensorboard else None
        initial = InitialWeights.load(files.start_from) if files.start_from else None
        identity = {**settings.section(), "model": name, "data": mnist.sha256, "strokes": strokes.files}
        if initial:
            identity |= {"started_from": initial.report["weights_sha256"]}
        checkpoints = CheckpointStore.open(files.checkpoints, identity, files.resume)
        sampler, held_out = _sets(MODELS[name], mnist, strokes)
        return cls(MODELS[name], settings, sampler, held_out, checkpoints, initial, tensorboard)


def _sets(
    spec: ModelSpec, mnist: Mnist, strokes: PenStrokes
) -> tuple[TrainingSampler, HeldOutSets] | tuple[PathSampler, HeldOutPaths]:
    """Make what a model trains on, and what is held out."""
    if spec.input is Input.PATH:
        paths = PathSampler.augmented(strokes.train)
        return paths, HeldOutPaths.of_paths(mnist, strokes, spec.name, paths)
    held_out = HeldOutSets.of_frames(mnist, strokes, spec.name)
    if spec.learns_from_strokes:
        return TrainingSampler.augmented(mnist.train, strokes.train), held_out
    return TrainingSampler.plain(mnist.train), held_out


@dataclass(frozen=True, eq=False, slots=True)
class InitialWeights:
    """Trained weights that a run fine-tunes, and what their report says of their own training."""

    weights: list[NDArray[np.float32]]
    report: StartedFrom

    @classmethod
    def load(cls, folder: Path) -> InitialWeights:
        """Load the weights of a folder, without the temperature that is folded into the last layer.

        Raises:
            ArtifactError: weights or report are missing, damaged, or do not belong together.
        """
        network, report = load_network(folder), load_report(folder)
        last = network.get_layer("logits")
        temperature = report["calibration"]["temperature"]
        last.set_weights([weights * temperature for weights in last.get_weights()])
        start: StartedFrom = {
            "weights_sha256": report["weights_sha256"],
            "data": report["data"],
            "settings": report["settings"],
            "seconds": report["seconds"],
        }
        if "best_epoch" in report:
            start["best_epoch"] = report["best_epoch"]
        return cls(network.get_weights(), start)

    def copy_to(self, network: keras.Model) -> None:
        """Set the weights of a network of the same architecture.

        Raises:
            ArtifactError: it has another one.
        """
        try:
            network.set_weights(self.weights)
        except ValueError as error:
            raise ArtifactError(
                f"The weights to start from are another network's. Expected those of {network.name}. "
                f"Received: {error!r:.120}."
            ) from error

    def average_with(self, network: keras.Model) -> None:
        """Average the fine-tuned weights with the initial ones, 1:1, to limit forgetting.

        WiSE-FT, Wortsman et al. 2022 (Robust fine-tuning of zero-shot models, arXiv 2109.01903).
        """
        pairs = zip(self.weights, network.get_weights(), strict=True)
        network.set_weights([(initial + fine_tuned) / 2 for initial, fine_tuned in pairs])


@dataclass(frozen=True, slots=True)
class _Phase:
    """Epochs, counted from 0, with a learning-rate schedule of their own."""

    epochs: range
    rate: float
    augmentation: float


def _phases(run: TrainingRun) -> list[_Phase]:
    """Train, then fine-tune the best network so far with less augmentation (He et al. 2019, arXiv 1909.09148)."""
    epochs, rate = run.settings.epochs, run.spec.learning_rate
    if run.sampler.is_plain:
        return [_Phase(range(epochs), rate, augmentation=0.0)]
    if run.spec.input is Input.PATH:  # weaker augmentation would teach it the habits of the writers it sees
        return [_Phase(range(epochs), rate, augmentation=1.0)]
    fine_tuning_starts = 0 if run.initial else epochs - round(epochs * _FINE_TUNING_SHARE)
    return [
        _Phase(range(fine_tuning_starts), rate, augmentation=1.0),
        _Phase(range(fine_tuning_starts, epochs), rate * _FINE_TUNING_RATE, FINE_TUNING_AUGMENTATION),
    ]


def _fit(run: TrainingRun, phase: _Phase) -> None:
    """Train the epochs of a phase that are not done yet."""
    checkpoints, sampler, settings = run.checkpoints, run.sampler, run.settings
    steps = ceil(len(sampler) / settings.batch_size)  # in an epoch
    network = _initial_network(run, phase, steps)
    batches = tf.data.Dataset.from_generator(
        lambda: sampler.batches(settings.seed, checkpoints.epoch, settings.batch_size, phase.augmentation),
        output_signature=(
            tf.TensorSpec(network.input_shape, network.input.dtype),  # batch_size digits, and non-digits
            tf.TensorSpec((None, 10), tf.float32),  # target probabilities
        ),
    )
    with _interrupt_after_batch() as interrupt, _batches_stopped_on_error():
        callbacks = [keras.callbacks.ProgbarLogger(), _AfterEpoch(run, phase), run.tensorboard, interrupt]
        network.fit(
            batches.prefetch(4),
            epochs=phase.epochs.stop,
            initial_epoch=checkpoints.epoch,
            steps_per_epoch=steps,
            shuffle=False,  # seed and epoch decide the order already
            callbacks=[callback for callback in callbacks if callback],
            verbose=1 if os.isatty(1) else 2,
        )


def _initial_network(run: TrainingRun, phase: _Phase, steps: int) -> keras.Model:
    """The network that a phase goes on with: interrupted, fine-tuned from the best or the given weights, or random."""
    if run.checkpoints.epoch > phase.epochs.start:
        return run.checkpoints.load("last")
    keras.config.set_dtype_policy("mixed_bfloat16" if run.settings.bfloat16 else "float32")
    try:
        network = build(run.spec.name)
    finally:
        keras.config.set_dtype_policy("float32")
    _compile(network, steps * len(phase.epochs), phase.rate, run.spec.weight_decay)
    if run.checkpoints.epoch:
        network.set_weights(run.checkpoints.load("best").get_weights())
    elif run.initial:
        run.initial.copy_to(network)
    return network


def _compile(network: keras.Model, steps: int, rate: float, weight_decay: float) -> None:
    """Set optimizer, loss and metric for a phase of `steps` steps."""
    warm_up = max(round(_WARM_UP_SHARE * steps), 1)
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0, max(steps - warm_up, 1), warmup_target=rate, warmup_steps=warm_up
    )
    optimizer = keras.optimizers.AdamW(
        schedule, weight_decay=weight_decay, use_ema=True, ema_momentum=1 - 1 / max(_EMA_SHARE * steps, 2)
    )
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    network.compile(optimizer, loss, metrics=[_DigitAccuracy(name="accuracy")])


@keras.saving.register_keras_serializable("digits")  # the checkpoint names it
class _DigitAccuracy(keras.metrics.Mean):  # type: ignore[misc]
    """Accuracy on the frames that are digits: those with a target above 0.5."""

    def update_state(self, y_true: tf.Tensor, y_pred: tf.Tensor, sample_weight: object = None) -> None:
        correct = tf.argmax(y_true, axis=-1) == tf.argmax(y_pred, axis=-1)  # (n,)
        super().update_state(tf.cast(correct, "float32"), tf.reduce_max(y_true, axis=-1) > 0.5)


class _AfterEpoch(keras.callbacks.Callback):  # type: ignore[misc]
    """After each epoch: score the averaged network on the held-out sets, save a checkpoint, print the progress.

    The optimizer keeps the moving average, and a second network holds it here. Keras's `SwapEMAWeights` would swap it
    into the first one by adding and subtracting, which rounds: a resumed run then no longer repeats the history.
    """

    def __init__(self, run: TrainingRun, phase: _Phase) -> None:
        super().__init__()
        self._run, self._phase = run, phase
        self._averaged = build(run.spec.name)
        self._began = time.monotonic()

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Seed dropout by run and epoch: a saved network does not hold how far its random numbers have come."""
        self._began = time.monotonic()
        for variable in self.model.non_trainable_variables:
            if variable.path.endswith("seed_generator_state"):
                variable.assign([self._run.settings.seed, epoch << 20])

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        """Add what is measured to Keras's logs, where TensorBoard's callback finds it."""
        self._averaged.set_weights(self.model.get_weights())  # batch statistics too, as they stand
        self.model.optimizer.finalize_variable_values(self._averaged.trainable_variables)
        logs |= cast("dict[str, float]", self._run.held_out.score(self._averaged))
        logs |= {"augmentation": self._phase.augmentation, "seconds": time.monotonic() - self._began}
        checkpoints, epochs = self._run.checkpoints, self._run.settings.epochs
        checkpoints.save(self.model, self._averaged, cast(CurveRow, dict(logs)))
        left = logs["seconds"] * (epochs - checkpoints.epoch) / 60
        print(
            f"epoch {checkpoints.epoch}/{epochs}: held-out accuracy {logs['held_out_accuracy']:.2%}, "
            f"on all held-out sets {1 - logs['held_out_errors']:.2%}, about {left:.0f} min left",
            flush=True,
        )


def tensorboard_logger(folder: Path) -> keras.callbacks.TensorBoard:
    """Make the callback that writes an epoch's figures where TensorBoard reads them.

    Raises:
        TrainingError: TensorBoard, which TensorFlow writes its logs with, is not installed.
    """
    if find_spec("tensorboard") is None:
        raise TrainingError(
            "TensorBoard's logs cannot be written. Expected the package tensorboard: pip install tensorboard. "
            "Received: no such package."
        )
    return keras.callbacks.TensorBoard(folder, write_graph=False)


@contextmanager
def _interrupt_after_batch() -> Iterator[keras.callbacks.Callback]:
    """Make Ctrl-C raise KeyboardInterrupt after the batch; during one, TensorFlow sometimes swallows it.

    A second Ctrl-C interrupts at once. A SIGINT that is ignored already (nohup, background jobs) stays ignored.
    """
    before = signal.getsignal(signal.SIGINT)
    is_asked = False

    def ask(*_: object) -> None:
        nonlocal is_asked
        is_asked = True
        signal.signal(signal.SIGINT, before)

    def stop(*_: object, **__: object) -> None:
        if is_asked:
            raise KeyboardInterrupt

    if before is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, ask)
    try:
        yield keras.callbacks.LambdaCallback(on_train_batch_end=stop)
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _batches_stopped_on_error() -> Iterator[None]:
    """Free the iterator of batches that the frames of an error hold.

    TensorFlow makes batches in a thread of its own. If that thread still runs Python when the interpreter shuts down,
    the process hangs or aborts instead of returning its exit code.
    """
    try:
        yield
    except BaseException as error:
        traceback.clear_frames(error.__traceback__)
        gc.collect()
        raise


def train_baseline(mnist: Mnist, epochs: int = 15) -> keras.Model:
    """Train Keras's usual MNIST network in the usual way, without augmentation: the shipped one is compared with it."""
    keras.utils.set_random_seed(0)
    network = build_baseline_cnn()
    network.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    network.fit(mnist.train.frames, mnist.train.labels, batch_size=128, epochs=epochs, verbose=0)
    return network
