"""The fit loop: batches in, the best averaged network and its report out."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil
from pathlib import Path

import cv2
import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from model.classifiers.architectures import build, build_baseline_cnn
from model.classifiers.registry import MODELS, SHIPPED, ModelSpec
from model.classifiers.report import (
    CurveRow,
    Origin,
    SettingsSection,
    StartedFrom,
    TrainingReport,
    build_report,
    load_report,
)
from model.classifiers.runtime import load_network
from model.data.mnist import Mnist
from model.data.pen_strokes import PenStrokes
from model.errors import ArtifactError
from model.training.batches import TrainingSampler
from model.training.checkpoints import CheckpointStore
from model.training.held_out import REFINING_AUGMENTATION, HeldOutSets

_REFINED = 0.37  # share of the epochs that refine …
_REFINING_RATE = 0.25  # … at this share of the learning rate
_WARM_UP = 0.05  # share of all steps in which the learning rate rises
_AVERAGED = 0.05  # share of all steps that the averaged weights look back on


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run is defined by: the same settings and data load_into the same history, up to rounding.

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
    """What is kept of a run while it goes, and what it goes on from.

    Attributes:
        checkpoints: folder that holds the state after each epoch.
        resume: go on from the last checkpoint, if there is one.
        tensorboard: folder for TensorBoard's logs, below which every model has its own.
        start_from: folder of trained weights; they are only refined, and averaged with what becomes of them.
    """

    checkpoints: Path
    resume: bool = False
    tensorboard: Path | None = None
    start_from: Path | None = None


def train(
    mnist: Mnist, ink: PenStrokes, settings: Settings, records: RunFiles, name: str = SHIPPED
) -> tuple[keras.Model, TrainingReport]:
    """Train a network on augmented MNIST, drawings and what is no digit; or on MNIST as it is, if the registry says so.

    A cosine schedule with warm-up, AdamW and weights averaged over the last steps do the optimization. Of the epochs
    (of those that refine, if there are such) the one with the fewest errors on held-out digits (as they are, augmented
    once, and of held-out writers) is kept. A temperature fitted to the latter two is folded into the last layer, so
    that the logits come out calibrated. The test set is used once, for the report.

    Args:
        mnist: the data.
        ink: drawings of digits and of other characters; may be empty.
        settings: epochs, batch size and seed.
        records: where the state is kept, and what the run goes on from.
        name: a registered model that is trained by gradient descent.

    Returns:
        The network, and the report to save beside it.

    Raises:
        ArtifactError: the checkpoint is damaged, belongs to other settings or data, or would be lost by a new run; or
            the weights to start from are missing, damaged, or another network's.
    """
    keras.utils.set_random_seed(settings.seed)
    cv2.setNumThreads(1)  # one frame is too small to share between threads
    job = TrainingRun.of(mnist, ink, settings, records, name)
    if job.run.epoch < settings.epochs:
        _fit(job)
    network = job.run.load("best")
    if job.start:
        job.start.average_with(network)
    origin: Origin = {"best_epoch": job.run.best_epoch}
    if job.start:
        origin["started_from"] = job.start.report
    return network, build_report(job.judge.assess(name, network), settings.section(), job.run.history, origin)


def train_baseline(mnist: Mnist, epochs: int = 15) -> keras.Model:
    """Train the usual network in the usual way, without augmentation: what ours is compared with."""
    keras.utils.set_random_seed(0)
    network = build_baseline_cnn()
    network.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    network.fit(mnist.train.frames, mnist.train.labels, batch_size=128, epochs=epochs, verbose=0)
    return network


@dataclass(frozen=True, eq=False, slots=True)
class _InitialWeights:
    """Trained weights that a run goes on from, and what is to be known of their own training."""

    weights: list[NDArray[np.float32]]
    report: StartedFrom

    @classmethod
    def load(cls, folder: Path) -> _InitialWeights:
        network, report = load_network(folder), load_report(folder)
        last = network.get_layer("logits")
        temperature = report["calibration"]["temperature"]  # is folded into the last layer
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

    def average_with(self, network: keras.Model) -> None:
        """Take a refined network half the way back, where it keeps what it knew and still has learned the new.

        Wortsman et al. 2022 (Robust fine-tuning of zero-shot models, arXiv 2109.01903) average the weights so.
        """
        ends = zip(self.weights, network.get_weights(), strict=True)
        network.set_weights([(before + after) / 2 for before, after in ends])

    def load_into(self, network: keras.Model) -> None:
        """Set the weights of a network of the same build."""
        try:
            network.set_weights(self.weights)
        except ValueError as error:
            raise ArtifactError(
                f"The weights to start from are another network's. Expected those of {network.name}. "
                f"Received: {error!r:.120}."
            ) from error


@dataclass(frozen=True, eq=False, slots=True)
class TrainingRun:
    """All that a run works with."""

    name: str
    lessons: TrainingSampler
    judge: HeldOutSets
    settings: Settings
    run: CheckpointStore
    logs: Path | None
    start: _InitialWeights | None

    @classmethod
    def of(cls, mnist: Mnist, ink: PenStrokes, settings: Settings, records: RunFiles, name: str) -> TrainingRun:
        identity = {**settings.section(), "data": mnist.sha256, "ink": ink.files}
        started = _InitialWeights.load(records.start_from) if records.start_from else None
        if started:
            identity |= {"started_from": started.report["weights_sha256"]}
        if name != SHIPPED:
            identity |= {"model": name}
        start = CheckpointStore.resume if records.resume else CheckpointStore.start
        lessons = (
            TrainingSampler.of(mnist.train, ink.train)
            if MODELS[name].learns_from_strokes
            else TrainingSampler.plain(mnist.train)
        )
        logs = records.tensorboard and records.tensorboard / name
        return cls(
            name, lessons, HeldOutSets(mnist, ink), settings, start(records.checkpoints, identity), logs, started
        )

    @property
    def spec(self) -> ModelSpec:
        """The model's entry in the registry."""
        return MODELS[self.name]


@dataclass(frozen=True, slots=True)
class _Phase:
    """Epochs with a learning-rate schedule of their own."""

    epochs: range
    rate: float
    augmentation: float


class _EveryEpoch(keras.callbacks.Callback):  # type: ignore[misc]
    """After each epoch: measure the averaged network on held-out digits, keep the state, say how it goes."""

    def __init__(self, job: TrainingRun, augmentation: float) -> None:
        super().__init__()
        self._job, self._augmentation = job, augmentation
        self._averaged = build(job.name)
        self._began = time.monotonic()

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self._began = time.monotonic()
        # A saved network forgets how far its dropout's random numbers have come: seed and epoch decide them instead.
        for variable in self.model.non_trainable_variables:
            if variable.path.endswith("seed_generator_state"):
                variable.assign([self._job.settings.seed, epoch << 20])

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        run = self._job.run
        self._average()
        logs = logs or {}
        row: CurveRow = {
            "accuracy": float(logs["accuracy"]),
            "loss": float(logs["loss"]),
            **self._job.judge.measure(self._averaged),
            "augmentation": self._augmentation,
            "seconds": time.monotonic() - self._began,
        }
        run.save(self.model, self._averaged, row)
        if self._job.logs:
            write_logs(self._job.logs, run.epoch, {**row, "learning_rate": float(self.model.optimizer.learning_rate)})
        left = row["seconds"] * (self._job.settings.epochs - run.epoch) / 60
        print(
            f"epoch {run.epoch}/{self._job.settings.epochs}: held-out accuracy {row['held_out_accuracy']:.2%}, "
            f"all kinds of hands {1 - row['held_out_errors']:.2%}, about {left:.0f} min left",
            flush=True,
        )

    def _average(self) -> None:
        """Copy the optimizer's averaged weights, and the batch statistics as they stand, into the second network."""
        self.model.optimizer.finalize_variable_values(self._averaged.trainable_variables)
        for mine, theirs in zip(
            self._averaged.non_trainable_variables, self.model.non_trainable_variables, strict=True
        ):
            mine.assign(theirs)


def write_logs(folder: Path, epoch: int, row: Mapping[str, object]) -> None:
    """Write an epoch's figures where TensorBoard reads them."""
    with tf.summary.create_file_writer(str(folder)).as_default(step=epoch):
        for name, value in row.items():
            tf.summary.scalar(name, value)


@keras.saving.register_keras_serializable("digits")  # the checkpoint names it
class _DigitAccuracy(keras.metrics.Mean):  # type: ignore[misc]
    """Accuracy over the frames that are digits: those whose target names one."""

    def update_state(self, y_true: tf.Tensor, y_pred: tf.Tensor, sample_weight: object = None) -> None:
        right = tf.argmax(y_true, axis=-1) == tf.argmax(y_pred, axis=-1)
        super().update_state(tf.cast(right, "float32"), tf.reduce_max(y_true, axis=-1) > 0.5)


def _fit(job: TrainingRun) -> None:
    """Train, then refine the best network so far with less augmentation (He et al. 2019, arXiv 1909.09148)."""
    epochs, rate = job.settings.epochs, job.spec.learning_rate
    if not job.spec.learns_from_strokes:
        _fit_phase(job, _Phase(range(epochs), rate, augmentation=0.0))
        return
    main = 0 if job.start else epochs - round(epochs * _REFINED)
    for phase in (
        _Phase(range(main), rate, augmentation=1.0),
        _Phase(range(main, epochs), rate * _REFINING_RATE, REFINING_AUGMENTATION),
    ):
        if job.run.epoch < phase.epochs.stop:
            _fit_phase(job, phase)


def _fit_phase(job: TrainingRun, phase: _Phase) -> None:
    run, lessons, settings = job.run, job.lessons, job.settings
    steps = ceil(len(lessons) / settings.batch_size)
    if run.epoch > phase.epochs.start:
        network = run.load("last")
    else:
        network = _compile(_build(job), steps * len(phase.epochs), phase.rate, job.spec.weight_decay)
        if run.epoch:
            network.set_weights(run.load("best").get_weights())
        elif job.start:
            job.start.load_into(network)
    targets = tf.TensorSpec((None, 28, 28), tf.uint8), tf.TensorSpec((None, 10), tf.float32)
    batches = tf.data.Dataset.from_generator(
        lambda: lessons.batches(settings.seed, run.epoch, settings.batch_size, phase.augmentation),
        output_signature=targets,
    )
    with _stop_after_a_batch() as stop:
        network.fit(
            batches.prefetch(4),
            epochs=phase.epochs.stop,
            initial_epoch=run.epoch,
            steps_per_epoch=steps,
            shuffle=False,  # the batches come in their order
            callbacks=[_EveryEpoch(job, phase.augmentation), stop],
            verbose=1 if os.isatty(1) else 2,
        )


@contextmanager
def _stop_after_a_batch() -> Iterator[keras.callbacks.Callback]:
    """Have Ctrl-C raise KeyboardInterrupt after a batch; in the midst of one, TensorFlow now and then swallows it.

    Pressed twice, it acts at once, as ever. Where it is ignored, as by what runs in the background, it stays so.
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


def _build(job: TrainingRun) -> keras.Model:
    keras.config.set_dtype_policy("mixed_bfloat16" if job.settings.bfloat16 else "float32")
    try:
        return build(job.name)
    finally:
        keras.config.set_dtype_policy("float32")


def _compile(network: keras.Model, steps: int, rate: float, weight_decay: float) -> keras.Model:
    warm_up = max(round(_WARM_UP * steps), 1)
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0, max(steps - warm_up, 1), warmup_target=rate, warmup_steps=warm_up
    )
    optimizer = keras.optimizers.AdamW(
        schedule, weight_decay=weight_decay, use_ema=True, ema_momentum=1 - 1 / max(_AVERAGED * steps, 2)
    )
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    network.compile(optimizer, loss, metrics=[_DigitAccuracy(name="accuracy")])
    return network
