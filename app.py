"""The app: `streamlit run app.py` serves `pages/navigation.py`.

The server's main script does not lie beside `pages/`: until the navigation has run for the first time, Streamlit (1.67)
offers the files of a folder `pages/` beside the main script as pages of its own.
"""

import runpy
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware
from streamlit.runtime.scriptrunner import get_script_run_ctx

from pages.components.shared.server import SecurityHeaders, lifespan
from pages.routes import live, rest

NAVIGATION = Path(__file__).parent / "pages" / "navigation.py"

if get_script_run_ctx(suppress_warning=True) is None:
    app = st.App(
        NAVIGATION,
        routes=[*rest.routes(), *live.routes()],
        middleware=[Middleware(SecurityHeaders)],
        lifespan=lifespan,
    )
else:  # this file is run as a script, as Streamlit's AppTest does
    runpy.run_path(str(NAVIGATION))
