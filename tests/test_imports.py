"""Imports point one way, from package to package and without circles, and a light start stays light."""

import ast
import re
import subprocess
import sys
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from model.classifiers.registry import available

ROOT = Path(__file__).parents[1]
HEAVY = ("tensorflow", "keras", "sklearn", "scipy", "dask", "distributed")
SOURCES = sorted([ROOT / "app.py", ROOT / "train_model.py", *ROOT.glob("pages/**/*.py"), *ROOT.glob("model/**/*.py")])


@cache
def imported(path):
    """Every module that a file imports, wherever in the file."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "a relative import hides what it imports"
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def loaded(code):
    """The heavy packages that a fresh interpreter has loaded after running the code."""
    check = f"{code}\nimport sys\nprint([name for name in {HEAVY} if name in sys.modules])"
    run = subprocess.run([sys.executable, "-c", check], cwd=ROOT, capture_output=True, text=True, check=True)
    return run.stdout.splitlines()[-1]


LAYERS = (
    ("model.errors", "model.files", "model.reading"),
    ("model.vision",),
    ("model.data",),
    ("model.classifiers",),
    ("model.reader", "model.transcript", "model.transcript_export"),
    ("model.batch", "model.cluster"),
    ("model.evaluation",),
    ("model.training",),
    ("model.__main__", "train_model", "pages", "app"),
)
"""Packages and modules, the lowest first: each imports what is in its own layer and in those before it alone."""
PAGES = (
    ("pages.components.shared",),
    ("pages.components.pad", "pages.components.photos", "pages.components.diagnostics", "pages.components.dataset"),
    ("pages.components.compare",),
    ("pages.screens", "pages.routes"),
    ("pages.navigation",),
    ("app",),
)


def is_below(name, parent):
    return name == parent or name.startswith(f"{parent}.")


def module_of(path):
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def layer_of(name, layers):
    return next((i for i, layer in enumerate(layers) if any(is_below(name, part) for part in layer)), None)


def uses(layers):
    """(user, used) modules whose layers are known."""
    for path in SOURCES:
        user = module_of(path)
        if layer_of(user, layers) is None:
            continue
        for name in imported(path):
            if layer_of(name, layers) is not None:
                yield user, name


@pytest.mark.parametrize("layers", [LAYERS, PAGES], ids=["model", "pages"])
def test_imports_point_down(layers):
    found = list(uses(layers))
    assert len(found) > 20
    assert [(user, used) for user, used in found if layer_of(used, layers) > layer_of(user, layers)] == []


def test_every_module_has_a_layer():
    assert [
        str(path) for path in SOURCES if layer_of(module_of(path), LAYERS) is None and path.stem != "__init__"
    ] == []


def test_no_module_imports_itself_by_way_of_others():
    """Imports inside functions and under TYPE_CHECKING count: a reader follows them as well."""
    modules = {module_of(path): path for path in SOURCES}
    graph = {name: {used for used in imported(path) if used in modules} for name, path in modules.items()}
    list(TopologicalSorter(graph).static_order())  # raises CycleError with the circle's modules


@pytest.mark.parametrize("path", sorted(ROOT.glob("model/**/*.py")), ids=module_of)
def test_the_model_imports_neither_streamlit_nor_pages(path):
    assert not [name for name in imported(path) if is_below(name, "streamlit") or is_below(name, "pages")]


def test_canvas_package_has_one_user():
    assert [module_of(path) for path in SOURCES if "streamlit_drawable_canvas" in path.read_text(encoding="utf-8")] == [
        "pages.components.shared.canvas"
    ]


def test_resources_are_cached_in_components_only():
    users = [path for path in SOURCES if "cache_resource" in path.read_text(encoding="utf-8")]
    assert users
    assert all("components" in path.parts for path in users)


def test_reader_is_imported_without_heavy_packages():
    assert loaded("import model.reader") == "[]"


def test_components_are_imported_without_heavy_packages():
    components = [module_of(path) for path in ROOT.glob("pages/components/**/*.py")]
    assert len(components) > 20
    code = f"""
import sys
from types import SimpleNamespace
sys.modules["streamlit_drawable_canvas"] = SimpleNamespace(st_canvas=None)  # it registers with a server on import
import {", ".join(components)}
"""
    assert loaded(code) == "[]"


def test_pages_are_shown_and_read_without_heavy_packages():
    """A drawing is read on the Draw page and by every model on the Compare page, a photo on the Photo page."""
    code = """
from streamlit.testing.v1 import AppTest
from pages.components.pad.drawing import PadState
from tests.pages.test_draw_page import collect, drawing
def start(screen):
    app = AppTest.from_file("app.py", default_timeout=60)
    app.session_state["pad_state"] = PadState(objects=drawing(7))
    app.run()
    if screen != "draw":
        app.switch_page(f"pages/screens/{screen}.py").run()
    assert not app.exception and app.title, screen
    return app
assert '<div class="sign">7</div>' in collect(start("draw"))
photo = start("photo")
photo.button(key="sample Meter").click().run()
assert not photo.exception and '<div class="lines">' in collect(photo)
assert collect(start("compare")).count('<div class="sign">7</div>') >= 4
for screen in ("diagnostics", "dataset", "about"):
    start(screen)
"""
    assert loaded(code) == "[]"


@pytest.mark.parametrize("name", available())
def test_a_reader_is_loaded_and_reads_without_heavy_packages(name):
    code = f"""
from model.classifiers.registry import weights_folder
from model.reader import Reader
from tests.handwriting.digit_strokes import DIGITS
drawing = [[(60 + 200 * x, 60 + 200 * y) for x, y in stroke] for stroke in DIGITS[1]]
assert Reader.load(weights_folder("{name}")).read_drawing(drawing).digits[0].label == 1
"""
    assert loaded(code) == "[]"


def test_the_command_that_reads_imports_nothing_heavy_and_writes_nothing_to_stderr():
    code = """
from model.__main__ import main
assert main(["read", "assets/samples/meter.jpg"]) == 0
"""
    assert loaded(code) == "[]"
    done = subprocess.run(
        [sys.executable, "-m", "model", "read", "assets/samples/meter.jpg"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip()
    assert done.stderr == ""


@pytest.mark.parametrize(
    "path",
    [*ROOT.glob("pages/screens/*.py"), ROOT / "app.py", ROOT / "pages/navigation.py"],
    ids=lambda path: path.name,
)
def test_screens_are_short(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) < 80


@pytest.mark.slow
def test_fast_tests_are_collected_without_tensorflow():
    """pytest itself forbids them TensorFlow, see `conftest.pytest_configure`: a module that imports it is an error."""
    command = [sys.executable, "-m", "pytest", "tests", "-m", "not slow", "--collect-only", "-q"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout
    assert re.search(r"^\d+/\d+ tests collected", run.stdout, re.MULTILINE), run.stdout
