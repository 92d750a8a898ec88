"""Augmented digits, drawn allographs, and frames that are no digits."""

import numpy as np
import pytest

from model import augmentation
from model.allographs import ALLOGRAPHS, draw_allograph, draw_samples
from model.augmentation import augment, not_a_digit
from model.framing import ink_box


def digits(n=60):
    return draw_samples(n, np.random.default_rng(5)).frames


def test_most_digits_are_changed_and_none_in_place():
    frames = digits(400)
    before, rng = frames.copy(), np.random.default_rng(0)
    changed = [augment(frame, rng) for frame in frames]
    np.testing.assert_array_equal(frames, before)
    untouched = np.mean([(new == old).all() for new, old in zip(changed, frames, strict=True)])
    assert untouched == pytest.approx(1 / 8, abs=0.05)
    assert all(new.shape == (28, 28) and new.dtype == np.uint8 for new in changed)


def test_the_most_bounds_how_far_it_goes():
    far, near = (
        np.mean([np.abs(augment(frame, rng, most).astype(int) - frame).mean() for frame in digits(200)])
        for most, rng in ((1.0, np.random.default_rng(0)), (0.2, np.random.default_rng(0)))
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


def test_the_same_seed_gives_the_same_frames():
    one, two = ([augment(frame, rng) for frame in digits(10)] for rng in map(np.random.default_rng, (3, 3)))
    np.testing.assert_array_equal(one, two)


def test_augmenting_a_blank_frame_leaves_it_blank():
    assert not augment(np.zeros((28, 28), np.uint8), np.random.default_rng(0)).any()


def test_what_is_no_digit_is_framed_as_digits_are():
    rng = np.random.default_rng(4)
    for _ in range(200):
        frame = not_a_digit(digits(), rng)
        x0, y0, x1, y1 = ink_box(frame)
        assert max(x1 - x0, y1 - y0) == 20
        assert frame.max() >= 254


@pytest.mark.parametrize("kind", ["_tangle", "_sticks", "_bar", "_blob", "_pair"])
def test_every_kind_of_what_is_no_digit_varies(kind):
    rng = np.random.default_rng(6)
    given = (digits(), rng) if kind == "_pair" else (rng,)
    inks = [getattr(augmentation, kind)(*given) for _ in range(5)]
    assert all(ink.any() for ink in inks)
    assert len({ink.tobytes() for ink in inks}) == 5


def test_allographs_of_all_digits():
    samples = draw_samples(50, np.random.default_rng(0))
    np.testing.assert_array_equal(np.bincount(samples.labels), np.full(10, 5))
    assert set(ALLOGRAPHS) == set(range(10))


def test_allographs_vary_and_seeds_repeat_them():
    one, two = (draw_samples(40, np.random.default_rng(9)).frames for _ in range(2))
    np.testing.assert_array_equal(one, two)
    assert len({frame.tobytes() for frame in one}) == 40


def test_a_zero_is_hollow_unless_slashed(monkeypatch):
    plain, slashed = ALLOGRAPHS[0][0], ALLOGRAPHS[0][3]
    for skeleton, hollow in ((plain, True), (slashed, False)):
        monkeypatch.setitem(ALLOGRAPHS, 0, (skeleton,))
        middle = draw_allograph(0, np.random.default_rng(0))[12:17, 12:17]
        assert (middle.max() < 128) == hollow
