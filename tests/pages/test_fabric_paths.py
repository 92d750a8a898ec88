import numpy as np
import pytest

from model.errors import StrokesError
from pages.components.pad.fabric_paths import MAX_COMMANDS, is_sound, pen_width_of, strokes_of

SQUARE = [["M", 0, 0], ["L", 10, 0], ["L", 10, 10], ["L", 0, 10]]


def points(path, **transform):
    [stroke] = strokes_of([{"type": "Path", "path": path, **transform}])
    return stroke


def test_nothing_drawn():
    assert strokes_of([]) == []


def test_lines_keep_their_points():
    assert points(SQUARE).tolist() == [[0, 0], [10, 0], [10, 10], [0, 10]]


def test_each_path_is_a_stroke():
    first, second = strokes_of([{"path": [["M", 1, 2], ["L", 3, 4]]}, {"path": [["M", 5, 6]]}])
    assert first.tolist() == [[1, 2], [3, 4]]
    assert second.tolist() == [[5, 6]]


@pytest.mark.parametrize(
    ("command", "middle"),
    [(["Q", 50, 100, 100, 0], (50, 50)), (["C", 0, 100, 100, 100, 100, 0], (50, 75)), (["Q", 50, 0, 100, 0], (50, 0))],
)
def test_curves_pass_through_their_middle_and_end(command, middle):
    curve = points([["M", 0, 0], command])
    assert curve[-1].tolist() == [100, 0]
    if len(curve) > 2:
        assert np.hypot(*(curve - middle).T).min() < 0.5
    else:
        assert middle[1] == 0


def test_chords_stay_close_to_the_curve():
    curve = points([["M", 0, 0], ["Q", 50, 100, 100, 0]])
    t = np.linspace(0, 1, 500)
    exact = np.stack([100 * t, 200 * t * (1 - t)], axis=1)
    starts, steps = curve[:-1], np.diff(curve, axis=0)
    along = ((exact[:, None] - starts) * steps).sum(-1) / (steps**2).sum(-1)
    nearest = starts + np.clip(along, 0, 1)[..., None] * steps
    assert np.linalg.norm(exact[:, None] - nearest, axis=-1).min(axis=1).max() < 0.5


def test_object_at_its_own_place_is_not_moved():
    assert points(SQUARE, left=5, top=5, originX="center", originY="center").tolist() == points(SQUARE).tolist()


def test_origin_at_the_left_top_counts_half_the_pen():
    assert points(SQUARE, left=-2, top=-2, originX="left", originY="top", strokeWidth=4)[0].tolist() == [0, 0]


def test_moved_object():
    assert points(SQUARE, left=105, top=25).tolist() == [[100, 20], [110, 20], [110, 30], [100, 30]]


def test_scaled_object():
    assert points(SQUARE, left=5, top=5, scaleX=2, scaleY=0.5)[2].tolist() == [15, 7.5]


def test_turned_object_turns_clockwise():
    turned = points(SQUARE, left=5, top=5, angle=90)
    np.testing.assert_allclose(turned, [[10, 0], [10, 10], [0, 10], [0, 0]], atol=1e-9)


def test_mirrored_object():
    assert points(SQUARE, left=5, top=5, flipX=True)[0].tolist() == [10, 0]


@pytest.mark.parametrize(
    "objects",
    [
        None,
        5,
        "drawing",
        [None],
        ["M"],
        [{}],
        [{"type": "Rect", "left": 1}],
        [{"path": None}],
        [{"path": []}],
        [{"path": [[]]}],
        [{"path": [["L", 1, 2]]}],
        [{"path": [["M", 1]]}],
        [{"path": [["M", "a", "b"]]}],
        [{"path": [["M", 0, 0], ["A", 1, 2, 3, 4]]}],
        [{"path": [["M", 0, 0], ["L", 1, 2, 3]]}],
        [{"path": [["M", 0, 0], [7, 1, 2]]}],
        [{"path": [["M", 0, 0], ["L", float("nan"), 2]]}],
        [{"path": [["M", 0, 0], ["L", float("inf"), 2]]}],
        [{"path": [["M", 0, 0], ["L", None, 2]]}],
        [{"path": [["M", 0, 0], ["L", 10**400, 2]]}],
        [{"path": [["M", 0, 0], ["L", 10**5000, 2]]}],
        [{"path": [["M", 0, 0], [["L"], 1, 2]]}],
        [{"path": ["M12"]}],
        [{"path": [["M", [1], [2]]]}],
        [[["M", 0, 0]]],
        [{"path": [["M", 0, 0], ["L", 5, 5]], "left": "x", "top": 3}],
        [{"path": [["M", 0, 0], ["L", 5, 5]], "left": 1, "top": 3, "angle": float("nan")}],
        [{"path": [["M", 0, 0], ["L", 5, 5]], "left": 1, "top": 3, "originX": "x"}],
    ],
)
def test_malformed_drawing_is_refused(objects):
    with pytest.raises(StrokesError, match=r"cannot be read.*Expected.*Received"):
        strokes_of(objects)
    if isinstance(objects, list):
        assert not is_sound(objects[0])


def test_endless_drawing_is_refused():
    endless = [{"path": [["M", 0, 0]] + [["L", i, i] for i in range(MAX_COMMANDS)]}]
    with pytest.raises(StrokesError, match=rf"too long.*at most {MAX_COMMANDS}.*{MAX_COMMANDS + 1}"):
        strokes_of(endless)


def test_refusal_does_not_spell_the_whole_drawing_out():
    """It may be megabytes."""

    class Spelled:
        times = 0

        def __repr__(self):
            Spelled.times += 1
            return "path"

    with pytest.raises(StrokesError):
        strokes_of([Spelled() for _ in range(1000)])
    assert Spelled.times < 20


def test_pen_is_the_widest_of_the_strokes():
    assert pen_width_of([{"path": SQUARE, "strokeWidth": 6}, {"path": SQUARE, "strokeWidth": 30}]) == 30
    assert pen_width_of([{"path": SQUARE}]) == 1
    assert pen_width_of([]) == 1


@pytest.mark.parametrize(
    "width", [None, "wide", [], 0, -3, float("nan"), float("inf"), 10**400, pytest.param(10**5000, id="5001 digits")]
)
def test_malformed_pen_is_refused(width):
    item = {"path": SQUARE, "strokeWidth": width}
    with pytest.raises(StrokesError, match=r"pen width.*Expected.*Received"):
        pen_width_of([item])
    assert not is_sound(item)


def test_drawing_is_not_changed():
    item = {"path": [["M", 0, 0], ["Q", 5, 5, 9, 0]], "left": 3, "top": 4}
    before = repr(item)
    strokes_of([item])
    assert repr(item) == before
