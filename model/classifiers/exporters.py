"""Export a trained network for other programs. Each file is loaded again and compared before it gets its name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from model.classifiers.inputs import draw_samples
from model.classifiers.networks import compile_predict, freeze, input_of
from model.classifiers.registry import Input
from model.classifiers.runtime import load_lite
from model.data.mnist import load_mnist
from model.errors import DatasetError, ExportError
from model.files import write_together
from model.reading import Predict

MAX_LOGIT_ERROR = 1e-3
"""Of the same network in two formats: float32 sums may be taken in another order; nothing else may differ."""

_WEIGHTS = ".weights.h5"
_INT8 = "-int8.tflite"
_N_COMPARED = 1000
_N_CALIBRATION = 300
_MAX_ACCURACY_LOSS = 0.02  # by eight-bit integers, 0-1


@dataclass(frozen=True, eq=False, slots=True)
class ParitySet:
    """The digits that an exported network is compared on.

    Attributes:
        name: where they come from.
        compared: up to 1,000 digits that no network is trained on, as the network sees them.
        labels: theirs, 0-9.
        calibration: other digits, which give eight-bit integers their ranges.
    """

    name: str
    compared: NDArray[Any]
    labels: NDArray[np.uint8]
    calibration: NDArray[Any]

    @classmethod
    def load(cls, kind: Input = Input.FRAME) -> ParitySet:
        """Take MNIST's frames where it is available, else digits drawn by this project's code."""
        try:
            if kind is Input.FRAME:
                mnist = load_mnist()
                test = mnist.test[:_N_COMPARED]
                return cls("MNIST test digits", test.frames, test.labels, mnist.train.frames[:_N_CALIBRATION])
        except DatasetError:
            pass
        rng = np.random.default_rng(0)
        return cls("drawn digits", *draw_samples(kind, _N_COMPARED, rng), draw_samples(kind, _N_CALIBRATION, rng)[0])


@dataclass(frozen=True, slots=True)
class ParityCheck:
    """An exported file, loaded again, compared with the original network.

    Attributes:
        path: the file or folder.
        size: bytes.
        samples: name of the digits that were compared.
        n: how many there are.
        max_logit_error: the largest absolute difference of two logits.
        changed: digits that are read differently.
        accuracies: of the original and of the exported network, 0-1.
    """

    path: Path
    size: int
    samples: str
    n: int
    max_logit_error: float
    changed: int
    accuracies: tuple[float, float]

    @property
    def accuracy_loss(self) -> float:
        """0-1; below 0 if the exported network happens to be better."""
        return self.accuracies[0] - self.accuracies[1]

    def __str__(self) -> str:
        before, after = self.accuracies
        return (
            f"{self.path} ({self.size / 1e6:.2f} MB): {self.changed} of {self.n:,} {self.samples} read differently, "
            f"accuracy {after:.2%} after {before:.2%} ({100 * self.accuracy_loss:.2f} points lost), "
            f"logits off by at most {self.max_logit_error:.2g}."
        )


Write = Callable[[keras.Model, Path, NDArray[Any]], dict[Path, Predict]]
"""(network, path, digits for calibration) -> each file written, with its `predict` after loading it again."""


def export(network: keras.Model, form: str, output: Path) -> list[ParityCheck]:
    """Export a network.

    The files are written to a hidden folder beside `output`, compared there, flushed to the disk, and then renamed.

    Args:
        network: frames or paths in, (n, 10) logits out.
        form: a name in FORMATS.
        output: path of the file, with the format's suffix; for `savedmodel`, of a new folder.

    Returns:
        A comparison with the original for each exported file.

    Raises:
        ExportError: `output` has another suffix, exists, or cannot be written to; or what was written reads
            differently. Nothing is left behind.
    """
    paths = _checked_paths(form, output)
    samples = ParitySet.load(input_of(network))
    try:
        with write_together(*paths) as partials:
            written = FORMATS[form].write(network, partials[0], samples.calibration)
            finals = dict(zip(partials, paths, strict=True))
            return [_compare(network, path, finals[path], predict, samples) for path, predict in written.items()]
    except OSError as error:
        raise ExportError(
            f"The network cannot be written. Expected a folder with room that can be written to. "
            f"Received: {output.parent} ({error.strerror or error!r:.120})."
        ) from error


def _checked_paths(form: str, output: Path) -> list[Path]:
    """Return the paths of all files of the format, none of which may exist."""
    suffix = FORMATS[form].suffixes[0]
    if not output.name.endswith(suffix) or output.name in ("", suffix):
        raise ExportError(
            f"This is no name for the export. Expected a path that ends like digits{suffix}. Received: {output}."
        )
    if not output.parent.is_dir():
        raise ExportError(
            f"There is nowhere to export to. Expected a folder. Received: {output.parent}, which is none."
        )
    paths = [output.parent / (output.name.removesuffix(suffix) + other) for other in FORMATS[form].suffixes]
    for path in paths:
        if path.exists():
            raise ExportError(f"Nothing is replaced. Expected a name that is free. Received: {path}, which exists.")
    return paths


def _compare(network: keras.Model, written: Path, path: Path, predict: Predict, samples: ParitySet) -> ParityCheck:
    labels = samples.labels
    before, after = compile_predict(network)(samples.compared), predict(samples.compared)
    read_before, read_after = before.argmax(axis=1), after.argmax(axis=1)
    files = written.rglob("*") if written.is_dir() else [written]
    comparison = ParityCheck(
        path=path,
        size=sum(file.stat().st_size for file in files if file.is_file()),
        samples=samples.name,
        n=len(labels),
        max_logit_error=float(np.abs(before - after).max()),
        changed=int((read_before != read_after).sum()),
        accuracies=(float((read_before == labels).mean()), float((read_after == labels).mean())),
    )
    is_exact = comparison.max_logit_error <= MAX_LOGIT_ERROR
    if not (comparison.accuracy_loss <= _MAX_ACCURACY_LOSS if path.name.endswith(_INT8) else is_exact):
        raise ExportError(
            "What was exported reads in another way, and was thrown away. "
            f"Expected logits within {MAX_LOGIT_ERROR} of the original's, or {_MAX_ACCURACY_LOSS:.0%} "
            f"fewer right in eight-bit numbers. Received: {comparison}"
        )
    return comparison


def _write_keras(network: keras.Model, path: Path, _: NDArray[Any]) -> dict[Path, Predict]:
    network.save(path)
    return {path: compile_predict(keras.models.load_model(path, compile=False))}


def _write_h5(network: keras.Model, path: Path, _: NDArray[Any]) -> dict[Path, Predict]:
    """Write HDF5. It does not know operations that are no layers, as the cosine of `svm`: loading has to name them."""
    network.save(path)
    unknown = {type(part).__name__: type(part) for part in network.operations if not isinstance(part, keras.Layer)}
    return {path: compile_predict(keras.models.load_model(path, custom_objects=unknown, compile=False))}


def _write_json(network: keras.Model, path: Path, _: NDArray[Any]) -> dict[Path, Predict]:
    weights = path.with_name(path.name.removesuffix(".json") + _WEIGHTS)
    path.write_text(network.to_json(indent=1) + "\n", encoding="utf-8")
    network.save_weights(weights)
    again = keras.models.model_from_json(path.read_text(encoding="utf-8"))
    again.load_weights(weights)
    return {weights: compile_predict(again)}


def _write_savedmodel(network: keras.Model, path: Path, _: NDArray[Any]) -> dict[Path, Predict]:
    network.export(path, verbose=False)
    again = tf.saved_model.load(path)
    return {path: lambda inputs: np.asarray(again.serve(inputs))}


def _write_tflite(network: keras.Model, path: Path, calibration: NDArray[Any]) -> dict[Path, Predict]:
    """Write 32-bit floats, and beside them eight-bit integers, whose ranges come from the calibration digits."""
    small = path.with_name(path.name.removesuffix(".tflite") + _INT8)
    path.write_bytes(to_lite(network))
    converter = _converter(network)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([digit[None]] for digit in calibration)
    small.write_bytes(converter.convert())
    return {file: load_lite(file, input_of(network)) for file in (path, small)}


def to_lite(network: keras.Model) -> bytes:
    """Convert a network to a LiteRT file in 32-bit floats, for one digit at a time."""
    return bytes(_converter(network).convert())


def _converter(network: keras.Model) -> tf.lite.TFLiteConverter:
    """Make a converter for single digits. The module it asks for would hold variables: a frozen network has none."""
    return tf.lite.TFLiteConverter.from_concrete_functions([freeze(network, n=1)], tf.Module())


@dataclass(frozen=True, slots=True)
class ExportFormat:
    """A format: suffixes of its files, that of the named file first, and the function that writes them."""

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
