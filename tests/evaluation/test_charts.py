from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from model.evaluation import charts
from model.evaluation.charts import to_png, to_svg
from model.evaluation.metrics import expected_calibration_error
from model.evaluation.robustness import Robustness

MATRIX = np.diag(np.arange(90, 100))
MATRIX[4, 9], MATRIX[7, 1] = 6, 2
CONFIDENCE = np.array([0.2, 0.55, 0.6, 0.93, 0.97, 0.99, 0.999, 1.0])
RIGHT = np.array([0, 1, 0, 1, 1, 0, 1, 1], bool)
CURVE = Robustness("rotation", "degrees", (-30.0, 0.0, 30.0, 60.0), (0.96, 0.99, 0.94, 0.5), 200, (30.0,))
ROW = {"label": 3, "precision": 0.9, "recall": 0.8, "f1": 0.85, "support": 7}
CHARTS = {
    "confusion": charts.confusion(MATRIX, shares=False, diagonal=True),
    "shares": charts.confusion(MATRIX, shares=True, diagonal=False, chosen=(4, 9)),
    "reliability": charts.reliability(CONFIDENCE, RIGHT),
    "confidence": charts.confidence_histogram(CONFIDENCE, RIGHT),
    "coverage": charts.coverage(CONFIDENCE, RIGHT, 0.9),
    "robustness": charts.robustness(CURVE),
    "per class": charts.per_class([ROW]),
    "learning curve": charts.learning_curve({"cnn": [{"held_out_accuracy": 0.9, "loss": 0.5}]}),
}


def as_matrix(rows, column):
    return rows.pivot(index="true", columns="read", values=column).to_numpy()


def test_confusion_holds_the_matrix():
    rows = charts.confusion(MATRIX, shares=False, diagonal=True).data
    assert as_matrix(rows, "count").tolist() == MATRIX.tolist()
    assert as_matrix(rows, "text")[4].tolist() == ["", "", "", "", "94", "", "", "", "", "6"]
    assert not rows.chosen.any()


def test_confusion_as_shares_of_rows():
    rows = charts.confusion(MATRIX, shares=True, diagonal=True).data
    assert as_matrix(rows, "share").sum(axis=1) == pytest.approx(np.ones(10))
    assert as_matrix(rows, "text")[4, [4, 9]].tolist() == ["94.0", "6.0"]


def test_without_the_diagonal_errors_get_all_of_the_color():
    rows = charts.confusion(MATRIX, shares=False, diagonal=False).data
    strength = as_matrix(rows, "strength")
    assert not np.diag(strength).any()
    assert strength[4, 9] == 1
    assert strength[7, 1] == pytest.approx(1 / 3)
    assert set(np.diag(as_matrix(rows, "text"))) == {""}


def test_one_error_is_seen_beside_the_diagonal():
    strength = as_matrix(charts.confusion(MATRIX, shares=False, diagonal=True).data, "strength")
    assert strength.max() == strength[9, 9] == 1
    assert strength[7, 1] > 0.3


def test_matrix_of_nothing_is_drawn():
    rows = charts.confusion(np.zeros((10, 10), int), shares=True, diagonal=True).data
    assert not rows.strength.any()
    assert not rows.share.any()


def test_chosen_cell_is_outlined_and_the_turn_comes_back_with_a_click():
    chart = charts.confusion(MATRIX, shares=False, diagonal=True, chosen=(4, 9), turn=3)
    assert chart.data[chart.data.chosen][["true", "read"]].to_numpy().tolist() == [[4, 9]]
    assert set(chart.data.turn) == {3}
    (cell,) = [param for param in chart.to_dict()["params"] if param["name"] == "cell"]
    assert cell["select"]["fields"] == ["true", "read", "turn"]


def test_reliability_agrees_with_the_calibration_error():
    rows = charts.reliability(CONFIDENCE, RIGHT).data
    assert rows.n.sum() == len(RIGHT)
    gap = (abs(rows.accuracy - rows.confidence) * rows.n).sum() / rows.n.sum()
    assert gap == pytest.approx(expected_calibration_error(CONFIDENCE, RIGHT))
    assert (rows.low <= rows.accuracy).all()
    assert (rows.accuracy <= rows.high).all()


def test_confidence_histogram_counts_every_digit_once():
    rows = charts.confidence_histogram(CONFIDENCE, RIGHT).data
    counts = rows.pivot(index="confidence", columns="answer", values="n")
    assert counts.loc["90%"].to_dict() == {"right": 4, "misread": 1}
    assert counts.loc["20%"].to_dict() == {"right": 0, "misread": 1}
    assert rows.n.sum() == len(RIGHT)


def test_accepted_at_a_threshold():
    point = charts.accepted_at(CONFIDENCE, RIGHT, 0.9)
    assert point == {"threshold": 0.9, "accepted": 5, "coverage": 5 / 8, "errors": 1, "accuracy": 0.8}
    assert charts.accepted_at(CONFIDENCE, RIGHT, 1.1)["accuracy"] == 1
    assert charts.accepted_at(CONFIDENCE, RIGHT, 0)["errors"] == 3


def test_coverage_marks_the_threshold():
    chart = charts.coverage(CONFIDENCE, RIGHT, 0.9)
    assert chart.data.iloc[0][["coverage", "errors"]].tolist() == [1, 3]
    assert chart.layer[1].data.to_dict("records") == [charts.accepted_at(CONFIDENCE, RIGHT, 0.9)]


def test_robustness_marks_where_it_breaks():
    assert charts.robustness(CURVE).layer[-1].data.value.tolist() == [30]
    both = replace(CURVE, breakdown_points=(-30.0, 30.0))
    assert charts.robustness(both).layer[-1].data.value.tolist() == [-30, 30]
    holds = Robustness("shift", "px", (0.0, 1.0), (1.0, 1.0), 5, ())
    assert len(charts.robustness(holds).layer) == len(charts.robustness(CURVE).layer) - 1


def test_per_class_holds_all_measures():
    rows = charts.per_class([ROW]).data
    assert dict(zip(rows.measure, rows.score, strict=True)) == {"precision": 0.9, "recall": 0.8, "f1": 0.85}


def test_learning_curve_of_two_models():
    curves = {"mlp": [{"held_out_accuracy": 0.9}, {"held_out_accuracy": 1.0, "loss": 0.1}], "cnn": []}
    rows = charts.learning_curve(curves).data
    assert rows.model.tolist() == ["mlp", "mlp"]
    assert rows.epoch.tolist() == [1, 2]
    assert rows.held_out_error.tolist() == pytest.approx([0.1, 1e-4])  # a logarithm of 0 cannot be drawn
    assert charts.learning_curve({}).data.empty


@pytest.mark.parametrize("name", CHARTS)
def test_chart_is_saved_on_white_paper(name, tmp_path):
    (tmp_path / "chart.png").write_bytes(to_png(CHARTS[name]))
    with Image.open(tmp_path / "chart.png") as picture:
        assert picture.size[0] >= 900
        assert picture.convert("RGB").getpixel((2, 2)) == (255, 255, 255)
    assert to_svg(CHARTS[name]).startswith(b"<svg")


def test_more_rows_than_altair_allows_are_saved():
    points = pd.DataFrame({"x": np.arange(6000), "y": 0})
    assert to_svg(charts.alt.Chart(points).mark_rule().encode(x="x:Q")).startswith(b"<svg")


def test_misread_sheet():
    frames = np.zeros((3, 28, 28), np.uint8)
    frames[1, 10, 10] = 255
    sheet = charts.misread_sheet(frames, np.array([1, 2, 3]), np.array([7, 7, 5]), columns=2)
    assert sheet.dtype == np.uint8
    assert sheet[0].min() == 255
    second = sheet[12:96, 108:192]
    assert np.argwhere(second < 128).mean(axis=0).tolist() == [31, 31]  # one pixel, three times as large
    captions = sheet[96:118]
    assert (captions[:, :96] < 128).any()
    assert (captions[:, 96:] < 128).any()


def test_misread_sheet_of_nothing_is_blank():
    sheet = charts.misread_sheet(np.zeros((0, 28, 28), np.uint8), np.array([]), np.array([]))
    assert sheet.min() == 255
