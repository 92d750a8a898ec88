"""Errors a user can act on. Each message states the problem, the expectation and the input received."""

from __future__ import annotations

import reprlib


class ReaderError(Exception):
    """Base of all errors that are shown to the user as one line, never as a traceback."""


class StrokesError(ReaderError, ValueError):
    """The strokes of a drawing are malformed."""


class BusyError(ReaderError):
    """Too many pictures are waiting to be read."""


class ImageError(ReaderError, ValueError):
    """A picture cannot be decoded, or is too large."""


class BatchError(ReaderError):
    """A batch of pictures cannot be read: for its journal, for a missing package, or for the cluster's workers."""


class DatasetError(ReaderError):
    """MNIST or a file of pen strokes is missing, unreadable or malformed."""


class ArtifactError(ReaderError):
    """Weights or report are missing, damaged, or do not belong together."""


class TrainingError(ReaderError):
    """A training run cannot start: its folder is in use, or a package that it was told to use is missing."""


class ExportError(ReaderError):
    """A network cannot be exported there, or the exported one answers differently."""


def short_repr(value: object) -> str:
    """Return a value of any kind in short, for a message; of a number that Python refuses to spell out, its type."""
    try:
        return reprlib.repr(value)
    except ValueError:  # a whole number of more than 4,300 digits
        return f"{type(value).__name__} with a number of thousands of digits"
