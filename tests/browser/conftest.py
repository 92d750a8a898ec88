import pytest
from playwright.sync_api import Error, sync_playwright

from tests.browser.server import DrawPage, launch, serve
from tests.conftest import missing

DESKTOP = {"viewport": {"width": 1280, "height": 800}}


@pytest.fixture(scope="session")
def url():
    with serve() as url:
        yield url


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        try:
            browser = launch(playwright)
        except Error as error:
            missing(f"no browser: {error}")
        yield browser
        browser.close()


_LATE_DRAWING = "Cannot read properties of undefined (reading 'clearRect')"
"""The canvas package's own library (Fabric) may draw once more when its canvas is already gone; that harms nobody."""


@pytest.fixture
def open_page(browser, url):
    """Opens the Draw page in a browser of the given kind; no page may show or log an error."""
    contexts, errors = [], []

    def open_page(server=url, script=None, **options):
        contexts.append(browser.new_context(**DESKTOP | options))
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        if script:
            page.add_init_script(script)
        return DrawPage(page, server)

    yield open_page
    for context in contexts:
        context.close()
    assert not [error for error in errors if error != _LATE_DRAWING]


@pytest.fixture
def draw_page(open_page):
    page = open_page()
    page.wait_until_ready()
    return page
