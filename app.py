"""The router of the app: `streamlit run app.py`."""

from pathlib import Path

import streamlit as st

ROOT = Path(__file__).parent

st.set_page_config(page_title="Handwritten digits", page_icon=str(ROOT / "assets" / "favicon.svg"), layout="wide")
st.html(ROOT / "pages" / "components" / "style.css")

page = st.navigation(
    [
        st.Page("pages/screens/draw.py", title="Draw", icon=":material/draw:", default=True),
        st.Page("pages/screens/photo.py", title="Photo", icon=":material/photo_camera:", url_path="photo"),
        st.Page(
            "pages/screens/diagnostics.py", title="Diagnostics", icon=":material/analytics:", url_path="diagnostics"
        ),
        st.Page("pages/screens/compare.py", title="Compare", icon=":material/compare_arrows:", url_path="compare"),
        st.Page("pages/screens/dataset.py", title="Dataset", icon=":material/database:", url_path="dataset"),
        st.Page("pages/screens/about.py", title="How it works", icon=":material/info:", url_path="about"),
    ],
    position="top",
)
page.run()
