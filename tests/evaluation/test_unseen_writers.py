import hashlib

import numpy as np
import pytest

from model.classifiers.runtime import Classifier
from model.data.pen_strokes import load_drawings
from model.errors import DatasetError
from model.evaluation.unseen_writers import NONE, Answer, baseline_reader, measure_writers, place, reader_of
from model.reader import Reader
from tests.handwriting.stroke_files import digit_file, non_digit_file


@pytest.fixture
def folders(tmp_path):
    ink, others = tmp_path / "ink", tmp_path / "others"
    ink.mkdir()
    others.mkdir()
    digit_file(ink / "hands.jsonl", writers=4, each=50)
    non_digit_file(others / "letters.jsonl")
    return ink, others


def always(answer):
    return lambda strokes, pen_width: answer


THREE = Answer(3, np.where(np.arange(10) == 3, 0.9, 0.1 / 9), accepted=True)


def test_what_always_says_three_is_right_once_in_ten(folders):
    metrics = measure_writers(always(THREE), *folders)
    assert metrics["digits"]["hands"] == {
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


def test_what_accepts_nothing_has_no_share_of_right_ones(folders):
    metrics = measure_writers(always(NONE), *folders)
    assert metrics["digits"]["hands"]["coverage"] == metrics["non_digits"]["letters"]["false_accept_rate"] == 0
    assert metrics["digits"]["hands"]["selective_accuracy"] is None
    assert metrics["digits"]["hands"]["macro_f1"] == 0
    assert metrics["digits"]["hands"]["log_loss"] == pytest.approx(np.log(10)), "as surprised as by an even guess"


def test_files_of_one_name_are_told_apart(folders, tmp_path):
    non_digit_file(folders[1] / "hands.jsonl")
    metrics = measure_writers(always(THREE), *folders)
    assert (set(metrics["digits"]), set(metrics["non_digits"])) == ({"hands"}, {"hands", "letters"})


def test_writers_that_training_left_out_are_measured_by_themselves_too(folders):
    path = folders[0] / "hands.jsonl"
    metrics = measure_writers(always(THREE), *folders, {hashlib.sha256(path.read_bytes()).hexdigest()})
    assert {name: set(rows) for name, rows in metrics.items()} == {
        "digits": {"hands"},
        "left_out": {"hands"},
        "non_digits": {"letters"},
    }
    assert (metrics["digits"]["hands"]["n"], metrics["digits"]["hands"]["writers"]) == (200, 4)
    assert (metrics["left_out"]["hands"]["n"], metrics["left_out"]["hands"]["writers"]) == (50, 1)
    assert metrics["left_out"]["hands"]["auroc"] == 0.5


def test_one_folder_is_enough(folders):
    metrics = measure_writers(always(THREE), None, folders[1])
    assert (set(metrics["digits"]), set(metrics["non_digits"])) == (set(), {"letters"})
    assert "auroc" not in measure_writers(always(THREE), folders[0], None)["digits"]["hands"]


def test_a_folder_without_ink_files_is_refused(tmp_path):
    with pytest.raises(DatasetError, match=r"There are no ink files. Expected \*.jsonl in a folder. Received:"):
        measure_writers(always(THREE), tmp_path, None)


def test_files_without_what_is_measured_are_refused(folders):
    ink, others = folders
    with pytest.raises(DatasetError, match="nothing to measure. Expected labels 0-9. Received: .*letters.jsonl"):
        measure_writers(always(THREE), others, None)
    with pytest.raises(
        DatasetError, match="nothing to measure. Expected other labels than 0-9. Received: .*hands.jsonl"
    ):
        measure_writers(always(THREE), None, ink)


def test_drawings_are_placed_on_the_canvas_in_proportion(folders):
    rng = np.random.default_rng(1)
    for drawing in load_drawings(folders[0] / "hands.jsonl")[:50]:
        strokes, pen_width = place(drawing.strokes, rng)
        points = np.concatenate(strokes)
        assert points.min() >= pen_width / 2 - 1e-6
        assert points.max() <= 320 - pen_width / 2 + 1e-6
        before, after = np.ptp(np.concatenate(drawing.strokes), axis=0), np.ptp(points, axis=0)
        np.testing.assert_allclose(after / after.max(), before / before.max(), atol=1e-6)


def test_ours_and_the_usual_way_look_at_different_frames():
    """A small 1 in a corner: framed it is 20 px high, with the whole canvas shrunk it hardly shows."""
    frames = []

    def predict(batch):
        frames.append(batch[0])
        return np.eye(10)[[1]] * 9

    strokes = [np.array([[30.0, 30], [30, 90]])]
    assert reader_of(Reader(Classifier(predict)))(strokes, 20.0)[0] == baseline_reader(predict)(strokes, 20.0)[0] == 1
    ours, usual = ((frame > 0).sum(axis=0).max() for frame in frames)
    assert ours == 20
    assert usual < 9
