import cv2
import numpy as np
import pytest

from model.vision import segmentation
from model.vision.layout import digit_lines
from model.vision.segmentation import find_glyphs
from tests.handwriting.picture_files import FIVE, FOUR, ONE, SEVEN, ink_of, page


def picture(*rows, scale=5):
    """Ink from a drawing in characters, each `scale` px wide and high."""
    gray = np.array([[255 * (mark == "#") for mark in row] for row in rows], np.uint8)
    return gray.repeat(scale, axis=0).repeat(scale, axis=1)


def recognizer(confidence):
    """A recognizer that reads an 8 in every ink, as surely as the function of the ink says."""

    def recognize(inks):
        return [(np.zeros((28, 28), np.uint8), one_hot(confidence(ink))) for ink in inks]

    return recognize


def one_hot(confidence):
    return np.where(np.arange(10) == 8, confidence, (1 - confidence) / 9)


def lines(ink, confidence=lambda ink: 0.99):
    return digit_lines(find_glyphs(ink, recognizer(confidence)))


def boxes(ink, scale=5, confidence=lambda ink: 0.99):
    return [[tuple(side // scale for side in glyph.box) for glyph in line] for line in lines(ink, confidence)]


@pytest.mark.parametrize("shape", [(1, 1), (1, 5000), (60, 60)])
def test_blank_pages_hold_no_glyph(shape):
    assert lines(np.zeros(shape, np.uint8)) == []


def test_a_dot_is_too_low():
    ink = np.zeros((60, 60), np.uint8)
    ink[30:33, 30:33] = 255
    assert lines(ink) == []


def test_ink_that_fills_the_page_is_one_glyph():
    assert boxes(np.full((50, 50), 255, np.uint8)) == [[(0, 0, 10, 10)]]


def test_glyphs_at_the_border_are_kept():
    ink = picture(
        "#....#",
        "#....#",
        "#....#",
    )
    assert boxes(ink) == [[(0, 0, 1, 3), (5, 0, 6, 3)]]


def test_corners_connect():
    ink = picture(
        "......",
        ".#..#.",
        "..##..",
        "..#...",
        ".#....",
    )
    assert boxes(ink) == [[(1, 1, 5, 5)]]


def test_reading_order_is_line_by_line_and_left_to_right():
    ink = picture(
        "...........",
        ".#.........",
        ".#...#...#.",
        ".....#...#.",
        "...........",
        "...#...#...",
        "...#...#...",
        "...........",
    )
    assert boxes(ink) == [[(1, 1, 2, 3), (5, 2, 6, 4), (9, 2, 10, 4)], [(3, 5, 4, 7), (7, 5, 8, 7)]]


def test_a_line_may_slope():
    ink = picture(
        ".............",
        ".#...........",
        ".#.#.........",
        ".#.#.#.......",
        "...#.#.#.....",
        ".....#.#.#...",
        ".......#.#...",
        ".........#...",
    )
    assert [len(line) for line in lines(ink)] == [5]


def test_the_bar_of_a_five_belongs_to_it():
    ink = picture(
        ".............",
        "..####....#..",
        "..........#..",
        "..#.......#..",
        "..####....#..",
        ".....#....#..",
        "..####....#..",
        ".............",
        scale=8,
    )
    if_high = lambda ink: 0.99 if len(ink) == 48 else 0.3  # noqa: E731
    assert boxes(ink, scale=8, confidence=if_high) == [[(2, 1, 6, 7), (10, 1, 11, 7)]]


HALVES_OF_A_FOUR = (
    "..................",
    "........#......##.",
    "........#......##.",
    "........#......##.",
    "...#....#......##.",
    "...#....#......##.",
    "...###..#......##.",
    "........#......##.",
    "........#......##.",
    "..................",
)


def by_width(inks):
    """A recognizer that is sure of all, and reads another digit in every width."""
    return [(np.zeros((28, 28), np.uint8), np.roll(one_hot(0.99), ink.shape[1] // 8)) for ink in inks]


def found(ink, recognize):
    return sorted(tuple(side // 8 for side in glyph.box) for glyph in find_glyphs(ink, recognize))


def test_halves_of_a_digit_that_look_like_digits_are_put_together():
    ink = picture(*HALVES_OF_A_FOUR, scale=8)
    assert found(ink, by_width) == [(3, 1, 9, 9), (15, 1, 17, 9)]


def test_a_low_digit_beside_one_that_is_read_without_it_stays_alone():
    ink = picture(*HALVES_OF_A_FOUR, scale=8)
    assert found(ink, recognizer(lambda ink: 0.99)) == [(3, 4, 6, 7), (8, 1, 9, 9), (15, 1, 17, 9)]


def test_all_pieces_of_a_digit_are_put_together():
    ink = picture(
        ".............",
        "..#..#.....#.",
        "...........#.",
        "..#........#.",
        "..###......#.",
        "....#......#.",
        "..###......#.",
        ".............",
        scale=8,
    )
    assert found(ink, by_width) == [(2, 1, 6, 7), (11, 1, 12, 7)]


def test_a_low_digit_among_low_ones_stays_alone_beside_a_high_one():
    low = (".....###.",) * 3 + (".........",)
    ink = picture(*HALVES_OF_A_FOUR[:-1], *["." * 18], *(row * 2 for row in 8 * low), scale=8)
    assert (3, 4, 6, 7) in found(ink, by_width)


TWO_THAT_TOUCH = (
    "...................",
    ".######...######...",
    ".#....#...#....#...",
    ".#....#...#....#...",
    ".#....#####....#...",
    ".#....#...#....#...",
    ".#....#...#....#...",
    ".######...######...",
    "...................",
)


def test_a_non_digit_is_split_into_its_digits():
    ink = picture(*TWO_THAT_TOUCH, scale=6)
    if_narrow = lambda ink: 0.99 if 36 <= ink.shape[1] <= 54 else 0.1  # noqa: E731
    assert [len(line) for line in lines(ink, if_narrow)] == [2]
    left, right = lines(ink, if_narrow)[0]
    assert left.is_part
    assert left.box[2] <= right.box[0]


@pytest.mark.parametrize("certainty", [0.1, 0.95])
def test_nothing_is_split_if_its_parts_are_no_digits(certainty):
    ink = picture(*TWO_THAT_TOUCH, scale=6)
    if_wide = lambda ink: certainty if ink.shape[1] == 90 else 0.1  # noqa: E731
    assert [glyph.box for glyph in find_glyphs(ink, recognizer(if_wide))] == [(6, 6, 96, 48)]


def test_every_piece_is_used_once():
    ink = ink_of(page([SEVEN, FIVE, ONE], [FOUR, ONE, FIVE], size_wh=(400, 300)))
    glyphs = find_glyphs(ink, recognizer(lambda ink: 0.2 + 0.7 * (ink.size % 7) / 7))
    total = np.zeros(ink.shape, int)
    for glyph in glyphs:
        x0, y0, x1, y1 = glyph.box
        total[y0:y1, x0:x1] += glyph.ink
    np.testing.assert_array_equal(total, ink)


def test_the_rest_of_a_digit_that_the_border_cuts_is_dropped():
    ink = picture(".......", ".#...#.", ".#...#.", ".#...#.", ".#...#.", ".......", "...#...", scale=10)
    assert boxes(ink, scale=10) == [[(1, 1, 2, 5), (5, 1, 6, 5)]]


def test_lines_that_nearly_touch_stay_apart():
    ink = picture(
        ".#.#.",
        ".#.#.",
        ".#.#.",
        ".#.#.",
        ".#.#.",
        ".....",
        ".#.#.",
        ".#.#.",
        ".#.#.",
        ".#.#.",
        ".#.#.",
    )
    assert [len(line) for line in lines(ink)] == [2, 2]


def test_specks_and_dashes_are_dropped():
    ink = picture(
        "...............",
        ".#..........#..",
        ".#...###....#..",
        ".#..........#..",
        ".#..........#..",
        ".#.....#....#..",
        "...............",
    )
    assert boxes(ink) == [[(1, 1, 2, 6), (12, 1, 13, 6)]]


def test_a_hundred_specks_do_not_outvote_a_digit():
    ink = picture(".....", "..#..", "..#..", "..#..", ".....", scale=40)
    ink[5:40:8, ::8] = 255
    ink[6:40:8, ::8] = 255
    assert [glyph.box for line in lines(ink) for glyph in line] == [(80, 40, 120, 160)]


def test_page_edges_and_rules_are_dropped():
    ink = np.zeros((400, 400), np.uint8)
    ink[:, :6] = 255
    ink[300:304] = 255
    ink[100:140, 100:108] = ink[100:140, 200:208] = 255
    assert [glyph.box for line in lines(ink) for glyph in line] == [(100, 100, 108, 140), (200, 100, 208, 140)]


def test_the_ink_of_a_neighbor_is_not_in_the_glyph():
    ink = picture(
        "......",
        ".####.",
        "....#.",
        ".#..#.",
        ".#..#.",
        ".#..#.",
        ".#..#.",
        "......",
    )
    right, left = sorted(lines(ink)[0], key=lambda glyph: glyph.ink.size, reverse=True)
    assert not right.ink[10:, :15].any()
    assert left.ink.all()


def test_glyphs_hold_the_gray_of_their_page_which_stays_as_it_was():
    ink = ink_of(page([FOUR]))
    before = ink.copy()
    glyph = lines(ink)[0][0]
    x0, y0, x1, y1 = glyph.box
    np.testing.assert_array_equal(glyph.ink, ink[y0:y1, x0:x1])
    np.testing.assert_array_equal(ink, before)


def test_drawn_digits_are_found_one_by_one():
    ink = ink_of(page([SEVEN, FIVE, ONE], [FOUR, ONE, FIVE], size_wh=(400, 300)))
    assert [len(line) for line in lines(ink)] == [3, 3]


def test_fifty_thousand_specks_are_noise():
    specks = np.zeros((1000, 2000), np.uint8)
    specks[::6, ::6] = specks[1::6, ::6] = 255
    specks[2::6, ::6] = specks[3::6, ::6] = specks[4::6, ::6] = 255
    assert lines(specks) == []


def zigzags(count, teeth, width):
    """(h, w) uint8 ink of nested zigzags, each 60 px high and 18 px below the one before."""
    ink = np.zeros((60 + 18 * count + 80, width + 80), np.uint8)
    x = np.linspace(40, 40 + width, teeth)
    for row in range(count):
        y = 40 + 18 * row + 60 * (np.arange(teeth) % 2)
        cv2.polylines(ink, [np.stack([x, y], axis=1).astype(np.int32)], False, 255, 3)
    return ink


class Doubt:
    """Reads an 8 in what is as narrow as a digit, and anything, never surely, in what is wider; counts the inks."""

    def __init__(self):
        self.inks, self.rng = 0, np.random.default_rng(0)

    def __call__(self, inks):
        self.inks += len(inks)
        return [(np.zeros((28, 28), np.uint8), self.read(ink)) for ink in inks]

    def read(self, ink):
        is_wide = ink.shape[1] > ink.shape[0]
        return self.rng.dirichlet(np.full(10, 0.3)) * 0.7 + 0.03 if is_wide else one_hot(0.99)


def forty_five_digits_and(ink):
    digits = np.zeros((90, 45 * 60), np.uint8)
    for left in range(20, digits.shape[1], 60):
        cv2.ellipse(digits, (left, 45), (12, 30), 0, 0, 360, 255, 4)
    return np.vstack([digits, np.pad(ink, ((0, 0), (0, digits.shape[1] - ink.shape[1])))])


def test_zigzags_of_hundreds_of_parts_beside_digits_are_not_joined():
    """The search among their parts has neither the depth nor the time that Python grants."""
    doubt = Doubt()
    glyphs = find_glyphs(forty_five_digits_and(zigzags(4, teeth=15, width=590)), doubt)
    assert len(glyphs) == doubt.inks == 49


def test_zigzags_of_few_parts_beside_digits_are_searched():
    doubt = Doubt()
    glyphs = find_glyphs(forty_five_digits_and(zigzags(2, teeth=9, width=290)), doubt)
    assert doubt.inks > 500
    assert len(glyphs) > 47


def test_a_search_with_too_many_options_leaves_the_pieces_as_they_are(monkeypatch):
    monkeypatch.setattr(segmentation, "_OPTIONS", 100)
    assert len(find_glyphs(forty_five_digits_and(zigzags(2, teeth=9, width=290)), Doubt())) == 47


def test_the_options_of_a_search_use_each_atom_once():
    options = segmentation._options(3, [(0,), (1,), (2,), (0, 2), (1, 2)])
    assert options == {
        0b111: [(0, 0b110), (3, 0b010)],
        0b110: [(1, 0b100), (4, 0)],
        0b100: [(2, 0)],
        0b010: [(1, 0)],
    }


def test_the_options_of_a_search_are_bounded():
    """All pairs of forty atoms have more orders than there is time."""
    atoms = range(40)
    groups = [(i,) for i in atoms] + [(i, j) for i in atoms for j in atoms if i < j]
    assert segmentation._options(40, groups) is None
    assert segmentation._options(200, [(i,) for i in range(200)]).keys() == {(1 << 200) - (1 << i) for i in range(200)}
