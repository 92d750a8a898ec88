"""What many tests share: MNIST, the shipped classifier, and when a missing thing is a failure."""

import os

import pytest

from model.artifacts import load_classifier
from model.dataset import load_mnist
from model.errors import DatasetError
from model.reader import WEIGHTS, Reader


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
def classifier():
    return load_classifier(WEIGHTS)


@pytest.fixture(scope="session")
def reader(classifier):
    return Reader(classifier.predict, threshold=classifier.threshold)
