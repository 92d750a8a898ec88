"""Seeded fuzzing of what comes from outside: a result or the project's own error, and nothing else."""

import random

import numpy as np
import pytest

from model.errors import ReaderError
from model.vision.strokes import as_pen_width, as_strokes
from pages.components.pad.fabric_paths import pen_width_of, strokes_of
from pages.components.photos.box_edits import CanvasScale, LimitedReads, apply_box_edits, drawn_boxes
from tests.pages.test_box_edits import PAGE, read

ROUNDS = 1_000
NUMBERS = [0, 1, -1, 5, 3.7, 1e308, -1e308, 1e-320, float("nan"), float("inf"), 10**400, -(10**400), 10**5000]
OTHERS = [None, True, "", "M", "L", "x", "12", "9" * 5000, "M12", [], {}, [[]]]
KEYS = [
    "path",
    "left",
    "top",
    "angle",
    "scaleX",
    "flipX",
    "originX",
    "strokeWidth",
    "strokeMiterLimit",
    "type",
    "label",
]
STROKES = [[[1, 2], [3, 4]], [[5, 6]]]
PATH = {
    "path": [["M", 1, 2], ["L", 3, 4], ["Q", 5, 6, 7, 8], ["C", 1, 2, 3, 4, 5, 6]],
    **{"left": 3, "top": 4, "angle": 3, "scaleX": 2, "flipX": True, "originX": "left", "strokeWidth": 3},
}
OBJECTS = [{"type": "LabeledRect", "strokeMiterLimit": 3}] * 2
BOXES = [{"label": "1", "left": 1, "top": 2, "width": 30, "height": 40}] * 2
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")  # NumPy warns of overflow in float64


def anything(rng, depth=3):
    kind = rng.random()
    if depth == 0 or kind < 0.45:
        return rng.choice(NUMBERS + OTHERS)
    if kind < 0.85:
        return [anything(rng, depth - 1) for _ in range(rng.randrange(4))]
    return {rng.choice(KEYS): anything(rng, depth - 1) for _ in range(rng.randrange(4))}


def mutated(rng, value):
    """The value with about one part in twelve replaced by anything."""
    if rng.random() < 0.08:
        return anything(rng)
    if isinstance(value, list):
        return [mutated(rng, item) for item in value]
    return {key: mutated(rng, item) for key, item in value.items()} if isinstance(value, dict) else value


def read_strokes(rng):
    assert all(stroke.shape[1] == 2 for stroke in as_strokes(mutated(rng, STROKES)))


def read_pen_width(rng):
    assert as_pen_width(anything(rng, depth=1)) > 0


def read_paths(rng):
    objects = mutated(rng, [PATH, PATH])
    strokes = strokes_of(objects)
    assert all(stroke.shape[1] == 2 and np.isfinite(stroke).all() for stroke in strokes)
    assert pen_width_of(objects) > 0


def read_boxes(rng):
    boxes = drawn_boxes(mutated(rng, OBJECTS), mutated(rng, BOXES), (1.5, 2.0))
    if boxes is not None:
        assert apply_box_edits(PAGE, boxes, 3, CanvasScale((400, 300), px=0.5), LimitedReads(read)) is not None


@pytest.mark.parametrize("read_message", [read_strokes, read_pen_width, read_paths, read_boxes])
def test_a_mutated_message_is_read_or_refused(read_message):
    rng, refused = random.Random(20), []
    for _ in range(ROUNDS):
        try:
            read_message(rng)
        except ReaderError as error:
            refused.append(str(error))
    assert all("Expected" in message and "Received" in message for message in refused)
    assert len(refused) < ROUNDS, "some messages are well-formed"
