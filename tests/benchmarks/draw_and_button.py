"""The Draw page with a plain button below it, whose round trip is the baseline of the live answer."""

from pathlib import Path

import streamlit as st

st.navigation([st.Page(Path(__file__).parents[2] / "pages/screens/draw.py", default=True)], position="hidden").run()

st.session_state.setdefault("clicks", 0)
if st.button("Plain button", key="plain"):
    st.session_state.clicks += 1
with st.container(key="clicks"):
    st.text(f"{st.session_state.clicks} clicks")
