"""Imports point one way, app.py -> screens -> components -> model <- train_model.py, and a light start stays light."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HEAVY = ("tensorflow", "keras")
SOURCES = sorted([ROOT / "app.py", ROOT / "train_model.py", *ROOT.glob("pages/**/*.py"), *ROOT.glob("model/**/*.py")])


def imported(path):
    """Every module that a file imports, wherever in the file."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def loaded(code):
    """The heavy packages that a fresh interpreter has loaded after running the code."""
    check = f"{code}\nimport sys\nprint([name for name in {HEAVY} if name in sys.modules])"
    run = subprocess.run([sys.executable, "-c", check], cwd=ROOT, capture_output=True, text=True, check=True)
    return run.stdout.splitlines()[-1]


PARTS = ("app", "pages", "model", "train_model", "streamlit")
MAY_IMPORT = {
    "app.py": ("streamlit",),
    "pages/screens/*.py": ("pages.components", "model", "streamlit"),
    "pages/components/*.py": ("pages.components", "model", "streamlit"),
    "model/**/*.py": ("model",),
    "train_model.py": ("model",),
}


def is_below(name, parents):
    return any(name == parent or name.startswith(f"{parent}.") for parent in parents)


@pytest.mark.parametrize("pattern", MAY_IMPORT)
def test_imports_point_one_way(pattern):
    paths = list(ROOT.glob(pattern))
    assert paths
    for path in paths:
        ours = {name for name in imported(path) if is_below(name, PARTS)}
        assert {name for name in ours if not is_below(name, MAY_IMPORT[pattern])} == set(), path


def test_canvas_package_has_one_user():
    users = [path.name for path in SOURCES if "streamlit_drawable_canvas" in imported(path)]
    assert users == ["canvas.py"]


def test_resources_are_cached_in_components_only():
    users = {path.parent.name for path in SOURCES if "cache_resource" in path.read_text(encoding="utf-8")}
    assert users == {"components"}


def test_reader_is_imported_without_tensorflow():
    assert loaded("import model.reader") == "[]"


def test_pages_are_shown_without_tensorflow():
    """The Draw page only starts the loading; here nothing waits for it."""
    code = """
from concurrent.futures import Future
from streamlit.testing.v1 import AppTest
from pages.components import classifier
classifier._loading = lambda name: Future()
for screen in (None, "photo", "diagnostics", "compare", "dataset", "about"):
    app = AppTest.from_file("app.py").run(timeout=60)
    if screen:
        app.switch_page(f"pages/screens/{screen}.py").run(timeout=60)
    assert not app.exception and app.title, screen
"""
    assert loaded(code) == "[]"


@pytest.mark.parametrize("path", [*ROOT.glob("pages/screens/*.py"), ROOT / "app.py"], ids=lambda path: path.name)
def test_screens_are_short(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) < 80
