"""Diagnosis of a network on test digits: hard examples, saliency, nearest training digits, 2-D map and robustness."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from model.data.mnist import Mnist
from model.evaluation.metrics import hard_examples
from model.evaluation.robustness import Robustness, measure_robustness
from model.reading import softmax

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True, eq=False, slots=True)
class Diagnosis:
    """Diagnosis of the shipped network on the n digits of MNIST's test set, m of them being hard examples.

    Attributes:
        indices: (m,) int32 in the test set: all misread digits, then the 60 least confident correct ones, each group by
            ascending confidence.
        frames: (m, 28, 28) uint8, 0 paper, 255 ink.
        compared: (m, 2) uint8: the predicted digit, and the one to compare it with: the true digit if the prediction is
            wrong, else the runner-up.
        saliency: (m, 28, 28) float32, -1 to 1: evidence for the first digit of `compared` (positive) or for the second
            (negative).
        neighbors: (m, 8) int32, nearest training digits in the network's features, the nearest first; indices in the
            training set as Keras orders it.
        neighbor_labels: (m, 8) uint8, 0-9.
        embedding: (n, 2) float32, a map on which digits with similar features lie close together.
        robustness: accuracy under each kind of corruption.
    """

    indices: NDArray[np.int32]
    frames: NDArray[np.uint8]
    compared: NDArray[np.uint8]
    saliency: NDArray[np.float32]
    neighbors: NDArray[np.int32]
    neighbor_labels: NDArray[np.uint8]
    embedding: NDArray[np.float32]
    robustness: tuple[Robustness, ...]


_NEIGHBORS = 8
_COPIES = 32  # noisy copies of a frame, whose gradients are averaged for saliency
_NOISE = 10.0  # standard deviation on these copies, in gray levels: the network still reads such digits correctly
_CHUNK = 128  # frames whose gradients are computed at once
_COMPONENTS = 50  # principal components of the features, from which the map is computed
_PERPLEXITY = 30

Features = NDArray[np.float32]
"""(n, k) input of the network's last layer for n frames."""


def diagnose(network: keras.Model, mnist: Mnist) -> Diagnosis:
    """Diagnose a network on the test set.

    Args:
        network: frames (n, 28, 28) uint8 -> (n, 10) logits, by a last layer named `logits`.
        mnist: test digits to diagnose it on, and training digits to search for neighbors.
    """
    from model.classifiers.networks import compile_predict

    test, training, predict = mnist.test, mnist.whole, compile_predict(network)
    probabilities = softmax(predict(test.frames))
    indices = select(probabilities, test.labels)
    frames, compared = test.frames[indices], compare(probabilities[indices], test.labels[indices])
    features = embed(network, test.frames)
    neighbors = find_neighbors(features[indices], embed(network, training.frames))
    return Diagnosis(
        indices=indices,
        frames=frames,
        compared=compared,
        saliency=find_saliency(network, frames, compared),
        neighbors=neighbors,
        neighbor_labels=training.labels[neighbors],
        embedding=draw_map(features),
        robustness=measure_robustness(predict, test),
    )


def select(probabilities: NDArray[np.floating], labels: NDArray[np.integer]) -> NDArray[np.int32]:
    """Return the indices of all misread digits, then of the 60 least confident correct ones; see `hard_examples`."""
    correct = probabilities.argmax(axis=1) == labels
    return np.concatenate(hard_examples(probabilities.max(axis=1), correct)).astype(np.int32)


def compare(probabilities: NDArray[np.floating], labels: NDArray[np.integer]) -> NDArray[np.uint8]:
    """Return (n, 2): the predicted digit, and the true one if the prediction is wrong, else the runner-up."""
    predicted = probabilities.argmax(axis=1)
    others = np.where(np.arange(10) == predicted[:, None], -1, probabilities)
    return np.stack([predicted, np.where(predicted == labels, others.argmax(axis=1), labels)], axis=1).astype(np.uint8)


def embed(network: keras.Model, frames: NDArray[np.uint8]) -> Features:
    """Compute the features of (n, 28, 28) uint8 frames: the input of the layer named `logits`."""
    import keras

    body = keras.Model(network.inputs, network.get_layer("logits").input)
    return np.asarray(body.predict(frames, batch_size=512, verbose=0), np.float32)


def find_neighbors(features: Features, training: Features) -> NDArray[np.int32]:
    """Return (n, 8) indices of the training digits nearest to each digit by Euclidean distance, the nearest first."""
    from sklearn.neighbors import NearestNeighbors

    nearest = NearestNeighbors(n_neighbors=_NEIGHBORS, algorithm="brute").fit(training)
    return np.asarray(nearest.kneighbors(features, return_distance=False), np.int32)


def find_saliency(network: keras.Model, frames: NDArray[np.uint8], compared: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Compute which pixels of each frame are evidence for one digit against another.

    Multiply the pixels by the gradient of the difference of the two logits, averaged over noisy copies of the frame
    (SmoothGrad: Smilkov et al. 2017, arXiv 1706.03825).

    Args:
        network: with a layer for uint8 frames.
        frames: (m, 28, 28) uint8.
        compared: (m, 2) uint8, two digits for each frame.

    Returns:
        (m, 28, 28) float32, -1 to 1, scaled so that the largest magnitude of each frame is 1; positive values are
        evidence for the first digit. All 0 for a frame none of whose pixels makes a difference.
    """
    import keras

    # There are no gradients of integers, so a copy of the network takes the same frames as floats.
    smooth = keras.models.clone_model(network, input_tensors=keras.Input(frames.shape[1:], dtype="float32"))
    smooth.set_weights(network.get_weights())
    one_hot = np.eye(10, dtype=np.float32)
    toward, rng = one_hot[compared[:, 0]] - one_hot[compared[:, 1]], np.random.default_rng(0)
    chunks = [slice(i, i + _CHUNK) for i in range(0, len(frames), _CHUNK)]
    gradients = [_smooth_gradient(smooth, frames[chunk], toward[chunk], rng) for chunk in chunks]
    evidence = np.concatenate([np.zeros((0, *frames.shape[1:]), np.float32), *gradients]) * frames
    peaks = np.abs(evidence).max(axis=(1, 2), keepdims=True, initial=0)
    return np.asarray(evidence / np.where(peaks > 0, peaks, 1), np.float32)


def _smooth_gradient(
    network: keras.Model, frames: NDArray[np.uint8], toward: NDArray[np.float32], rng: np.random.Generator
) -> NDArray[np.float32]:
    import tensorflow as tf

    total = np.zeros(frames.shape, np.float32)
    for _ in range(_COPIES):
        noisy = tf.constant(frames + rng.normal(0, _NOISE, frames.shape), tf.float32)
        with tf.GradientTape() as tape:
            tape.watch(noisy)
            difference = tf.reduce_sum(network(noisy, training=False) * toward)
        total += tape.gradient(difference, noisy).numpy()
    return np.asarray(total / _COPIES, np.float32)


def draw_map(features: Features) -> NDArray[np.float32]:
    """Compute an (n, 2) map on which digits with similar features lie close together, deterministically.

    The method is t-SNE (van der Maaten and Hinton 2008) of the features' principal components. Distances between
    clusters mean nothing on such a map.
    """
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    components = PCA(min(_COMPONENTS, *features.shape), svd_solver="full").fit_transform(features)
    perplexity = min(_PERPLEXITY, (len(features) - 1) / 3)
    with threadpool_limits(1):  # several threads sum in varying order, so the map would differ from run to run
        places = TSNE(perplexity=perplexity, init="pca", random_state=0).fit_transform(components)
    return np.asarray(places, np.float32)
