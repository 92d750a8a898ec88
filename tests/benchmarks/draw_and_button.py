"""The Draw page, its live socket beside it as in `app.py`, with a plain button below, the baseline of the answer."""

from pathlib import Path

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from pages.components.shared.server import lifespan
from pages.routes import live


def show() -> None:
    """Show the page and the button."""
    draw = Path(__file__).parents[2] / "pages" / "screens" / "draw.py"
    st.navigation([st.Page(draw, default=True)], position="hidden").run()
    st.session_state.setdefault("clicks", 0)
    if st.button("Plain button", key="plain"):
        st.session_state.clicks += 1
    with st.container(key="clicks"):
        st.text(f"{st.session_state.clicks} clicks")


if get_script_run_ctx(suppress_warning=True) is None:
    app = st.App(Path(__file__), routes=live.routes(), lifespan=lifespan)
else:
    show()
