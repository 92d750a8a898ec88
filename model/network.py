"""The Keras networks."""

from __future__ import annotations

import keras
from keras import layers

from model.framing import FRAME_SIDE


def build_cnn() -> keras.Model:
    """The shipped network: (n, 28, 28) uint8 frames in, (n, 10) float32 logits out, rescaling included.

    Blocks of 3x3 convolutions in the manner of VGG (Simonyan and Zisserman 2015), with batch normalization. All but the
    first layer work at 14x14 and 7x7, which keeps one live reading at about a millisecond on a CPU.
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
    x = layers.Flatten(name="embedding")(x)
    x = layers.Dense(128, use_bias=False)(x)
    x = layers.BatchNormalization(momentum=0.95)(x)
    x = layers.ReLU()(x)
    x = layers.Dropout(0.3)(x)
    logits = layers.Dense(10, dtype="float32", name="logits")(x)
    return keras.Model(frames, logits, name="digits")


def build_usual_cnn() -> keras.Model:
    """The small network of Keras's MNIST example, that most digit apps have: the baseline, never shipped."""
    frames = keras.Input((FRAME_SIDE, FRAME_SIDE), dtype="uint8", name="frames")
    x = layers.Rescaling(1 / 255)(frames)
    x = layers.Reshape((FRAME_SIDE, FRAME_SIDE, 1))(x)
    for width in (32, 64):
        x = layers.Conv2D(width, 3, activation="relu")(x)
        x = layers.MaxPooling2D()(x)
    x = layers.Dropout(0.5)(layers.Flatten()(x))
    return keras.Model(frames, layers.Dense(10)(x), name="usual")


def _convolve(x: keras.KerasTensor, width: int) -> keras.KerasTensor:
    x = layers.Conv2D(width, 3, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization(momentum=0.95)(x)
    return layers.ReLU()(x)
