"""Metrics of writers, from readers that answer the same to every drawing."""

import hashlib

import numpy as np
import pytest

from model.classifiers.runtime import Classifier
from model.data.pen_strokes import load_drawings
from model.errors import DatasetError
from model.evaluation.unseen_writers import NOTHING, Prediction, baseline_reader, measure_writers, place, reader_of
from model.reader import Reader
from tests.handwriting.stroke_files import digit_file, non_digit_file


@pytest.fixture
def folders(tmp_path):
    strokes, others = tmp_path / "strokes", tmp_path / "others"
    strokes.mkdir()
    others.mkdir()
    digit_file(strokes / "club.jsonl", writers=4, each=50)
    non_digit_file(others / "letters.jsonl")
    return strokes, others


def always(prediction):
    return lambda strokes, pen_width: prediction


THREE = Prediction(3, np.where(np.arange(10) == 3, 0.9, 0.1 / 9), accepted=True)


def test_a_reader_that_always_reads_three_is_correct_once_in_ten(folders):
    metrics = measure_writers(always(THREE), *folders)
    assert metrics["digits"]["club"] == {
        "n": 200,
        "writers": 4,
        "accuracy": pytest.approx(0.1),
        "worst_writer": pytest.approx(0.1),
        "coverage": 1.0,
        "selective_accuracy": pytest.approx(0.1),
        "macro_f1": pytest.approx(0.2 / 1.1 / 10),
        "log_loss": pytest.approx(-np.log(0.9) / 10 - 9 * np.log(0.1 / 9) / 10),
        "ece": pytest.approx(0.8),
        "auroc": 0.5,
    }
    assert metrics["non_digits"] == {"letters": {"n": 30, "false_accept_rate": 1.0}}


def test_a_reader_that_accepts_nothing_has_no_selective_accuracy(folders):
    metrics = measure_writers(always(NOTHING), *folders)
    assert metrics["digits"]["club"]["coverage"] == metrics["non_digits"]["letters"]["false_accept_rate"] == 0
    assert metrics["digits"]["club"]["selective_accuracy"] is None
    assert metrics["digits"]["club"]["macro_f1"] == 0
    assert metrics["digits"]["club"]["log_loss"] == pytest.approx(np.log(10)), "that of a uniform guess"


def test_digits_and_non_digits_may_have_the_same_file_name(folders, tmp_path):
    non_digit_file(folders[1] / "club.jsonl")
    metrics = measure_writers(always(THREE), *folders)
    assert (set(metrics["digits"]), set(metrics["non_digits"])) == ({"club"}, {"club", "letters"})


def test_held_out_writers_of_a_training_file_are_measured_separately_too(folders):
    path = folders[0] / "club.jsonl"
    metrics = measure_writers(always(THREE), *folders, {hashlib.sha256(path.read_bytes()).hexdigest()})
    assert {name: set(rows) for name, rows in metrics.items()} == {
        "digits": {"club"},
        "left_out": {"club"},
        "non_digits": {"letters"},
    }
    assert (metrics["digits"]["club"]["n"], metrics["digits"]["club"]["writers"]) == (200, 4)
    assert (metrics["left_out"]["club"]["n"], metrics["left_out"]["club"]["writers"]) == (50, 1)
    assert metrics["left_out"]["club"]["auroc"] == 0.5


def test_non_digits_are_optional(folders):
    metrics = measure_writers(always(THREE), folders[0])
    assert (set(metrics["digits"]), set(metrics["non_digits"])) == ({"club"}, set())
    assert "auroc" not in metrics["digits"]["club"]


def test_a_folder_without_ink_files_is_refused(tmp_path):
    with pytest.raises(DatasetError, match=r"There are no stroke files. Expected \*.jsonl in a folder. Received:"):
        measure_writers(always(THREE), tmp_path)


def test_files_with_nothing_to_measure_are_refused(folders):
    strokes, others = folders
    with pytest.raises(DatasetError, match="nothing to measure. Expected labels 0-9. Received: .*letters.jsonl"):
        measure_writers(always(THREE), others)
    with pytest.raises(
        DatasetError, match="nothing to measure. Expected other labels than 0-9. Received: .*club.jsonl"
    ):
        measure_writers(always(THREE), strokes, strokes)


def test_placed_drawings_lie_on_the_canvas_and_keep_their_proportions(folders):
    rng = np.random.default_rng(1)
    for drawing in load_drawings(folders[0] / "club.jsonl")[:50]:
        strokes, pen_width = place(drawing.strokes, rng)
        points = np.concatenate(strokes)
        assert points.min() >= pen_width / 2 - 1e-6
        assert points.max() <= 320 - pen_width / 2 + 1e-6
        before, after = np.ptp(np.concatenate(drawing.strokes), axis=0), np.ptp(points, axis=0)
        np.testing.assert_allclose(after / after.max(), before / before.max(), atol=1e-6)


def test_the_baseline_shrinks_the_canvas_instead_of_framing_the_digit():
    """A small 1 in a corner: framed it is 20 px high, on the shrunk canvas less than 9 px."""
    frames = []

    def predict(batch):
        frames.append(batch[0])
        return np.eye(10)[[1]] * 9

    strokes = [np.array([[30.0, 30], [30, 90]])]
    assert reader_of(Reader(Classifier(predict)))(strokes, 20.0)[0] == baseline_reader(predict)(strokes, 20.0)[0] == 1
    framed, shrunk = ((frame > 0).sum(axis=0).max() for frame in frames)
    assert framed == 20
    assert shrunk < 9
