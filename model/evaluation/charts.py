"""Charts of an evaluation, from plain arrays, for the pages and for the command line.

They have no width, so that they can be as wide as the page. Everything but paper and data is drawn in `currentColor`:
the page's color of text in a light and in a dark theme, black in a file.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import altair as alt
import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from model.classifiers.report import ClassMetrics, CurveRow
from model.evaluation.metrics import calibration_bins, expected_calibration_error, wilson_interval
from model.evaluation.robustness import MIN_ACCURACY, Robustness
from model.vision.framing import FRAME_SIDE

CORRECT, WRONG = "#2f9488", "#c9690f"
"""Colors that color-blind people can tell apart, and that stand out from a light and a dark page."""
DEEP_CORRECT, DEEP_WRONG = "#0f766e", "#b45309"
"""The same two, dark enough for white text on them."""
MODEL_COLORS = (CORRECT, WRONG, "#4a7fd6", "#a05cb0", "#8a8f3a", "#c0504d")
"""Colors of models, in their order."""

Chart = alt.Chart | alt.LayerChart | alt.FacetChart

alt.data_transformers.enable("default", max_rows=None)  # a map of the test set has 10,000

_INK = "currentColor"
_SMALL = 340  # px high
_DOTTED = [3, 3]
_WHITE_FROM = 0.72  # strength of a cell from which white is easier to read than the text's own color
_COUNTS = [0, 1, 10, 100, 1000, 10_000]
_CONFUSION_COLUMNS = ["true", "read", "count", "share"]
_SHEET_SCALE, _SHEET_GAP, _SHEET_CAPTION = 3, 12, 22


@dataclass(frozen=True, eq=False, slots=True)
class DescribedChart:
    """A chart with what it shows as numbers and in words.

    Attributes:
        chart: the chart, without a width of its own.
        data: its numbers, one row for each mark, to download as CSV.
        alt: the text alternative: what it shows, in a sentence or two, with the numbers that matter.
    """

    chart: Chart
    data: pd.DataFrame
    alt: str


def confusion(
    matrix: NDArray[np.integer], *, shares: bool, diagonal: bool, chosen: tuple[int, int] | None = None
) -> DescribedChart:
    """Draw a confusion matrix.

    Args:
        matrix: (10, 10) counts, rows true, columns predicted.
        shares: write percentages of the row in the cells, instead of counts.
        diagonal: show the correct predictions; without them, the errors take the whole range of color.
        chosen: the cell to outline, true and predicted.
    """
    rows = _confusion_rows(matrix, shares, diagonal)
    rows["chosen"] = [chosen == cell for cell in zip(rows.true, rows.read, strict=True)]
    x = alt.X("read:O", title="Read as", axis=alt.Axis(labelAngle=0))
    y = alt.Y("true:O", title="True digit")
    squares = alt.Chart().mark_rect(stroke=_INK).encode(
        x,
        y,
        fill=alt.condition("datum.true === datum.read", alt.value(DEEP_CORRECT), alt.value(DEEP_WRONG)),
        fillOpacity=alt.FillOpacity("strength:Q", scale=alt.Scale(domain=[0, 1], range=[0, 1]), legend=None),
        strokeOpacity=alt.condition("datum.chosen", alt.value(1), alt.value(0.12)),
        strokeWidth=alt.condition("datum.chosen", alt.value(3), alt.value(1)),
        tooltip=["true", "read", "count", alt.Tooltip("share", format=".2%", title="share of row")],
        description="words:N",
    )  # fmt: skip
    color = alt.condition(f"datum.strength > {_WHITE_FROM}", alt.value("white"), alt.value(_INK))
    texts = alt.Chart().mark_text(fontSize=11, aria=False).encode(x, y, text="text:N", color=color)
    chart = alt.layer(squares, texts, data=rows, height=400)
    return DescribedChart(chart, rows[_CONFUSION_COLUMNS], _confusion_in_words(matrix))


def _confusion_rows(matrix: NDArray[np.integer], shares: bool, diagonal: bool) -> pd.DataFrame:
    """List the cells: their counts, the texts to write in them, and how strongly to color them, 0-1."""
    true, predicted = (axis.ravel() for axis in np.indices(matrix.shape))
    share = (matrix / matrix.sum(axis=1, keepdims=True).clip(1)).ravel()
    count = matrix.ravel()
    value = np.where(diagonal | (true != predicted), share if shares else count, 0)
    most = value.max() or 1
    # A logarithmic scale shows one error in a thousand beside the correct predictions.
    strength = np.log1p(value / most * 1000) / np.log1p(1000) if diagonal else value / most
    texts = [("" if v == 0 else f"{100 * v:.1f}" if shares else str(v)) for v in value.tolist()]
    words = [f"{n} times {a} read as {b}" for n, a, b in zip(count, true, predicted, strict=True)]
    columns = {"true": true, "read": predicted, "count": count, "share": share}
    return pd.DataFrame(columns | {"text": texts, "strength": strength, "words": words})


def _confusion_in_words(matrix: NDArray[np.integer]) -> str:
    errors = matrix * (1 - np.eye(10, dtype=int))
    worst = sorted(zip(*np.nonzero(errors), strict=True), key=lambda cell: -errors[cell])[:3]
    named = ", ".join(f"{true} read as {read} {errors[true, read]} times" for true, read in worst)
    correct = int(np.trace(matrix))
    return f"Confusion matrix: {correct} of {matrix.sum()} digits read right. Most frequent errors: {named or 'none'}."


def reliability(confidence: NDArray[np.floating], correct: NDArray[np.bool_]) -> DescribedChart:
    """Draw a reliability diagram: accuracy with its 95 % interval against confidence, in the bins of the ECE.

    Args:
        confidence: (n,) 0-1.
        correct: (n,) whether the predicted label is the true one.
    """
    rows = pd.DataFrame(_reliability_rows(confidence, correct))
    x = alt.X("confidence:Q", title="Confidence", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format="%"))
    y = alt.Y("accuracy:Q", title="Read right", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format="%"))
    ideal = alt.Chart(pd.DataFrame({"confidence": [0, 1], "accuracy": [0, 1]}))
    line = ideal.mark_line(color=_INK, opacity=0.5, strokeDash=_DOTTED).encode(x, y)
    bars = alt.Chart().mark_rule(color=CORRECT, strokeWidth=2).encode(x, y=alt.Y("low:Q"), y2="high:Q")
    points = alt.Chart().mark_point(filled=True, color=CORRECT, opacity=1, size=70)
    tips = ["n", *(alt.Tooltip(name, format=".1%") for name in ("confidence", "accuracy", "low", "high"))]
    chart = alt.layer(line, bars, points.encode(x, y, tooltip=tips), data=rows, height=_SMALL)
    gap = expected_calibration_error(confidence, correct)
    words = f"Reliability diagram: share read right against confidence, in bins. Mean gap, ECE: {gap:.4f}."
    return DescribedChart(chart, rows, words)


def _reliability_rows(confidence: NDArray[np.floating], correct: NDArray[np.bool_]) -> list[dict[str, float]]:
    rows = []
    for row in calibration_bins(confidence, correct):
        low, high = wilson_interval(row.correct, row.n)
        rows.append({"confidence": row.confidence, "accuracy": row.accuracy, "low": low, "high": high, "n": row.n})
    return rows


def confidence_histogram(confidence: NDArray[np.floating], correct: NDArray[np.bool_]) -> DescribedChart:
    """Draw how many digits were read at which confidence, correct ones beside errors; arguments as in `reliability`."""
    tenth = np.minimum((confidence * 10).astype(int), 9)
    rows = pd.DataFrame(
        {"confidence": f"{10 * b}%", "answer": answer, "n": int((tenth[group] == b).sum())}
        for answer, group in (("right", correct), ("misread", ~correct))
        for b in range(10)
    )
    color = alt.Scale(domain=["right", "misread"], range=[CORRECT, WRONG])
    chart = alt.Chart(rows, height=_SMALL).mark_bar().encode(
        alt.X("confidence:O", title="Confidence from", sort=None, axis=alt.Axis(labelAngle=0, labelOverlap=False)),
        alt.Y("n:Q", title="Digits (log scale)", scale=alt.Scale(type="symlog"),
              axis=alt.Axis(values=_COUNTS, format=",d")),
        xOffset=alt.XOffset("answer:N", sort=["right", "misread"]),
        color=alt.Color("answer:N", scale=color, legend=alt.Legend(title=None, orient="top")),
        tooltip=["confidence", "answer", "n"],
    )  # fmt: skip
    sure = int((confidence >= 0.9).sum())
    words = f"Distribution of confidence: {sure:,} of {len(confidence):,} digits are read at 90% or more."
    return DescribedChart(chart, rows, words)


def coverage(confidence: NDArray[np.floating], correct: NDArray[np.bool_], threshold: float) -> DescribedChart:
    """Draw selective accuracy against coverage for every threshold, and mark one of them.

    Args:
        confidence: (n,) 0-1.
        correct: (n,) whether the predicted label is the true one.
        threshold: least confidence that is accepted, to be marked.
    """
    thresholds = np.unique(np.quantile(confidence, np.linspace(0, 0.3, 151)))
    rows = pd.DataFrame(accepted_at(confidence, correct, float(t)) for t in thresholds)
    point = accepted_at(confidence, correct, threshold)
    x = alt.X("coverage:Q", title="Digits accepted", scale=alt.Scale(zero=False), axis=alt.Axis(format="%"))
    y = alt.Y("accuracy:Q", title="Of those right", scale=alt.Scale(zero=False), axis=alt.Axis(format=".2%"))
    tips = [alt.Tooltip("threshold", format=".3f"), "accepted", "errors", alt.Tooltip("accuracy", format=".2%")]
    here = alt.Chart(pd.DataFrame([point]))
    chart = alt.layer(
        alt.Chart().mark_line(color=CORRECT, strokeWidth=2.5).encode(x, y, tooltip=tips),
        here.mark_point(filled=True, color=WRONG, opacity=1, size=140).encode(x, y, tooltip=tips),
        data=rows,
        height=_SMALL,
    )
    words = (
        "Share of accepted digits that are right, against the share that is accepted. At a threshold of "
        f"{threshold:.3f}, {point['accuracy']:.2%} of the {point['coverage']:.2%} accepted are right."
    )
    data = pd.concat([rows.assign(chosen=False), pd.DataFrame([point]).assign(chosen=True)])
    return DescribedChart(chart, data, words)


def accepted_at(confidence: NDArray[np.floating], correct: NDArray[np.bool_], threshold: float) -> dict[str, float]:
    """Count what a threshold accepts; arguments as in `coverage`.

    Returns:
        threshold; accepted, the number of digits; coverage, their share of all; errors, the number among them;
        accuracy, the share of them that is correct, 1 where nothing is accepted.
    """
    accepted = confidence >= threshold
    n, errors = int(accepted.sum()), int((accepted & ~correct).sum())
    return {
        "threshold": threshold,
        "accepted": n,
        "coverage": n / len(confidence),
        "errors": errors,
        "accuracy": 1 - errors / n if n else 1.0,
    }


def robustness(curve: Robustness) -> DescribedChart:
    """Draw accuracy against the strength of a corruption, with MIN_ACCURACY and the breakdown points."""
    rows = pd.DataFrame({"value": curve.values, "accuracy": curve.accuracies}).assign(n=curve.n)
    x = alt.X("value:Q", title=curve.unit, scale=alt.Scale(nice=False, zero=False))
    y = alt.Y("accuracy:Q", title=None, scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format="%", tickCount=5))
    tips = [alt.Tooltip("value", title=curve.unit), alt.Tooltip("accuracy", format=".2%"), "n"]
    line = alt.Chart().mark_line(color=CORRECT, point=alt.OverlayMarkDef(color=CORRECT, size=35), strokeWidth=2.5)
    level = alt.Chart(pd.DataFrame({"accuracy": [MIN_ACCURACY]})).mark_rule(color=_INK, opacity=0.5, strokeDash=_DOTTED)
    layers = [level.encode(y), line.encode(x, y, tooltip=tips)]
    if curve.breakdown_points:
        broken = alt.Chart(pd.DataFrame({"value": curve.breakdown_points}))
        layers.append(broken.mark_rule(color=WRONG, strokeWidth=2, strokeDash=[5, 3]).encode(x))
    breaks, worst = breakdown_in_words(curve), min(curve.accuracies)
    words = f"Accuracy against {curve.name} ({curve.unit}): {breaks}. Worst: {worst:.1%}."
    return DescribedChart(alt.layer(*layers, data=rows, height=190), rows, words)


def breakdown_in_words(curve: Robustness) -> str:
    """Name the breakdown points: "breaks at −30 and 40 degrees", or "holds" where there are none."""
    points, unit = " and ".join(f"{point:g}" for point in curve.breakdown_points), curve.unit.partition(",")[0]
    return f"breaks at {points} {unit}".replace("-", "−") if points else "holds"


def per_class(rows: Sequence[ClassMetrics]) -> DescribedChart:
    """Draw precision, recall and F1 of each digit.

    Args:
        rows: `per_class` of `model.evaluation.metrics.evaluate`: label, precision, recall, f1 and support.
    """
    scores = ["precision", "recall", "f1"]
    table = pd.DataFrame(rows)
    melted = table.melt(["label", "support"], scores, "measure", "score")
    colors = alt.Scale(domain=scores, range=[CORRECT, WRONG, MODEL_COLORS[2]])
    shapes = alt.Scale(domain=scores, range=["circle", "square", "diamond"])
    legend = alt.Legend(title=None, orient="top")
    chart = alt.Chart(melted, height=320).mark_point(filled=True, opacity=0.9, size=70).encode(
        alt.X("score:Q", title="Share", scale=alt.Scale(zero=False), axis=alt.Axis(format=".1%")),
        alt.Y("label:O", title="Digit"),
        alt.Color("measure:N", scale=colors, legend=legend),
        alt.Shape("measure:N", scale=shapes, legend=legend),
        tooltip=["label", "measure:N", alt.Tooltip("score:Q", format=".2%"), "support"],
    )  # fmt: skip
    worst = table.loc[table.f1.idxmin()]
    words = f"Precision, recall and F1 of each digit. The least F1 is that of {worst.label:.0f}, {worst.f1:.4f}."
    return DescribedChart(chart, melted, words)


def learning_curve(curves: Mapping[str, Sequence[CurveRow]], titles: Sequence[str] | None = None) -> DescribedChart:
    """Draw the error on held-out digits after each epoch, on a logarithmic scale.

    Args:
        curves: for each model by its name, at most seven, rows with `held_out_accuracy`, 0-1, and perhaps `loss`.
        titles: what the text alternative calls the models; their names by default.
    """
    rows = [
        {"model": name, "epoch": epoch, "held_out_accuracy": row["held_out_accuracy"], "loss": row.get("loss")}
        for name, curve in curves.items()
        for epoch, row in enumerate(curve, start=1)
    ]
    table = pd.DataFrame(rows, columns=["model", "epoch", "held_out_accuracy", "loss"])
    table["held_out_error"] = (1 - table.held_out_accuracy).clip(lower=1e-4)
    names = list(curves)
    colors = alt.Scale(domain=names, range=list(MODEL_COLORS[: len(names)]))
    legend = alt.Legend(title=None, orient="top", columns=3) if len(names) > 1 else None
    tips = [alt.Tooltip("held_out_accuracy", format=".2%"), alt.Tooltip("loss", format=".4f")]
    chart = alt.Chart(table, height=380).mark_line(point=alt.OverlayMarkDef(size=25), strokeWidth=2).encode(
        alt.X("epoch:Q", title="Epoch", axis=alt.Axis(tickMinStep=1, format="d")),
        alt.Y("held_out_error:Q", title="Held-out error", scale=alt.Scale(type="log"), axis=alt.Axis(format=".1%")),
        alt.Color("model:N", scale=colors, legend=legend),
        tooltip=["model", "epoch", *tips],
    )  # fmt: skip
    words = f"Lines: the error on held-out digits after each epoch, of {', '.join(titles or names)}."
    return DescribedChart(chart, table, words)


def misread_sheet(
    frames: NDArray[np.uint8], labels: NDArray[np.integer], predicted: NDArray[np.integer], columns: int = 10
) -> NDArray[np.uint8]:
    """Draw digits on white paper, each with its true and its predicted label.

    Args:
        frames: (n, 28, 28) uint8, 0 paper … 255 ink.
        labels: (n,) true digits.
        predicted: (n,) predicted digits.
        columns: digits in a row.

    Returns:
        (h, w) uint8, 255 paper; one blank row if there are none.
    """
    side = FRAME_SIDE * _SHEET_SCALE
    width, height = side + _SHEET_GAP, side + _SHEET_CAPTION + _SHEET_GAP
    rows = max(-(-len(frames) // columns), 1)
    sheet = np.full((rows * height + _SHEET_GAP, columns * width + _SHEET_GAP), 255, np.uint8)
    for i, frame in enumerate(frames):
        top, left = _SHEET_GAP + i // columns * height, _SHEET_GAP + i % columns * width
        sheet[top : top + side, left : left + side] = 255 - frame.repeat(_SHEET_SCALE, 0).repeat(_SHEET_SCALE, 1)
        caption, foot = f"{labels[i]} as {predicted[i]}", (left + 16, top + side + 16)
        cv2.putText(sheet, caption, foot, cv2.FONT_HERSHEY_SIMPLEX, 0.45, 0, 1, cv2.LINE_AA)
    return sheet


def to_png(chart: Chart) -> bytes:
    """Draw a chart on white paper, as a PNG of 2 px to a point."""
    return _save(chart, "png", scale_factor=2)


def to_svg(chart: Chart) -> bytes:
    """Draw a chart on white paper, as an SVG."""
    return _save(chart, "svg")


def _save(chart: Chart, form: str, **options: float) -> bytes:
    buffer = io.BytesIO() if form == "png" else io.StringIO()
    paper = chart.properties(width=480, background="white", padding=12)
    paper.configure_mark(tooltip=None).save(buffer, format=form, **options)
    written = buffer.getvalue()
    return written if isinstance(written, bytes) else written.encode()
