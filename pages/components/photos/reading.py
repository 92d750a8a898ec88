"""What the worker processes do with a picture; nothing here imports Streamlit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache

import cv2

from model.classifiers.registry import LITE_FILE, MODELS, REPORT_FILE, weights_folder
from model.files import Stamps, stamps_of
from model.reader import PhotoSteps, Reader
from model.reading import Box, Digit
from model.transcript import Transcript
from model.vision.decoding import Gray, decode_photo, load_gray
from pages.components.photos.preview import Preview, make_preview


@dataclass(frozen=True, eq=False, slots=True)
class PhotoReading:
    """A picture file as it was read, for the page.

    Attributes:
        transcript: the reading.
        preview: the picture for the screen.
        gray: (h, w) uint8, 0 black … 255 white, its upright pixels.
    """

    transcript: Transcript
    preview: Preview
    gray: Gray


def read_photo(model: str, data: bytes) -> PhotoReading:
    """Decode a picture file once, and read it with the model of this name.

    Raises:
        ArtifactError: the model cannot be loaded.
        ImageError: the picture cannot be decoded or is too large.
    """
    with _memory_errors():
        decoded = decode_photo(data)
        transcript = Transcript.of(_reader(model).read_photo(decoded.gray))
        return PhotoReading(transcript, make_preview(decoded), decoded.gray)


def read_transcript(model: str, data: bytes) -> Transcript:
    """Read a picture file as `read_photo` does, for programs, which need nothing else of it."""
    with _memory_errors():
        return Transcript.of(_reader(model).read_photo(data))


def decode(data: bytes) -> Gray:
    """Decode a picture file again, whose pixels were not kept."""
    with _memory_errors():
        return load_gray(data)


def read_boxes(model: str, gray: Gray, boxes: Sequence[Box]) -> list[Digit]:
    """Read the digit in each box, xyxy px, of a picture's gray pixels."""
    with _memory_errors():
        return [_reader(model).read_box(gray, box) for box in boxes]


def explain(model: str, gray: Gray) -> PhotoSteps:
    """Read a picture's gray pixels, and keep each step."""
    with _memory_errors():
        return _reader(model).explain_photo(gray)


@contextmanager
def _memory_errors() -> Iterator[None]:
    """Turn OpenCV's own error where memory is short into Python's."""
    try:
        yield
    except cv2.error as error:
        if error.code == cv2.Error.StsNoMem:
            raise MemoryError from error
        raise


def _reader(model: str) -> Reader:
    return load(model, stamps_of(weights_folder(model) / LITE_FILE, weights_folder(model) / REPORT_FILE))


@lru_cache(len(MODELS))
def load(model: str, _: Stamps) -> Reader:
    """Load a model once, and again when the stamps of its files have changed."""
    return Reader.load(weights_folder(model))
