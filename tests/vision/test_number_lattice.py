from math import log

import numpy as np
import pytest

from model.vision.number_lattice import likeliest_runs, reading_order, runs_of
from model.vision.strokes import lines_of


def bar(x0, x1, y0=0.0, y1=100.0):
    """A stroke from one corner of its box to the other."""
    return np.array([(x0, y0), (x1, y1)], float)


def costs_of(strokes, digits):
    """Costs of all runs: nothing for those that are digits, much for all others."""
    return {run: 0.0 if run in digits else 2.3 for run in runs_of(strokes)}


def test_strokes_are_read_from_left_to_right():
    left, middle, right = bar(0, 10), bar(5, 40), bar(60, 50)
    ordered = reading_order([right, left, middle])
    assert [stroke.tolist() for stroke in ordered] == [stroke.tolist() for stroke in (left, middle, right)]


def test_runs_are_of_four_strokes_at_most():
    assert runs_of([bar(0, 1)] * 2) == [(0, 1), (0, 2), (1, 2)]
    assert max(stop - start for start, stop in runs_of([bar(0, 1)] * 9)) == 4
    assert runs_of([]) == []


def test_every_stroke_is_in_one_digit_and_all_together_are_the_likeliest():
    strokes = [bar(0, 10), bar(30, 40), bar(60, 70), bar(90, 99)]
    runs = [(0, 2), (2, 3), (3, 4)]
    assert likeliest_runs(strokes, costs_of(strokes, set(runs))) == runs


@pytest.mark.parametrize(("overlap", "runs"), [(0.5, [(0, 1), (1, 2)]), (0.95, [(0, 2)])])
def test_strokes_above_each_other_are_hardly_two_digits(overlap, runs):
    """Together they are a digit of 0.2, and each by itself of 1: a slashed zero is also a 0 and a 1."""
    strokes = [bar(0, 100), bar(100 - 40 * overlap, 140 - 40 * overlap)]
    costs = {(0, 1): 0.0, (1, 2): 0.0, (0, 2): -log(0.2)}
    assert likeliest_runs(strokes, costs) == runs


def test_a_dot_above_a_digit_belongs_to_it():
    strokes = [bar(0, 100), bar(50, 50, -30, -30)]
    assert likeliest_runs(strokes, {(0, 1): 0.0, (1, 2): 0.0, (0, 2): 2.0}) == [(0, 2)]


def test_lines_are_clear_of_each_other():
    top, bottom, beside = bar(0, 10), bar(0, 10, 120, 200), bar(20, 30, 90, 110)
    assert [len(line) for line in lines_of([bottom, top])] == [1, 1]
    assert lines_of([bottom, top])[0][0] is top
    assert [len(line) for line in lines_of([bottom, top, beside])] == [2, 1]
    assert len(lines_of([bottom, top, bar(20, 30, 90, 130)])) == 1
