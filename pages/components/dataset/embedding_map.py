"""A map of the test digits: what the network sees alike lies close together."""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray
from streamlit.elements.vega_charts import VegaLiteState

from model.evaluation.diagnosis import Diagnosis
from model.evaluation.results import Evaluation
from pages.components.shared.chart import BY_WEIGHTS, show_chart
from pages.components.shared.gallery import describe_reading, show_gallery

_HEIGHT = 520  # px
_COLORS = ["#4a7fd6", "#c9690f", "#2f9488", "#c0504d", "#a05cb0", "#8a8f3a", "#d276a8", "#7a7a7a", "#b8892b", "#2ba3c7"]
_AROUND = 40
_PADDING = 14  # px, so that an area can be drawn around the outermost digits


@st.fragment
def show_map(diagnosis: Diagnosis, evaluation: Evaluation, frames: NDArray[np.uint8] | None) -> None:
    """Show the map; what is selected on it is listed below."""
    only_errors = st.toggle("Misread digits only", key="map_errors")
    chart, table = _map(evaluation, diagnosis, only_errors)
    words = (
        f"Map of {len(table):,} test digits, colored by digit: what the network sees alike lies close together. "
        f"{int((~table['right']).sum())} misread ones are crosses on top."
    )
    state = show_chart(chart, table, key="embedding", alt=words, on_select=_take_selection)
    center = _choose_misread(evaluation)
    indices = selected(state, table) if center is None else nearest(diagnosis.embedding, center)
    _list(indices, evaluation, frames)


def _take_selection() -> None:
    """What was chosen last counts: a selection on the map takes the choice from the list back."""
    if any(st.session_state.embedding.selection.values()):
        st.session_state.map_center = None


def map_table(diagnosis: Diagnosis, evaluation: Evaluation) -> pd.DataFrame:
    """A row for each test digit, the misread ones last, so that they are drawn on top."""
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
    """Numbers of the digits in the area that was drawn on the map, or of the one that was clicked on; may be none."""
    selection = (state or {}).get("selection", {})
    if area := selection.get("area"):
        inside = table["x"].between(*sorted(area["x"])) & table["y"].between(*sorted(area["y"]))
        return table.loc[inside, "number"].to_numpy()[::-1]
    clicked = [point["number"] for point in selection.get("point", [])]
    return table.loc[table["number"].isin(clicked), "number"].to_numpy()


def nearest(embedding: NDArray[np.float32], index: int) -> NDArray[np.intp]:
    """The digits around one on the map, itself first."""
    return np.argsort(((embedding - embedding[index]) ** 2).sum(axis=1), kind="stable")[:_AROUND]


@st.cache_resource(show_spinner=False, hash_funcs=BY_WEIGHTS)
def _map(evaluation: Evaluation, _diagnosis: Diagnosis, only_errors: bool) -> tuple[alt.LayerChart, pd.DataFrame]:
    """The map and its table, made once for all sessions; the diagnosis is of the evaluation's weights."""
    table = map_table(_diagnosis, evaluation)
    shown = table[~table["right"]] if only_errors else table
    return _chart(table, shown), shown


def _chart(table: pd.DataFrame, shown: pd.DataFrame) -> alt.LayerChart:
    """Some of the digits of a map, at their places on the whole of it."""
    across, down = (alt.Scale(domain=_ends(table[axis]), nice=False, padding=_PADDING) for axis in "xy")
    place = alt.X("x:Q", axis=None, scale=across), alt.Y("y:Q", axis=None, scale=down)
    by_right = {"legend": None, "type": "nominal"}
    points = alt.Chart(shown).mark_point(filled=True, strokeWidth=1).encode(
        *place,
        alt.Color("digit:N", scale=alt.Scale(domain=list(range(10)), range=_COLORS), legend=None),
        alt.Shape("right", scale=_when_right("circle", "cross"), **by_right),
        alt.Size("right", scale=_when_right(16, 150), **by_right),
        alt.Opacity("right", scale=_when_right(0.5, 1.0), **by_right),
        alt.Stroke("right", scale=_when_right("transparent", "black"), **by_right),
        tooltip=[*map(alt.Tooltip, ("number", "digit", "read")), alt.Tooltip("confidence", format=".1%")],
    )  # fmt: skip
    point = alt.selection_point(name="point", fields=["number"], on="click, touchend")  # Vega takes no tap for a click
    points = points.add_params(alt.selection_interval(name="area"), point)
    middles = table.groupby("digit")[["x", "y"]].median().reset_index()
    names = alt.Chart(middles).encode(*place, alt.Text("digit:N"))
    rim = names.mark_text(fontSize=26, fontWeight="bold", color="black", stroke="black", strokeWidth=5)
    # White with a black rim is read on every color, and in both themes: a canvas does not know the page's own color.
    named = [rim, names.mark_text(fontSize=26, fontWeight="bold", color="white")]
    layers = [points, *named] if len(shown) == len(table) else [*named, points]  # names never hide the few
    return alt.layer(*layers, height=_HEIGHT)


def _ends(values: pd.Series[float]) -> list[float]:
    return [float(values.min()), float(values.max())]


def _when_right(right: str | float, wrong: str | float) -> alt.Scale:
    return alt.Scale(domain=[True, False], range=[right, wrong])


def _choose_misread(evaluation: Evaluation) -> int | None:
    """The way to the same lists for those who do not point: what lies around a misread digit."""
    labels, read = evaluation.labels, evaluation.predicted
    return st.selectbox(
        "What lies around a misread digit",
        np.flatnonzero(labels != read).tolist(),
        index=None,
        format_func=lambda i: f"Number {i}: a {labels[i]}, read as {read[i]}",
        placeholder="Select on the map, or a misread digit here",
        key="map_center",
        label_visibility="collapsed",
    )


def _list(indices: NDArray[np.integer], evaluation: Evaluation, frames: NDArray[np.uint8] | None) -> None:
    describe = describe_reading(evaluation)
    if len(indices):
        st.html(f'<p class="hint">Selected: {len(indices):,} of {len(evaluation.labels):,} test digits</p>')
        show_gallery(indices, frames, describe, key="on_the_map")
