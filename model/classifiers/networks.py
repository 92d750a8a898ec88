"""Keras networks: load one from its weights folder, and compile it to predict or to be converted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from model.classifiers.inputs import FORMS
from model.classifiers.registry import WEIGHTS_FILE, Input
from model.classifiers.report import find_file, load_report
from model.errors import ArtifactError
from model.reading import Predict

_CHUNK = 512  # digits predicted at once, which bounds memory on test sets
_KINDS = {((None, *form.shape), (None, 10)): kind for kind, form in FORMS.items()}
"""What a network sees, by the shapes of its input and output."""


def load_network(folder: Path) -> keras.Model:
    """Load the Keras network of a weights folder: frames or paths in, (n, 10) calibrated logits out.

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
    if shapes not in _KINDS:
        raise ArtifactError(
            f"{path} is another network. Expected frames (28, 28) or paths (64, 8) in, 10 logits out. "
            f"Received: {shapes}."
        )
    return network


def input_of(network: keras.Model) -> Input:
    """Return what a network sees, by its shapes."""
    return _KINDS[network.input_shape, network.output_shape]


def compile_predict(network: keras.Model) -> Predict:
    """Compile the network to one traced function: a fraction of `network.predict`'s cost for a single digit."""
    logits = freeze(network)

    def predict(inputs: NDArray[Any]) -> NDArray[np.float32]:
        chunks = [logits(tf.constant(inputs[i : i + _CHUNK])).numpy() for i in range(0, len(inputs), _CHUNK)]
        return np.concatenate(chunks) if chunks else np.empty((0, 10), np.float32)

    predict(FORMS[input_of(network)].zeros())
    return predict


def freeze(network: keras.Model, n: int | None = None) -> tf.types.experimental.ConcreteFunction:
    """Trace the network for `n` digits, or for any number of them.

    The weights become constants of its graph, as they are now, so that TensorFlow fuses them into the convolutions.
    """
    weights = [[v.numpy() for v in of] for of in (network.trainable_variables, network.non_trainable_variables)]
    traced = tf.function(lambda inputs: network.stateless_call(*weights, inputs, training=False)[0])
    form = FORMS[input_of(network)]
    return traced.get_concrete_function(tf.TensorSpec((n, *form.shape), form.dtype))
