"""TODO model.classifiers.runtime."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from model.classifiers.registry import WEIGHTS_FILE
from model.classifiers.report import verify
from model.errors import ArtifactError
from model.reading import Predict
from model.vision.framing import FRAME_SIDE

if TYPE_CHECKING:
    import keras
    import tensorflow as tf


_CHUNK = 512  # frames predicted at once: bounds memory on pages and test sets


@dataclass(frozen=True, eq=False, slots=True)
class Classifier:
    """The loaded network.

    Attributes:
        predict: (n, 28, 28) uint8 frames -> (n, 10) float32 calibrated logits.
        threshold: least confidence that is accepted of a drawing.
        line_threshold: likewise of a glyph in a line of digits.
        network: the Keras network behind `predict`.
    """

    predict: Predict
    threshold: float = 0.5
    line_threshold: float = 0.5
    network: keras.Model = None


def load_classifier(folder: Path) -> Classifier:
    """Load the network that the folder's report describes, and warm it up.

    Raises:
        ArtifactError: weights or report are missing, damaged, or do not belong together.
    """
    report = verify(folder)
    network = _load_network(folder / WEIGHTS_FILE)
    calibration = report["calibration"]
    threshold = calibration["threshold"]
    return Classifier(compile_predict(network), threshold, calibration.get("line_threshold", threshold), network)


def _load_network(path: Path) -> keras.Model:
    import keras

    try:
        network: keras.Model = keras.models.load_model(path, compile=False)
    except Exception as error:  # Keras raises many kinds for a file that it cannot read
        raise ArtifactError(
            f"The weights cannot be loaded. Expected a Keras model in {path}. Received: {error!r:.200}."
        ) from error
    shapes = network.input_shape, network.output_shape
    if shapes != ((None, FRAME_SIDE, FRAME_SIDE), (None, 10)):
        raise ArtifactError(
            f"{path} is another network. Expected frames (28, 28) in, 10 logits out. Received: {shapes}."
        )
    return network


def compile_predict(network: keras.Model) -> Predict:
    """Compile the network to one traced function: a fraction of `network.predict`'s cost for a single frame."""
    import tensorflow as tf

    logits = freeze(network)

    def predict(frames: NDArray[np.uint8]) -> NDArray[np.float32]:
        chunks = [logits(tf.constant(frames[i : i + _CHUNK])).numpy() for i in range(0, len(frames), _CHUNK)]
        return np.concatenate(chunks) if chunks else np.empty((0, 10), np.float32)

    predict(np.zeros((1, FRAME_SIDE, FRAME_SIDE), np.uint8))
    return predict


def freeze(network: keras.Model, n: int | None = None) -> tf.types.experimental.ConcreteFunction:
    """Trace the network for (n, 28, 28) uint8 frames, or for any number of them.

    The weights become constants of its graph, as they are now, so that TensorFlow fuses them into the convolutions.
    """
    import tensorflow as tf

    weights = [[v.numpy() for v in of] for of in (network.trainable_variables, network.non_trainable_variables)]
    traced = tf.function(lambda frames: network.stateless_call(*weights, frames, training=False)[0])
    return traced.get_concrete_function(tf.TensorSpec((n, FRAME_SIDE, FRAME_SIDE), tf.uint8))
