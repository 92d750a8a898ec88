import numpy as np
import pytest

from model.vision.splitting import split_touching


def bars(*, slant=0):
    """Two upright bars that a thin bridge joins, 60 px high; the right one's left edge is at column 30."""
    ink = np.zeros((60, 70), np.uint8)
    for y in range(60):
        shift = slant * (30 - y) // 30
        ink[y, 15 + shift : 23 + shift] = ink[y, 40 + shift : 48 + shift] = 255
    ink[29:31, 20:45] = 255
    return ink


@pytest.mark.parametrize("slant", [0, 10])
def test_a_bridge_is_cut_and_strokes_are_not(slant):
    ink = bars(slant=slant)
    numbers = split_touching(ink)
    left, right = numbers[30, 18], numbers[30, 44]
    assert left < right
    for y in range(60):
        inked = numbers[y][ink[y] > 0]
        assert inked[0] <= left
        assert inked[-1] >= right


def test_parts_are_numbered_from_left_to_right():
    numbers = split_touching(bars())
    assert numbers.shape == (60, 70)
    assert (np.diff(numbers, axis=1) >= 0).all()


@pytest.mark.parametrize("shape", [(90, 10), (10, 300), (1, 1), (1, 40)])
def test_sticks_and_dashes_are_not_cut(shape):
    assert not split_touching(np.full(shape, 255, np.uint8)).any()
