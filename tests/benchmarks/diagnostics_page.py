"""What the Diagnostics page costs the server."""

import psutil
from streamlit.testing.v1 import AppTest

from model.stored import load_diagnosis, load_evaluation
from tests.benchmarks.timing import timed
from tests.browser.server import ROOT


def measure(times: int = 10) -> tuple[int, float, float]:
    """Files that the page reads, megabytes that they take in memory, and median seconds of a run, warm."""
    process = psutil.Process()
    before = process.memory_info().rss
    kept = [load_evaluation(), load_diagnosis()]
    megabytes = (process.memory_info().rss - before) / 1e6
    app = AppTest.from_file(str(ROOT / "pages" / "screens" / "diagnostics.py"), default_timeout=60)
    return len(kept), megabytes, timed(lambda _: app.run(), times)
