"""The table of the models: how well each one reads, and what that costs."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from html import escape

import pandas as pd
import streamlit as st

from model.classifiers.registry import MODELS, SHIPPED
from model.evaluation.charts import learning_curve
from model.evaluation.results import Evaluation
from pages.components.shared.chart import show_chart
from pages.components.shared.results import evaluation

DOLLARS_AN_HOUR = 0.10
"""What clouds ask for a machine of two cores, about: without a price, cost in money cannot be told."""

_UNKNOWN = "–"
_HEADS = {
    "Right": "Share of the test digits that are read right, with the 95% interval",
    "Errors": "Test digits that are read wrong",
    "Macro F1": "Harmonic mean of precision and recall, averaged over the ten digits",
    "Elsewhere": "Share read right that others report for such a model",
    "Parameters": "Numbers that the model holds",
    "File": "Size of the weights",
    "Training": "Time it took",
    "One digit": "Median time to read a single digit",
    "1,000 digits": "Computing time and price of reading them one at a time",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One model; shares are 0-1.

    Attributes:
        ms_per_digit: median time of reading a single digit; None if it was not measured.
        seconds_per_1000: of reading so many, one at a time.
        dollars_per_1000: the price of that time at DOLLARS_AN_HOUR.
    """

    name: str
    title: str
    n: int
    accuracy: float
    accuracy_low: float
    accuracy_high: float
    errors: int
    macro_f1: float
    reported_elsewhere: float | None
    parameters: int
    bytes: int
    training_seconds: float
    hardware: str
    ms_per_digit: float | None
    seconds_per_1000: float | None
    dollars_per_1000: float | None


def rows_of(names: list[str]) -> list[Row]:
    """What is known of these models; those of which something is missing, stale or damaged are named on the page."""
    rows = []
    for name in names:
        if found := evaluation(name):
            rows.append(_row(found))
    return rows


def show_missing(names: list[str]) -> None:
    """Say which models are not here, and how to get them."""
    if missing := [name for name in MODELS if name not in names]:
        command = f"`python train_model.py --model {missing[0]}`"
        st.info(f"Not here: {', '.join(missing)}. Train one with: {command}", icon=":material/info:")


def show_models(rows: list[Row]) -> None:
    """Show the table, with its words and as CSV."""
    with st.container(key="models"):
        st.html(_table(rows))
    st.html(
        '<p class="hint">On the test digits of MNIST. Elsewhere: what others report for such a model. The price of '
        "1,000 digits is that of the time it takes to read them one at a time, on a machine of two cores that does "
        f"nothing else, at ${DOLLARS_AN_HOUR:.2f} an hour.</p>"
    )
    st.download_button(
        "Table as CSV",
        lambda: pd.DataFrame([asdict(row) for row in rows]).to_csv(index=False),
        "models.csv",
        "text/csv",
        key="models_csv",
        icon=":material/download:",
        on_click="ignore",
    )


def show_curves(rows: list[Row]) -> None:
    """Show how the models learned, epoch by epoch: those that learn in epochs."""
    reports = {row.name: found.report for row in rows if (found := evaluation(row.name))}
    curves = {name: report["curve"] for name, report in reports.items() if len(report["curve"]) > 1}
    if not curves:
        st.html('<p class="hint">No model here keeps one.</p>')
        return
    titles = ", ".join(f"{name} ({MODELS[name].title})" for name in curves)
    chart = _curves(curves)  # lines have names: a phone has no room for titles
    words = f"Lines: the error on held-out digits after each epoch, of {titles}."
    show_chart(chart, chart.data, key="learning_curves", alt=words)
    refined = [name for name in curves if "started_from" in reports[name]]
    note = f" Of {refined[0]} only the epochs that refined what was trained before." if refined else ""
    without = [name for name in reports if name not in curves]
    note += f" None is kept of: {', '.join(without)}." if without else ""
    st.html(f'<p class="hint">{titles}.{note}</p>')


# Altair takes longer to make a chart than to show it.
_curves = st.cache_resource(show_spinner=False, max_entries=4)(learning_curve)


def _row(of: Evaluation) -> Row:
    report, test, reported = of.report, of.report["test"], MODELS[of.name].reported
    ms = report["speed"]["ms_per_digit"] if "speed" in report else None
    return Row(
        name=of.name,
        title=MODELS[of.name].title,
        n=test["n"],
        accuracy=test["accuracy"],
        accuracy_low=test["accuracy_95"][0],
        accuracy_high=test["accuracy_95"][1],
        errors=test["errors"],
        macro_f1=test["macro_f1"],
        reported_elsewhere=reported.accuracy if reported else None,
        parameters=report["parameters"],
        bytes=of.size_bytes,
        training_seconds=report["seconds"],
        hardware=report["hardware"],
        ms_per_digit=ms,
        seconds_per_1000=ms,  # a thousandth of a second, a thousand times
        dollars_per_1000=None if ms is None else ms * DOLLARS_AN_HOUR / 3600,
    )


def _table(rows: list[Row]) -> str:
    heads = "".join(f'<th scope="col" title="{tip}">{head}</th>' for head, tip in _HEADS.items())
    body = "".join(_line(row) for row in rows)
    return (
        f'<table class="facts"><thead><tr><th scope="col">Model</th>{heads}</tr></thead><tbody>{body}</tbody></table>'
    )


def _line(row: Row) -> str:
    """A table row; a phone shows it as a card, with the column's head before each number."""
    entry = MODELS[row.name]
    reads = ' <span class="chip">reads unless you choose</span>' if row.name == SHIPPED else ""
    head = f'<th scope="row">{escape(entry.title)}{reads}<small>{escape(entry.summary)}</small></th>'
    cells = "".join(f'<td data-head="{name}">{cell}</td>' for name, cell in zip(_HEADS, _cells(row), strict=True))
    return f"<tr>{head}{cells}</tr>"


def _cells(row: Row) -> list[str]:
    interval = f"<small>{100 * row.accuracy_low:.2f} to {100 * row.accuracy_high:.2f}%</small>"
    ms, reported = row.ms_per_digit, MODELS[row.name].reported
    return [
        f"<b>{row.accuracy:.2%}</b>{interval}",
        f"{row.errors:,}",
        f"{row.macro_f1:.4f}",
        f"{reported.accuracy:.2%}<small>{escape(reported.source)}</small>" if reported else _UNKNOWN,
        f"{row.parameters:,}",
        f"{row.bytes / 1e6:.1f} MB" if row.bytes >= 1e6 else f"{row.bytes / 1e3:.0f} kB",
        f"{_duration(row.training_seconds)}<small>{escape(row.hardware)}</small>",
        _UNKNOWN if ms is None else f"{ms:.2f} ms",
        _UNKNOWN if row.dollars_per_1000 is None else f"{ms:.1f} s<small>{100 * row.dollars_per_1000:.4f} ¢</small>",
    ]


def _duration(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"
