"""What Streamlit runs if /diagnostics is the first page that anybody opens on a fresh server: the router takes over."""

import runpy
from pathlib import Path

runpy.run_path(str(Path(__file__).parents[1] / "app.py"))
