"""The table of the models: accuracy, size, training time and reading time; and their learning curves."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import pandas as pd
import streamlit as st

from model.classifiers.registry import MODELS, SHIPPED, Input
from model.classifiers.report import CurveRow, Report
from model.evaluation.charts import DescribedChart, learning_curve
from pages.components.shared.chart import show_chart
from pages.components.shared.html import hint, render
from pages.components.shared.results import evaluation, report_of

DOLLARS_AN_HOUR = 0.10
"""The usual price of a rented machine with two cores, to turn computing time into money."""

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
        ms_per_digit: median time of reading a single digit, ms; None if it was not measured.
        dollars_per_1000: price of the time that 1,000 digits take one at a time, at DOLLARS_AN_HOUR.
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
    dollars_per_1000: float | None


def rows_of(names: list[str]) -> list[Row]:
    """Make a row for each model; warn of those whose files are missing, stale or damaged."""
    return [_row(name, *found) for name in names if (found := _measured(name))]


def _measured(name: str) -> tuple[Report, int] | None:
    """Return a model's report and the size of its weights; of one that sees frames only with its stored evaluation."""
    if MODELS[name].input is Input.PATH:
        return report_of(name)
    found = evaluation(name)
    return (found.report, found.size_bytes) if found else None


def _row(name: str, report: Report, size_bytes: int) -> Row:
    test, reported = report["test"], MODELS[name].reported
    ms = report["speed"]["ms_per_digit"] if "speed" in report else None
    return Row(
        name=name,
        title=MODELS[name].title,
        n=test["n"],
        accuracy=test["accuracy"],
        accuracy_low=test["accuracy_95"][0],
        accuracy_high=test["accuracy_95"][1],
        errors=test["errors"],
        macro_f1=test["macro_f1"],
        reported_elsewhere=reported.accuracy if reported else None,
        parameters=report["parameters"],
        bytes=size_bytes,
        training_seconds=report["seconds"],
        hardware=report["hardware"],
        ms_per_digit=ms,
        dollars_per_1000=None if ms is None else ms * DOLLARS_AN_HOUR / 3600,
    )


def show_missing(names: list[str]) -> None:
    """Name the models that are not here, and the command that trains one."""
    if missing := [name for name in MODELS if name not in names]:
        command = f"`python train_model.py --model {missing[0]}`"
        st.info(f"Not here: {', '.join(missing)}. Train one with: {command}", icon=":material/info:")


def show_models(rows: list[Row]) -> None:
    """Show the table, with a note on its prices and a download as CSV."""
    with st.container(key="models"):
        lines = [(row.name == SHIPPED, MODELS[row.name], zip(_HEADS, _cells(row), strict=True)) for row in rows]
        st.html(render(_TABLE, heads=_HEADS, lines=lines))
    note = (
        f"On the test digits of MNIST{_on_drawings(rows)}. "
        "Elsewhere: what others report for such a model. The price of 1,000 digits is "
        "that of the time it takes to read them one at a time, on a machine of two cores that does nothing else, at "
        f"${DOLLARS_AN_HOUR:.2f} an hour."
    )
    st.html(hint(note))
    st.download_button(
        "Table as CSV",
        lambda: _to_csv(rows),
        "models.csv",
        "text/csv",
        key="models_csv",
        icon=":material/download:",
        on_click="ignore",
    )


def _on_drawings(rows: list[Row]) -> str:
    """Say what the models that see the pen's path are measured on: MNIST's digits have none."""
    paths = [row for row in rows if MODELS[row.name].input is Input.PATH]
    return "".join(f"; the {row.title.lower()} on {row.n:,} drawings by writers it has not seen" for row in paths)


# A phone shows each row as a card, with the column's head before each number.
_TABLE = """
<table class="facts">
  <thead><tr><th scope="col">Model</th>
    {% for head, tip in heads.items() %}<th scope="col" title="{{ tip }}">{{ head }}</th>{% endfor %}
  </tr></thead>
  <tbody>
    {% for is_shipped, model, cells in lines %}
      <tr><th scope="row">{{ model.title }}
        {% if is_shipped %} <span class="chip">reads unless you choose</span>{% endif %}
        <small>{{ model.summary }}</small></th>
        {% for head, (figure, note) in cells %}
          <td data-head="{{ head }}">
            {% if loop.first %}<b>{{ figure }}</b>{% else %}{{ figure }}{% endif %}
            {% if note %}<small>{{ note }}</small>{% endif %}
          </td>
        {% endfor %}
      </tr>
    {% endfor %}
  </tbody>
</table>
"""


def _cells(row: Row) -> list[tuple[str, str]]:
    """Format the figures of a row in the order of _HEADS, each with a note on it or none."""
    ms, dollars, reported = row.ms_per_digit, row.dollars_per_1000, MODELS[row.name].reported
    return [
        (f"{row.accuracy:.2%}", f"{100 * row.accuracy_low:.2f} to {100 * row.accuracy_high:.2f}%"),
        (f"{row.errors:,}", ""),
        (f"{row.macro_f1:.4f}", ""),
        (f"{reported.accuracy:.2%}", reported.source) if reported else (_UNKNOWN, ""),
        (f"{row.parameters:,}", ""),
        (f"{row.bytes / 1e6:.1f} MB" if row.bytes >= 1e6 else f"{row.bytes / 1e3:.0f} kB", ""),
        (_duration(row.training_seconds), row.hardware),
        (_UNKNOWN if ms is None else f"{ms:.2f} ms", ""),
        # Milliseconds of one digit are seconds of 1,000.
        (_UNKNOWN, "") if dollars is None else (f"{ms:.1f} s", f"{100 * dollars:.4f} ¢"),
    ]


def _duration(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"


def _to_csv(rows: list[Row]) -> str:
    table = pd.DataFrame([asdict(row) for row in rows])
    # Milliseconds of one digit are seconds of 1,000.
    table.insert(table.columns.get_loc("ms_per_digit") + 1, "seconds_per_1000", table.ms_per_digit)
    return table.to_csv(index=False)


def show_curves(rows: list[Row]) -> None:
    """Show the learning curves of the models that have one."""
    reports = {row.name: found[0] for row in rows if (found := _measured(row.name))}
    curves = {name: report["curve"] for name, report in reports.items() if len(report["curve"]) > 1}
    if not curves:
        st.html(hint("No model here keeps one."))
        return
    titles = [f"{name} ({MODELS[name].title})" for name in curves]
    show_chart(_curves(curves, titles), key="learning_curves")  # lines have names: a phone has no room for titles
    refined = [name for name in curves if "started_from" in reports[name]]
    note = f" Of {refined[0]} only the epochs that refined what was trained before." if refined else ""
    without = [name for name in reports if name not in curves]
    note += f" None is kept of: {', '.join(without)}." if without else ""
    st.html(hint(f"{', '.join(titles)}.{note}"))


# Altair takes longer to make a chart than Streamlit takes to show it.
@st.cache_resource(show_spinner=False, max_entries=4)
def _curves(curves: dict[str, list[CurveRow]], titles: list[str]) -> DescribedChart:
    return learning_curve(curves, titles)
