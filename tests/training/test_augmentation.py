"""Augmented digits and drawings, and sampled non-digits."""

from functools import cache

import cv2
import numpy as np
import pytest

from model.data.stroke_templates import DIGIT_TEMPLATES, draw_digit, draw_digits, sample_strokes
from model.training import augmentation
from model.training.augmentation import augment, augment_strokes, sample_non_digit
from model.vision.framing import ink_box
from model.vision.strokes import ink_strokes


@cache
def digits(n=60):
    frames = draw_digits(n, np.random.default_rng(5)).frames
    frames.setflags(write=False)
    return frames


def test_most_digits_are_changed_and_none_in_place():
    frames = digits(400)
    before, rng = frames.copy(), np.random.default_rng(0)
    changed = [augment(frame, rng) for frame in frames]
    np.testing.assert_array_equal(frames, before)
    untouched = np.mean([(new == old).all() for new, old in zip(changed, frames, strict=True)])
    assert untouched == pytest.approx(1 / 8, abs=0.05)
    assert all(new.shape == (28, 28) and new.dtype == np.uint8 for new in changed)


def test_max_strength_bounds_the_change():
    far, near = (
        np.mean([np.abs(augment(frame, rng, max_strength).astype(int) - frame).mean() for frame in digits(200)])
        for max_strength, rng in ((1.0, np.random.default_rng(0)), (0.2, np.random.default_rng(0)))
    )
    assert near < 0.8 * far


def test_a_digit_stays_closest_to_itself():
    """Augmented frames correlate with their own original more than with its mirror image: nothing is flipped."""
    rng = np.random.default_rng(1)
    frames = [
        frame for frame, label in zip(digits(200), np.arange(200) % 10, strict=True) if label in {2, 3, 4, 5, 6, 7, 9}
    ]
    own, mirrored = [], []
    for frame in frames:
        new = augment(frame, rng).ravel()
        own.append(np.corrcoef(new, frame.ravel())[0, 1])
        mirrored.append(np.corrcoef(new, frame[:, ::-1].ravel())[0, 1])
    assert np.mean(np.greater(own, mirrored)) > 0.93
    assert np.mean(own) > 0.6


def test_pens_become_both_fatter_and_thinner():
    rng = np.random.default_rng(2)
    frame = digits(10)[3]
    mass = [augment(frame, rng).sum() / frame.sum() for _ in range(200)]
    assert min(mass) < 0.85
    assert max(mass) > 1.25


def test_what_is_shifted_out_does_not_come_back_on_the_other_side():
    rng, frame = np.random.default_rng(0), np.zeros((28, 28), np.uint8)
    frame[8:20, :3] = frame[:3, 8:20] = 255
    shifted = [augmentation._shift_and_erase(frame, 1.0, rng) for _ in range(200)]
    assert sum((new[11:17, 0] < frame[11:17, 0]).all() for new in shifted) > 10, "some go right"
    assert sum((new[11:17, 2] < frame[11:17, 2]).all() for new in shifted) > 10, "some go left"
    assert not any(new[:, 5:][5:].any() for new in shifted)


def hardness(frames):
    """Mean squared step between neighboring pixels for each absolute step: 1 where all edges are a single one."""
    steps = [np.diff(np.array(frames) / 255, axis=axis) for axis in (1, 2)]
    return sum((step**2).sum() for step in steps) / sum(np.abs(step).sum() for step in steps)


@pytest.mark.parametrize("max_strength", [0.0, 0.4, 1.0])
def test_edges_stay_nearly_as_hard_as_they_were(max_strength):
    frames, rng = digits(200), np.random.default_rng(3)
    changed = [new for frame in frames if ((new := augment(frame, rng, max_strength)) != frame).any()]
    assert 0.8 * hardness(frames) < hardness(changed) < 1.1 * hardness(frames)


def test_the_same_seed_gives_the_same_frames():
    one, two = ([augment(frame, rng) for frame in digits(10)] for rng in map(np.random.default_rng, (3, 3)))
    np.testing.assert_array_equal(one, two)


def test_augmenting_a_blank_frame_leaves_it_blank():
    assert not augment(np.zeros((28, 28), np.uint8), np.random.default_rng(0)).any()


def test_non_digits_are_framed_as_digits_are():
    rng = np.random.default_rng(4)
    for _ in range(200):
        x0, y0, x1, y1 = ink_box(frame := sample_non_digit(digits(), [], rng, max_strength=0))
        assert max(x1 - x0, y1 - y0) == 20
        assert frame.max() >= 254


def test_drawings_of_other_characters_are_sampled():
    """Sampled from a drawing unlike any of our own: a horizontal bar with a dot far below."""
    strokes = [np.array([[0.0, 0], [100, 0]]), np.array([[50.0, 60], [50, 61]])]
    expected = augment_strokes(strokes, np.random.default_rng(0), max_strength=0)
    rng = np.random.default_rng(1)
    shown = [sample_non_digit(digits(), [strokes], rng, max_strength=0) for _ in range(100)]
    assert any((frame == expected).all() for frame in shown)


def test_drawings_are_bent_and_stay_recognizable():
    rng = np.random.default_rng(3)
    strokes = sample_strokes(DIGIT_TEMPLATES[2][:1], rng)
    before = [stroke.copy() for stroke in strokes]
    plain = augment_strokes(strokes, rng, max_strength=0).ravel()
    frames = [augment_strokes(strokes, rng, max_strength=0.4) for _ in range(50)]
    for stroke, old in zip(strokes, before, strict=True):
        np.testing.assert_array_equal(stroke, old)
    assert len({frame.tobytes() for frame in frames}) == 50
    assert np.mean([np.corrcoef(frame.ravel(), plain)[0, 1] for frame in frames]) > 0.6


@pytest.mark.parametrize("strokes", [[[(5, 5)]], [[(0, 0), (0, 9)]], [[(0, 0), (1e-9, 0)]]])
def test_even_a_dot_can_be_augmented(strokes):
    frame = augment_strokes([np.array(stroke, np.float64) for stroke in strokes], np.random.default_rng(0))
    assert frame.max() > 0


@pytest.fixture(scope="module")
def sampled():
    """2,000 non-digits that are not distorted: their frames, and (paths, pen width) of those inked from paths."""
    rng, inked = np.random.default_rng(6), []

    def record(paths, pen_width, size_wh):
        inked.append((paths, pen_width))
        return ink_strokes(paths, pen_width, size_wh)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(augmentation, "ink_strokes", record)
        frames = [sample_non_digit(digits(), [], rng, max_strength=0) for _ in range(2000)]
    return frames, inked


def length(path):
    return np.hypot(*np.diff(path, axis=0).T).sum()


def of_kind(inked, *, straight, strokes):
    """Paths and pen widths of the drawings with one of these numbers of strokes, all straight or all curved."""
    return [
        (paths, pen)
        for paths, pen in inked
        if len(paths) in strokes and all((len(path) == 2) == straight for path in paths)
    ]


def test_hardly_two_non_digits_are_alike(sampled):
    frames, inked = sampled
    assert len({frame.tobytes() for frame in frames}) > 0.99 * len(frames)
    pens = [pen for _, pen in inked]
    assert min(pens) < 6
    assert max(pens) > 19


def test_some_non_digits_are_scribbles(sampled):
    """One path, longer than a digit's, which is at most four times its own height."""
    lengths = [
        length(path) / np.ptp(path, axis=0).max() for (path,), _ in of_kind(sampled[1], straight=False, strokes={1})
    ]
    long = [length for length in lengths if length > 4]
    assert len(long) > 80
    assert max(long) > 2 * min(long)


def test_some_non_digits_are_lines_across_each_other(sampled):
    crossing = [paths for paths, _ in of_kind(sampled[1], straight=True, strokes=range(4, 9))]
    assert len(crossing) > 40
    assert {len(paths) for paths in crossing} == set(range(4, 9))
    along = np.concatenate([np.diff(paths, axis=1)[:, 0] for paths in crossing])
    eighths = np.floor(np.arctan2(along[:, 1], along[:, 0]) / (np.pi / 4))
    assert len(set(eighths)) == 8


def test_some_non_digits_are_one_or_two_horizontal_bars(sampled):
    bars = [paths for paths, _ in of_kind(sampled[1], straight=True, strokes={1, 2})]
    assert len(bars) > 40
    assert {len(paths) for paths in bars} == {1, 2}
    slopes = np.array([down / right for paths in bars for right, down in np.diff(paths, axis=1)[:, 0]])
    assert slopes.min() < -0.1
    assert slopes.max() > 0.1
    assert np.abs(slopes).max() < 0.21, "a steep bar is a 1"


def test_some_non_digits_are_filled_patches(sampled):
    """About as high as wide; some are rectangles, whose corners are inked."""
    boxes = [frame[y0:y1, x0:x1] for frame in sampled[0] for x0, y0, x1, y1 in [ink_box(frame)]]
    patches = [box for box in boxes if box.mean() > 0.65 * 255 and 0.5 < box.shape[1] / box.shape[0] < 2]
    assert len(patches) > 30
    corners = [patch[:: len(patch) - 1, :: patch.shape[1] - 1].mean() for patch in patches]
    assert min(corners) < 10
    assert max(corners) > 90


def test_some_non_digits_are_two_digits_side_by_side():
    """Pairs of rings, which nothing else than the digits given has: two holes beside each other, near or far."""
    ring = cv2.circle(np.zeros((28, 28), np.uint8), (13, 13), 6, 255, 2)
    rng = np.random.default_rng(6)
    apart = []
    for _ in range(300):
        frame = sample_non_digit(ring[None], [], rng, max_strength=0)
        _, _, stats, centers = cv2.connectedComponentsWithStats((frame < 100).astype(np.uint8), connectivity=4)
        is_hole = (stats[:, cv2.CC_STAT_AREA] > 5) & (stats[:, cv2.CC_STAT_LEFT] > 0)
        holes = centers[1:][is_hole[1:]]  # the first component is the ink
        if len(holes) == 2 and abs(holes[0, 1] - holes[1, 1]) < 1:
            apart.append(abs(holes[0, 0] - holes[1, 0]))
    assert len(apart) > 40
    assert np.ptp(np.quantile(apart, [0.2, 0.8])) > 1.5


def test_two_slim_digits_always_leave_ink():
    slim = np.zeros((1, 28, 28), np.uint8)
    slim[:, 4:24, 14] = 255
    rng = np.random.default_rng(0)
    assert all(augmentation._two_digits(slim, rng).any() for _ in range(300))


def test_templates_of_all_digits():
    samples = draw_digits(50, np.random.default_rng(0))
    np.testing.assert_array_equal(np.bincount(samples.labels), np.full(10, 5))
    assert set(DIGIT_TEMPLATES) == set(range(10))


def test_templates_vary_and_seeds_repeat_them():
    one, two = (draw_digits(40, np.random.default_rng(9)).frames for _ in range(2))
    np.testing.assert_array_equal(one, two)
    assert len({frame.tobytes() for frame in one}) == 40


def test_a_zero_is_hollow_unless_slashed(monkeypatch):
    plain, slashed = DIGIT_TEMPLATES[0][0], DIGIT_TEMPLATES[0][3]
    for template, hollow in ((plain, True), (slashed, False)):
        monkeypatch.setitem(DIGIT_TEMPLATES, 0, (template,))
        middle = draw_digit(0, np.random.default_rng(0))[12:17, 12:17]
        assert (middle.max() < 128) == hollow
