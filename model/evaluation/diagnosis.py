"""Where a network fails and why: the digits that it misreads, what speaks for and against, what it sees alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from model.classifiers.runtime import compile_predict
from model.data.mnist import Mnist
from model.evaluation.metrics import hard_examples
from model.evaluation.robustness import Robustness, measure_robustness
from model.reading import softmax

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True, eq=False, slots=True)
class Diagnosis:
    """Where the shipped network fails on MNIST's test set, and why. m digits are looked at closely.

    Attributes:
        indices: (m,) int32 in the test set: every misread digit, then the least certain right ones; in both groups the
            least certain comes first.
        frames: (m, 28, 28) uint8.
        compared: (m, 2) uint8: the digit read, and what it is compared with: the true digit if that is another one,
            else the runner-up.
        saliency: (m, 28, 28) float32, -1 to 1: what speaks for the first of `compared` (positive) or for the second.
        neighbors: (m, 8) int32, the nearest training digits in the network's embedding, the nearest first; indices in
            the training set as Keras orders it.
        neighbor_labels: (m, 8) uint8.
        embedding: (n, 2) float32, a map of all test digits: what the network sees alike lies close together.
        robustness: accuracy against disturbances.
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
_COPIES = 32  # of a frame, over which saliency is smoothed …
_NOISE = 10.0  # … with so much noise on them, in gray levels: more would drown the digit, see `disturbances`
_CHUNK = 128  # frames whose gradients are computed at once
_COMPONENTS = 50  # of the features, that the map is made of
_PERPLEXITY = 30

Features = NDArray[np.float32]
"""(n, k): what the network makes of n frames, before the last layer decides."""


def diagnose(network: keras.Model, mnist: Mnist) -> Diagnosis:
    """BrowseState closely at what a network reads wrong, or right by a hair, of the test set."""
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
    """Indices of every misread digit, then of the 60 least certain right ones; the least certain of a group first."""
    right = probabilities.argmax(axis=1) == labels
    return np.concatenate(hard_examples(probabilities.max(axis=1), right)).astype(np.int32)


def compare(probabilities: NDArray[np.floating], labels: NDArray[np.integer]) -> NDArray[np.uint8]:
    """(n, 2): the digit read, and the true one if that is another, else the runner-up."""
    read = probabilities.argmax(axis=1)
    others = np.where(np.arange(10) == read[:, None], -1, probabilities)
    return np.stack([read, np.where(read == labels, others.argmax(axis=1), labels)], axis=1).astype(np.uint8)


def embed(network: keras.Model, frames: NDArray[np.uint8]) -> Features:
    """What the network makes of frames: the input of its layer `logits`."""
    import keras

    body = keras.Model(network.inputs, network.get_layer("logits").input)
    return np.asarray(body.predict(frames, batch_size=512, verbose=0), np.float32)


def find_neighbors(features: Features, training: Features) -> NDArray[np.int32]:
    """(n, 8) indices of the training digits nearest to each of n digits by Euclidean distance, the nearest first."""
    from sklearn.neighbors import NearestNeighbors

    nearest = NearestNeighbors(n_neighbors=_NEIGHBORS, algorithm="brute").fit(training)
    return np.asarray(nearest.kneighbors(features, return_distance=False), np.int32)


def find_saliency(network: keras.Model, frames: NDArray[np.uint8], compared: NDArray[np.uint8]) -> NDArray[np.float32]:
    """What in each frame speaks for one digit and against another.

    Gradient of the difference of the two logits times the pixels, the gradient averaged over noisy copies of the frame
    (SmoothGrad: Smilkov et al. 2017, arXiv 1706.03825).

    Args:
        network: with a layer for uint8 frames.
        frames: (m, 28, 28) uint8.
        compared: (m, 2) uint8, two digits for each frame.

    Returns:
        (m, 28, 28) float32, -1 to 1, the largest magnitude of each frame at 1: positive speaks for the first digit.
        All 0 where nothing makes a difference.
    """
    import keras

    # Gradients end at whole numbers: a copy of the network takes the same frames as floats.
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
    """(n, 2) map on which digits that the network sees alike lie close together; the same for the same features.

    t-SNE (van der Maaten and Hinton 2008) of the features' principal components. Distances between clusters mean
    nothing on it.
    """
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    components = PCA(min(_COMPONENTS, *features.shape), svd_solver="full").fit_transform(features)
    perplexity = min(_PERPLEXITY, (len(features) - 1) / 3)
    with threadpool_limits(1):  # several threads add up in any order, and the map would differ from run to run
        places = TSNE(perplexity=perplexity, init="pca", random_state=0).fit_transform(components)
    return np.asarray(places, np.float32)
