"""The memory that the models take in the server."""

import numpy as np
import psutil

from model.classifiers.registry import SHIPPED, available, weights_folder
from model.reader import Reader


def measure() -> float:
    """Megabytes that all models take beyond the shipped one, each after a batch."""
    process = psutil.Process()
    loaded = [_used(SHIPPED)]
    before = process.memory_info().rss
    loaded += [_used(name) for name in available() if name != SHIPPED]
    return (process.memory_info().rss - before) / 1e6


def _used(name: str) -> Reader:
    reader = Reader.load(weights_folder(name))
    reader.classifier.predict(np.zeros((64, 28, 28), np.uint8))
    return reader
