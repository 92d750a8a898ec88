"""The canvas package, which is untyped: nothing else imports it."""

from __future__ import annotations

from typing import Any

import streamlit_drawable_canvas  # type: ignore[import-untyped]

Unchecked = Any
"""A `CanvasResult`, with a browser's values of any shape."""


def st_canvas(**options: object) -> Unchecked:
    """Show a canvas as the package does, and return its `CanvasResult`; None if the browser's values are malformed.

    The package unpacks the values after it has shown the canvas, so that the page can go on without them.
    """
    try:
        return streamlit_drawable_canvas.st_canvas(**options)
    except (AttributeError, KeyError, TypeError):
        return None
