"""Charts of an evaluation, from plain arrays: what the pages show, and the command line saves.

They have no width, so that they can be as wide as the page. What is neither paper nor data is drawn in `currentColor`,
the page's color of text in a light and in a dark theme, black in a file. A chart's `data` is the table that it shows.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

import altair as alt
import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from model.classifiers.report import ClassMetrics, CurveRow
from model.evaluation.metrics import wilson_interval
from model.evaluation.robustness import MIN_ACCURACY, Robustness
from model.vision.framing import FRAME_SIDE

RIGHT, WRONG = "#2f9488", "#c9690f"
"""DescribedChart apart by the color-blind, and from a light and a dark page; `DEEP_` bears white text."""
DEEP_RIGHT, DEEP_WRONG = "#0f766e", "#b45309"
MODELS = (RIGHT, WRONG, "#4a7fd6", "#a05cb0", "#8a8f3a", "#c0504d")
"""Colors of models, in their order."""

Chart = alt.Chart | alt.LayerChart | alt.FacetChart

alt.data_transformers.enable("default", max_rows=None)  # a map of the test set has 10,000

_INK = "currentColor"
_BINS = 15
_SMALL = 340  # px high
_DOTTED = [3, 3]
_WHITE_FROM = 0.72  # strength of a cell at which white is read better than the text's own color
_SHEET_SCALE, _SHEET_GAP, _SHEET_CAPTION = 3, 12, 22


def confusion(
    matrix: NDArray[np.integer],
    *,
    shares: bool,
    diagonal: bool,
    chosen: tuple[int, int] | None = None,
    turn: int = 0,
) -> Chart:
    """Confusion matrix; a click on a cell is the selection `cell`, of `true`, `read` and `turn`.

    Args:
        matrix: (10, 10) counts, rows true, columns read.
        shares: write percentages of the row in the cells, instead of counts.
        diagonal: show what was read right; without it, errors get all of the color.
        chosen: the cell to outline, true and read.
        turn: comes back with the selection: with another one, a second click on the same cell is heard.
    """
    rows = _confusion_rows(matrix, shares, diagonal).assign(turn=turn)
    rows["chosen"] = [chosen == cell for cell in zip(rows.true, rows.read, strict=True)]
    cell = alt.selection_point(name="cell", fields=["true", "read", "turn"], toggle=False)
    x = alt.X("read:O", title="Read as", axis=alt.Axis(labelAngle=0))
    y = alt.Y("true:O", title="True digit")
    squares = alt.Chart().mark_rect(stroke=_INK, cursor="pointer").encode(
        x,
        y,
        fill=alt.condition("datum.true === datum.read", alt.value(DEEP_RIGHT), alt.value(DEEP_WRONG)),
        fillOpacity=alt.FillOpacity("strength:Q", scale=alt.Scale(domain=[0, 1], range=[0, 1]), legend=None),
        strokeOpacity=alt.condition("datum.chosen", alt.value(1), alt.value(0.12)),
        strokeWidth=alt.condition("datum.chosen", alt.value(3), alt.value(1)),
        tooltip=["true", "read", "count", alt.Tooltip("share", format=".2%", title="share of row")],
        description="words:N",
    )  # fmt: skip
    color = alt.condition(f"datum.strength > {_WHITE_FROM}", alt.value("white"), alt.value(_INK))
    texts = alt.Chart().mark_text(fontSize=11, cursor="pointer", aria=False).encode(x, y, text="text:N", color=color)
    return alt.layer(squares.add_params(cell), texts, data=rows, height=400)


def reliability(confidence: NDArray[np.floating], right: NDArray[np.bool_]) -> Chart:
    """How many of the digits read at a confidence are right, in bins, with 95 % intervals, against what was promised.

    Args:
        confidence: (n,) 0-1.
        right: (n,) whether the digit was read right.
    """
    rows = pd.DataFrame(_reliability_rows(confidence, right))
    x = alt.X("confidence:Q", title="Confidence", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format="%"))
    y = alt.Y("accuracy:Q", title="Read right", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format="%"))
    ideal = alt.Chart(pd.DataFrame({"confidence": [0, 1], "accuracy": [0, 1]}))
    line = ideal.mark_line(color=_INK, opacity=0.5, strokeDash=_DOTTED).encode(x, y)
    bars = alt.Chart().mark_rule(color=RIGHT, strokeWidth=2).encode(x, y=alt.Y("low:Q"), y2="high:Q")
    points = alt.Chart().mark_point(filled=True, color=RIGHT, opacity=1, size=70)
    tips = ["n", *(alt.Tooltip(name, format=".1%") for name in ("confidence", "accuracy", "low", "high"))]
    return alt.layer(line, bars, points.encode(x, y, tooltip=tips), data=rows, height=_SMALL)


def confidence_histogram(confidence: NDArray[np.floating], right: NDArray[np.bool_]) -> Chart:
    """How many digits were read at which confidence, right ones beside misread ones; arguments as in `reliability`."""
    tenth = np.minimum((confidence * 10).astype(int), 9)
    rows = pd.DataFrame(
        {"confidence": f"{10 * b}%", "answer": answer, "n": int((tenth[group] == b).sum())}
        for answer, group in (("right", right), ("misread", ~right))
        for b in range(10)
    )
    return (
        alt.Chart(rows)
        .mark_bar()
        .encode(
            alt.X("confidence:O", title="Confidence from", sort=None, axis=alt.Axis(labelAngle=0, labelOverlap=False)),
            alt.Y(
                "n:Q",
                title="Digits (log scale)",
                scale=alt.Scale(type="symlog"),
                axis=alt.Axis(values=_DECADES, format=",d"),
            ),
            xOffset=alt.XOffset("answer:N", sort=["right", "misread"]),
            color=_by_answer(),
            tooltip=["confidence", "answer", "n"],
        )
        .properties(height=_SMALL)
    )


def coverage(confidence: NDArray[np.floating], right: NDArray[np.bool_], threshold: float) -> Chart:
    """How many digits are accepted against how many of those are right, for every threshold; one is marked.

    Args:
        confidence: (n,) 0-1.
        right: (n,) whether the digit was read right.
        threshold: least confidence that is accepted, to be marked.
    """
    thresholds = np.unique(np.quantile(confidence, np.linspace(0, 0.3, 151)))
    rows = pd.DataFrame(accepted_at(confidence, right, float(t)) for t in thresholds)
    x = alt.X("coverage:Q", title="Digits accepted", scale=alt.Scale(zero=False), axis=alt.Axis(format="%"))
    y = alt.Y("accuracy:Q", title="Of those right", scale=alt.Scale(zero=False), axis=alt.Axis(format=".2%"))
    tips = [alt.Tooltip("threshold", format=".3f"), "accepted", "errors", alt.Tooltip("accuracy", format=".2%")]
    here = alt.Chart(pd.DataFrame([accepted_at(confidence, right, threshold)]))
    return alt.layer(
        alt.Chart().mark_line(color=RIGHT, strokeWidth=2.5).encode(x, y, tooltip=tips),
        here.mark_point(filled=True, color=WRONG, opacity=1, size=140).encode(x, y, tooltip=tips),
        data=rows,
        height=_SMALL,
    )


def accepted_at(confidence: NDArray[np.floating], right: NDArray[np.bool_], threshold: float) -> dict[str, float]:
    """What a threshold does: digits accepted, their share (coverage), errors among them, and the share of those right.

    Where nothing is accepted, nothing is wrong: accuracy is 1.
    """
    accepted = confidence >= threshold
    n, errors = int(accepted.sum()), int((accepted & ~right).sum())
    share = n / len(confidence)
    return {
        "threshold": threshold,
        "accepted": n,
        "coverage": share,
        "errors": errors,
        "accuracy": 1 - errors / n if n else 1.0,
    }


def robustness(curve: Robustness) -> Chart:
    """Accuracy against how far digits are disturbed, with the level and the points where it breaks."""
    rows = pd.DataFrame({"value": curve.values, "accuracy": curve.accuracies}).assign(n=curve.n)
    x = alt.X("value:Q", title=curve.unit, scale=alt.Scale(nice=False, zero=False))
    y = alt.Y("accuracy:Q", title=None, scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format="%", tickCount=5))
    tips = [alt.Tooltip("value", title=curve.unit), alt.Tooltip("accuracy", format=".2%"), "n"]
    line = alt.Chart().mark_line(color=RIGHT, point=alt.OverlayMarkDef(color=RIGHT, size=35), strokeWidth=2.5)
    level = alt.Chart(pd.DataFrame({"accuracy": [MIN_ACCURACY]})).mark_rule(color=_INK, opacity=0.5, strokeDash=_DOTTED)
    layers = [level.encode(y), line.encode(x, y, tooltip=tips)]
    if curve.breakdown_points:
        broken = alt.Chart(pd.DataFrame({"value": curve.breakdown_points}))
        layers.append(broken.mark_rule(color=WRONG, strokeWidth=2, strokeDash=[5, 3]).encode(x))
    return alt.layer(*layers, data=rows, height=190)


def per_class(rows: Sequence[ClassMetrics]) -> Chart:
    """Precision, recall and F1 of each digit.

    Args:
        rows: `per_class` of `evaluation.evaluate`: label, precision, recall, f1 and support.
    """
    scores = ["precision", "recall", "f1"]
    table = pd.DataFrame(rows).melt(["label", "support"], scores, "measure", "score")
    x = alt.X("score:Q", title="Share", scale=alt.Scale(zero=False), axis=alt.Axis(format=".1%"))
    colors = alt.Scale(domain=scores, range=[RIGHT, WRONG, MODELS[2]])
    shapes = alt.Scale(domain=scores, range=["circle", "square", "diamond"])
    legend = alt.Legend(title=None, orient="top")
    return (
        alt.Chart(table)
        .mark_point(filled=True, opacity=0.9, size=70)
        .encode(
            x,
            alt.Y("label:O", title="Digit"),
            alt.Color("measure:N", scale=colors, legend=legend),
            alt.Shape("measure:N", scale=shapes, legend=legend),
            tooltip=["label", "measure:N", alt.Tooltip("score:Q", format=".2%"), "support"],
        )
        .properties(height=320)
    )


def learning_curve(curves: Mapping[str, Sequence[CurveRow]]) -> Chart:
    """Error on held-out digits after each epoch, on a log scale.

    Args:
        curves: rows of `held_out_accuracy` (0-1) and whatever else, by the names of the models, at most six.
    """
    rows = [
        {"model": name, "epoch": epoch, "held_out_accuracy": row["held_out_accuracy"], "loss": row.get("loss")}
        for name, curve in curves.items()
        for epoch, row in enumerate(curve, start=1)
    ]
    table = pd.DataFrame(rows, columns=["model", "epoch", "held_out_accuracy", "loss"])
    table["held_out_error"] = (1 - table.held_out_accuracy).clip(lower=1e-4)
    names = list(curves)
    return (
        alt.Chart(table)
        .mark_line(point=alt.OverlayMarkDef(size=25), strokeWidth=2)
        .encode(
            alt.X("epoch:Q", title="Epoch", axis=alt.Axis(tickMinStep=1, format="d")),
            alt.Y("held_out_error:Q", title="Held-out error", scale=alt.Scale(type="log"), axis=alt.Axis(format=".1%")),
            alt.Color(
                "model:N",
                scale=alt.Scale(domain=names, range=list(MODELS[: len(names)])),
                legend=alt.Legend(title=None, orient="top", columns=3) if len(names) > 1 else None,
            ),
            tooltip=[
                "model",
                "epoch",
                alt.Tooltip("held_out_accuracy", format=".2%"),
                alt.Tooltip("loss", format=".4f"),
            ],
        )
        .properties(height=380)
    )


def misread_sheet(
    frames: NDArray[np.uint8], labels: NDArray[np.integer], read: NDArray[np.integer], columns: int = 10
) -> NDArray[np.uint8]:
    """Digits on white paper, each with its true digit and what it was read as.

    Args:
        frames: (n, 28, 28) uint8, 0 paper, 255 ink.
        labels: (n,) true digits.
        read: (n,) digits read.
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
        caption, foot = f"{labels[i]} as {read[i]}", (left + 16, top + side + 16)
        cv2.putText(sheet, caption, foot, cv2.FONT_HERSHEY_SIMPLEX, 0.45, 0, 1, cv2.LINE_AA)
    return sheet


def to_png(chart: Chart) -> bytes:
    """The chart on white paper as a PNG of 2 px to a point."""
    return _save(chart, "png", scale_factor=2)


def to_svg(chart: Chart) -> bytes:
    """The chart on white paper as an SVG."""
    return _save(chart, "svg")


_DECADES = [0, 1, 10, 100, 1000, 10_000]


def _save(chart: Chart, form: str, **options: float) -> bytes:
    buffer = io.BytesIO() if form == "png" else io.StringIO()
    paper = chart.properties(width=480, background="white", padding=12)
    paper.configure_mark(tooltip=None).save(buffer, format=form, **options)
    written = buffer.getvalue()
    return written if isinstance(written, bytes) else written.encode()


def _by_answer() -> alt.Color:
    scale = alt.Scale(domain=["right", "misread"], range=[RIGHT, WRONG])
    return alt.Color("answer:N", scale=scale, legend=alt.Legend(title=None, orient="top"))


def _confusion_rows(matrix: NDArray[np.integer], shares: bool, diagonal: bool) -> pd.DataFrame:
    """A row for each cell: what to write in it, and how strongly to color it, 0-1."""
    true, read = (axis.ravel() for axis in np.indices(matrix.shape))
    share = (matrix / matrix.sum(axis=1, keepdims=True).clip(1)).ravel()
    count = matrix.ravel()
    value = np.where(diagonal | (true != read), share if shares else count, 0)
    most = value.max() or 1
    # Logarithmic: one error in a thousand is to be seen beside those read right.
    strength = np.log1p(value / most * 1000) / np.log1p(1000) if diagonal else value / most
    texts = [("" if v == 0 else f"{100 * v:.1f}" if shares else str(v)) for v in value.tolist()]
    words = [f"{n} times {a} read as {b}" for n, a, b in zip(count, true, read, strict=True)]
    return pd.DataFrame(
        {
            "true": true,
            "read": read,
            "count": count,
            "share": share,
            "text": texts,
            "strength": strength,
            "words": words,
        }
    )


def _reliability_rows(confidence: NDArray[np.floating], right: NDArray[np.bool_]) -> list[dict[str, float]]:
    """The bins of `evaluation.expected_calibration_error` that hold digits."""
    bins = np.minimum((confidence * _BINS).astype(int), _BINS - 1)
    rows = []
    for b in np.unique(bins):
        inside = bins == b
        low, high = wilson_interval(int(right[inside].sum()), int(inside.sum()))
        mean, accuracy = float(confidence[inside].mean()), float(right[inside].mean())
        rows.append({"confidence": mean, "accuracy": accuracy, "low": low, "high": high, "n": int(inside.sum())})
    return rows
