"""The pages of the app and the menu that leads to them.

All paths are absolute, so that the app runs from any working directory.
"""

from pathlib import Path

import streamlit as st

ROOT = Path(__file__).parents[1]
SCREENS = ROOT / "pages" / "screens"

st.set_page_config(page_title="Handwritten digits", page_icon=str(ROOT / "assets" / "favicon.svg"), layout="wide")
st.html(ROOT / "pages" / "components" / "shared" / "style.css")

page = st.navigation(
    [
        st.Page(SCREENS / "draw.py", title="Draw", icon=":material/draw:", default=True),
        st.Page(SCREENS / "photo.py", title="Photo", icon=":material/photo_camera:", url_path="photo"),
        st.Page(SCREENS / "diagnostics.py", title="Diagnostics", icon=":material/analytics:", url_path="diagnostics"),
        st.Page(SCREENS / "compare.py", title="Compare", icon=":material/compare_arrows:", url_path="compare"),
        st.Page(SCREENS / "dataset.py", title="Dataset", icon=":material/database:", url_path="dataset"),
        st.Page(SCREENS / "about.py", title="How it works", icon=":material/info:", url_path="about"),
    ],
    position="top",
)
page.run()
