import sys
from importlib import import_module
from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.test_draw_page import APP

TITLES = {"draw": "Draw a digit", "photo": "Read numbers from photos", "about": "How it works"}


@pytest.mark.parametrize("screen", TITLES)
def test_app_run_as_a_script_shows_the_pages_from_any_working_directory(screen, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    # The package registers a component on import, which needs a server.
    monkeypatch.setitem(sys.modules, "streamlit_drawable_canvas", SimpleNamespace(st_canvas=None))
    for module, component in (("pad.pad", "st_canvas"), ("pad.listener", "_component")):
        monkeypatch.setattr(import_module(f"pages.components.{module}"), component, lambda **_: None)
    app = AppTest.from_file(APP, default_timeout=60).run()
    app.switch_page(f"pages/screens/{screen}.py").run()
    assert not app.exception
    assert app.title[0].value == TITLES[screen]
