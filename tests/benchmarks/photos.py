"""What reading a photo costs, decoding included, and its stages."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from contextlib import ExitStack
from time import perf_counter
from unittest.mock import patch

import cv2

import model.reader
import model.vision.page_ink
from model.classifiers.runtime import Classifier, load_classifier
from model.reader import WEIGHTS, Reader
from model.reading import Predict
from model.vision.decoding import load_gray
from tests.benchmarks.table import Row, beside, ms, ratio_of
from tests.benchmarks.timing import timed
from tests.handwriting.written_pages import Handwriting, write

STAGES = {
    "decoding": (model.reader, ("load_gray", "shrink")),
    "paper": (model.vision.page_ink, ("remove_paper", "clear_ink")),
    "ruled lines and stains": (model.vision.page_ink, ("remove_ruled_lines", "remove_stains")),
    "glyphs, with the network": (model.reader, ("find_glyphs",)),
    "lines": (model.reader, ("digit_lines",)),
}
"""Functions that read a photo, and the modules that call them."""


def measure(times: int = 5) -> list[Row]:
    """Pages of 2 and 12 megapixels with 10 and 100 digits, decoding included, against decoding alone; then by stage."""
    classifier = load_classifier(WEIGHTS)
    reader = Reader(classifier)
    rows = []
    for megapixels, size_wh in ((2, (1600, 1200)), (12, (4000, 3000))):
        for lines in (1, 10):
            page = write(*["3141592653"] * lines, style=Handwriting(height=60))
            picture = cv2.imencode(".jpg", cv2.resize(page, size_wh, interpolation=cv2.INTER_AREA))[1].tobytes()
            ours = timed(lambda _, picture=picture: reader.read_photo(picture), times)
            decoding = timed(lambda _, picture=picture: load_gray(picture), times)
            what = f"photo of {megapixels} megapixels with {10 * lines} digits"
            alone = beside(ms(decoding), "decoding alone")
            rows.append((what, ms(ours), alone, ratio_of(ours, decoding), "≤ 800 ms"))
    return rows + stages(classifier.predict, picture) + tesseract(picture)


def stages(predict: Predict, picture: bytes) -> list[Row]:
    """Time each stage of reading a photo: its functions are clocked where they are called."""
    reader = Reader(Classifier(predict))
    reader.read_photo(picture)
    spent = dict.fromkeys(STAGES, 0.0)
    with ExitStack() as stack:
        for stage, (module, names) in STAGES.items():
            for name in names:
                clocked = with_clock(getattr(module, name), spent, stage)
                stack.enter_context(patch.object(module, name, clocked))
        reader.read_photo(picture)
    return [(f"… {stage}", ms(seconds), "", "", "") for stage, seconds in spent.items()]


def with_clock(function: Callable[..., object], spent: dict[str, float], stage: str) -> Callable[..., object]:
    """The function, which adds the seconds it takes to its stage."""

    def clocked(*arguments: object) -> object:
        began = perf_counter()
        result = function(*arguments)
        spent[stage] += perf_counter() - began
        return result

    return clocked


def tesseract(picture: bytes) -> list[Row]:
    """Tesseract on the same page, where it is installed."""
    if not shutil.which("tesseract"):
        return [("… Tesseract", "not installed", "", "", "")]
    command = ["tesseract", "-", "-", "--psm", "6", "-c", "tessedit_char_whitelist=0123456789"]
    began = perf_counter()
    subprocess.run(command, input=picture, check=True, capture_output=True)
    return [("… Tesseract", ms(perf_counter() - began), "", "", "")]
