"""The canvas package, which is untyped: nothing else imports it."""

from streamlit_drawable_canvas import st_canvas  # type: ignore[import-untyped]

__all__ = ["st_canvas"]
