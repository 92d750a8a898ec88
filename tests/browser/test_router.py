"""Addresses that people keep and send around, opened on a server that nobody has used yet."""

import json
import re
import urllib.request

import pytest
from playwright.sync_api import expect

from tests.browser.server import PATIENCE_MS, ROOT, serve

HEADINGS = {
    "": "Draw a digit",
    "photo": "Read numbers from photos",
    "diagnostics": "Diagnostics",
    "compare": "Compare the models",
    "dataset": "The data set",
    "about": "How it works",
}

# Everything that the page has ever shown of what Streamlit makes of a folder pages/, and every heading.
WATCH = """
  window.seen = new Set();
  const note = () => {
    for (const kind of ["stSidebarNav", "stSidebarNavLink"]) {
      if (document.querySelector(`[data-testid="${kind}"]`)) window.seen.add(kind);
    }
    if (document.querySelector('[role="dialog"]')) window.seen.add("dialog");
    for (const heading of document.querySelectorAll("h1")) window.seen.add(heading.innerText);
  };
  new MutationObserver(note).observe(document, { subtree: true, childList: true, characterData: true });
"""


def test_headings_are_those_of_every_page():
    navigation = (ROOT / "pages" / "navigation.py").read_text(encoding="utf-8")
    assert set(re.findall(r'url_path="(\w+)"', navigation)) | {""} == HEADINGS.keys()
    assert len(HEADINGS) == navigation.count("st.Page(")


@pytest.mark.parametrize("path", HEADINGS)
def test_first_visit_of_all_may_be_to_any_page(browser, tmp_path, path):
    with serve(cwd=tmp_path) as url:
        page = browser.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.add_init_script(WATCH)
        page.goto(f"{url}/{path}")
        expect(page.get_by_role("heading", name=HEADINGS[path], exact=True)).to_be_visible()
        expect(page.get_by_role("link", name="Compare")).to_be_visible()
        assert page.evaluate("[...window.seen]") == [HEADINGS[path]], "«Page not found», or another page or menu first"
        assert page.url == f"{url}/{path}"
        page.close()


def test_other_programs_are_answered_beside_the_pages():
    with serve() as url, urllib.request.urlopen(f"{url}/api/ready", timeout=PATIENCE_MS / 1000) as response:
        assert json.load(response) == {"ready": True}
