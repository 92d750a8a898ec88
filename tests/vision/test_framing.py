"""Framing: MNIST's own rule, on literal matrices, on generated drawings, and on MNIST itself."""

import numpy as np
import pytest

from model.data.stroke_templates import draw_digits
from model.vision.framing import frame_glyph, frame_of, ink_box
from model.vision.strokes import ink_strokes


def random_walks(n, seed):
    """Ink of a pen's random walks, of any size, place and pen width."""
    rng = np.random.default_rng(seed)
    for _ in range(n):
        side = int(rng.integers(12, 600))
        points = rng.uniform(0, side, (int(rng.integers(2, 12)), 2))
        yield ink_strokes([points], float(rng.uniform(1, side / 5 + 1)), (side, side))


def longest_side(ink):
    x0, y0, x1, y1 = ink_box(ink)
    return max(x1 - x0, y1 - y0)


def center_of_mass(frame):
    """In corner coordinates: the center of the first pixel is 0.5."""
    rows, columns = np.indices(frame.shape) + 0.5
    return (frame * rows).sum() / frame.sum(), (frame * columns).sum() / frame.sum()


@pytest.mark.parametrize("shape", [(0, 0), (0, 5), (1, 1), (28, 28), (300, 200)])
def test_no_ink_has_no_frame(shape):
    assert frame_glyph(np.zeros(shape, np.uint8)) is None


def test_box_of_the_ink():
    ink = np.array([[0, 0, 0, 0], [0, 0, 9, 0], [0, 1, 0, 0]], np.uint8)
    assert ink_box(ink) == (1, 1, 3, 3)


def test_full_square_fills_the_core():
    framing = frame_glyph(np.full((20, 20), 7, np.uint8))
    expected = np.zeros((28, 28), np.uint8)
    expected[5:25, 5:25] = 255  # floor(14.5 - 9.5) = 5
    np.testing.assert_array_equal(framing.frame, expected)
    assert framing.box == (0, 0, 20, 20)
    assert framing.center == pytest.approx((9.5, 9.5))


def test_halving_averages_areas():
    ink = np.zeros((40, 40), np.uint8)
    ink[:, 0::2] = 100
    ink[0:2, 0:2] = 200
    core = frame_glyph(ink).core
    assert core[0, 0] == 255
    assert set(core.ravel()) == {64, 255}  # 50 of 200 in the mean


def test_single_pixel_is_repeated_not_blurred():
    framing = frame_glyph(np.pad(np.full((1, 1), 3, np.uint8), 5))
    assert np.count_nonzero(framing.core) == 4  # 10 px around it, doubled
    assert set(framing.core.ravel()) == {0, 255}


@pytest.mark.parametrize(
    ("shape", "lit"), [((1, 30), (slice(14, 15), slice(5, 25))), ((30, 1), (slice(5, 25), slice(14, 15)))]
)
def test_line_of_one_pixel(shape, lit):
    frame = frame_glyph(np.full(shape, 255, np.uint8)).frame
    rows, columns = lit
    assert frame[rows, columns].min() > 0
    assert longest_side(frame) == 20
    assert all(14 <= c <= 15 for c in center_of_mass(frame))


def test_ink_at_the_border_is_framed_as_in_the_middle():
    glyph = np.zeros((60, 60), np.uint8)
    glyph[0:40, 0:8] = 255
    np.testing.assert_array_equal(frame_glyph(glyph).frame, frame_glyph(np.pad(glyph, 50)).frame)


@pytest.mark.parametrize("scale", [1, 3, 40])
def test_size_does_not_matter(scale):
    glyph = np.zeros((20, 20), np.uint8)
    glyph[:, 4:7] = glyph[17:, 4:14] = 255
    enlarged = glyph.repeat(scale, axis=0).repeat(scale, axis=1)
    np.testing.assert_array_equal(frame_glyph(enlarged).frame, frame_glyph(glyph).frame)


def test_overhang_is_cut():
    ink = np.zeros((20, 20), np.uint8)
    ink[:, 0] = 1  # a faint column far from the mass
    ink[:2, 18:] = 255
    frame = frame_glyph(ink).frame
    assert frame.shape == (28, 28)
    assert frame.max() == 255


def test_generated_drawings_obey_the_rule():
    for ink in random_walks(400, seed=7):
        before = ink.copy()
        framing = frame_glyph(ink)
        np.testing.assert_array_equal(ink, before)
        assert framing.core.max() >= 254
        if longest_side(ink) >= 10:
            assert longest_side(framing.core) == pytest.approx(20, abs=1)


def test_generated_drawings_are_centered_before_their_overhang_is_cut():
    cut = 0
    for ink in random_walks(400, seed=7):
        framing = frame_glyph(ink)
        uncut = np.zeros((28 + 40, 28 + 40), np.uint8)  # room for any overhang
        left, top = (20 + int(np.floor(14.5 - c)) for c in framing.center)
        uncut[top : top + 20, left : left + 20] = framing.core
        assert all(14 <= c - 20 <= 15 for c in center_of_mass(uncut))
        np.testing.assert_array_equal(framing.frame, uncut[20:48, 20:48])
        cut += framing.frame.sum() < framing.core.sum()
    assert cut == 1, "one of these drawings overhangs, and only ink beyond the frame is missing from it"


def test_drawn_digits_have_a_longest_side_of_20():
    frames = draw_digits(300, np.random.default_rng(1)).frames
    sides = [longest_side(frame) for frame in frames]
    assert np.mean(np.equal(sides, 20)) >= 0.99
    centers = np.array([center_of_mass(frame) for frame in frames])
    assert ((centers >= 14) & (centers <= 15)).all()
    assert (frames.max(axis=(1, 2)) >= 254).all()


def test_framing_a_frame_again_moves_it_by_at_most_a_pixel():
    for frame in draw_digits(200, np.random.default_rng(2)).frames:
        again = frame_glyph(frame).frame
        shifts = [np.roll(frame, (dy, dx), (0, 1)) for dy in (-1, 0, 1) for dx in (-1, 0, 1)]
        assert min(np.abs(again.astype(int) - shifted).max() for shifted in shifts) <= 2


@pytest.mark.parametrize("shape", [(0, 0), (1, 1), (28, 28)])
def test_only_ink_has_a_frame(shape):
    with pytest.raises(ValueError, match=r"Expected a pixel above 0\. Received: \(\d+, \d+\), all of them 0"):
        frame_of(np.zeros(shape, np.uint8))
    ink = np.pad(np.full((9, 3), 255, np.uint8), 4)
    np.testing.assert_array_equal(frame_of(ink), frame_glyph(ink).frame)


@pytest.mark.parametrize("ink", [np.zeros((4, 4), np.float32), np.zeros((4, 4, 3), np.uint8)])
def test_anything_but_gray_bytes_is_refused(ink):
    with pytest.raises(ValueError, match=r"Expected a \(h, w\) uint8 array\. Received: \(4, 4"):
        frame_glyph(ink)


def test_mnist_obeys_its_own_rule(mnist):
    frames = mnist.test.frames
    centers = np.array([center_of_mass(frame) for frame in frames[:2000]])
    assert ((centers >= 14) & (centers <= 15)).all()
    sides = [longest_side(frame) for frame in frames]
    assert np.mean(np.equal(sides, 20)) >= 0.999


@pytest.mark.parametrize("scale", [2, 5])
def test_enlarged_mnist_is_read_as_well_as_mnist(mnist, mnist_logits, classifier, scale):
    frames, labels = mnist.test.frames, mnist.test.labels
    enlarged = (frame.repeat(scale, axis=0).repeat(scale, axis=1) for frame in frames)
    framed = np.stack([frame_glyph(frame).frame for frame in enlarged])
    direct = mnist_logits.argmax(axis=1)
    again, changed = direct.copy(), (framed != frames).any(axis=(1, 2))
    again[changed] = classifier.predict(framed[changed]).argmax(axis=1)
    assert abs((direct == labels).mean() - (again == labels).mean()) <= 0.001
