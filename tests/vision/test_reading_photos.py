"""Pages as people photograph them, read with the shipped weights; their digits are known, since our code draws them."""

import cv2
import numpy as np
import pytest

from model.reading import Finding
from tests.handwriting.hard_pages import CASES, accuracy
from tests.handwriting.picture_files import encode
from tests.handwriting.written_pages import (
    Handwriting,
    compressed,
    in_boxes,
    noisy,
    on_dark_table,
    ruled,
    shadowed,
    vignetted,
    write,
)

LINES = ("3141592", "6535897", "9323846")


def resized(gray, longest):
    scale = longest / max(gray.shape)
    return cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)


PAGES = {
    "plain": write(*LINES),
    "shadow": noisy(shadowed(write(*LINES)), 4),
    "vignette": noisy(vignetted(write(*LINES)), 4),
    "dim paper": noisy(write(*LINES, paper=120, style=Handwriting(ink=30)), 4),
    "pencil": noisy(write(*LINES, style=Handwriting(ink=185, pen=4)), 5),
    "ruled": noisy(ruled(write(*LINES), 53), 3),
    "ruled, sloping": noisy(ruled(write(*LINES), 47, slope=0.05), 3),
    "squared": noisy(ruled(write(*LINES), 30, 170, 0.02, squares=True), 3),
    "jpeg": compressed(noisy(write(*LINES, style=Handwriting(height=36, pen=4)), 5), 20),
    "light on dark": 255 - write(*LINES),
    "lines that fall": write(*LINES, style=Handwriting(slope=0.12)),
    "lines that rise": write(*LINES, style=Handwriting(slope=-0.1)),
    "fives in pieces": write(*LINES, style=Handwriting(fives_in_pieces=True)),
    "the table in a corner": on_dark_table(write(*LINES, margin=1.8)),
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_read(reader, name):
    assert reader.read_photo(PAGES[name]).text == "\n".join(LINES)


@pytest.mark.parametrize("case", CASES)
def test_difficult_pages_are_read(reader, case):
    assert accuracy(reader, case, range(3)) >= (0.75 if case in {"touching", "joined"} else 0.92)


def test_a_tiny_crop_on_ruled_paper_is_read(reader):
    tiny = compressed(resized(ruled(write("286"), 85, 110), 100), 60)
    assert max(tiny.shape) == 100
    assert reader.read_photo(tiny).text == "286"


@pytest.mark.parametrize("pen", [10, 25, 45])
@pytest.mark.parametrize("label", ["2", "4", "7"])
def test_a_digit_may_fill_the_picture(reader, label, pen):
    assert reader.read_photo(write(label, style=Handwriting(height=200, pen=pen), margin=0.12)).text == label


@pytest.mark.parametrize("label", "0123456789")
def test_a_thin_digit_of_28_pixels_is_read(reader, label):
    assert reader.read_photo(resized(write(label, style=Handwriting(pen=3)), 28)).text == label


def test_sixty_digits_stand_on_a_page(reader):
    lines = ["3141592653", "5897932384", "6264338327", "9502884197", "1693993751", "0582097494"]
    assert reader.read_photo(write(*lines, style=Handwriting(height=30, pen=3))).text == "\n".join(lines)


def test_digits_may_differ_in_size(reader):
    large, small = (
        write("2026", style=Handwriting(height=150, pen=9)),
        write("31415926", style=Handwriting(height=36, pen=5)),
    )
    page = np.full((large.shape[0] + small.shape[0], max(large.shape[1], small.shape[1])), 235, np.uint8)
    page[: len(large), : large.shape[1]] = large
    page[len(large) :, : small.shape[1]] = small
    assert reader.read_photo(page).text == "2026\n31415926"


def test_digits_that_touch_are_parted(reader):
    assert reader.read_photo(write("65~235", style=Handwriting(pen=5))).text == "65235"


def test_joined_zeros_are_parted(reader):
    assert reader.read_photo(write("10~00", style=Handwriting(pen=5))).text == "1000"


def test_the_boxes_of_a_form_are_no_digits(reader):
    assert reader.read_photo(in_boxes("31492")).text == "31492"


@pytest.mark.parametrize("word", ["the brown fox", "Handwriting"])
def test_words_hold_no_digit(reader, word):
    page = np.full((200, 900), 255, np.uint8)
    cv2.putText(page, word, (20, 120), cv2.FONT_HERSHEY_SCRIPT_SIMPLEX, 2.5, 0, 4)
    reading = reader.read_photo(page)
    assert (reading.text, reading.finding) == ("", Finding.NOT_A_DIGIT)


@pytest.mark.parametrize("grain", [1, 3, 6, 10, 20])
def test_textures_hold_no_digit(reader, grain):
    noise = cv2.GaussianBlur(np.random.default_rng(0).normal(0, 1, (600, 800)), (0, 0), grain)
    assert reader.read_photo(np.where(noise > 1.3 * noise.std(), 30, 230).astype(np.uint8)).text == ""


def test_twelve_megapixels_with_a_hundred_digits_are_read_to_the_last(reader):
    lines = ["3141592653"] * 10
    page = cv2.resize(write(*lines, style=Handwriting(height=60)), (4000, 3000), interpolation=cv2.INTER_LINEAR)
    reading = reader.read_photo(encode(page, "JPEG"))
    assert reading.text == "\n".join(lines)
    assert max(digit.box[2] for digit in reading.digits) > 2400
