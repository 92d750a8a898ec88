"""The canvas package: nothing else imports it."""

from streamlit_drawable_canvas import st_canvas

__all__ = ["st_canvas"]
