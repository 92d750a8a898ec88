import numpy as np
import pytest

from model.reading import Digit, Finding, Line, Reading
from model.transcript import Transcript, Trust

WIDTH, HEIGHT = 20, 40


def digit(label, x, y, confidence=0.99, accepted=True):
    probabilities = np.full(10, (1 - confidence) / 9)
    probabilities[label] = confidence
    return Digit(
        label, confidence, accepted, probabilities, (x, y, x + WIDTH, y + HEIGHT), np.zeros((28, 28), np.uint8)
    )


def line(text, y=0, step=30, confidence=0.99):
    """Digits side by side, 10 px apart; each space is a gap of a digit's place."""
    return Line(tuple(digit(int(c), step * i, y, confidence) for i, c in enumerate(text) if c != " "))


def transcript(*texts, **options):
    lines = tuple(line(text, y=60 * i, **options) for i, text in enumerate(texts))
    return Transcript.of(Reading(lines, Finding.DIGIT))


def number(transcript, row, column):
    return transcript.lines[row][column].number


def test_a_transcript_holds_the_reading():
    page = transcript("2026", "314")
    assert page.text == "2026\n314"
    assert [mark.number for mark in page] == list(range(7))
    assert {mark.trust for mark in page} == {Trust.SURE}
    assert not page.doubts


@pytest.mark.parametrize("finding", [Finding.NOTHING, Finding.NOT_A_DIGIT])
def test_a_reading_without_digits_has_an_empty_transcript(finding):
    assert not list(Transcript.of(Reading((line("1"),), finding)))


def test_a_gap_far_wider_than_the_others_separates_columns():
    places = (0, 22, 44, 44 + WIDTH + int(0.7 * HEIGHT))
    page = Transcript.of(Reading((Line(tuple(digit(7, x, 0) for x in places)),), Finding.DIGIT))
    assert page.text == "777 7"


def test_setting_a_label_changes_one_mark_and_leaves_the_old_transcript():
    page = transcript("2026", "314")
    corrected = page.set_label(number(page, 1, 0), 8)
    assert (page.text, corrected.text) == ("2026\n314", "2026\n814")
    mark = corrected.lines[1][0]
    assert (mark.trust, mark.is_manual, mark.accepted) == (Trust.MANUAL, True, True)
    assert mark.confidence == pytest.approx(0.01 / 9)


def test_a_manual_label_stays_when_its_box_is_moved_and_others_change():
    page = transcript("2026")
    page = page.set_label(number(page, 0, 1), 7)
    page = page.move(number(page, 0, 1), digit(5, 32, 1))
    page = page.remove(number(page, 0, 3)).add(digit(9, 95, 0))
    assert page.text == "2729"


def test_a_box_moved_is_read_again():
    page = transcript("2026")
    page = page.move(number(page, 0, 1), digit(5, 32, 1))
    assert page.text == "2526"
    assert page.lines[0][1].is_manual


def test_a_box_moved_past_its_neighbor_changes_places():
    page = transcript("2026")
    assert page.move(number(page, 0, 0), digit(2, 45, 0)).text == "0226"


def test_moving_an_unknown_mark_changes_nothing():
    page = transcript("2026")
    assert page.move(99, digit(5, 32, 1)).text == "2026"


@pytest.mark.parametrize(
    ("x", "y", "text"),
    [(120, 4, "20265\n314"), (-40, 58, "2026\n5314"), (30, 200, "2026\n314\n5"), (0, -90, "5\n2026\n314")],
)
def test_a_new_box_joins_the_line_it_stands_on(x, y, text):
    assert transcript("2026", "314").add(digit(5, x, y)).text == text


def test_a_new_box_on_an_empty_page():
    page = Transcript().add(digit(5, 0, 0))
    assert page.text == "5"
    assert page.remove(0).lines == ()


def test_numbers_are_never_reused():
    page = transcript("12")
    page = page.remove(1).add(digit(3, 30, 0))
    assert [mark.number for mark in page] == [0, 2]


def test_removing_the_last_mark_removes_its_line():
    page = transcript("2026", "3")
    assert page.remove(number(page, 1, 0)).text == "2026"


def test_doubts_begin_with_the_worst():
    digits = (digit(1, 0, 0, 0.95), digit(2, 30, 0, 0.8), digit(3, 60, 0, 0.3, accepted=False), digit(4, 90, 0, 0.6))
    page = Transcript.of(Reading((Line(digits),), Finding.DIGIT))
    assert page.text == "12?4"
    assert [mark.label for mark in page.doubts] == [3, 4, 2]
    assert [mark.label for mark in page.set_label(2, 5).doubts] == [4, 2]


def test_a_box_drawn_over_nothing_is_unread():
    blank = Digit(0, 0.1, False, np.full(10, 0.1), (120, 0, 140, 40), np.zeros((28, 28), np.uint8))
    page = transcript("2026").add(blank)
    assert page.text == "2026?"
    assert page.doubts[0].trust is Trust.UNREAD


def test_wide_gaps_separate_columns():
    assert transcript("0171  555  1234").text == "0171 555 1234"


def test_digits_spaced_evenly_are_one_number():
    assert transcript("31415", step=60).text == "31415"


def test_table_has_the_page_s_columns():
    page = transcript("12    7     305", "9           41", "     88")
    assert page.table() == [["12", "7", "305"], ["9", "", "41"], ["", "88", ""]]


def test_overlapping_columns_are_filled_from_the_left():
    page = transcript("12    7    5", "    123456789")
    assert page.table() == [["12", "7", "5"], ["123456789", "", ""]]


def test_empty_page_has_an_empty_table():
    assert Transcript().table() == []
    assert Transcript().text == ""
