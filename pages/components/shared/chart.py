"""Altair charts with alternative text and PNG, SVG and CSV downloads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import altair
import cv2
import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray
from streamlit.elements.vega_charts import VegaLiteState

from model.evaluation.charts import Chart, DescribedChart, to_png, to_svg
from model.evaluation.results import Evaluation
from pages.components.shared.html import pixels_url

_ENLARGED = 8  # px of a downloaded picture for each of its pixels

BY_WEIGHTS: dict[str | type[Any], Callable[[Any], Any]] = {
    Evaluation: lambda evaluation: evaluation.report["weights_sha256"]
}
"""Hash functions for caches of charts: an evaluation is identified by its weights."""


def show_chart(
    described: DescribedChart, *, key: str, on_select: Callable[[], None] | None = None
) -> VegaLiteState | None:
    """Show a chart as wide as its container, with a menu of downloads; a file is made when its button is clicked.

    Args:
        described: the chart. Its specification is cached by the chart's identity: cache the chart, too.
        key: of the chart, of its selection in the session state and, with hyphens, of the files.
        on_select: called after a selection, before the page runs again; without it, nothing can be selected.

    Returns:
        The selection; None without `on_select`.
    """
    chart = described.chart
    with st.container(key=f"chart_{key}", gap=None):
        _, spec = _spec(chart)
        shown = st.vega_lite_chart(
            spec=spec, width="stretch", key=key, alt=described.alt, on_select=on_select or "ignore"
        )
        _show_menu(lambda: to_png(chart), lambda: to_svg(chart), lambda: described.data, key)
    return cast(VegaLiteState, shown) if on_select else None


def show_picture_menu(
    pixels: NDArray[np.uint8], data: Callable[[], pd.DataFrame], *, key: str, title: str = "Download"
) -> None:
    """Show the menu of downloads for a picture: (h, w) uint8 gray or (h, w, 3) uint8 BGR, and its numbers."""
    _show_menu(lambda: _enlarged_png(pixels), lambda: _enlarged_svg(pixels), data, key, title)


def _enlarged_png(pixels: NDArray[np.uint8]) -> bytes:
    enlarged = cv2.resize(pixels, None, fx=_ENLARGED, fy=_ENLARGED, interpolation=cv2.INTER_NEAREST)
    return cv2.imencode(".png", enlarged)[1].tobytes()


def _enlarged_svg(pixels: NDArray[np.uint8]) -> str:
    height, width = pixels.shape[:2]
    size = f'width="{_ENLARGED * width}" height="{_ENLARGED * height}"'
    image = f'<image href="{pixels_url(pixels)}" {size} style="image-rendering: pixelated"/>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{image}</svg>'


def _show_menu(
    png: Callable[[], bytes],
    svg: Callable[[], str | bytes],
    data: Callable[[], pd.DataFrame],
    key: str,
    title: str = "Download",
) -> None:
    """Show a menu of three downloads, each made by its function when its button is clicked."""
    files = (
        ("PNG", "image/png", png),
        ("SVG", "image/svg+xml", svg),
        ("CSV", "text/csv", lambda: data().to_csv(index=False)),
    )
    with st.popover(title, icon=":material/download:", type="tertiary", key=f"{key}_menu"):
        for name, mime, make in files:
            file = f"{key.replace('_', '-')}.{name.lower()}"
            st.download_button(name, make, file, mime, key=f"{key}_{name.lower()}", on_click="ignore")


_BY_IDENTITY: dict[str | type[Any], Callable[[Any], Any]] = {altair.Chart: id, altair.LayerChart: id}


# Charts cannot be hashed. Keeping the chart beside its specification keeps its identity from going to another chart.
@st.cache_resource(show_spinner=False, max_entries=64, hash_funcs=_BY_IDENTITY)
def _spec(chart: Chart) -> tuple[Chart, dict[str, Any]]:
    spec = chart.to_dict()
    return chart, spec | {"datasets": {name: pd.DataFrame(rows) for name, rows in spec["datasets"].items()}}
