"""MNIST for the pages: read from a file on this server, once for all sessions, without TensorFlow."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from model.data.mnist import LabeledFrames, load_mnist, mnist_path, read_part
from model.errors import ArtifactError, DatasetError
from model.evaluation import results

Digits = tuple[NDArray[np.uint8], NDArray[np.uint8]]
"""(n, 28, 28) uint8 frames, 0 paper … 255 ink, and (n,) uint8 labels 0-9, in the order of Keras; read-only."""


def test_digits() -> Digits | None:
    """Return the test digits; None if MNIST is not on this server, which `offer_mnist` shows the visitor."""
    return _digits("test")


def training_digits() -> Digits | None:
    """Return all training digits, including those that training holds out; None if MNIST is not on this server."""
    return _digits("train")


def offer_mnist() -> None:
    """Show that MNIST is not on this server, with a button that downloads it unless its file is there but unusable.

    Call it once on a page. After the download the page runs again.
    """
    if path := mnist_path():
        message = (
            f"MNIST cannot be read from {path.name}. Expected an .npz in the Keras layout where MNIST_NPZ says, with "
            "the digits that the models were measured on."
        )
        st.warning(message, icon=":material/database_off:")
        return
    with st.container(key="offer_mnist", border=True):
        st.markdown("**MNIST is not on this server**, so what needs its digits is left out here.")
        if st.button("Download MNIST, 11 MB", key="download_mnist", icon=":material/download:"):
            _download()


def _download() -> None:
    try:
        with st.spinner("Downloading MNIST, 11 MB, from Keras's server. This takes some seconds."):
            load_mnist()
    except DatasetError as error:
        st.error(str(error), icon=":material/error:")
    else:
        st.rerun()


def _digits(part: Literal["train", "test"]) -> Digits | None:
    path = mnist_path()
    try:
        samples = path and _read(path, part)
    except DatasetError:
        return None
    return (samples.frames, samples.labels) if samples else None


@st.cache_resource(show_spinner=False)
def _read(path: Path, part: Literal["train", "test"]) -> LabeledFrames:
    samples = read_part(path, part)
    _check_same(samples, part)
    samples.frames.setflags(write=False)  # all sessions share them
    samples.labels.setflags(write=False)
    return samples


def _check_same(samples: LabeledFrames, part: Literal["train", "test"]) -> None:
    """Refuse other digits than those that the models were measured on: the stored answers would not be theirs.

    Raises:
        DatasetError: the digits are not as many of each kind as the stored statistics say.
    """
    try:
        known = results.load_data_statistics()
    except ArtifactError:
        return  # the page shows that the statistics are missing
    expected = {"train": known.train_counts, "test": known.test_counts}[part]
    received = np.bincount(samples.labels, minlength=10)
    if not np.array_equal(received, expected):
        raise DatasetError(
            f"This is another data set. Expected {expected.tolist()} digits 0 to 9. Received: {received.tolist()}."
        )
