"""Addresses that people keep and send around, opened on a server that nobody has used yet."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.server import PATIENCE_MS, ROOT, serve

PATHS = re.findall(r'url_path="(\w+)"', (ROOT / "app.py").read_text(encoding="utf-8"))


def test_every_page_has_a_file_where_streamlit_looks_first():
    assert len(PATHS) == 5
    assert {path.stem for path in ROOT.glob("pages/*.py")} == set(PATHS)


@pytest.mark.parametrize(("path", "title"), [("about", "How it works"), ("diagnostics", "Diagnostics")])
def test_first_visit_of_all_may_be_to_any_page(browser, path, title):
    with serve() as url:
        page = browser.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.goto(f"{url}/{path}")
        expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible()
        expect(page.get_by_role("link", name="Compare")).to_be_visible()
        assert page.get_by_role("dialog").count() == 0, "«Page not found»"
        assert page.url.endswith(f"/{path}")
        page.close()
