"""What serves needs neither TensorFlow nor anything else that only training needs."""

import ast
import json
import re
import subprocess
import sys
from importlib.metadata import packages_distributions

import pytest
from packaging.utils import canonicalize_name

from tests.deploy.image import COPIED, DEPLOY, DOCKERFILE, PORT, ROOT, build, serving_packages, serving_requirements
from tests.pages.test_draw_page import drawing
from tests.test_imports import HEAVY, SOURCES, module_of

FILES = {module_of(path): path for path in SOURCES}


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    return build(tmp_path_factory.mktemp("image"))


def imports(path, everywhere):
    """What a file imports: everywhere, or when it is imported itself."""
    waiting = list(ast.parse(path.read_text(encoding="utf-8")).body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (node.module, *(f"{node.module}.{alias.name}" for alias in node.names))
        elif everywhere or not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.If):
            waiting += ast.iter_child_nodes(node)


def imported_by_serving():
    """The roots of the modules that the app imports, at any time, and of what they and the reader import at once."""
    names, waiting = set(), {"app", "model.reader", *(name for name in FILES if name.startswith("pages."))}
    while waiting:
        module = waiting.pop()
        names.add(module)
        found = set(imports(FILES[module], everywhere=not module.startswith("model.")))
        waiting |= (found & set(FILES)) - names
        names |= found - set(FILES)
    return {name.partition(".")[0] for name in names} - {"app", "pages", "model"} - sys.stdlib_module_names


def test_every_package_that_serving_imports_is_installed_with_its_requirements():
    providers, packages = packages_distributions(), serving_packages()
    roots = imported_by_serving()
    assert {"streamlit", "starlette", "cv2", "ai_edge_litert", "pillow_heif"} <= roots
    assert [root for root in roots if not packages & set(map(canonicalize_name, providers[root]))] == []


def test_serving_requires_nothing_that_only_training_needs():
    heavy = {name for root in HEAVY for name in packages_distributions()[root]}
    assert len(heavy) >= len(HEAVY)
    assert serving_packages() & set(map(canonicalize_name, heavy)) == set()


def test_all_requirements_are_pinned_and_include_those_of_serving():
    assert all(re.fullmatch(r"==[\w.]+", str(each.specifier)) for each in serving_requirements())
    assert "-r .deploy/requirements.txt" in (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()


def test_the_image_has_what_is_in_the_repository_and_no_root():
    assert all((ROOT / source).exists() for source, _ in COPIED)
    assert re.search(r"^USER (?!root)\w+$", DOCKERFILE, re.MULTILINE)
    python = re.search(r"^FROM python:(3\.\d+)-slim$", DOCKERFILE, re.MULTILINE)[1]
    assert f"Python {python}" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_nginx_knows_the_containers_by_their_addresses():
    compose, nginx, replicas = [
        (DEPLOY / name).read_text(encoding="utf-8") for name in ("compose.yaml", "nginx.conf", "replicas.conf")
    ]
    addresses = re.findall(r"replica-\d: .*ipv4_address: ([\d.]+)", compose)
    assert len(addresses) == 2
    assert re.findall(r"server (.*);", replicas) == [f"{address}:{PORT}" for address in addresses]
    assert re.findall(rf"([\d.]+:{PORT}) \1;", replicas) == [f"{address}:{PORT}" for address in addresses]
    trusted = re.search(r'"FORWARDED_ALLOW_IPS": ([\d.]+)', compose)[1]
    assert f"networks: {{digits: {{ipv4_address: {trusted}}}}}" in compose
    port = re.search(r"listen (\d+);", nginx)[1]
    assert f'ports: ["{port}:{port}"]' in compose


PAGES = """
import json, sys
from importlib.util import find_spec
from streamlit.testing.v1 import AppTest
from pages.components.pad.drawing import PadState
assert not [name for name in HEAVY if find_spec(name)]
def start(screen):
    app = AppTest.from_file("app.py", default_timeout=60)
    app.session_state["pad_state"] = PadState(objects=json.loads(DRAWING))
    app.run()
    if screen != "draw":
        app.switch_page(f"pages/screens/{screen}.py").run()
    assert not app.exception and app.title, screen
    return app
def collect(app):
    return " ".join(element.proto.body for element in app.get("html"))
assert '<div class="sign">7</div>' in collect(start("draw"))
photo = start("photo")
photo.button(key="sample Meter").click().run()
assert not photo.exception and '<div class="lines">' in collect(photo)
assert collect(start("compare")).count('<div class="sign">7</div>') >= 4
for screen in ("diagnostics", "about"):
    start(screen)
dataset = start("dataset")
dataset.button(key="download_mnist").click().run()
assert not dataset.exception
assert "MNIST cannot be downloaded" in dataset.error[0].value
"""


@pytest.mark.slow
def test_pages_are_shown_and_digits_are_read_where_nothing_else_is_installed(image):
    code = f"HEAVY, DRAWING = {HEAVY}, {json.dumps(drawing(7))!r}\n{PAGES}"
    for words in (["-c", code], ["-m", "model", "read", "assets/samples/meter.jpg"]):
        command = image.command(["python", *words])
        run = subprocess.run(
            command, cwd=image.app, env=image.environment(), capture_output=True, text=True, check=False
        )
        assert run.returncode == 0, run.stderr
    assert run.stdout == "036182\n"
