"""What many tests share: data, the shipped classifier, which tests are slow, and when a skip is a failure."""

import fcntl
import os
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from model.classifiers import registry
from model.classifiers.runtime import load_classifier
from model.data import statistics
from model.data.mnist import load_mnist
from model.errors import DatasetError
from model.reader import WEIGHTS, Reader

SLOW_FIXTURES = {"browser", "mnist", "strokes_dir"}
"""Fixtures that take seconds: a test that asks for one of them is slow."""
SLOW_MODULE = "pytestmark = pytest.mark.slow\n"
ROOT = Path(__file__).parents[1]
BROWSER = ROOT / "tests" / "browser"


def leaves_slow_out(config):
    return config.option.markexpr == "not slow"


def pytest_configure(config):
    """Forbid TensorFlow to fast tests: its import would cost each of their processes ten seconds."""
    if leaves_slow_out(config):
        sys.modules["tensorflow"] = sys.modules["keras"] = None


def pytest_ignore_collect(collection_path, config):
    """Do not import a module that is slow as a whole where slow tests are left out: it may import TensorFlow."""
    if not leaves_slow_out(config):
        return None
    is_file = collection_path.suffix == ".py"
    is_slow = collection_path == BROWSER or (is_file and SLOW_MODULE in collection_path.read_text(encoding="utf-8"))
    return is_slow or None


@pytest.hookimpl(tryfirst=True)  # before pytest's own -m looks at the markers
def pytest_collection_modifyitems(items):
    """Mark slow tests, and start with what takes longest, so that two workers are done at about the same time."""
    for item in items:
        if SLOW_FIXTURES & set(item.fixturenames):
            item.add_marker(pytest.mark.slow)
    slow_files = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: (BROWSER not in item.path.parents, item.path not in slow_files))


def missing(reason):
    """Skip the test; in CI, where everything must be there, fail it."""
    if os.environ.get("CI"):
        pytest.fail(f"CI must have it: {reason}", pytrace=False)
    pytest.skip(reason)


@contextmanager
def lock(path):
    """Hold a lock that all workers of a test run know, so that one works while the others wait."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session")
def mnist(tmp_path_factory, worker_id):
    """MNIST, downloaded if it has to be, by one worker at a time: Keras would write the same file twice."""
    folder = tmp_path_factory.getbasetemp()
    try:
        with lock((folder if worker_id == "master" else folder.parent) / "mnist.lock"):
            return load_mnist()
    except DatasetError as error:
        missing(str(error))


@pytest.fixture(scope="session")
def strokes_dir():
    """The folder that `STROKES_DIR` names: drawings of digits in strokes/, of other characters in not_digits/."""
    if "STROKES_DIR" not in os.environ:
        missing(
            "STROKES_DIR names no folder with strokes/ and not_digits/, the drawings that the floors were measured on."
        )
    return Path(os.environ["STROKES_DIR"])


@pytest.fixture
def weights_root(tmp_path, monkeypatch):
    """An empty folder, in place of the one with all models' weights and of the one with MNIST's statistics."""
    root = tmp_path / "weights"
    root.mkdir()
    monkeypatch.setattr(registry, "_WEIGHTS", root)
    monkeypatch.setattr(statistics, "STATISTICS", root / "statistics.npz")
    return root


@pytest.fixture(scope="session")
def classifier():
    return load_classifier(WEIGHTS)


@pytest.fixture(scope="session")
def mnist_logits(mnist, classifier):
    """(10000, 10) logits of the shipped classifier for MNIST's test digits."""
    return classifier.predict(mnist.test.frames)


@pytest.fixture(scope="session")
def reader(classifier):
    return Reader(classifier)
