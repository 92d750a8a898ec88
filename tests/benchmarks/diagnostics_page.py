"""What the Diagnostics page costs the server, and what is stored for all pages."""

import psutil
from streamlit.testing.v1 import AppTest

from model.classifiers.registry import available
from model.evaluation.results import load_data_statistics, load_diagnosis, load_evaluation
from tests.benchmarks.timing import timed
from tests.browser.server import ROOT


def measure(times: int = 10) -> tuple[int, float, float]:
    """Files that are stored for the pages, megabytes that they take in memory, and median seconds of a run, warm."""
    process = psutil.Process()
    before = process.memory_info().rss
    kept = [*map(load_evaluation, available()), load_diagnosis(), load_data_statistics()]
    megabytes = (process.memory_info().rss - before) / 1e6
    app = AppTest.from_file(str(ROOT / "pages" / "screens" / "diagnostics.py"), default_timeout=60)
    return len(kept), megabytes, timed(lambda _: app.run(), times)
