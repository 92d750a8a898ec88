"""Statistics of the data set: counts of the labels, mean frames, ink, gray levels and stroke widths."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from model.data.statistics import Statistics
from model.evaluation.charts import CORRECT, WRONG, DescribedChart
from pages.components.shared.chart import show_chart, show_picture_menu
from pages.components.shared.html import cards_of, picture, render

_HEIGHT, _TALL = 320, 340  # px
_STEP = 16  # pixel values in one bar
_LEAST = 1e-3  # of the logarithmic scale
_LOGARITHMIC = alt.Scale(type="log", domain=[_LEAST, 1])
_DIGIT = alt.X("digit:O", title="Digit", axis=alt.Axis(labelAngle=0))
_DECADES = alt.Axis(format="~%", values=[0.01, 0.1, 1])
_LEGEND = alt.Legend(title=None, orient="top")
_PARTS = ["Training", "Test"]


def show_facts(statistics: Statistics) -> None:
    """Show the headline numbers."""
    facts = statistics.facts
    cards = cards_of(
        ("Training digits", f"{facts['train']:,}"),
        ("Test digits", f"{facts['test']:,}"),
        ("Pixels of a digit", f"{facts['pixels']:,}"),
        ("Mean of a pixel", f"{facts['mean']:.1f}", f"of 255; standard deviation {facts['std']:.1f}"),
        ("Pixels without ink", f"{facts['paper']:.1%}"),
        ("Median stroke", f"{facts['stroke_width']:.1f} px"),
    )
    st.html(cards)


def show_counts(statistics: Statistics) -> None:
    """Show how many digits of each label there are."""
    show_chart(_counts(statistics), key="class_counts")


def show_ink(statistics: Statistics) -> None:
    """Show the share of ink in the frames of each label: 5 to 95 %, 25 to 75 %, and the median."""
    show_chart(_ink(statistics), key="ink")


def show_strokes(statistics: Statistics) -> None:
    """Show the distribution of stroke widths for each label."""
    show_chart(_strokes(statistics), key="stroke_width")


def show_intensity(statistics: Statistics) -> None:
    """Show the distribution of gray levels."""
    show_chart(_intensity(statistics), key="intensity")


def show_means(statistics: Statistics) -> None:
    """Show the mean frame of each label, and the standard deviation of its pixels."""
    rows = {"Mean": statistics.mean, "Spread": statistics.spread}
    pictures = [
        picture(frame, f"{name} of the digit {digit}")
        for name, frames in rows.items()
        for digit, frame in enumerate(frames)
    ]
    st.html(render('<div class="means">{{ pictures | join }}</div>', pictures=pictures))
    sheet = np.vstack([np.hstack(list(frames)) for frames in rows.values()])
    show_picture_menu(sheet, lambda: _pixels(rows), key="means")


_BY_DATA: dict[str | type[Any], Callable[[Any], Any]] = {Statistics: lambda statistics: statistics.facts["sha256"]}
_cached = st.cache_resource(show_spinner=False, hash_funcs=_BY_DATA)
"""Make a chart once for all sessions: Altair takes longer to make it than Streamlit takes to show it."""


@_cached
def _counts(statistics: Statistics) -> DescribedChart:
    counts = dict(zip(_PARTS, (statistics.train_counts, statistics.test_counts), strict=True))
    data = pd.DataFrame(
        [(part, digit, int(n), n / of.sum()) for part, of in counts.items() for digit, n in enumerate(of)],
        columns=["part", "digit", "count", "share"],
    )
    bars = alt.Chart(data, height=_HEIGHT).mark_bar().encode(
        _DIGIT,
        alt.Y("count:Q", title="Digits"),
        alt.Color("part:N", sort=_PARTS, scale=alt.Scale(range=[CORRECT, WRONG]), legend=_LEGEND),
        alt.XOffset("part:N", sort=_PARTS),
        tooltip=_tips("part", "digit", count=",", share=".1%"),
    )  # fmt: skip
    most, least = int(statistics.train_counts.argmax()), int(statistics.train_counts.argmin())
    words = (
        f"Bars: how many of each digit there are. The commonest of the training digits is {most}, with "
        f"{statistics.train_counts[most]:,}, the rarest {least}, with {statistics.train_counts[least]:,}."
    )
    return DescribedChart(bars, data, words)


@_cached
def _ink(statistics: Statistics) -> DescribedChart:
    shares = [np.interp((0.05, 0.25, 0.5, 0.75, 0.95), statistics.quantiles, row) for row in statistics.ink_share]
    names = ["q05", "q25", "median", "q75", "q95"]
    data = pd.DataFrame(shares, columns=names).assign(digit=range(10))[["digit", *names]]
    base = alt.Chart().encode(_DIGIT, tooltip=_tips("digit", **dict.fromkeys(names, ".1%")))
    share = alt.Y("q05:Q", title="Ink in the frame", axis=alt.Axis(format="%"))
    layers = alt.layer(
        base.mark_rule(strokeWidth=2, color=CORRECT).encode(share, alt.Y2("q95:Q")),
        base.mark_bar(size=14, color=CORRECT).encode(alt.Y("q25:Q"), alt.Y2("q75:Q")),
        base.mark_tick(size=14, thickness=2, color="white").encode(alt.Y("median:Q")),
        data=data,
        height=_HEIGHT,
    )
    most, least = int(data["median"].argmax()), int(data["median"].argmin())
    words = (
        f"Boxes: the share of ink in the frames of each digit. The median {most} has most, {data['median'][most]:.1%}, "
        f"the median {least} least, {data['median'][least]:.1%}."
    )
    return DescribedChart(layers, data, words)


@_cached
def _strokes(statistics: Statistics) -> DescribedChart:
    edges, counts = statistics.stroke_edges, statistics.stroke_width
    shares = counts / counts.sum(axis=1, keepdims=True)
    data = pd.DataFrame(
        [(digit, edges[b], edges[b + 1], row[b]) for digit, row in enumerate(shares) for b in range(len(row))],
        columns=["digit", "from", "to", "share"],
    )
    cells = alt.Chart(data, height=_TALL).mark_rect(color=CORRECT).encode(
        alt.X("from:Q", title="Stroke width, px of the frame", scale=alt.Scale(nice=False)),
        alt.X2("to:Q"),
        alt.Y("digit:O", title="Digit"),
        alt.FillOpacity("share:Q", scale=alt.Scale(range=[0, 1]), legend=None),
        tooltip=_tips("digit", **{"from": ".2f", "to": ".2f", "share": ".1%"}),
    )  # fmt: skip
    median = statistics.facts["stroke_width"]
    words = (
        f"Shades: how wide the strokes of each digit are, darker where more are. The median of all is {median:.1f} px."
    )
    return DescribedChart(cells, data, words)


@_cached
def _intensity(statistics: Statistics) -> DescribedChart:
    bins = statistics.intensity.reshape(-1, _STEP).sum(axis=1)
    starts = np.arange(len(bins)) * _STEP
    data = pd.DataFrame({"from": starts, "to": starts + _STEP, "share": bins / bins.sum()})
    bars = alt.Chart(data, height=_HEIGHT).mark_bar(color=CORRECT).encode(
        alt.X("from:Q", title="Pixel, 0 paper to 255 ink", bin="binned", axis=alt.Axis(values=[0, 64, 128, 192, 256])),
        alt.X2("to:Q"),
        alt.Y("share:Q", title="Share (log scale)", scale=_LOGARITHMIC, axis=_DECADES),
        alt.Y2Datum(_LEAST),
        tooltip=_tips("from", "to", share=".2%"),
    )  # fmt: skip
    paper, ink = data["share"].iloc[[0, -1]]
    words = f"Bars on a logarithmic scale: {paper:.1%} of all pixels are paper or nearly, {ink:.1%} full ink."
    return DescribedChart(bars, data, words)


def _tips(*names: str, **formats: str) -> list[alt.Tooltip]:
    """List tooltips by the names of their columns; Altair takes 7 ms to parse each one given as a string."""
    return [*map(alt.Tooltip, names), *(alt.Tooltip(name, format=form) for name, form in formats.items())]


def _pixels(rows: dict[str, NDArray[np.uint8]]) -> pd.DataFrame:
    """List the pictures: their names, their digits and their 784 pixels."""
    tables = [
        pd.DataFrame(frames.reshape(10, -1)).rename(columns="pixel {}".format).assign(of=name, digit=range(10))
        for name, frames in rows.items()
    ]
    table = pd.concat(tables)
    return table[["of", "digit", *table.columns[:-2]]]
