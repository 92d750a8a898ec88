from dataclasses import replace
from io import BytesIO

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
CORRECT = np.array([0, 1, 0, 1, 1, 0, 1, 1], bool)
CURVE = Robustness("rotation", "degrees", (-30.0, 0.0, 30.0, 60.0), (0.96, 0.99, 0.94, 0.5), 200, (30.0,))
ROW = {"label": 3, "precision": 0.9, "recall": 0.8, "f1": 0.85, "support": 7}
CHARTS = {
    "confusion": charts.confusion(MATRIX, shares=False, diagonal=True),
    "shares": charts.confusion(MATRIX, shares=True, diagonal=False, chosen=(4, 9)),
    "reliability": charts.reliability(CONFIDENCE, CORRECT),
    "confidence": charts.confidence_histogram(CONFIDENCE, CORRECT),
    "coverage": charts.coverage(CONFIDENCE, CORRECT, 0.9),
    "robustness": charts.robustness(CURVE),
    "per class": charts.per_class([ROW | {"label": digit} for digit in range(10)]),
    "learning curve": charts.learning_curve({"cnn": [{"held_out_accuracy": share} for share in (0.9, 0.95, 0.98)]}),
}
LEGEND = 1000
"""Colored pixels of a legend at most; axes, lines of the grid and texts are gray."""


def rows_of(described):
    """All that a chart draws, where that is more than the numbers to download."""
    return described.chart.data


def as_matrix(rows, column):
    return rows.pivot(index="true", columns="read", values=column).to_numpy()


def test_confusion_holds_the_matrix():
    rows = rows_of(charts.confusion(MATRIX, shares=False, diagonal=True))
    assert as_matrix(rows, "count").tolist() == MATRIX.tolist()
    assert as_matrix(rows, "text")[4].tolist() == ["", "", "", "", "94", "", "", "", "", "6"]
    assert not rows.chosen.any()


def test_confusion_as_shares_of_rows():
    rows = rows_of(charts.confusion(MATRIX, shares=True, diagonal=True))
    assert as_matrix(rows, "share").sum(axis=1) == pytest.approx(np.ones(10))
    assert as_matrix(rows, "text")[4, [4, 9]].tolist() == ["94.0", "6.0"]


def test_without_the_diagonal_errors_get_all_of_the_color():
    rows = rows_of(charts.confusion(MATRIX, shares=False, diagonal=False))
    strength = as_matrix(rows, "strength")
    assert not np.diag(strength).any()
    assert strength[4, 9] == 1
    assert strength[7, 1] == pytest.approx(1 / 3)
    assert set(np.diag(as_matrix(rows, "text"))) == {""}


def test_one_error_is_seen_beside_the_diagonal():
    strength = as_matrix(rows_of(charts.confusion(MATRIX, shares=False, diagonal=True)), "strength")
    assert strength.max() == strength[9, 9] == 1
    assert strength[7, 1] > 0.3


def test_matrix_of_nothing_is_drawn():
    rows = rows_of(charts.confusion(np.zeros((10, 10), int), shares=True, diagonal=True))
    assert not rows.strength.any()
    assert not rows.share.any()


def test_chosen_cell_is_outlined():
    rows = rows_of(charts.confusion(MATRIX, shares=False, diagonal=True, chosen=(4, 9)))
    assert rows[rows.chosen][["true", "read"]].to_numpy().tolist() == [[4, 9]]


def test_confusion_to_download_holds_only_its_numbers():
    described = charts.confusion(MATRIX, shares=True, diagonal=False)
    assert list(described.data) == ["true", "read", "count", "share"]
    assert as_matrix(described.data, "count").tolist() == MATRIX.tolist()


def test_reliability_agrees_with_the_calibration_error():
    rows = charts.reliability(CONFIDENCE, CORRECT).data
    assert rows.n.sum() == len(CORRECT)
    gap = (abs(rows.accuracy - rows.confidence) * rows.n).sum() / rows.n.sum()
    assert gap == pytest.approx(expected_calibration_error(CONFIDENCE, CORRECT))
    assert (rows.low <= rows.accuracy).all()
    assert (rows.accuracy <= rows.high).all()
    _, intervals, points = charts.reliability(CONFIDENCE, CORRECT).chart.layer
    assert (intervals.encoding.y.shorthand, intervals.encoding.y2.shorthand) == ("low:Q", "high:Q")
    assert (points.encoding.x.shorthand, points.encoding.y.shorthand) == ("confidence:Q", "accuracy:Q")


def test_confidence_histogram_counts_every_digit_once():
    rows = charts.confidence_histogram(CONFIDENCE, CORRECT).data
    counts = rows.pivot(index="confidence", columns="answer", values="n")
    assert counts.loc["90%"].to_dict() == {"right": 4, "misread": 1}
    assert counts.loc["20%"].to_dict() == {"right": 0, "misread": 1}
    assert rows.n.sum() == len(CORRECT)


def test_accepted_at_a_threshold():
    point = charts.accepted_at(CONFIDENCE, CORRECT, 0.9)
    assert point == {"threshold": 0.9, "accepted": 5, "coverage": 5 / 8, "errors": 1, "accuracy": 0.8}
    assert charts.accepted_at(CONFIDENCE, CORRECT, 1.1)["accuracy"] == 1
    assert charts.accepted_at(CONFIDENCE, CORRECT, 0)["errors"] == 3


def test_coverage_marks_the_threshold():
    described, point = charts.coverage(CONFIDENCE, CORRECT, 0.9), charts.accepted_at(CONFIDENCE, CORRECT, 0.9)
    assert rows_of(described).iloc[0][["coverage", "errors"]].tolist() == [1, 3]
    assert described.chart.layer[1].data.to_dict("records") == [point]
    assert described.data[described.data.chosen].to_dict("records") == [point | {"chosen": True}]


def test_robustness_marks_where_it_breaks():
    assert charts.robustness(CURVE).chart.layer[-1].data.value.tolist() == [30]
    both = replace(CURVE, breakdown_points=(-30.0, 30.0))
    assert charts.robustness(both).chart.layer[-1].data.value.tolist() == [-30, 30]
    holds = Robustness("shift", "px", (0.0, 1.0), (1.0, 1.0), 5, ())
    assert len(charts.robustness(holds).chart.layer) == len(charts.robustness(CURVE).chart.layer) - 1


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
    encoding = charts.learning_curve(curves).chart.encoding
    assert (encoding.x.shorthand, encoding.y.shorthand) == ("epoch:Q", "held_out_error:Q")


@pytest.mark.parametrize("name", CHARTS)
def test_chart_is_saved_on_white_paper(name):
    picture = Image.open(BytesIO(to_png(CHARTS[name].chart))).convert("RGB")
    assert picture.size[0] >= 900
    assert picture.getpixel((2, 2)) == (255, 255, 255)
    assert colored_pixels(picture) > LEGEND
    assert to_svg(CHARTS[name].chart).startswith(b"<svg")


@pytest.mark.parametrize("name", CHARTS)
def test_chart_without_its_data_has_no_color_but_in_its_legend(name):
    spec = CHARTS[name].chart.to_dict()
    spec["datasets"] = {name: [] for name in spec["datasets"]}
    picture = Image.open(BytesIO(to_png(charts.alt.Chart.from_dict(spec))))
    assert colored_pixels(picture) < LEGEND


def colored_pixels(picture):
    return int((np.ptp(np.asarray(picture.convert("RGB"), int), axis=2) > 40).sum())


@pytest.mark.parametrize(
    ("name", "words"),
    {
        "confusion": "945 of 953 digits read right. Most frequent errors: 4 read as 9 6 times, 7 read as 1 2 times.",
        "reliability": "in bins. Mean gap, ECE: 0.2849.",
        "confidence": "5 of 8 digits are read at 90% or more.",
        "coverage": "At a threshold of 0.900, 80.00% of the 62.50% accepted are right.",
        "robustness": "Accuracy against rotation (degrees): breaks at 30 degrees. Worst: 50.0%.",
        "per class": "The least F1 is that of 0, 0.8500.",
        "learning curve": "the error on held-out digits after each epoch, of cnn.",
    }.items(),
)
def test_chart_has_its_numbers_in_words(name, words):
    assert CHARTS[name].alt.endswith(words)


def test_breakdown_in_words():
    assert charts.breakdown_in_words(replace(CURVE, breakdown_points=(-30.0, 40.0))) == "breaks at −30 and 40 degrees"
    assert charts.breakdown_in_words(replace(CURVE, breakdown_points=())) == "holds"


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
