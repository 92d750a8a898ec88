"""The app: `streamlit run app.py` serves `pages/navigation.py`.

The main script of the server does not lie beside `pages/`, or Streamlit (1.67) would offer the files in there as pages
of its own until the navigation has run for the first time.
"""

import runpy
from pathlib import Path

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

NAVIGATION = Path(__file__).parent / "pages" / "navigation.py"

app = st.App(NAVIGATION)

if get_script_run_ctx() is not None:  # the file is run as a script, as Streamlit's AppTest does
    runpy.run_path(str(NAVIGATION))
