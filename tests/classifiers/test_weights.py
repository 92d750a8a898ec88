"""The shipped weights: what their report says, and how they read writers that they were not trained on."""

from collections import defaultdict

import numpy as np
import pytest

from model.classifiers.report import load_report
from model.data.pen_strokes import load_drawings
from model.data.stroke_templates import DIGIT_TEMPLATES, sample_strokes
from model.evaluation.metrics import evaluate
from model.evaluation.unseen_writers import measure_writers, place, reader_of
from model.reader import WEIGHTS
from model.reading import Finding
from model.vision.pen_path import path_of
from pages.components.shared.verdict import confidence_in_words
from tests.handwriting.digit_strokes import DIGITS, LETTERS, SCRIBBLE, STYLES

PENS = (4, 20, 40)
MEASURED = {"strokes": ("pendigits_train", "unipen"), "not_digits": ("omniglot", "unipen")}
"""Names of the stroke files by folder, those that the floors and ceilings below were measured on."""


@pytest.fixture(scope="module")
def report():
    return load_report(WEIGHTS)


def placed(drawing, size=200.0, tilt=0.0, origin=(60, 60)):
    """Strokes of the unit square, `size` px large on the canvas, tilted by `tilt` degrees around their middle."""
    angle = np.deg2rad(tilt)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return [((np.array(stroke) - 0.5) @ turn + 0.5) * size + origin for stroke in drawing]


def test_report_says_what_the_weights_saw(report):
    assert report["data"]["trained_on"] + report["data"]["held_out"] == 60_000
    assert 300_000 <= report["parameters"] <= 2_000_000
    assert {"tensorflow", "keras", "python"} <= set(report["versions"])
    assert len(report["curve"]) == report["settings"]["epochs"]
    assert report["hardware"]


def test_mnist_is_read_as_the_report_says(report, mnist, mnist_logits, classifier):
    assert mnist.sha256 == report["data"]["sha256"]
    metrics = evaluate(mnist_logits, mnist.test.labels, classifier.threshold)
    assert abs(metrics["errors"] - report["test"]["errors"]) <= 2  # processors round differently
    assert metrics["accuracy"] >= 0.9965
    assert metrics["ece"] <= 0.01


def keeping_answers(read):
    """Read every drawing once: what has been read before, at the same place with the same pen, is looked up."""
    answers = {}

    def read_once(strokes, pen_width):
        drawing = (pen_width, *(stroke.tobytes() for stroke in strokes))
        if drawing not in answers:
            answers[drawing] = read(strokes, pen_width)
        return answers[drawing]

    return read_once


@pytest.fixture(scope="module")
def read(reader):
    return keeping_answers(reader_of(reader))


@pytest.fixture(scope="module")
def writers(read, report, strokes_dir, tmp_path_factory):
    """Metrics of all writers, by subset and file."""
    root = tmp_path_factory.mktemp("measured")
    for folder, names in MEASURED.items():
        (root / folder).mkdir()
        for name in names:
            (root / folder / f"{name}.jsonl").symlink_to((strokes_dir / folder / f"{name}.jsonl").resolve())
    return measure_writers(read, root / "strokes", root / "not_digits", report["data"]["strokes_sha256"].values())


# Subset, file, figure, and its least value: a little below the one that was reached.
FLOORS = [
    ("digits", "unipen", "accuracy", 0.988),
    ("digits", "unipen", "coverage", 0.97),
    ("digits", "unipen", "selective_accuracy", 0.995),
    ("digits", "unipen", "auroc", 0.991),
    ("digits", "unipen", "worst_writer", 0.915),
    ("left_out", "pendigits_train", "accuracy", 0.997),
    ("left_out", "pendigits_train", "worst_writer", 0.99),
    ("left_out", "pendigits_train", "coverage", 0.985),
    ("left_out", "pendigits_train", "selective_accuracy", 0.998),
    ("left_out", "pendigits_train", "auroc", 0.995),
    ("digits", "pendigits_train", "accuracy", 0.999),
    ("digits", "pendigits_train", "worst_writer", 0.99),
    ("digits", "pendigits_train", "selective_accuracy", 0.998),
]


@pytest.mark.parametrize(("subset", "row", "figure", "least"), FLOORS)
def test_writers_are_read_as_well_as_before(writers, subset, row, figure, least):
    assert writers[subset][row][figure] >= least


@pytest.mark.parametrize(("subset", "row"), [("digits", "unipen"), ("left_out", "pendigits_train")])
def test_confidence_in_unseen_writers_is_calibrated(writers, subset, row):
    assert writers[subset][row]["ece"] <= 0.01


def test_the_words_for_confidence_are_true(read, strokes_dir):
    """Of the digits that are read with the same words, at least the share is correct that their confidence says."""
    rng = np.random.default_rng(0)  # as `measure_writers` places a file's drawings, whose answers are kept
    correct, confidences = defaultdict(list), defaultdict(list)
    for drawing in load_drawings(strokes_dir / "strokes" / "unipen.jsonl"):
        answer = read(*place(drawing.strokes, rng))
        confidence = float(answer.probabilities.max())
        words = confidence_in_words(confidence)
        if answer.accepted:
            correct[words].append(answer.label == drawing.label)
            confidences[words].append(confidence)
    assert {"Almost certain", "Confident"} <= set(correct)
    for words, is_correct in correct.items():
        said = np.array(confidences[words])
        chance = 2 * np.sqrt((said * (1 - said)).sum()) / len(said)  # two standard deviations
        mislabeled = 0.005  # 1 in 100 of all labels is wrong; of those the network agrees with, fewer
        assert np.mean(is_correct) >= said.mean() - mislabeled - chance, words


# File of non-digits, and the largest share of them that may be accepted.
CEILINGS = [("unipen", 0.03), ("omniglot", 0.03)]


@pytest.mark.parametrize(("row", "most"), CEILINGS)
def test_non_digits_are_refused_as_often_as_before(writers, row, most):
    assert writers["non_digits"][row]["false_accept_rate"] <= most


@pytest.mark.parametrize("digit", DIGITS)
def test_digits_are_read_at_any_size_tilt_and_pen(reader, digit):
    for size in (30, 100, 280):
        for tilt in (-15, 0, 15):
            for pen in PENS:
                reading = reader.read_drawing(placed(DIGITS[digit], size, tilt), pen_width=min(pen, size / 3))
                assert [d.label for d in reading.digits] == [digit], (size, tilt, pen)


@pytest.mark.parametrize("digit", DIGITS)
def test_school_digits_are_accepted(reader, digit):
    assert reader.read_drawing(placed(DIGITS[digit])).text == str(digit)


def test_the_pen_of_the_pad_does_not_matter(reader):
    for drawing in DIGITS.values():
        frames = [reader.read_drawing(placed(drawing), pen_width=pen).digits[0].frame for pen in PENS]
        np.testing.assert_array_equal(frames[0], frames[1])
        np.testing.assert_array_equal(frames[0], frames[2])


def test_nothing_a_dot_and_a_scribble_have_their_findings(reader):
    assert reader.read_drawing([]).finding is Finding.NOTHING
    assert reader.read_drawing([[(50, 50)]]).finding is Finding.TOO_LITTLE_INK
    assert reader.read_drawing([[(50, 50), (55, 58)]]).finding is Finding.TOO_LITTLE_INK
    scribble = reader.read_drawing(placed(SCRIBBLE))
    assert scribble.finding is Finding.NOT_A_DIGIT
    assert scribble.text == "?"


@pytest.mark.parametrize("number", ["35", "17", "00", "92", "48", "2026", "314159"])
def test_a_number_is_read_from_left_to_right(reader, number):
    strokes = [placed(DIGITS[int(digit)], 100, origin=(10 + 110 * i, 60)) for i, digit in enumerate(number)]
    reading = reader.read_drawing([stroke for digit in strokes for stroke in digit])
    assert (reading.text, reading.finding) == (number, Finding.DIGIT)


@pytest.mark.parametrize("style", STYLES)
def test_styles_of_other_schools_are_read_at_any_size_tilt_and_pen(reader, style):
    for size in (40, 280):
        for tilt in (-15, 0, 15):
            for pen in (4, 40):
                reading = reader.read_drawing(placed(STYLES[style], size, tilt), pen_width=min(pen, size / 3))
                assert reading.digits[0].label == int(style[-1]), (size, tilt, pen)
    assert reader.read_drawing(placed(STYLES[style])).text == style[-1]


@pytest.mark.parametrize("digit", range(10))
def test_order_and_direction_of_strokes_do_not_matter(reader, digit):
    """The stroke network alone reads what it read, whichever way and in whichever order the strokes are drawn."""
    rng = np.random.default_rng(digit)
    drawings = [sample_strokes([template], rng) for template in DIGIT_TEMPLATES[digit]]
    as_drawn, reversed_, shuffled = ([], [], [])
    for strokes in drawings:
        as_drawn.append(path_of(strokes))
        reversed_.append(path_of([stroke[::-1] for stroke in strokes]))
        shuffled.append(path_of([strokes[i] for i in rng.permutation(len(strokes))]))
    for paths in (as_drawn, reversed_, shuffled):
        labels = reader.strokes.predict(np.stack(paths)).argmax(axis=1)
        assert (labels == digit).mean() >= 0.9


@pytest.mark.parametrize("tilt", [0, 30, 60, 90, 120])
def test_a_zero_with_a_long_slash_is_a_zero(reader, tilt):
    """A second stroke through the ring at any angle, from far outside on one side to far outside on the other."""
    slash = placed([[(-0.15, 0.5), (1.15, 0.5)]], tilt=tilt)
    assert reader.read_drawing(placed(DIGITS[0]) + slash).digits[0].label == 0


@pytest.mark.parametrize("letter", LETTERS)
def test_letters_are_not_digits(reader, letter):
    assert reader.read_drawing(placed(LETTERS[letter])).text == "?"
