"""Pages that the project's own code writes: masks, boxes and text agree with what can be seen."""

from collections import Counter

import numpy as np
import pytest

from model.data.pages.camera import View, place_paper
from model.data.pages.inks import InkSources, Pen, PrintedHand, WrittenHand, fonts, random_hand
from model.data.pages.layouts import LAYOUTS
from model.data.pages.sheet import NUMBER, PixelClass, Script, Sheet
from model.data.pages.written import write_page
from model.data.pen_strokes import Drawing

TEMPLATES = InkSources()
PEN = Pen(0.1, (0, 0, 0))
WHOLE_AREA = 0, 0, 400, 100


def hand(**drawings):
    return WrittenHand(PEN, drawings, {}, {}, np.eye(2), unevenness=0.0)


def blank(seed=0):
    return Sheet(np.full((100, 400, 3), 255, np.uint8), WHOLE_AREA, np.random.default_rng(seed))


def boxes_of(instances):
    """Boxes of the symbols by index."""
    found = {}
    for index in np.unique(instances[instances > 0]):
        ys, xs = np.nonzero(instances == index)
        found[int(index) - 1] = (xs.min(), ys.min(), xs.max() + 1, ys.max() + 1)
    return found


@pytest.fixture(scope="module")
def pages():
    """A page of each layout."""
    return [
        write_page(np.random.default_rng([seed, i]), TEMPLATES, (240, 320), layout)
        for i, layout in enumerate(LAYOUTS)
        for seed in range(2)
    ]


def test_a_page_is_the_same_for_a_seed():
    one, other = (write_page(np.random.default_rng(5), TEMPLATES) for _ in range(2))
    np.testing.assert_array_equal(one.image, other.image)
    np.testing.assert_array_equal(one.classes, other.classes)
    assert (one.symbols, one.text) == (other.symbols, other.text)


def test_shapes_and_types(pages):
    for page in pages:
        assert (page.image.shape, page.image.dtype) == ((240, 320, 3), np.uint8)
        assert (page.classes.shape, page.classes.dtype) == ((240, 320), np.uint8)
        assert (page.instances.shape, page.instances.dtype) == ((240, 320), np.int32)
        assert page.classes.max() <= PixelClass.OTHER


def test_every_symbol_has_the_box_of_its_pixels(pages):
    for page in pages:
        assert boxes_of(page.instances) == {i: symbol.box for i, symbol in enumerate(page.symbols)}


def test_classes_agree_with_labels(pages):
    for page in pages:
        for i, symbol in enumerate(page.symbols):
            kinds = {PixelClass(kind) for kind in page.classes[page.instances == i + 1]}
            digit_or_sign = PixelClass.DIGIT if symbol.label.isdigit() else PixelClass.SIGN
            assert kinds == {PixelClass.LETTER if symbol.label == "letter" else digit_or_sign}
        ink = np.isin(page.classes, (PixelClass.DIGIT, PixelClass.SIGN, PixelClass.LETTER))
        np.testing.assert_array_equal(ink, page.instances > 0)


def test_digits_differ_from_the_paper_around_them(pages):
    seen = []
    for page in pages:
        for i, symbol in enumerate(page.symbols):
            x0, y0, x1, y1 = symbol.box
            part = np.s_[max(y0 - 4, 0) : y1 + 4, max(x0 - 4, 0) : x1 + 4]
            colors, paper = page.image[part].astype(float), page.classes[part] == PixelClass.PAPER
            if symbol.label.isdigit() and paper.sum() > 20:
                ink = colors[page.instances[part] == i + 1]
                seen.append(np.abs(ink.mean(axis=0) - colors[paper].mean(axis=0)).max())
    assert len(seen) > 200
    assert np.quantile(seen, 0.03) > 12


def test_the_text_has_the_digits_of_all_lines(pages):
    for page in pages:
        digits = [s.label for s in page.symbols if s.label.isdigit() and s.line >= 0 and not s.crossed_out]
        assert Counter(filter(str.isdigit, page.text)) == Counter(digits)


@pytest.mark.parametrize("layout", ["empty", "text_only", "letters_only", "drawing", "surroundings"])
def test_pages_with_nothing_to_read_hold_no_digit(layout):
    for seed in range(4):
        page = write_page(np.random.default_rng(seed), TEMPLATES, (120, 160), layout)
        assert page.text == ""
        assert PixelClass.DIGIT not in page.classes


def test_every_kind_is_reached():
    pages = [write_page(np.random.default_rng(seed), TEMPLATES, (48, 64)) for seed in range(180)]
    assert {page.layout for page in pages} == set(LAYOUTS)
    assert {page.medium for page in pages} == {"screen", "scan", "photo", "board"}
    assert {kind for page in pages for kind in np.unique(page.classes)} == set(PixelClass)
    assert any(symbol.crossed_out for page in pages for symbol in page.symbols)


def test_sizes_vary_unless_one_is_asked_for():
    shapes = {write_page(np.random.default_rng(seed), TEMPLATES, layout="empty").image.shape for seed in range(5)}
    assert len(shapes) == 5
    assert all(max(shape) <= 1600 for shape in shapes)


def test_numbers_keep_their_signs_and_other_signs_stand_alone():
    sheet = blank()
    sheet.write("24,79 (-12)+3² kg", (5, 20), Script(hand(), 30, PEN))
    groups = {}
    for symbol in sheet.symbols:
        groups.setdefault(symbol.number, []).append(symbol.label)
    assert list(map("".join, groups.values())) == ["24,79", "(", "-12", ")", "+", "32", "letterletter"]


@pytest.mark.parametrize("text", ["0", "-12", "24,79", "27/05/24", "08:45", "404-1000", "3.5%", "5²"])
def test_numbers_are_found_whole(text):
    assert NUMBER.fullmatch(text)


@pytest.mark.parametrize("text", ["+3", "12+3", "(4)", "3.", "x"])
def test_other_signs_are_no_part_of_a_number(text):
    assert not NUMBER.fullmatch(text)


def test_ink_wins_over_rules_whichever_comes_first():
    for rules_first in (True, False):
        sheet = blank()
        draw = [
            lambda sheet=sheet: sheet.rule([np.array([(0.0, 35.0), (400.0, 35.0)])], Pen(3, (90, 90, 90))),
            lambda sheet=sheet: sheet.write("8", (100, 20), Script(hand(), 40, PEN)),
        ]
        for step in draw if rules_first else draw[::-1]:
            step()
        assert set(np.unique(sheet.classes[35])) == {PixelClass.DIGIT, PixelClass.RULE}
        ink = sheet.instances > 0
        assert (sheet.classes[ink] == PixelClass.DIGIT).all()
        assert sheet.image[ink].max(axis=1).mean() < 120


def test_crossed_out_digits_stay_digits():
    sheet = blank()
    sheet.write("17", (100, 20), Script(hand(), 40, PEN))
    before = sheet.instances > 0
    sheet.cross_out(0, [np.array([(80.0, 40.0), (200.0, 40.0)])], PEN, 4)
    assert [(symbol.label, symbol.crossed_out) for symbol in sheet.symbols] == [
        ("1", True), ("7", True), ("letter", True),
    ]  # fmt: skip
    assert (sheet.classes[before] == PixelClass.DIGIT).all()
    assert (sheet.classes[sheet.instances == 3] == PixelClass.LETTER).all()


def test_touching_digits_touch():
    sheet = blank()
    ring = [[np.column_stack([np.cos(t), np.sin(t)]) for t in [np.linspace(0, 2 * np.pi, 60)]]]
    sheet.write("000", (50, 20), Script(hand(**{"0": ring}), 40, PEN, gap=0.3, touching=1.0))
    middle = sheet.instances[40, 50:]
    inked = np.flatnonzero(middle)
    runs = np.split(inked, np.flatnonzero(np.diff(inked) > 1) + 1)
    assert len(runs) == 4  # the sides of three rings, of which neighbors are one


@pytest.mark.parametrize(
    ("sign", "top", "bottom"), [(".", 34, 44), (",", 32, 52), ("-", 14, 29), (":", 8, 44), ("=", 8, 34)]
)
def test_signs_stand_where_they_stand_beside_digits(sign, top, bottom):
    glyph = hand().draw(sign, 40.0, np.random.default_rng(0))
    assert top <= glyph.top
    assert glyph.top + len(glyph.alpha) <= bottom


def test_a_writers_own_drawings_are_drawn():
    bar = [[np.array([(0.0, 0.0), (0.0, 9.0)])]]
    glyph = hand(**{"8": bar}).draw("8", 50.0, np.random.default_rng(0))
    assert glyph.alpha.shape[1] < 10
    assert len(glyph.alpha) > 45


@pytest.mark.parametrize("height", [12, 30, 200])
def test_a_picture_of_a_digit_is_drawn_at_every_size(height):
    picture = np.zeros((28, 28), np.uint8)
    picture[4:24, 12:16] = 255
    drawn = WrittenHand(PEN, {}, {"1": picture[None]}, {}, np.eye(2), unevenness=0.0)
    glyph = drawn.draw("1", float(height), np.random.default_rng(0))
    assert abs(len(glyph.alpha) - height) <= 0.15 * height + 2
    assert glyph.alpha.max() > 200


def test_sources_give_hands_of_writers_and_of_pictures(tmp_path):
    frames = np.zeros((20, 28, 28), np.uint8)
    frames[:, 4:24, 10:14] = 255
    labels = np.arange(20, dtype=np.uint8) % 10
    np.savez(tmp_path / "more.npz", ink=frames, labels=labels)
    line = np.array([(0.0, 0.0), (1.0, 5.0)])
    drawings = [Drawing([line], 1, "a", name="1"), Drawing([line], None, "b", name="Greek/alpha")]
    inks = InkSources.of([(frames, labels)], drawings, [tmp_path / "more.npz"])
    assert (len(inks.bands), len(inks.writers), len(inks.scripts)) == (2, 1, 1)
    hands = [random_hand(inks, PEN, np.random.default_rng(seed)) for seed in range(30)]
    assert any(len(one.pictures) == 10 for one in hands)
    assert any("1" in one.drawings for one in hands)


@pytest.mark.parametrize("font", fonts())
def test_every_font_prints_digits_of_the_height_asked_for(font):
    glyphs = [PrintedHand(font).draw(digit, 40.0, np.random.default_rng(0)) for digit in "0123456789"]
    assert all(37 <= len(glyph.alpha) <= 43 for glyph in glyphs)
    assert all(-3 <= glyph.top <= 3 for glyph in glyphs)


def test_paper_beyond_which_a_desk_is_seen():
    sheet = blank()
    sheet.write("8", (180, 30), Script(hand(), 40, PEN))
    view = View((200, 500), (-50.0, -50.0), turn=5.0)
    image, classes, instances = place_paper(sheet, view)
    assert image.shape == (200, 500, 3)
    assert classes[0, 0] == classes[-1, -1] == PixelClass.OTHER
    assert (classes[instances > 0] == PixelClass.DIGIT).all()
    before, after = np.count_nonzero(sheet.instances), np.count_nonzero(instances)
    assert 0.9 * before < after < 1.1 * before


def test_bent_paper_is_smooth():
    sheet = blank()
    sheet.image[:, ::2] = 0
    image, _, _ = place_paper(sheet, View((60, 300), (40.0, 20.0), turn=1.0, tilt=0.01, curl=0.003))
    assert (
        np.abs(np.diff(image[20:40, 50:250].astype(int).mean(axis=2))).mean() > 60
    )  # stripes of one px are still seen


def test_straight_paper_is_shown_as_it_is():
    sheet = blank()
    sheet.write("8", (180, 30), Script(hand(), 40, PEN))
    image, classes, _ = place_paper(sheet, View((50, 100), (150.0, 30.0)))
    np.testing.assert_array_equal(image, sheet.image[30:80, 150:250])
    np.testing.assert_array_equal(classes, sheet.classes[30:80, 150:250])
