"""A small data set in MNIST's layout, drawn from stroke templates."""

import numpy as np

from model.data.stroke_templates import draw_digits


def write_drawn(path, train, test):
    """Write an .npz of `train` and `test` digits; returns its path."""
    drawn, others = draw_digits(train, np.random.default_rng(0)), draw_digits(test, np.random.default_rng(1))
    np.savez(path, x_train=drawn.frames, y_train=drawn.labels, x_test=others.frames, y_test=others.labels)
    return path
