from concurrent.futures import ThreadPoolExecutor
from functools import cache
from threading import Event
from time import monotonic, sleep

import pytest
from streamlit.components.v2 import manifest_scanner

from model.reader import Reader
from pages.components.photos import reading
from pages.components.shared import classifiers, picture_pool
from pages.components.shared.picture_pool import PicturePool


@pytest.fixture(scope="session", autouse=True)
def _scan_packages_once():
    """Let Streamlit look through all installed packages for components once, not for every AppTest, 0.2 s each."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", cache(manifest_scanner.scan_component_manifests))
        yield


class ThreadInPlace(ThreadPoolExecutor):
    """Stands for a worker process where what it runs is fake: it runs in a thread of this process."""

    def __init__(self):
        super().__init__(1)

    def shutdown(self, wait, kill_workers):
        super().shutdown(wait)


class Gate:
    """A call that goes on when it is told to."""

    def __init__(self):
        self.opened, self.begun = Event(), Event()

    def __call__(self):
        self.begun.set()
        assert self.opened.wait(30)


def wait_until(condition):
    deadline = monotonic() + 30
    while not condition():
        assert monotonic() < deadline
        sleep(0.01)


@pytest.fixture(autouse=True)
def picture_threads(monkeypatch):
    """Have pictures read in this process, where readers may be fake."""
    monkeypatch.setattr(picture_pool, "POOL", PicturePool(ThreadInPlace))


@pytest.fixture
def put_readers(monkeypatch):
    """Have models loaded as these readers, by name, and all others as a usual one; an exception is raised."""

    def put_readers(usual, **readers):
        def load(folder):
            found = readers.get(folder.name, usual)
            if isinstance(found, Exception):
                raise found
            return found

        monkeypatch.setattr(Reader, "load", load)
        monkeypatch.setattr(classifiers, "_loaded", {})
        reading.load.cache_clear()

    return put_readers
