"""Keras networks: load one from its weights folder, and compile it to predict or to be converted."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from model.classifiers.registry import WEIGHTS_FILE
from model.classifiers.report import find_file, load_report
from model.errors import ArtifactError
from model.reading import Predict
from model.vision.framing import FRAME_SIDE

_CHUNK = 512  # frames predicted at once, which bounds memory on test sets


def load_network(folder: Path) -> keras.Model:
    """Load the Keras network of a weights folder: (n, 28, 28) uint8 frames in, (n, 10) calibrated logits out.

    Raises:
        ArtifactError: weights or report are missing, damaged, or do not belong together.
    """
    return _read_network(find_file(folder, load_report(folder), WEIGHTS_FILE))


def _read_network(path: Path) -> keras.Model:
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
    weights = [[v.numpy() for v in of] for of in (network.trainable_variables, network.non_trainable_variables)]
    traced = tf.function(lambda frames: network.stateless_call(*weights, frames, training=False)[0])
    return traced.get_concrete_function(tf.TensorSpec((n, FRAME_SIDE, FRAME_SIDE), tf.uint8))
