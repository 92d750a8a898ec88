"""Ink and stains on pages of all kinds of paper and light."""

import cv2
import numpy as np
import pytest
from PIL import Image

from model.vision.paper import remove_stains
from tests.handwriting.picture_files import FIVE, FOUR, ONE, SEVEN, ink_of, page


@pytest.mark.parametrize("gray", [np.full((50, 50), level, np.uint8) for level in (0, 7, 128, 255)])
def test_a_constant_picture_has_no_ink(gray):
    assert not ink_of(gray).any()


@pytest.mark.parametrize("sigma", [1, 3, 6])
def test_the_noise_of_a_blank_page_is_not_amplified(sigma):
    noise = np.random.default_rng(0).normal(180, sigma, (400, 600))
    assert not ink_of(noise.clip(0, 255).astype(np.uint8)).any()


@pytest.mark.parametrize("shape", [(1, 1), (1, 5000), (2, 3)])
def test_pictures_without_room_have_ink_of_their_shape(shape):
    assert ink_of(np.full(shape, 9, np.uint8)).shape == shape


@pytest.mark.parametrize(("paper", "ink"), [(255, 0), (0, 255), (200, 120), (60, 160), (140, 90)])
def test_ink_is_found_whatever_is_darker(paper, ink):
    drawn = page([SEVEN, FOUR], paper=paper, ink=ink)
    found = ink_of(drawn) > 0
    assert found[drawn == ink].all()
    assert not found[drawn == paper].any()


@pytest.mark.parametrize("invert", [False, True])
@pytest.mark.parametrize("pen", [2, 4, 6])
def test_a_digit_may_fill_a_tiny_picture(pen, invert):
    drawn = np.array(Image.fromarray(page([FIVE], size_wh=(100, 116), at=(12, 8), pen=pen * 4)).resize((28, 28)))
    found = ink_of(255 - drawn if invert else drawn) > 0
    assert found[drawn < 60].all()
    assert not found[drawn > 250].any()


def test_uneven_light_and_noise_are_paper():
    drawn = page([SEVEN, FOUR, ONE], size_wh=(800, 600), ink=90).astype(np.float64)
    light = np.linspace(0.35, 0.9, 800)[None, :] * np.linspace(1, 0.8, 600)[:, None]
    light[400:, 500:] *= 0.5  # a shadow with a hard edge
    photo = (drawn * light + np.random.default_rng(0).normal(0, 2, drawn.shape)).clip(0, 255).astype(np.uint8)
    found = ink_of(photo) > 0
    assert found[drawn == 90].mean() > 0.99
    assert found[drawn == 255].mean() < 0.01


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_shadow_on_half_the_page_does_not_turn_ink_to_paper(side):
    drawn = page([SEVEN, FOUR, ONE], size_wh=(800, 600), ink=60).astype(np.float64)
    shadow = slice(0, 430) if side == "left" else slice(370, 800)
    drawn[:, shadow] *= 0.5
    found = ink_of(drawn.astype(np.uint8)) > 0
    assert found[30:110, 30:300].any()
    assert found.mean() < 0.05


def test_antialiased_edges_are_kept():
    drawn = page([SEVEN])
    edges = (drawn > 60) & (drawn < 200)
    np.testing.assert_allclose(ink_of(drawn)[edges], 255 - drawn[edges].astype(int), atol=2)


def test_the_picture_is_not_changed():
    drawn = page([SEVEN], paper=0, ink=255)
    before = drawn.copy()
    ink_of(drawn)
    np.testing.assert_array_equal(drawn, before)


def test_a_stain_that_touches_a_digit_is_left_behind():
    ink = 255 - page([FOUR, SEVEN])
    stained = np.maximum(ink, cv2.circle(np.zeros_like(ink), (150, 75), 70, 30, 6))
    left = remove_stains(stained)
    np.testing.assert_array_equal(left[ink > 100], ink[ink > 100])
    faint = (ink == 0) & (stained > 0)
    assert (left[faint] > 0).mean() < 0.4


@pytest.mark.parametrize("level", [90, 255])
def test_pale_places_of_a_stroke_stay(level):
    ink = np.zeros((120, 60), np.uint8)
    ink[10:60, 26:34] = 255
    ink[60:110, 26:34] = level
    np.testing.assert_array_equal(remove_stains(ink), ink)


@pytest.mark.parametrize("level", [0, 200])
def test_ink_without_shades_has_no_stains(level):
    ink = np.full((20, 30), level, np.uint8)
    np.testing.assert_array_equal(remove_stains(ink), ink)
