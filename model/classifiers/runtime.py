"""Serve a model: load its LiteRT file and its thresholds as a classifier that threads may share."""

from __future__ import annotations

import logging
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from model.classifiers.inputs import FORMS
from model.classifiers.registry import LITE_FILE, SHIPPED_STROKES, Input
from model.classifiers.report import find_file, load_report
from model.errors import ArtifactError
from model.reading import Predict

_log = logging.getLogger(__name__)

_SHARES = min(os.cpu_count() or 1, 4)  # of a large batch: each has an interpreter with its own copy of the weights
_SPLIT_FROM = 16  # digits: to split a smaller batch costs more than it saves


@dataclass(frozen=True, eq=False, slots=True)
class Classifier:
    """A loaded network and the thresholds that were chosen for it.

    Attributes:
        predict: (n, 28, 28) uint8 frames -> (n, 10) float32 calibrated logits.
        threshold: 0-1, the least confidence at which a drawing is accepted.
        line_threshold: 0-1, the least confidence at which a glyph in a line of digits is accepted.
    """

    predict: Predict
    threshold: float = 0.5
    line_threshold: float = 0.5


@dataclass(frozen=True, eq=False, slots=True)
class StrokeClassifier:
    """A loaded stroke network, and how it reads drawings together with the network that sees their frames.

    Attributes:
        predict: (n, 64, 8) float32 paths -> (n, 10) float32 calibrated logits.
        frame_weight: of the other network's logits in the sum, above 0.
        path_weight: of this network's logits in the sum, above 0.
        threshold: 0-1, the least confidence at which a drawing is accepted.
        line_threshold: 0-1, the least confidence at which a drawn digit in a line of digits is accepted.
    """

    predict: Predict
    frame_weight: float = 0.5
    path_weight: float = 0.5
    threshold: float = 0.5
    line_threshold: float = 0.5


def load_classifier(folder: Path) -> Classifier:
    """Load the classifier of a weights folder, without TensorFlow, and warm it up.

    Raises:
        ArtifactError: the LiteRT file or the report is missing or damaged, or they do not belong together.
    """
    report = load_report(folder)
    predict = load_lite(find_file(folder, report, LITE_FILE))
    threshold = report["calibration"]["threshold"]
    return Classifier(predict, threshold, report["calibration"].get("line_threshold", threshold))


def load_stroke_classifier(folder: Path, frame_folder: Path) -> StrokeClassifier | None:
    """Load the stroke network of a weights folder, without TensorFlow, and warm it up.

    Args:
        folder: of the stroke network.
        frame_folder: of the network that it reads drawings with.

    Returns:
        None, with a warning in the log, if the pair was calibrated for other weights than those in `frame_folder`:
        they may have been trained since.

    Raises:
        ArtifactError: the LiteRT file or a report is missing or damaged, or they do not belong together.
    """
    report = load_report(folder)
    expected, pair = load_report(frame_folder)["weights_sha256"], report.get("pair")
    received = pair["weights_sha256"] if pair else "none"
    if not pair or received != expected:
        _log.warning(
            "Drawings are read without the stroke network in %s. Expected a pair with %s…, the network in %s. "
            "Received: %s…. To pair them: python train_model.py --model %s --resume",
            *(folder, expected[:12], frame_folder, received[:12], SHIPPED_STROKES),
        )
        return None
    predict = load_lite(find_file(folder, report, LITE_FILE), Input.PATH)
    threshold = pair["threshold"]
    line_threshold = pair.get("line_threshold", threshold)
    return StrokeClassifier(predict, pair["frame_weight"], pair["path_weight"], threshold, line_threshold)


def load_lite(path: Path, kind: Input = Input.FRAME) -> Predict:
    """Load a network that sees frames, or paths, from a LiteRT file, and warm it up.

    Returns:
        (n, 28, 28) uint8 frames or (n, 64, 8) float32 paths -> (n, 10) float32 logits; threads may share it.

    Raises:
        ArtifactError: the file is not LiteRT's, or holds another kind of network.
    """
    try:
        network = _Network(path.read_bytes())
    except (ValueError, RuntimeError) as error:
        raise ArtifactError(
            f"The weights cannot be loaded. Expected a LiteRT model in {path}. Received: {error!r:.200}."
        ) from error
    form = FORMS[kind]
    expected = (form.dtype, (1, *form.shape)), ("float32", (1, 10))
    if network.forms != expected:
        raise ArtifactError(
            f"{path} is another network. Expected a {kind} {expected[0]} in, logits {expected[1]} out. "
            f"Received: {network.forms}."
        )
    network.predict(form.zeros())
    return network.predict


class _Network:
    """A network as LiteRT runs it, one digit at a time.

    An interpreter serves one thread at a time, and lets other threads go on while it computes. Large batches are split
    among interpreters of their own, so that a drawing that is read beside a photo does not wait for the photo's digits.
    """

    def __init__(self, content: bytes) -> None:
        self._few, self._many = _Stock(content, 1), _Stock(content, _SHARES)
        self.forms = self._few.forms

    def predict(self, inputs: NDArray[Any]) -> NDArray[np.float32]:
        """Compute (n, 10) float32 logits for n digits."""
        if len(inputs) < _SPLIT_FROM:
            return self._few.predict(inputs)
        with ThreadPoolExecutor(_SHARES) as threads:
            return np.concatenate(list(threads.map(self._many.predict, np.array_split(inputs, _SHARES))))


class _Stock:
    """Interpreters of the same network; a thread waits for one that is free."""

    def __init__(self, content: bytes, n: int) -> None:
        interpreters = [_Interpreter(content) for _ in range(n)]
        self.forms = interpreters[0].forms
        self._free: SimpleQueue[_Interpreter] = SimpleQueue()
        for each in interpreters:
            self._free.put(each)

    def predict(self, inputs: NDArray[Any]) -> NDArray[np.float32]:
        """Compute (n, 10) float32 logits for n digits, one after the other."""
        interpreter = self._free.get()
        try:
            return np.array([interpreter.run(digit) for digit in inputs], np.float32).reshape(-1, 10)
        finally:
            self._free.put(interpreter)


class _Interpreter:
    """LiteRT's interpreter of a network with one input and one output, whose places it looks up only once."""

    def __init__(self, content: bytes) -> None:
        self._interpreter = Interpreter(model_content=content, num_threads=1)
        self._interpreter.allocate_tensors()
        tensors = [*self._interpreter.get_input_details(), *self._interpreter.get_output_details()]
        self.forms = tuple((np.dtype(each["dtype"]).name, tuple(map(int, each["shape"]))) for each in tensors)
        self._input, self._output = tensors[0]["index"], tensors[-1]["index"]

    def run(self, digit: NDArray[Any]) -> NDArray[np.float32]:
        """Compute (10,) float32 logits for one digit."""
        self._interpreter.set_tensor(self._input, digit[None])
        self._interpreter.invoke()
        return np.asarray(self._interpreter.get_tensor(self._output)[0])
