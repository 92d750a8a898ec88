"""Messages that nobody means well: strokes, paths, boxes and requests with parts of any kind, each made from a seed."""

import json
import random
import sys
import warnings

import numpy as np

from model.vision.strokes import as_pen_width, as_strokes
from pages.components.pad.fabric_paths import pen_width_of, strokes_of
from pages.components.photos.box_edits import CanvasScale, apply_box_edits, drawn_boxes
from pages.routes.live import answer_to
from pages.routes.rest import _read_strokes
from tests.pages.test_box_edits import PAGE, read

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
        assert apply_box_edits(PAGE, boxes, 3, CanvasScale((400, 300), px=0.5), read) is not None


def answer_live(rng):
    """As the socket gets it: an answer, or none to what is no message of the listener."""
    message = {"id": 1, "model": "cnn", "objects": [PATH, PATH]}
    text = mutated_text(rng, as_json(mutated(rng, message)))
    answer = answer_to(text)
    assert answer is None or json.loads(answer)["parts"]


def read_request(rng):
    """As the API gets it: the JSON of a reading, or a refusal."""
    message = {"strokes": STROKES, "pen_width": 8}
    assert json.loads(_read_strokes(mutated_text(rng, as_json(mutated(rng, message))).encode()))


def as_json(value):
    """The text of a message; numbers may be longer than Python by itself would spell out."""
    limit = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    try:
        return json.dumps(value)
    finally:
        sys.set_int_max_str_digits(limit)


def mutated_text(rng, text):
    """The text, in one case of five with a part of it cut out or changed."""
    if rng.random() < 0.8:
        return text
    at, end = sorted(rng.randrange(len(text) + 1) for _ in range(2))
    return text[:at] + rng.choice(["", "[" * 5000, "\x00", "1e999", '"', "é"]) + text[end:]


KINDS = (read_strokes, read_pen_width, read_paths, read_boxes, answer_live, read_request)


def read_message(seed: int) -> None:
    """Read the message of a seed."""
    with warnings.catch_warnings(action="ignore", category=RuntimeWarning):  # NumPy warns of overflow in float64
        KINDS[seed % len(KINDS)](random.Random(f"message {seed}"))
