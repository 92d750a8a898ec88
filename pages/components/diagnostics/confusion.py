"""The confusion matrix: what was taken for what; a click on a cell lists its samples."""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from model.evaluation import charts
from model.evaluation.charts import Chart
from model.evaluation.results import Evaluation
from pages.components.diagnostics.sample_list import choose_cell, chosen_cell, look
from pages.components.shared.chart import BY_WEIGHTS, show_chart

_COUNTS, _SHARES = "Counts", "Row shares, %"


def show_confusion(evaluation: Evaluation) -> None:
    """Show the matrix, and take clicks on its cells."""
    with st.container(key="confusion"):
        with st.container(key="confusion_tools", horizontal=True, vertical_alignment="center"):
            unit = st.segmented_control(
                "Numbers",
                [_COUNTS, _SHARES],
                default=_COUNTS,
                required=True,
                key="unit",
                label_visibility="collapsed",
                persist_state="session",
            )
            hidden = st.toggle("Errors only", key="errors_only", help="Hides the diagonal", persist_state="session")
        chart = _confusion(evaluation, unit == _SHARES, not hidden, chosen_cell(), look().turn)
        cells = chart.data[["true", "read", "count", "share"]]
        show_chart(
            chart,
            cells,
            key="confusion_matrix",
            alt=_words(np.array(evaluation.report["test"]["confusion"])),
            on_select=_take_click,
        )
        st.html('<p class="hint">Click on a cell to list its samples, or choose the two digits beside it.</p>')


def _take_click() -> None:
    for cell in st.session_state.confusion_matrix.selection.get("cell", []):
        choose_cell(int(cell["true"]), int(cell["read"]))


def _words(counts: NDArray[np.int64]) -> str:
    errors = counts * (1 - np.eye(10, dtype=int))
    worst = sorted(zip(*np.nonzero(errors), strict=True), key=lambda cell: -errors[cell])[:3]
    named = ", ".join(f"{true} read as {read} {errors[true, read]} times" for true, read in worst)
    right = int(np.trace(counts))
    return f"Confusion matrix: {right} of {counts.sum()} digits read right. Most frequent errors: {named or 'none'}."


@st.cache_resource(show_spinner=False, hash_funcs=BY_WEIGHTS, max_entries=50)
def _confusion(
    evaluation: Evaluation, shares: bool, diagonal: bool, chosen: tuple[int, int] | None, turn: int
) -> Chart:
    return charts.confusion(
        np.array(evaluation.report["test"]["confusion"]), shares=shares, diagonal=diagonal, chosen=chosen, turn=turn
    )
