"""The fit loop: augmented batches in, the best averaged network and its report out."""

from __future__ import annotations

import json
import os
import platform
import shutil
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from math import ceil
from pathlib import Path
from typing import Any

import cv2
import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from model.artifacts import Report
from model.augmentation import augment
from model.batches import NOT_DIGITS, Lessons
from model.dataset import Drawing, Ink, Mnist, Samples
from model.errors import ArtifactError
from model.evaluation import auroc, choose_threshold, evaluate, fit_temperature
from model.framing import frame_glyph
from model.network import build_cnn, build_usual_cnn
from model.reading import Frame, softmax
from model.strokes import ink_digit

_LEARNING_RATE = 2e-3
_REFINED = 0.37  # share of the epochs that refine …
_REFINING_RATE = 5e-4
_REFINING_AUGMENTATION = 0.4  # … on digits closer to MNIST's own, about as far as real hands go
_WEIGHT_DECAY = 0.02
_WARM_UP = 0.05  # share of all steps in which the learning rate rises
_AVERAGED = 0.05  # share of all steps that the averaged weights look back on


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run is defined by: the same settings and data give the same history, up to rounding.

    `bfloat16` computes in half the bits with float32 weights: 1.6 times as fast on CPUs with AVX512-BF16 or AMX, slower
    on others.
    """

    epochs: int
    batch_size: int = 128
    seed: int = 0
    bfloat16: bool = False


def train(
    mnist: Mnist, ink: Ink, settings: Settings, checkpoints: Path, *, resume: bool = False
) -> tuple[keras.Model, Report]:
    """Train the network on augmented MNIST, on drawings, and on what is no digit.

    A cosine schedule with warm-up, AdamW and weights averaged over the last steps do the optimization. Of the epochs
    that refine, the one with the fewest errors on held-out digits (as they are, augmented once, and of held-out
    writers) is kept. A temperature fitted to the same digits is folded into the last layer, so that the logits come out
    calibrated. The test set is used once, for the report.

    Args:
        mnist: the data.
        ink: drawings of digits and of other characters; may be empty.
        settings: epochs, batch size and seed.
        checkpoints: folder that holds the state after each epoch.
        resume: go on from the last checkpoint, if there is one.

    Returns:
        The network, and the report to save beside it.

    Raises:
        ArtifactError: the checkpoint is damaged, belongs to other settings or data, or would be lost by a new run.
    """
    keras.utils.set_random_seed(settings.seed)
    cv2.setNumThreads(1)  # one frame is too small to share between threads
    identity = asdict(settings) | {"data": mnist.sha256, "ink": ink.files}
    run = _Run.resume(checkpoints, identity) if resume else _Run.start(checkpoints, identity)
    lessons = Lessons.of(mnist.train, ink.train)
    held_out = _HeldOut(Lessons.of(mnist.held_out, ink.held_out))
    if run.epoch < settings.epochs:
        _fit(run, lessons, held_out, settings)
    network = run.load("best")
    return network, _report(network, run, (mnist, ink, lessons), held_out, settings)


def train_usual(mnist: Mnist, epochs: int = 15) -> keras.Model:
    """Train the usual network in the usual way, without augmentation: what ours is compared with."""
    keras.utils.set_random_seed(0)
    network = build_usual_cnn()
    network.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    network.fit(mnist.train.frames, mnist.train.labels, batch_size=128, epochs=epochs, verbose=0)
    return network


class _HeldOut:
    """Held-out digits as they are, augmented once as far as real hands go, and drawn; and what is no digit."""

    def __init__(self, lessons: Lessons) -> None:
        rng = np.random.default_rng(0)  # the same for every run, so that runs can be compared
        clean = lessons.mnist
        hands = np.stack([augment(frame, rng, _REFINING_AUGMENTATION) for frame in clean.frames])
        self._sets = {"held_out": clean, "held_out_augmented": Samples(hands, clean.labels)}
        if lessons.digits:
            self._sets["held_out_ink"] = _as_samples(lessons.digits)
        made = [lessons.draw_other(rng, _REFINING_AUGMENTATION) for _ in range(ceil(len(clean) / NOT_DIGITS))]
        self._not_digits = np.stack(made + [_frame(other) for other in lessons.others])

    def measure(self, network: keras.Model) -> dict[str, float]:
        """Accuracy on each set of held-out digits, and the mean share of errors."""
        accuracies = {
            f"{name}_accuracy": float((_logits(network, digits.frames).argmax(axis=1) == digits.labels).mean())
            for name, digits in self._sets.items()
        }
        return accuracies | {"held_out_errors": 1 - sum(accuracies.values()) / len(accuracies)}

    def calibrate(self, network: keras.Model) -> dict[str, float]:
        """Fold the best temperature into the network's last layer, and choose the threshold for what is accepted."""
        hands = [digits for name, digits in self._sets.items() if name != "held_out"]
        frames, labels = (np.concatenate([getattr(digits, name) for digits in hands]) for name in ("frames", "labels"))
        temperature = fit_temperature(_logits(network, frames), labels)
        last = network.get_layer("logits")
        last.set_weights([weights / temperature for weights in last.get_weights()])
        probabilities = softmax(_logits(network, frames))
        confidence = probabilities.max(axis=1)
        others = softmax(_logits(network, self._not_digits)).max(axis=1)
        threshold = choose_threshold(confidence, probabilities.argmax(axis=1) == labels, others)
        return {
            "temperature": temperature,
            "threshold": threshold,
            "digits_accepted": float((confidence >= threshold).mean()),
            "not_digits_accepted": float((others >= threshold).mean()),
            "auroc": auroc(confidence, others),
        }


def _as_samples(drawings: list[Drawing]) -> Samples:
    labels = np.array([drawing.label for drawing in drawings], np.uint8)
    return Samples(np.stack([_frame(drawing) for drawing in drawings]), labels)


def _frame(drawing: Drawing) -> Frame:
    """The frame that the reader makes of a drawing."""
    framing = frame_glyph(ink_digit(drawing.strokes))
    assert framing is not None, "strokes leave ink"
    return framing.frame


@dataclass(slots=True)
class _Run:
    """The state of a run: after each epoch one folder `epoch-N`, so that a crash leaves the last one whole."""

    checkpoints: Path
    identity: dict[str, Any]
    history: list[dict[str, float]]

    @classmethod
    def start(cls, checkpoints: Path, identity: dict[str, Any]) -> _Run:
        """A new run, in place of a finished one; an unfinished one is not thrown away."""
        if old := cls._last(checkpoints):
            if old.epoch < old.identity["epochs"]:
                raise ArtifactError(
                    f"{checkpoints} holds an unfinished run. Expected --resume, or another folder by --checkpoints. "
                    f"Received: neither, and {old.epoch} of {old.identity['epochs']} epochs done in {old.folder}."
                )
            shutil.rmtree(old.folder)
        return cls(checkpoints, identity, [])

    @classmethod
    def resume(cls, checkpoints: Path, identity: dict[str, Any]) -> _Run:
        """The run in the folder; a new one if there is none."""
        old = cls._last(checkpoints)
        if old and old.identity != identity:
            raise ArtifactError(
                f"The checkpoint in {old.folder} is of another run. Expected {identity}. Received: {old.identity}."
            )
        return old or cls(checkpoints, identity, [])

    @classmethod
    def _last(cls, checkpoints: Path) -> _Run | None:
        states = sorted(checkpoints.glob("epoch-*/state.json"))
        if not states:
            return None
        try:
            state = json.loads(states[-1].read_text(encoding="utf-8"))
            return cls(checkpoints, state["identity"], state["history"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            message = f"The checkpoint is damaged. Expected a run's state in {states[-1]}. Received: {error!r:.120}."
            raise ArtifactError(message) from error

    @property
    def epoch(self) -> int:
        """Epochs done."""
        return len(self.history)

    @property
    def folder(self) -> Path:
        return self.checkpoints / f"epoch-{self.epoch:04d}"

    def load(self, name: str) -> keras.Model:
        """The `last` network, with its optimizer, or the `best` one so far."""
        path = self.folder / f"{name}.keras"
        try:
            return keras.models.load_model(path)
        except Exception as error:  # Keras raises many kinds for a file that it cannot read
            message = f"The checkpoint is damaged. Expected a network in {path}. Received: {error!r:.120}."
            raise ArtifactError(message) from error

    def _rivals(self, row: dict[str, float]) -> list[dict[str, float]]:
        """Epochs of the same phase: one that was still to be refined may be ahead by luck, but is not what we ship."""
        return [old for old in self.history if old["augmentation"] == row["augmentation"]]

    @property
    def best_epoch(self) -> int:
        """The epoch whose network is kept as the best one: the last of equals."""
        rivals = self._rivals(self.history[-1])
        errors = [row["held_out_errors"] for row in rivals]
        return self.epoch - errors[::-1].index(min(errors))

    def keep(self, network: keras.Model, averaged: keras.Model, row: dict[str, float]) -> None:
        """Write the state after one more epoch; the folder gets its name when it is complete."""
        previous, half = self.folder, self.checkpoints / "half"
        shutil.rmtree(half, ignore_errors=True)
        half.mkdir(parents=True)
        network.save(half / "last.keras")
        if all(row["held_out_errors"] <= old["held_out_errors"] for old in self._rivals(row)):
            averaged.save(half / "best.keras")
        else:
            shutil.copy(previous / "best.keras", half)
        self.history.append(row)
        state = {"identity": self.identity, "history": self.history}
        (half / "state.json").write_text(json.dumps(state, indent=1), encoding="utf-8")
        half.rename(self.folder)
        shutil.rmtree(previous, ignore_errors=True)


class _EveryEpoch(keras.callbacks.Callback):  # type: ignore[misc]
    """After each epoch: measure the averaged network on held-out digits, keep the state, say how it goes."""

    def __init__(self, run: _Run, held_out: _HeldOut, settings: Settings, augmentation: float) -> None:
        super().__init__()
        self._run, self._held_out, self._epochs, self._seed = run, held_out, settings.epochs, settings.seed
        self._augmentation = augmentation
        self._averaged = build_cnn()
        self._began = time.monotonic()

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self._began = time.monotonic()
        # A saved network forgets how far its dropout's random numbers have come: seed and epoch decide them instead.
        for variable in self.model.non_trainable_variables:
            if variable.path.endswith("seed_generator_state"):
                variable.assign([self._seed, epoch << 20])

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self._average()
        row = {name: float(value) for name, value in (logs or {}).items()} | self._held_out.measure(self._averaged)
        row |= {"augmentation": self._augmentation, "seconds": time.monotonic() - self._began}
        self._run.keep(self.model, self._averaged, row)
        left = row["seconds"] * (self._epochs - self._run.epoch) / 60
        print(
            f"epoch {self._run.epoch}/{self._epochs}: held-out accuracy {row['held_out_accuracy']:.2%}, "
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


@keras.saving.register_keras_serializable("digits")  # the checkpoint names it
class _DigitAccuracy(keras.metrics.Mean):  # type: ignore[misc]
    """Accuracy over the frames that are digits: those whose target names one."""

    def update_state(self, y_true: tf.Tensor, y_pred: tf.Tensor, sample_weight: object = None) -> None:
        right = tf.argmax(y_true, axis=-1) == tf.argmax(y_pred, axis=-1)
        super().update_state(tf.cast(right, "float32"), tf.reduce_max(y_true, axis=-1) > 0.5)


@dataclass(frozen=True, slots=True)
class _Phase:
    """Epochs with a learning-rate schedule of their own."""

    epochs: range
    rate: float
    augmentation: float


def _fit(run: _Run, lessons: Lessons, held_out: _HeldOut, settings: Settings) -> None:
    """Train, then refine the best network so far with less augmentation (He et al. 2019, arXiv 1909.09148)."""
    main = settings.epochs - round(settings.epochs * _REFINED)
    for phase in (
        _Phase(range(main), _LEARNING_RATE, augmentation=1.0),
        _Phase(range(main, settings.epochs), _REFINING_RATE, _REFINING_AUGMENTATION),
    ):
        if run.epoch < phase.epochs.stop:
            _fit_phase(run, lessons, held_out, settings, phase)


def _fit_phase(run: _Run, lessons: Lessons, held_out: _HeldOut, settings: Settings, phase: _Phase) -> None:
    steps = ceil(len(lessons) / settings.batch_size)
    if run.epoch > phase.epochs.start:
        network = run.load("last")
    else:
        network = _compile(_build(settings), steps * len(phase.epochs), phase.rate)
        if run.epoch:
            network.set_weights(run.load("best").get_weights())
    targets = tf.TensorSpec((None, 28, 28), tf.uint8), tf.TensorSpec((None, 10), tf.float32)
    batches = tf.data.Dataset.from_generator(
        lambda: lessons.batches(settings.seed, run.epoch, settings.batch_size, phase.augmentation),
        output_signature=targets,
    )
    network.fit(
        batches.prefetch(4),
        epochs=phase.epochs.stop,
        initial_epoch=run.epoch,
        steps_per_epoch=steps,
        shuffle=False,  # the batches come in their order
        callbacks=[_EveryEpoch(run, held_out, settings, phase.augmentation)],
        verbose=1 if os.isatty(1) else 2,
    )


def _build(settings: Settings) -> keras.Model:
    keras.config.set_dtype_policy("mixed_bfloat16" if settings.bfloat16 else "float32")
    try:
        return build_cnn()
    finally:
        keras.config.set_dtype_policy("float32")


def _compile(network: keras.Model, steps: int, rate: float) -> keras.Model:
    warm_up = max(round(_WARM_UP * steps), 1)
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0, max(steps - warm_up, 1), warmup_target=rate, warmup_steps=warm_up
    )
    optimizer = keras.optimizers.AdamW(
        schedule, weight_decay=_WEIGHT_DECAY, use_ema=True, ema_momentum=1 - 1 / max(_AVERAGED * steps, 2)
    )
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    network.compile(optimizer, loss, metrics=[_DigitAccuracy(name="accuracy")])
    return network


def _logits(network: keras.Model, frames: NDArray[np.uint8]) -> NDArray[np.float32]:
    return np.asarray(network.predict(frames, batch_size=512, verbose=0))


def _processor() -> str:
    """The processor's name, where Linux tells it; else its kind."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _report(
    network: keras.Model, run: _Run, data: tuple[Mnist, Ink, Lessons], held_out: _HeldOut, settings: Settings
) -> Report:
    """Calibrate the network, and write down what it is and how it does."""
    mnist, ink, lessons = data
    measured = held_out.measure(network)
    calibration = held_out.calibrate(network)
    return {
        "model": "cnn",
        "parameters": network.count_params(),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "data": {
            "name": "MNIST; digits, letters and signs drawn by this project; the ink files named here",
            "sha256": mnist.sha256,
            "ink_sha256": ink.files,
            "trained_on": len(mnist.train),
            "held_out": len(mnist.held_out),
            "ink_digits": len(lessons.digits),
            "ink_others": len(lessons.others),
            "ink_held_out": len(ink.held_out),
        },
        "settings": asdict(settings),
        "best_epoch": run.best_epoch,
        "seconds": round(sum(row["seconds"] for row in run.history)),
        "hardware": f"{os.cpu_count()} cores, {_processor()}",
        "versions": {name: version(name) for name in ("tensorflow", "keras", "numpy", "opencv-python-headless")}
        | {"python": platform.python_version()},
        "calibration": calibration,
        "held_out": measured,
        "test": evaluate(_logits(network, mnist.test.frames), mnist.test.labels, calibration["threshold"]),
        "curve": run.history,
    }
