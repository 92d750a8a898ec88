"""Charts: in the theme of the page, told in words to those who cannot see them, and to be taken away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import altair
import cv2
import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray
from streamlit.elements.vega_charts import VegaLiteState

from model.evaluation.charts import Chart, to_png, to_svg
from model.evaluation.results import Evaluation
from pages.components.shared.html import pixels_url

_ENLARGED = 8  # px of a downloaded picture for each of its pixels

BY_WEIGHTS = {Evaluation: lambda evaluation: evaluation.report["weights_sha256"]}
"""How to hash an evaluation, for charts that are to be cached."""


def show_chart(
    chart: Chart,
    data: pd.DataFrame,
    *,
    key: str,
    alt: str,
    on_select: Callable[[], None] | None = None,
) -> VegaLiteState | None:
    """Show a chart as wide as what it is in, with a menu to download it; the files are made when asked for.

    Args:
        chart: of `model.evaluation.charts`, without a width of its own. A cached one draws faster.
        data: the numbers that it shows, for the CSV.
        key: of the chart and of what is in the session state under it, its selection; the files are named after it.
        alt: what the chart shows, in a sentence or two, with its numbers.
        on_select: called after a selection, before the page runs again; a chart without it cannot be selected in.

    Returns:
        What is selected; None without `on_select`.
    """
    with st.container(key=f"chart_{key}", gap=None):
        _, spec = _spec(chart)
        shown = st.vega_lite_chart(spec=spec, width="stretch", key=key, alt=alt, on_select=on_select or "ignore")
        _show_menu(lambda: to_png(chart), lambda: to_svg(chart), lambda: data, key)
    return shown if on_select else None


def show_picture_menu(
    pixels: NDArray[np.uint8], data: Callable[[], pd.DataFrame], *, key: str, title: str = "Download"
) -> None:
    """Show the same menu for a picture: (h, w) uint8 gray or (h, w, 3) with blue first, and its numbers."""
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
    """A download given as a function is made when its button is clicked."""
    files = (
        ("PNG", "image/png", png),
        ("SVG", "image/svg+xml", svg),
        ("CSV", "text/csv", lambda: data().to_csv(index=False)),
    )
    with st.popover(title, icon=":material/download:", type="tertiary", key=f"{key}_menu"):
        for name, mime, make in files:
            file = f"{key.replace('_', '-')}.{name.lower()}"
            st.download_button(name, make, file, mime, key=f"{key}_{name.lower()}", on_click="ignore")


# By identity, as charts cannot be hashed; what is kept with the specification keeps the identity from another chart.
@st.cache_resource(show_spinner=False, max_entries=64, hash_funcs={altair.Chart: id, altair.LayerChart: id})
def _spec(chart: Chart) -> tuple[Chart, dict[str, Any]]:
    spec = chart.to_dict()
    return chart, spec | {"datasets": {name: pd.DataFrame(rows) for name, rows in spec["datasets"].items()}}
