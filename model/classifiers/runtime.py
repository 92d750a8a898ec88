"""Serve a model: its LiteRT file, the thresholds of its report, and a `predict` that many threads may share."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from model.classifiers.registry import LITE_FILE
from model.classifiers.report import verify
from model.errors import ArtifactError
from model.reading import Predict
from model.vision.framing import FRAME_SIDE

if TYPE_CHECKING:
    from ai_edge_litert.interpreter import Interpreter

_CORES = os.cpu_count() or 1
_SHARED_FROM = 16  # frames; to share fewer among threads costs more than it saves


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


def load_classifier(folder: Path) -> Classifier:
    """Load the classifier of a weights folder, and warm it up; imports no TensorFlow.

    Raises:
        ArtifactError: the LiteRT file or the report is missing, damaged, or they do not belong together.
    """
    calibration = verify(folder, LITE_FILE)["calibration"]
    threshold = calibration["threshold"]
    return Classifier(load_lite(folder / LITE_FILE).predict, threshold, calibration.get("line_threshold", threshold))


def load_lite(path: Path) -> LiteNetwork:
    """Load a network from a LiteRT file, and warm it up.

    Raises:
        ArtifactError: it is no such file, or another kind of network.
    """
    try:
        network = LiteNetwork(path.read_bytes())
        network.predict(np.zeros((1, FRAME_SIDE, FRAME_SIDE), np.uint8))
    except (OSError, ValueError, RuntimeError) as error:
        raise ArtifactError(
            f"The network cannot be loaded. Expected a LiteRT file for frames (1, 28, 28) and 10 logits in {path}. "
            f"Received: {error!r:.200}."
        ) from error
    return network


class LiteNetwork:
    """A network that LiteRT runs, one frame at a time.

    An interpreter serves one thread at a time, so each call borrows one of a stock that grows to the number of calls
    that were ever under way at once. Interpreters let go of Python's lock while they compute: batches use all cores.
    """

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._idle: SimpleQueue[Interpreter] = SimpleQueue()

    def predict(self, frames: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(n, 28, 28) uint8 frames -> (n, 10) float32 logits."""
        if len(frames) < _SHARED_FROM or _CORES == 1:
            return self._predict(frames)
        return np.concatenate(list(_pool().map(self._predict, np.array_split(frames, _CORES))))

    def _predict(self, frames: NDArray[np.uint8]) -> NDArray[np.float32]:
        interpreter = self._borrow()
        try:
            return _run(interpreter, frames)
        finally:
            self._idle.put(interpreter)

    def _borrow(self) -> Interpreter:
        from queue import Empty

        try:
            return self._idle.get_nowait()
        except Empty:
            return _interpreter(self._content)


def _interpreter(content: bytes) -> Interpreter:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=content, num_threads=1)
    interpreter.allocate_tensors()
    return interpreter


def _run(interpreter: Interpreter, frames: NDArray[np.uint8]) -> NDArray[np.float32]:
    into, out = interpreter.get_input_details()[0]["index"], interpreter.get_output_details()[0]["index"]
    logits = np.empty((len(frames), 10), np.float32)
    for row, frame in zip(logits, frames, strict=True):
        interpreter.set_tensor(into, frame[None])
        interpreter.invoke()
        row[:] = interpreter.get_tensor(out)[0]
    return logits


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_CORES, "lite")
