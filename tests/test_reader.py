from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from model.classifiers.runtime import Classifier, StrokeClassifier
from model.errors import ImageError, StrokesError
from model.reader import Reader
from model.reading import Finding
from model.vision.framing import ink_box
from model.vision.number_lattice import MAX_STROKES
from model.vision.pen_path import path_of
from model.vision.strokes import as_strokes
from tests.handwriting.picture_files import FIVE, FOUR, ONE, SEVEN, encode, likes, page


def unsure(frames):
    return np.zeros((len(frames), 10), np.float32)


def by_width(frames):
    """A `predict` that answers 1 for narrow frames, 7 for all others."""
    narrow = [np.ptp(np.flatnonzero(frame.any(axis=0))) < 10 for frame in frames]
    return np.array([np.eye(10)[1 if is_one else 7] * 20 for is_one in narrow], np.float32)


def test_a_drawing_is_one_digit():
    reading = Reader(Classifier(likes(7))).read_drawing(SEVEN, pen_width=8)
    (digit,) = reading.digits
    assert (reading.text, reading.finding) == ("7", Finding.DIGIT)
    assert digit.label == 7
    assert digit.accepted
    assert digit.confidence == digit.probabilities[7] > 0.999
    assert digit.probabilities.sum() == pytest.approx(1)
    assert digit.frame.shape == (28, 28)
    assert digit.box == (6, 6, 64, 94)


def says(**logits):
    """A `predict` with these logits for digits named d0 to d9."""
    row = np.array([logits.get(f"d{digit}", 0.0) for digit in range(10)], np.float32)
    return lambda inputs: np.tile(row, (len(inputs), 1))


def test_two_networks_read_a_drawing_by_the_weighted_sum_of_their_logits():
    strokes = StrokeClassifier(says(d1=4.0), frame_weight=0.5, path_weight=2.0, threshold=0.99)
    reader = Reader(Classifier(says(d7=6.0)), strokes)
    (digit,) = reader.read_drawing(SEVEN, pen_width=8).digits
    expected = np.exp([0, 8, 0, 0, 0, 0, 0, 3, 0, 0])
    np.testing.assert_allclose(digit.probabilities, expected / expected.sum(), rtol=1e-5)
    assert (digit.label, digit.accepted, reader.threshold) == (1, digit.confidence >= 0.99, 0.99)


def test_the_stroke_network_sees_the_path_of_the_pen():
    seen = []

    def predict(paths):
        seen.append(paths)
        return np.zeros((len(paths), 10), np.float32)

    Reader(Classifier(likes(7)), StrokeClassifier(predict)).read_drawing(SEVEN)
    np.testing.assert_array_equal(seen, [[path_of(as_strokes(SEVEN))]])


def test_pictures_are_read_without_the_stroke_network():
    picture = encode(page([SEVEN, ONE]))
    reader = Reader(Classifier(by_width), StrokeClassifier(likes(3), path_weight=9.0, line_threshold=1.0))
    assert reader.read_photo(picture).text == Reader(Classifier(by_width)).read_photo(picture).text == "71"


def test_two_networks_read_a_number_with_the_threshold_for_lines():
    pair = [*SEVEN, *(np.add(stroke, [200, 0]) for stroke in SEVEN)]
    for line_threshold, text in ((0.5, "77"), (0.9, "??")):
        strokes = StrokeClassifier(wide_is_none, 0.0, 1.0, threshold=0.8, line_threshold=line_threshold)
        assert Reader(Classifier(unsure), strokes).read_drawing(pair).text == text


def wide_is_none(paths):
    """A `predict` of paths that likes 7 in what is at least as high as wide, and nothing else."""
    high = np.ptp(paths[:, :, 1], axis=1) >= np.ptp(paths[:, :, 0], axis=1)
    return (high[:, None] * np.eye(10)[7] * 4).astype(np.float32)


@pytest.mark.parametrize("strokes", [[], [[]], [[], []]])
def test_an_empty_pad_is_never_guessed(strokes):
    reading = Reader(Classifier(likes(5))).read_drawing(strokes)
    assert (reading.digits, reading.text, reading.finding) == ((), "", Finding.NOTHING)


@pytest.mark.parametrize("strokes", [[[(50, 50)]], [[(50, 50), (53, 54)]]])
def test_a_dot_is_too_little_ink(strokes):
    reading = Reader(Classifier(likes(5))).read_drawing(strokes, pen_width=20)
    assert (reading.digits, reading.finding) == ((), Finding.TOO_LITTLE_INK)


def test_a_doubtful_drawing_is_a_question_mark():
    reading = Reader(Classifier(unsure)).read_drawing(SEVEN)
    assert (reading.text, reading.finding) == ("?", Finding.NOT_A_DIGIT)


def test_a_doubt_between_two_digits_says_so():
    reading = Reader(Classifier(lambda frames: np.log([[0.01] * 8 + [0.47, 0.45]] * len(frames)))).read_drawing(SEVEN)
    assert reading.finding == Finding.BETWEEN
    assert (reading.digits[0].label, reading.digits[0].runner_up) == (8, 9)


def ones(frames):
    """A `predict` that is sure of a 1, by its narrow frame, and of nothing else."""
    return by_width(frames) * [[1] * 7 + [0] + [1] * 2]


UPRIGHT, OTHER = [(20, 20), (20, 90)], [(60, 20), (62, 90)]


def test_digits_side_by_side_are_a_number():
    reading = Reader(Classifier(ones)).read_drawing([OTHER, UPRIGHT])
    assert (reading.text, reading.finding) == ("11", Finding.DIGIT)
    assert [digit.box for digit in reading] == [(10, 10, 30, 100), (50, 10, 72, 100)]


def test_lines_of_a_drawing_are_read_downwards():
    line = [UPRIGHT, [(220, 20), (222, 90)]]
    below = [np.add(stroke, [0, 100]) for stroke in line]
    assert Reader(Classifier(ones)).read_drawing([*below, *line]).text == "11\n11"


def test_a_number_needs_most_of_its_digits():
    wide = [(100, 20), (160, 60), (100, 90)]
    reader = Reader(Classifier(ones))
    assert reader.read_drawing([UPRIGHT, OTHER, wide]).text == "11?"
    assert reader.read_drawing([UPRIGHT, wide]).text == "?"


def test_a_drawing_of_very_many_strokes_is_no_number():
    many = [np.add(UPRIGHT, [40 * i, 0]) for i in range(MAX_STROKES + 1)]
    reader = Reader(Classifier(ones))
    assert reader.read_drawing(many[:-1]).text == "1" * MAX_STROKES
    assert reader.read_drawing(many).finding is Finding.NOT_A_DIGIT


def test_the_threshold_decides_what_is_accepted():
    half = lambda frames: np.log([[0.4 / 9] * 9 + [0.6]] * len(frames))  # noqa: E731
    assert Reader(Classifier(half, threshold=0.55)).read_drawing(SEVEN).text == "9"
    assert Reader(Classifier(half, threshold=0.65)).read_drawing(SEVEN).text == "?"


def test_a_doubtful_drawing_of_one_part_is_read_once():
    batches = []

    def doubtful(frames):
        batches.append(len(frames))
        return np.log([[0.01] * 7 + [0.25, 0.3, 0.38]] * len(frames))

    Reader(Classifier(doubtful)).read_drawing([[(60, 20), (60, 180)]])
    assert batches == [1]


def test_digits_in_a_line_have_a_threshold_of_their_own():
    undecided = lambda frames: np.log([[1e-6] * 8 + [0.4, 0.6]] * len(frames))  # noqa: E731
    reader = Reader(Classifier(undecided, threshold=0.9, line_threshold=0.55))
    assert reader.read_drawing(SEVEN).text == "?"
    assert reader.read_photo(page([SEVEN])).text == "9"
    assert Reader(Classifier(undecided, threshold=0.9, line_threshold=0.65)).read_photo(page([SEVEN])).text == "?"


@pytest.mark.parametrize("strokes", [[[(0, float("nan"))]], [[1, 2, 3]], "7", [[(1e9, 0)]]])
def test_malformed_strokes_are_refused(strokes):
    with pytest.raises(StrokesError):
        Reader(Classifier(likes(7))).read_drawing(strokes)


def test_a_page_is_read_line_by_line_in_two_predict_calls_at_most():
    batches = []

    def predict(frames):
        batches.append(frames.shape)
        return by_width(frames)

    gray = page([SEVEN, ONE, FIVE], [ONE, ONE, FOUR], size_wh=(400, 300))
    reading = Reader(Classifier(predict)).read_photo(encode(gray))
    assert reading.text == "717\n117"
    assert reading.finding == Finding.DIGIT
    assert len(batches) <= 2
    assert all(shape[1:] == (28, 28) for shape in batches)


def test_boxes_are_pixels_of_the_upright_picture():
    (digit,) = Reader(Classifier(likes(7))).read_photo(page([SEVEN], pen=8)).digits
    np.testing.assert_allclose(digit.box, (26, 26, 85, 115), atol=2)


def test_a_photo_and_a_drawing_of_the_same_digit_give_the_same_frame():
    drawn = Reader(Classifier(likes(7))).read_drawing(SEVEN).digits[0].frame
    photo = Reader(Classifier(likes(7))).read_photo(page([SEVEN], pen=12)).digits[0].frame
    shifted = [np.roll(photo, (dy, dx), (0, 1)) for dy in (-1, 0, 1) for dx in (-1, 0, 1)]  # a center may round away
    assert min(np.abs(drawn.astype(int) - frame).mean() for frame in shifted) < 8


@pytest.mark.parametrize("gray", [np.full((50, 50), 255, np.uint8), np.zeros((1, 1), np.uint8)])
def test_a_blank_picture_holds_nothing(gray):
    reading = Reader(Classifier(likes(5))).read_photo(gray)
    assert (reading.lines, reading.text, reading.finding) == ((), "", Finding.NOTHING)


def test_a_picture_of_non_digits_holds_no_digit():
    reading = Reader(Classifier(unsure)).read_photo(page([SEVEN, ONE]))
    assert (reading.text, reading.finding) == ("", Finding.NOT_A_DIGIT)


def test_a_doubtful_digit_stays_visible():
    half = lambda frames: np.log([[0.01] * 7 + [0.25, 0.3, 0.38]] * len(frames))  # noqa: E731
    reading = Reader(Classifier(half)).read_photo(page([SEVEN]))
    assert (reading.text, reading.finding) == ("?", Finding.NOT_A_DIGIT)


def test_the_steps_of_a_photo_lead_to_its_reading():
    photo = np.pad(page([SEVEN, FOUR], paper=200), ((0, 2400), (0, 0)), constant_values=200)
    steps = Reader(Classifier(likes(7))).explain_photo(photo)
    assert (
        steps.gray.shape
        == steps.without_paper.shape
        == steps.ink.shape
        == steps.without_ruled_lines.shape
        == (2400, 376)
    )
    assert len(steps.boxes) == 2
    assert steps.reading.text == Reader(Classifier(likes(7))).read_photo(photo).text == "77"
    np.testing.assert_allclose(steps.reading.digits[0].box, (26, 26, 85, 115), atol=4)
    assert steps.scale == 2400 / photo.shape[0]
    np.testing.assert_allclose(np.multiply(steps.reading.digits[0].box, steps.scale), steps.boxes[0], atol=1)


def test_a_picture_that_is_not_shrunk_has_a_scale_of_1():
    assert Reader(Classifier(likes(7))).explain_photo(page([SEVEN])).scale == 1


def test_the_steps_of_a_drawing_lead_to_the_frame_that_is_read():
    reader = Reader(Classifier(likes(7)))
    steps = reader.explain_drawing(SEVEN)
    assert steps.ink.shape == (200, 200)
    assert steps.framing.box == ink_box(steps.ink)
    np.testing.assert_array_equal(steps.framing.frame, reader.read_drawing(SEVEN).digits[0].frame)
    np.testing.assert_array_equal(steps.path, path_of(as_strokes(SEVEN)))


@pytest.mark.parametrize("strokes", [[], [[]], [[], []]])
def test_an_empty_pad_has_no_steps(strokes):
    assert Reader.explain_drawing(strokes) is None


def test_the_steps_of_malformed_strokes_are_refused():
    with pytest.raises(StrokesError):
        Reader.explain_drawing([[1, 2, 3]])


def test_the_reader_has_the_threshold_of_its_classifier():
    assert Reader(Classifier(likes(5), threshold=0.7, line_threshold=0.6)).threshold == 0.7


def test_a_gray_array_is_read_as_its_file_is_and_without_pillow(monkeypatch):
    gray = page([SEVEN, ONE])
    reader = Reader(Classifier(by_width))
    from_file = reader.read_photo(encode(gray)), reader.read_box(encode(gray), (15, 15, 110, 130))
    monkeypatch.setattr("model.vision.decoding.Image", None)
    from_array = reader.read_photo(gray), reader.read_box(gray, (15, 15, 110, 130))
    assert from_array[0].text == from_file[0].text == "71"
    assert [digit.box for digit in from_array[0]] == [digit.box for digit in from_file[0]]
    assert from_array[1].box == from_file[1].box


def test_eight_threads_in_one_reader_give_the_answers_of_one(reader):
    pages = [page([SEVEN, FOUR], [ONE, FIVE], size_wh=(400, 300)), page([FIVE, ONE])]
    drawings = [SEVEN, FOUR, ONE, FIVE]

    def answers(_=None):
        readings = [*map(reader.read_photo, pages), *map(reader.read_drawing, drawings)]
        return [(reading.text, [(digit.box, digit.confidence) for digit in reading]) for reading in readings]

    expected = answers()
    with ThreadPoolExecutor(8) as pool:
        assert all(each == expected for each in pool.map(answers, range(16)))


def test_ink_without_a_mark_cannot_be_recognized():
    with pytest.raises(ValueError, match="Expected a pixel above 0"):
        Reader(Classifier(likes(5)))._recognize([np.zeros((5, 5), np.uint8)])


def test_bytes_that_are_no_picture_are_refused():
    with pytest.raises(ImageError, match="cannot be read"):
        Reader(Classifier(likes(5))).read_photo(b"no picture")


def test_a_box_of_a_picture_is_read_as_one_digit():
    digit = Reader(Classifier(likes(4))).read_box(encode(page([SEVEN, FOUR, ONE])), (118, 20, 200, 130))
    assert (digit.label, digit.accepted) == (4, True)
    np.testing.assert_allclose(digit.box, (126, 26, 189, 115), atol=2)


def test_a_box_leaves_out_what_reaches_in_from_its_neighbors():
    alone = Reader(Classifier(likes(4))).read_box(page([FOUR]), (15, 15, 110, 130))
    beside = Reader(Classifier(likes(4))).read_box(page([FOUR, SEVEN]), (15, 15, 140, 130))
    assert beside.box == alone.box


def test_a_box_may_hold_a_non_digit():
    digit = Reader(Classifier(unsure)).read_box(page([SEVEN]), (20, 20, 100, 130))
    assert not digit.accepted
    assert digit.frame.any()


@pytest.mark.parametrize("box", [(200, 20, 300, 130), (-50, -50, -10, -10), (60, 60, 60, 60), (390, 140, 9000, 9000)])
def test_a_box_without_ink_is_answered_as_unsure(box):
    digit = Reader(Classifier(likes(7))).read_box(page([SEVEN]), box)
    assert (digit.accepted, digit.confidence, digit.box) == (False, pytest.approx(0.1), box)
    assert digit.frame.shape == (28, 28)
