"""What many tests share: MNIST, the shipped classifier, and when a missing thing is a failure."""

import os
from contextlib import suppress
from pathlib import Path

import pytest

from model.classifiers.runtime import load_classifier
from model.data.mnist import load_mnist
from model.errors import DatasetError
from model.reader import WEIGHTS, Reader


def pytest_configure(config):
    """Download MNIST, if it has to be, before several workers run tests: they would write the same file."""
    if not hasattr(config, "workerinput"):
        with suppress(DatasetError):
            load_mnist()


def missing(reason):
    """Skip the test; in CI, where everything must be there, fail it."""
    if os.environ.get("CI"):
        pytest.fail(f"CI must have it: {reason}", pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def mnist():
    try:
        return load_mnist()
    except DatasetError as error:
        missing(str(error))


@pytest.fixture(scope="session")
def hands_dir():
    """The folder that `HANDS_DIR` names: ink files of digits in strokes/, of other characters in not_digits/."""
    if "HANDS_DIR" not in os.environ:
        missing(
            "HANDS_DIR names no folder with strokes/ and not_digits/, the drawings that the floors were measured on."
        )
    return Path(os.environ["HANDS_DIR"])


@pytest.fixture(scope="session")
def classifier():
    return load_classifier(WEIGHTS)


@pytest.fixture(scope="session")
def reader(classifier):
    return Reader(classifier)
