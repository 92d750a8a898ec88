"""A trained network in the formats of other programs: each is loaded again and compared before it gets its name."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from model.classifiers.runtime import compile_predict, freeze
from model.data.mnist import LabeledFrames, load_mnist
from model.data.stroke_templates import draw_digits
from model.errors import DatasetError, ExportError
from model.reading import Predict

_WEIGHTS = ".weights.h5"
_INT8 = "-int8.tflite"
_COMPARED = 1000
_CALIBRATING = 300
_LOGITS_OFF = 1e-3  # in float32 sums may come in another order, and nothing else may differ
_ACCURACY_LOST = 0.02  # at most, by eight-bit numbers


@dataclass(frozen=True, eq=False, slots=True)
class Digits:
    """What an exported network is compared on.

    Attributes:
        name: where they come from.
        compared: up to 1,000 digits that no network is trained on.
        calibrating: (n, 28, 28) uint8, other ones, from which eight-bit numbers take their ranges.
    """

    name: str
    compared: LabeledFrames
    calibrating: NDArray[np.uint8]

    @classmethod
    def load(cls) -> Digits:
        """MNIST's, where it can be had, otherwise digits that our own code draws."""
        try:
            mnist = load_mnist()
        except DatasetError:
            rng = np.random.default_rng(0)
            return cls("drawn digits", draw_digits(_COMPARED, rng), draw_digits(_CALIBRATING, rng).frames)
        return cls("MNIST test digits", mnist.test[:_COMPARED], mnist.train.frames[:_CALIBRATING])


@dataclass(frozen=True, slots=True)
class ParityCheck:
    """How an exported file, loaded again, reads beside the original.

    Attributes:
        path: the file or folder.
        size: bytes.
        digits: what they were compared on, and how many: `n`.
        logits_off: the largest difference of two logits.
        changed: digits that are read as another one.
        accuracies: of the original and of the exported one, 0-1.
    """

    path: Path
    size: int
    digits: str
    n: int
    logits_off: float
    changed: int
    accuracies: tuple[float, float]

    @property
    def accuracy_lost(self) -> float:
        """0-1; below 0 if the exported one happens to be better."""
        return self.accuracies[0] - self.accuracies[1]

    def __str__(self) -> str:
        before, after = self.accuracies
        return (
            f"{self.path} ({self.size / 1e6:.2f} MB): {self.changed} of {self.n:,} {self.digits} read differently, "
            f"accuracy {after:.2%} after {before:.2%} ({100 * self.accuracy_lost:.2f} points lost), "
            f"logits off by at most {self.logits_off:.2g}."
        )


Write = Callable[[keras.Model, Path, NDArray[np.uint8]], dict[Path, Predict]]
"""Writes a network to a path, and other files beside it; returns what was written, loaded again."""


def export(network: keras.Model, form: str, output: Path) -> list[ParityCheck]:
    """Export a network.

    The files are written and compared in a hidden folder beside their place, and get their names when all is well.

    Args:
        network: (n, 28, 28) uint8 frames in, (n, 10) logits out.
        form: one of FORMATS.
        output: the file's name, with the format's ending; for `savedmodel` a folder's.

    Returns:
        How each exported file reads beside the original.

    Raises:
        ExportError: `output` is no place for it, or what was written reads in another way. Nothing is left behind.
    """
    names = _check(form, output)
    digits = Digits.load()
    try:
        with tempfile.TemporaryDirectory(prefix=".half-", dir=output.parent) as half:
            written = FORMATS[form].write(network, Path(half) / output.name, digits.calibrating)
            compared = [_compare(network, path, predict, digits) for path, predict in written.items()]
            for name in names:
                (Path(half) / name).rename(output.parent / name)
    except OSError as error:
        raise ExportError(
            f"The network cannot be written. Expected a folder with room that can be written to. "
            f"Received: {output.parent} ({error.strerror or error!r:.120})."
        ) from error
    return [replace(comparison, path=output.parent / comparison.path.name) for comparison in compared]


def _check(form: str, output: Path) -> list[str]:
    """The names of the files to come, none of which may be there."""
    suffix = FORMATS[form].suffixes[0]
    if not output.name.endswith(suffix) or output.name in ("", suffix):
        raise ExportError(
            f"This is no name for the export. Expected a path that ends like digits{suffix}. Received: {output}."
        )
    if not output.parent.is_dir():
        raise ExportError(
            f"There is nowhere to export to. Expected a folder. Received: {output.parent}, which is none."
        )
    names = [output.name.removesuffix(suffix) + other for other in FORMATS[form].suffixes]
    for name in names:
        if (output.parent / name).exists():
            raise ExportError(
                f"Nothing is replaced. Expected a name that is free. Received: {output.parent / name}, which exists."
            )
    return names


def _compare(network: keras.Model, path: Path, predict: Predict, digits: Digits) -> ParityCheck:
    frames, labels = digits.compared.frames, digits.compared.labels
    before, after = compile_predict(network)(frames), predict(frames)
    was, reads = before.argmax(axis=1), after.argmax(axis=1)
    comparison = ParityCheck(
        path=path,
        size=sum(file.stat().st_size for file in (path.rglob("*") if path.is_dir() else [path]) if file.is_file()),
        digits=digits.name,
        n=len(labels),
        logits_off=float(np.abs(before - after).max()),
        changed=int((was != reads).sum()),
        accuracies=(float((was == labels).mean()), float((reads == labels).mean())),
    )
    is_exact = comparison.logits_off <= _LOGITS_OFF
    if not (comparison.accuracy_lost <= _ACCURACY_LOST if path.name.endswith(_INT8) else is_exact):
        raise ExportError(
            f"What was exported reads in another way, and was thrown away. Expected logits within {_LOGITS_OFF} of the "
            f"original's, or {_ACCURACY_LOST:.0%} fewer right in eight-bit numbers. Received: {comparison}"
        )
    return comparison


def _write_keras(network: keras.Model, path: Path, _: NDArray[np.uint8]) -> dict[Path, Predict]:
    network.save(path)
    return {path: compile_predict(keras.models.load_model(path, compile=False))}


def _write_h5(network: keras.Model, path: Path, _: NDArray[np.uint8]) -> dict[Path, Predict]:
    """Operations that are no layers, as the cosine of `svm`, are unknown to HDF5: who loads it has to name them."""
    network.save(path)
    unknown = {type(part).__name__: type(part) for part in network.operations if not isinstance(part, keras.Layer)}
    return {path: compile_predict(keras.models.load_model(path, custom_objects=unknown, compile=False))}


def _write_json(network: keras.Model, path: Path, _: NDArray[np.uint8]) -> dict[Path, Predict]:
    weights = path.with_name(path.name.removesuffix(".json") + _WEIGHTS)
    path.write_text(network.to_json(indent=1) + "\n", encoding="utf-8")
    network.save_weights(weights)
    again = keras.models.model_from_json(path.read_text(encoding="utf-8"))
    again.load_weights(weights)
    return {weights: compile_predict(again)}


def _write_savedmodel(network: keras.Model, path: Path, _: NDArray[np.uint8]) -> dict[Path, Predict]:
    network.export(path, verbose=False)
    again = tf.saved_model.load(path)
    return {path: lambda frames: np.asarray(again.serve(frames))}


def _write_tflite(network: keras.Model, path: Path, calibrating: NDArray[np.uint8]) -> dict[Path, Predict]:
    """In 32-bit floats, and beside it in eight-bit integers, whose ranges come from the calibrating digits."""
    small = path.with_name(path.name.removesuffix(".tflite") + _INT8)
    path.write_bytes(_converter(network).convert())
    converter = _converter(network)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([frame[None]] for frame in calibrating)
    small.write_bytes(converter.convert())
    return {file: _as_lite_predict(file) for file in (path, small)}


def _converter(network: keras.Model) -> tf.lite.TFLiteConverter:
    """A converter for single frames. The module that it asks for would hold variables: a frozen network has none."""
    return tf.lite.TFLiteConverter.from_concrete_functions([freeze(network, n=1)], tf.Module())


def _as_lite_predict(path: Path) -> Predict:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # TensorFlow 2.21 still has this interpreter, and advertises its successor
        lite = tf.lite.Interpreter(model_content=path.read_bytes())
    lite.allocate_tensors()
    into, out = lite.get_input_details()[0]["index"], lite.get_output_details()[0]["index"]

    def predict(frames: NDArray[np.uint8]) -> NDArray[np.float32]:
        logits = np.empty((len(frames), 10), np.float32)
        for i, frame in enumerate(frames):
            lite.set_tensor(into, frame[None])
            lite.invoke()
            logits[i] = lite.get_tensor(out)[0]
        return logits

    return predict


@dataclass(frozen=True, slots=True)
class ExportFormat:
    """A format: endings of the files that it consists of, the named one first, and what writes them."""

    suffixes: tuple[str, ...]
    write: Write


FORMATS = {
    "keras": ExportFormat((".keras",), _write_keras),
    "h5": ExportFormat((".h5",), _write_h5),
    "json": ExportFormat((".json", _WEIGHTS), _write_json),
    "savedmodel": ExportFormat(("",), _write_savedmodel),
    "tflite": ExportFormat((".tflite", _INT8), _write_tflite),
}
"""Keras's own format; its older HDF5 file; architecture with weights beside it; SavedModel; TensorFlow Lite."""
