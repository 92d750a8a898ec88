"""MNIST for the pages: read from a local file once for all sessions, without TensorFlow."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
import streamlit as st

from model.data.mnist import LabeledFrames, load_mnist, mnist_path, read_part
from model.errors import ArtifactError, DatasetError
from model.evaluation import results


def test_digits() -> LabeledFrames | None:
    """Get the test digits, read-only; None where MNIST is missing: then call `offer_mnist`."""
    return _digits("test")


def training_digits() -> LabeledFrames | None:
    """Get all training digits in Keras's order, held-out ones too, read-only; None where MNIST is missing."""
    return _digits("train")


def offer_mnist() -> None:
    """Say that MNIST is missing, with a button that downloads it where that helps; call this once on a page.

    After a download the page runs again.
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


def _digits(part: Literal["train", "test"]) -> LabeledFrames | None:
    path = mnist_path()
    try:
        return _read(path, part) if path else None
    except DatasetError:
        return None


@st.cache_resource(show_spinner=False)
def _read(path: Path, part: Literal["train", "test"]) -> LabeledFrames:
    digits = read_part(path, part)
    _check_same(digits, part)
    digits.frames.setflags(write=False)  # all sessions share them
    digits.labels.setflags(write=False)
    return digits


def _check_same(digits: LabeledFrames, part: Literal["train", "test"]) -> None:
    """Refuse a data set that the models were not measured on: the answers shown beside it would be of other digits."""
    try:
        known = results.load_data_statistics()
    except ArtifactError:
        return  # the page says so
    expected = {"train": known.train_counts, "test": known.test_counts}[part]
    received = np.bincount(digits.labels, minlength=10)
    if not np.array_equal(received, expected):
        raise DatasetError(
            f"This is another data set. Expected {expected.tolist()} digits 0 to 9. Received: {received.tolist()}."
        )
