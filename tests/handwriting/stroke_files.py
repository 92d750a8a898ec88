"""Files of pen strokes for tests, written with the project's own templates."""

import json

import numpy as np

from model.data.stroke_templates import DIGIT_TEMPLATES, NON_DIGIT_TEMPLATES, sample_strokes


def write_stroke_file(path, rows):
    """Write a line of JSON for each (label, writer, templates); returns the path."""
    rng = np.random.default_rng(0)
    lines = (
        json.dumps(
            {"label": label, "writer": writer, "strokes": [s.round(1).tolist() for s in sample_strokes(templates, rng)]}
        )
        for label, writer, templates in rows
    )
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def digit_file(path, writers=12, each=10):
    """Digits 0-9 of each writer."""
    return write_stroke_file(
        path, [(i % 10, f"writer-{w:02}", DIGIT_TEMPLATES[i % 10][:1]) for w in range(writers) for i in range(each)]
    )


def non_digit_file(path, writers=6, each=5):
    """Letters and signs of each writer."""
    return write_stroke_file(
        path, [("letter", f"writer-{w:02}", NON_DIGIT_TEMPLATES) for w in range(writers) for _ in range(each)]
    )
