"""Charts: in the theme of the page, told in words to those who cannot see them, and to be taken away."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import streamlit as st
from streamlit.elements.vega_charts import VegaLiteState

from model.figures import Chart, to_png, to_svg


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
        chart: of `model.figures`, without a width of its own.
        data: the numbers that it shows, for the CSV.
        key: of the chart and of what is in the session state under it, its selection; the files are named after it.
        alt: what the chart shows, in a sentence or two, with its numbers.
        on_select: called after a selection, before the page runs again; a chart without it cannot be selected in.

    Returns:
        What is selected; None without `on_select`.
    """
    with st.container(key=f"chart_{key}", gap=None):
        shown = st.altair_chart(chart, width="stretch", key=key, alt=alt, on_select=on_select or "ignore")
        _show_menu(chart, data, key)
    return shown if on_select else None


def _show_menu(chart: Chart, data: pd.DataFrame, key: str) -> None:
    """A download as a function is called when its button is clicked."""
    files = (
        ("PNG", "image/png", lambda: to_png(chart)),
        ("SVG", "image/svg+xml", lambda: to_svg(chart)),
        ("CSV", "text/csv", lambda: data.to_csv(index=False)),
    )
    with st.popover("Download", icon=":material/download:", type="tertiary", key=f"{key}_menu"):
        for name, mime, make in files:
            file = f"{key.replace('_', '-')}.{name.lower()}"
            st.download_button(name, make, file, mime, key=f"{key}_{name.lower()}", on_click="ignore")
