"""The file of stroke templates, and characters drawn from it."""

import re
import subprocess
import sys

import numpy as np
import pytest

from model.data.stroke_templates import (
    _LINES,
    DIGIT_TEMPLATES,
    NON_DIGIT_TEMPLATES,
    SIGN_TEMPLATES,
    draw_digit,
    draw_digits,
    sample_strokes,
)

POINT = r"-?\d+,-?\d+"
STROKE = rf"{POINT}( {POINT}!?)* {POINT}"


def test_every_line_is_a_comment_or_a_template():
    form = re.compile(rf"#.*|(\d|none|{'|'.join(map(re.escape, SIGN_TEMPLATES))}): {STROKE}( \+ {STROKE})*|")
    assert [line for line in _LINES if not form.fullmatch(line)] == []
    assert sum(map(len, DIGIT_TEMPLATES.values())) + len(NON_DIGIT_TEMPLATES) == 262


def test_every_digit_has_several_templates():
    assert list(DIGIT_TEMPLATES) == list(range(10))
    assert all(SIGN_TEMPLATES.values())
    assert min(map(len, DIGIT_TEMPLATES.values())) >= 5


def test_strokes_run_smoothly_through_points_and_sharply_around_corners():
    (smooth,) = sample_strokes(["0,0 50,0 50,50"], np.random.default_rng(0))
    (sharp,) = sample_strokes(["0,0 50,0! 50,50"], np.random.default_rng(0))

    def sharpest(path):
        steps = np.diff(path, axis=0)
        steps = steps[np.hypot(*steps.T) > 1e-9]
        angles = np.unwrap(np.arctan2(steps[:, 1], steps[:, 0]))
        return np.abs(np.diff(angles)).max()

    assert sharpest(smooth) < 0.5
    assert sharpest(sharp) > 1.2


def test_strokes_begin_and_end_near_the_template_and_vary():
    rng = np.random.default_rng(0)
    drawn = [sample_strokes(["10,20 90,80 + 0,50 100,50"], rng) for _ in range(50)]
    starts = np.array([strokes[0][0] for strokes in drawn])
    assert [len(strokes) for strokes in drawn] == [2] * 50
    np.testing.assert_allclose(starts.mean(axis=0), (10, 20), atol=2)
    assert (starts.std(axis=0) > 2).all()


def test_digits_are_drawn_equally_often_and_the_same_for_a_seed():
    drawn, again = draw_digits(40, np.random.default_rng(1)), draw_digits(40, np.random.default_rng(1))
    assert np.bincount(drawn.labels).tolist() == [4] * 10
    np.testing.assert_array_equal(drawn.frames, again.frames)


@pytest.mark.parametrize("label", range(10))
def test_a_drawn_digit_is_a_frame(label):
    frame = draw_digit(label, np.random.default_rng(label))
    assert (frame.shape, frame.dtype, frame.max()) == ((28, 28), np.uint8, 255)


def test_scipy_is_imported_only_to_draw():
    code = "import sys, model.data.stroke_templates; sys.exit('scipy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
