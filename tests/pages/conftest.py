from functools import cache

import pytest
from streamlit.components.v2 import manifest_scanner

from model.reader import Reader
from pages.components.shared import classifiers


@pytest.fixture(scope="session", autouse=True)
def _scan_packages_once():
    """Let Streamlit look through all installed packages for components once, not for every AppTest, 0.2 s each."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", cache(manifest_scanner.scan_component_manifests))
        yield


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

    return put_readers
