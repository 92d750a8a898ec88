"""A map of the test digits, on which digits that the network sees as alike lie close together."""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray
from streamlit.elements.vega_charts import VegaLiteState

from model.evaluation.charts import Chart, DescribedChart
from model.evaluation.diagnosis import Diagnosis
from model.evaluation.results import Evaluation
from pages.components.shared.chart import BY_WEIGHTS, show_chart
from pages.components.shared.gallery import describe_reading, show_gallery
from pages.components.shared.html import hint

_HEIGHT = 520  # px
_COLORS = ["#4a7fd6", "#c9690f", "#2f9488", "#c0504d", "#a05cb0", "#8a8f3a", "#d276a8", "#7a7a7a", "#b8892b", "#2ba3c7"]
_AROUND = 40  # digits listed around a misread one, itself included
_PADDING = 14  # px of margin, so that a visitor can select an area around the outermost digits


@st.fragment
def show_map(diagnosis: Diagnosis, evaluation: Evaluation, frames: NDArray[np.uint8] | None) -> None:
    """Show the map, and list the digits that are selected on it."""
    only_errors = st.toggle("Misread digits only", key="map_errors")
    described = _map(evaluation, diagnosis, only_errors)
    state = show_chart(described, key="embedding", on_select=_take_selection)
    center = _choose_misread(evaluation)
    indices = selected(state, described.data) if center is None else nearest(diagnosis.embedding, center)
    _list(indices, evaluation, frames)


def _take_selection() -> None:
    """Clear the choice from the list: the last selection counts."""
    if any(st.session_state.embedding.selection.values()):
        st.session_state.map_center = None


def map_table(diagnosis: Diagnosis, evaluation: Evaluation) -> pd.DataFrame:
    """List the test digits, the misread ones last, so that they are drawn on top."""
    x, y = diagnosis.embedding.T
    table = pd.DataFrame(
        {
            "number": np.arange(len(x)),
            "x": x.round(3),
            "y": y.round(3),
            "digit": evaluation.labels,
            "read": evaluation.predicted,
            "confidence": evaluation.confidence.round(4),
            "right": evaluation.correct,
        }
    )
    return table.sort_values("right", ascending=False, kind="stable")


def selected(state: VegaLiteState | None, table: pd.DataFrame) -> NDArray[np.int64]:
    """Get the indices of the digits in the selected area, or of the clicked digit; there may be none."""
    selection = state["selection"] if state else {}
    if area := selection.get("area"):
        inside = table["x"].between(*sorted(area["x"])) & table["y"].between(*sorted(area["y"]))
        return table.loc[inside, "number"].to_numpy()[::-1]
    clicked = [point["number"] for point in selection.get("point", [])]
    return table.loc[table["number"].isin(clicked), "number"].to_numpy()


def nearest(embedding: NDArray[np.float32], index: int) -> NDArray[np.intp]:
    """Get the indices of the digits around one on the map, itself first."""
    return np.argsort(((embedding - embedding[index]) ** 2).sum(axis=1), kind="stable")[:_AROUND]


@st.cache_resource(show_spinner=False, hash_funcs=BY_WEIGHTS)
def _map(evaluation: Evaluation, _diagnosis: Diagnosis, only_errors: bool) -> DescribedChart:
    """Draw the map once for all sessions; the diagnosis, of the same weights, does not count for the cache."""
    table = map_table(_diagnosis, evaluation)
    shown = table[~table["right"]] if only_errors else table
    words = (
        f"Map of {len(shown):,} test digits, colored by digit: what the network sees alike lies close together. "
        f"{int((~shown['right']).sum())} misread ones are crosses on top."
    )
    return DescribedChart(_chart(table, shown), shown, words)


def _chart(table: pd.DataFrame, shown: pd.DataFrame) -> Chart:
    """Draw some digits at their places on the map of all of them."""
    across, down = (alt.Scale(domain=_ends(table[axis]), nice=False, padding=_PADDING) for axis in "xy")
    place = alt.X("x:Q", axis=None, scale=across), alt.Y("y:Q", axis=None, scale=down)
    points = alt.Chart(shown).mark_point(filled=True, strokeWidth=1).encode(
        *place,
        alt.Color("digit:N", scale=alt.Scale(domain=list(range(10)), range=_COLORS), legend=None),
        alt.Shape("right", type="nominal", scale=_by_correct("circle", "cross"), legend=None),
        alt.Size("right", type="nominal", scale=_by_correct(16, 150), legend=None),
        alt.Opacity("right", type="nominal", scale=_by_correct(0.5, 1.0), legend=None),
        alt.Stroke("right", type="nominal", scale=_by_correct("transparent", "black"), legend=None),
        tooltip=[*map(alt.Tooltip, ("number", "digit", "read")), alt.Tooltip("confidence", format=".1%")],
    )  # fmt: skip
    point = alt.selection_point(
        name="point", fields=["number"], on="click, touchend"
    )  # Vega does not take a tap for a click
    points = points.add_params(alt.selection_interval(name="area"), point)
    middles = table.groupby("digit")[["x", "y"]].median().reset_index()
    names = alt.Chart(middles).encode(*place, alt.Text("digit:N"))
    rim = names.mark_text(fontSize=26, fontWeight="bold", color="black", stroke="black", strokeWidth=5)
    # White with a black rim can be read on every color and in both themes; a canvas does not know the page's color.
    named = [rim, names.mark_text(fontSize=26, fontWeight="bold", color="white")]
    layers = [points, *named] if len(shown) == len(table) else [*named, points]  # names never hide the few
    return alt.layer(*layers, height=_HEIGHT)


def _ends(values: pd.Series[float]) -> list[float]:
    return [float(values.min()), float(values.max())]


def _by_correct(correct: str | float, misread: str | float) -> alt.Scale:
    return alt.Scale(domain=[True, False], range=[correct, misread])


def _choose_misread(evaluation: Evaluation) -> int | None:
    """Let the visitor choose a misread digit from a list: the keyboard's way to select on the map."""
    labels, predicted = evaluation.labels, evaluation.predicted
    return st.selectbox(
        "What lies around a misread digit",
        np.flatnonzero(labels != predicted).tolist(),
        index=None,
        format_func=lambda i: f"Number {i}: a {labels[i]}, read as {predicted[i]}",
        placeholder="Select on the map, or a misread digit here",
        key="map_center",
        label_visibility="collapsed",
    )


def _list(indices: NDArray[np.integer], evaluation: Evaluation, frames: NDArray[np.uint8] | None) -> None:
    describe = describe_reading(evaluation)
    if len(indices):
        st.html(hint(f"Selected: {len(indices):,} of {len(evaluation.labels):,} test digits"))
        show_gallery(indices, frames, describe, key="on_the_map")
