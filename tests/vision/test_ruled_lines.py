import numpy as np
import pytest

from model.vision.page_ink import page_ink
from model.vision.ruled_lines import _nearest_runs, _segments, _vertical_runs, remove_ruled_lines
from tests.handwriting.picture_files import FOUR, ONE, SEVEN, ink_of, page
from tests.handwriting.written_pages import Handwriting, in_boxes, noisy, ruled, write

LINES = ("2718", "2818")


@pytest.mark.parametrize("slope", [-0.1, 0.0, 0.05])
@pytest.mark.parametrize("squares", [False, True])
def test_ruled_lines_go_and_digits_stay(slope, squares):
    clean = write(*LINES)
    paper = ruled(clean, 47, 150, slope, squares=squares)
    left, digits = remove_ruled_lines(ink_of(paper)) > 0, clean < 100
    assert left[digits].mean() > 0.93
    assert left[clean == 235].mean() < 0.01


def test_ruled_lines_hardly_darker_than_the_noise_go():
    clean = write(*LINES)
    photo = noisy(ruled(clean, 29, 185, 0.02, squares=True), sigma=6)
    left, digits = page_ink(photo).without_ruled_lines > 0, clean < 100
    assert left[digits].mean() > 0.93
    assert left[clean == 235].mean() < 0.01


@pytest.mark.parametrize("pale", [90, 110])
def test_a_paler_pen_is_no_ruled_line(pale):
    dark, light = page([SEVEN, FOUR], paper=235, ink=20), page([ONE, SEVEN], paper=235, ink=pale)
    clean = np.hstack([dark, light])
    left = page_ink(ruled(clean, 40, 185)).without_ruled_lines > 0
    assert left[clean == 20].mean() > 0.93
    assert left[clean == pale].mean() > 0.93


@pytest.mark.parametrize("y", range(43, 53, 3))
def test_a_ruled_line_along_the_tops_of_digits_takes_none_of_them(y):
    clean = write("5027350235", style=Handwriting(pen=9, gap=0.2))
    paper = clean.copy()
    paper[y : y + 3] = np.minimum(clean[y : y + 3], 120)
    left, digits = remove_ruled_lines(ink_of(paper)) > 0, clean < 100
    assert left[digits].mean() > 0.95
    assert left[y : y + 3][clean[y : y + 3] == 235].mean() < 0.5  # most of it goes, even where there is hardly any


def test_a_curled_ruled_line_goes():
    clean = write(*LINES)
    paper = clean.copy()
    columns = np.arange(paper.shape[1])
    rows = np.rint(70 + 15 * np.sin(columns / 110)).astype(int)
    for thickness in range(2):
        paper[rows + thickness, columns] = np.minimum(paper[rows + thickness, columns], 120)
    left = remove_ruled_lines(ink_of(paper)) > 0
    assert left[clean == 235].mean() < 0.01


@pytest.mark.parametrize("digit", "0123456789")
@pytest.mark.parametrize("margin", [0.0, 0.1, 0.7])
def test_the_bars_of_a_digit_are_no_ruled_lines(digit, margin):
    ink = ink_of(write(digit, margin=margin))
    np.testing.assert_array_equal(remove_ruled_lines(ink), ink)


def test_digits_that_stand_in_a_row_are_no_ruled_line():
    ink = ink_of(write("2222222222", "7777777777"))
    np.testing.assert_array_equal(remove_ruled_lines(ink), ink)


def test_a_page_of_ones_stays():
    ink = ink_of(page([ONE, ONE, ONE]))
    np.testing.assert_array_equal(remove_ruled_lines(ink), ink)


def test_the_boxes_of_a_form_go():
    gray = in_boxes("31492")
    left = remove_ruled_lines(ink_of(gray)) > 0
    assert not left[:, 4:7].any()
    assert left[gray == 40].mean() > 0.95


@pytest.mark.parametrize("shape", [(1, 1), (1, 5000), (3, 2), (50, 50)])
@pytest.mark.parametrize("level", [0, 255])
def test_ink_without_writing_keeps_its_shape(shape, level):
    assert remove_ruled_lines(np.full(shape, level, np.uint8)).shape == shape


def test_the_ink_is_not_changed():
    ink = ink_of(ruled(page([SEVEN, FOUR]), 40))
    before = ink.copy()
    remove_ruled_lines(ink)
    np.testing.assert_array_equal(ink, before)


def test_runs_are_found_upwards_and_downwards():
    mask = np.array([[1, 0], [1, 0], [0, 1], [1, 1]], bool)
    runs = _vertical_runs(mask)
    np.testing.assert_array_equal(runs.tops[mask], [0, 0, 2, 3, 2])
    np.testing.assert_array_equal(runs.bottoms[mask], [2, 2, 4, 4, 4])


def test_the_nearest_run_of_each_column_is_followed():
    mask = np.zeros((40, 4), bool)
    mask[10:13, 0] = mask[14:20, 0] = mask[:, 1] = mask[19, 2] = True
    tops, bottoms = _nearest_runs(_vertical_runs(mask), np.arange(4), np.full(4, 13))
    lengths = (bottoms - tops).tolist()
    assert (tops[0], bottoms[0]) == (10, 13), "of two that are as near, the upper one"
    assert lengths == [3, 17, 0, 0], "a long run is cut, and one that is far away is none"


@pytest.mark.parametrize("every", [6, 40])
def test_only_the_longest_of_the_lines_of_a_texture_are_followed(every):
    mask = np.arange(800)[:, None] % every == 0
    assert 15 <= len(_segments(np.broadcast_to(mask, (800, 800)))) <= 50
