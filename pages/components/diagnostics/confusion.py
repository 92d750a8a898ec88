"""The confusion matrix, whose cells can be clicked to list their samples."""

from __future__ import annotations

from dataclasses import replace

import altair as alt
import numpy as np
import streamlit as st

from model.evaluation import charts
from model.evaluation.charts import DescribedChart
from model.evaluation.results import Evaluation
from pages.components.diagnostics.sample_list import browse_state, choose_cell, chosen_cell
from pages.components.shared.chart import BY_WEIGHTS, show_chart
from pages.components.shared.html import hint

_COUNTS, _SHARES = "Counts", "Row shares, %"


def show_confusion(evaluation: Evaluation) -> None:
    """Show the matrix; a click on a cell lists its samples."""
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
        chart = _confusion(evaluation, unit == _SHARES, not hidden, chosen_cell(), browse_state().turn)
        show_chart(chart, key="confusion_matrix", on_select=_take_click)
        st.html(hint("Click on a cell to list its samples, or choose the two digits beside it."))


def _take_click() -> None:
    for cell in st.session_state.confusion_matrix.selection.get("cell", []):
        choose_cell(int(cell["true"]), int(cell["read"]))


@st.cache_resource(show_spinner=False, hash_funcs=BY_WEIGHTS, max_entries=50)
def _confusion(
    evaluation: Evaluation, shares: bool, diagonal: bool, chosen: tuple[int, int] | None, turn: int
) -> DescribedChart:
    """Draw the matrix with a selection `cell`, of `true`, `read` and `turn`.

    Streamlit reports a selection only when it changes. With another turn, a second click on the same cell changes it.
    """
    matrix = np.array(evaluation.report["test"]["confusion"])
    described = charts.confusion(matrix, shares=shares, diagonal=diagonal, chosen=chosen)
    cell = alt.selection_point(name="cell", fields=["true", "read", "turn"], toggle=False)
    chart = described.chart.transform_calculate(turn=str(turn)).add_params(cell)
    return replace(described, chart=chart)
