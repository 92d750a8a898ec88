"""The Keras networks of the registered models."""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import layers

from model.classifiers.registry import MODELS
from model.vision.framing import FRAME_SIDE
from model.vision.pen_path import PATH_CHANNELS, PATH_POINTS


def build(name: str, *arguments: object) -> keras.Model:
    """Build the untrained network of a registered model, by the builder that its entry names."""
    network: keras.Model = globals()[MODELS[name].builder](*arguments)
    return network


def build_cnn() -> keras.Model:
    """The shipped network: (n, 28, 28) uint8 frames in, (n, 10) float32 logits out, rescaling included.

    Blocks of 3x3 convolutions in the manner of VGG (Simonyan and Zisserman 2015), with batch normalization. All but the
    first layer work at 14x14 and 7x7, which keeps one live reading below two milliseconds on a CPU.
    """
    frames = keras.Input((FRAME_SIDE, FRAME_SIDE), dtype="uint8", name="frames")
    x = layers.Rescaling(1 / 255)(frames)
    x = layers.Reshape((FRAME_SIDE, FRAME_SIDE, 1))(x)
    x = layers.MaxPooling2D()(_convolve(x, 32))
    for width, depth in ((64, 2), (128, 3)):
        for _ in range(depth):
            x = _convolve(x, width)
        x = layers.MaxPooling2D()(x)
        x = layers.Dropout(0.1)(x)
    x = layers.Flatten()(x)
    x = layers.Dense(128, use_bias=False)(x)
    x = layers.BatchNormalization(momentum=0.95)(x)
    x = layers.ReLU()(x)
    x = layers.Dropout(0.3)(x)
    logits = layers.Dense(10, dtype="float32", name="logits")(x)
    return keras.Model(frames, logits, name="digits")


def build_softmax() -> keras.Model:
    """Logistic regression: one layer on the pixels. Input and output are those of `build_cnn`, as for all models."""
    frames, x = _pixels()
    return keras.Model(frames, layers.Dense(10, dtype="float32", name="logits")(x), name="softmax")


def build_mlp() -> keras.Model:
    """Two hidden layers on the pixels, with dropout."""
    frames, x = _pixels()
    x = layers.Dropout(0.2)(x)
    for _ in range(2):
        x = layers.Dense(512, activation="relu")(x)
        x = layers.Dropout(0.3)(x)
    return keras.Model(frames, layers.Dense(10, dtype="float32", name="logits")(x), name="mlp")


def build_cnn3() -> keras.Model:
    """Three convolutional layers, each with batch normalization and pooling, and one layer to the logits."""
    frames, x = _pixels()
    x = layers.Reshape((FRAME_SIDE, FRAME_SIDE, 1))(x)
    for width in (24, 48, 96):
        x = layers.MaxPooling2D()(_convolve(x, width))
    x = layers.Dropout(0.3)(layers.Flatten()(x))
    return keras.Model(frames, layers.Dense(10, dtype="float32", name="logits")(x), name="cnn3")


def build_fourier(components: int, features: int) -> keras.Model:
    """A linear layer on random Fourier features of principal components, which approximate a radial kernel.

    Rahimi and Recht 2007 (Random features for large-scale kernel machines). Its weights are set, not trained.
    """
    frames, x = _pixels()
    x = layers.Dense(components, name="components")(x)
    x = keras.ops.cos(layers.Dense(features, name="angles")(x))
    return keras.Model(frames, layers.Dense(10, name="logits")(x), name="svm")


def build_strokes() -> keras.Model:
    """The stroke network: (n, 64, 8) float32 paths of the pen in, (n, 10) float32 logits out.

    Residual blocks (He et al. 2016) of convolutions along the path, at 32, 16 and 8 points. The mean and the maximum
    over the points forget where on the path something was.
    """
    path = keras.Input((PATH_POINTS, PATH_CHANNELS), name="path")
    x = _convolve_along(path, 32, 7)
    for width, first_size, size in ((64, 5, 5), (96, 5, 3), (128, 3, 3)):
        x = _convolve_along(x, width, first_size, stride=2)
        y = _convolve_along(x, width, size)
        y = layers.Conv1D(width, size, padding="same", use_bias=False)(y)
        x = layers.ReLU()(layers.Add()([x, layers.BatchNormalization(momentum=0.95)(y)]))
    x = layers.Concatenate()([layers.GlobalAveragePooling1D()(x), layers.GlobalMaxPooling1D()(x)])
    x = layers.Dropout(0.3)(x)
    x = layers.Dense(128, use_bias=False)(x)
    x = layers.ReLU()(layers.BatchNormalization(momentum=0.95)(x))
    x = layers.Dropout(0.3)(x)
    return keras.Model(path, layers.Dense(10, dtype="float32", name="logits")(x), name="strokes")


def build_average(members: Sequence[keras.Model]) -> keras.Model:
    """The mean of the members' logits, whose softmax is the geometric mean of their probabilities, normalized.

    The last layer is the identity; calibration divides its weights by the ensemble's own temperature.
    """
    frames = keras.Input((FRAME_SIDE, FRAME_SIDE), dtype="uint8", name="frames")
    renamed = [keras.Model(member.input, member.output, name=f"member_{i}") for i, member in enumerate(members, 1)]
    mean = layers.Average()([member(frames) for member in renamed])
    logits = layers.Dense(10, use_bias=False, kernel_initializer="identity", name="logits")(mean)
    return keras.Model(frames, logits, name="ensemble")


def build_baseline_cnn() -> keras.Model:
    """The small network of Keras's MNIST example, which most digit apps use: the baseline, never shipped."""
    frames = keras.Input((FRAME_SIDE, FRAME_SIDE), dtype="uint8", name="frames")
    x = layers.Rescaling(1 / 255)(frames)
    x = layers.Reshape((FRAME_SIDE, FRAME_SIDE, 1))(x)
    for width in (32, 64):
        x = layers.Conv2D(width, 3, activation="relu")(x)
        x = layers.MaxPooling2D()(x)
    x = layers.Dropout(0.5)(layers.Flatten()(x))
    return keras.Model(frames, layers.Dense(10)(x), name="baseline")


def _pixels() -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """Return the input, and its (n, 784) pixels in 0-1."""
    frames = keras.Input((FRAME_SIDE, FRAME_SIDE), dtype="uint8", name="frames")
    return frames, layers.Flatten()(layers.Rescaling(1 / 255)(frames))


def _convolve(x: keras.KerasTensor, width: int) -> keras.KerasTensor:
    x = layers.Conv2D(width, 3, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization(momentum=0.95)(x)
    return layers.ReLU()(x)


def _convolve_along(x: keras.KerasTensor, width: int, size: int, stride: int = 1) -> keras.KerasTensor:
    x = layers.Conv1D(width, size, stride, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization(momentum=0.95)(x)
    return layers.ReLU()(x)
