"""Imports point one way, from floor to floor and without circles, and a light start stays light."""

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
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


FLOORS = (
    ("model.errors", "model.files", "model.reading"),
    ("model.vision",),
    ("model.data",),
    ("model.classifiers",),
    ("model.reader", "model.transcript", "model.transcript_export"),
    ("model.evaluation",),
    ("model.training",),
    ("model.__main__", "train_model", "pages", "app"),
)
"""What stands above may import what stands below it, and its own floor; never the other way."""
PAGES = (("pages.components",), ("pages.screens",), ("pages.navigation",), ("app",))


def is_below(name, parent):
    return name == parent or name.startswith(f"{parent}.")


def module_of(path):
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def floor_of(name, floors):
    return next((i for i, floor in enumerate(floors) if any(is_below(name, part) for part in floor)), None)


def uses(floors):
    """(user, used) modules whose floors are known."""
    for path in SOURCES:
        user = module_of(path)
        if floor_of(user, floors) is None:
            continue
        for name in imported(path):
            if floor_of(name, floors) is not None:
                yield user, name


@pytest.mark.parametrize("floors", [FLOORS, PAGES], ids=["model", "pages"])
def test_imports_point_down(floors):
    found = list(uses(floors))
    assert len(found) > 20
    assert [(user, used) for user, used in found if floor_of(used, floors) > floor_of(user, floors)] == []


def test_every_module_has_a_floor():
    assert [
        str(path) for path in SOURCES if floor_of(module_of(path), FLOORS) is None and path.stem != "__init__"
    ] == []


def test_no_module_imports_itself_by_way_of_others():
    """Imports inside functions and under TYPE_CHECKING count: they are circles in the head."""
    modules = {module_of(path): path for path in SOURCES}
    graph = {name: {used for used in imported(path) if used in modules} for name, path in modules.items()}
    list(TopologicalSorter(graph).static_order())  # raises CycleError with the circle's modules


@pytest.mark.parametrize("path", sorted(ROOT.glob("model/**/*.py")), ids=module_of)
def test_the_model_has_never_heard_of_streamlit(path):
    assert not [name for name in imported(path) if is_below(name, "streamlit") or is_below(name, "pages")]


def test_canvas_package_has_one_user():
    users = [path.name for path in SOURCES if "streamlit_drawable_canvas" in imported(path)]
    assert users == ["canvas.py"]


def test_resources_are_cached_in_components_only():
    users = [path for path in SOURCES if "cache_resource" in path.read_text(encoding="utf-8")]
    assert users
    assert all("components" in path.parts for path in users)


def test_reader_is_imported_without_tensorflow():
    assert loaded("import model.reader") == "[]"


def test_pages_are_shown_without_tensorflow():
    """The Draw page only starts the loading; here nothing waits for it."""
    code = """
from concurrent.futures import Future
from streamlit.testing.v1 import AppTest
from pages.components.shared import classifiers
classifiers._loading = lambda name: Future()
for screen in (None, "photo", "diagnostics", "compare", "dataset", "about"):
    app = AppTest.from_file("app.py").run(timeout=60)
    if screen:
        app.switch_page(f"pages/screens/{screen}.py").run(timeout=60)
    assert not app.exception and app.title, screen
"""
    assert loaded(code) == "[]"


@pytest.mark.parametrize(
    "path",
    [*ROOT.glob("pages/screens/*.py"), ROOT / "app.py", ROOT / "pages/navigation.py"],
    ids=lambda path: path.name,
)
def test_screens_are_short(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) < 80
