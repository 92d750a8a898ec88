import csv
import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

from model.evaluation.results import load_diagnosis, load_evaluation
from tests.browser.server import PATIENCE_MS
from tests.browser.test_photo import PHONE


class DiagnosticsPage:
    """The Diagnostics page, driven as a visitor would."""

    def __init__(self, page):
        self.page = page
        page.set_default_timeout(PATIENCE_MS)
        page.get_by_role("link", name="Diagnostics", include_hidden=True).dispatch_event("click")
        page.locator(".st-key-robustness svg.marks").last.wait_for()

    def cell(self, true, read):
        """A cell of the matrix: cells are drawn row by row."""
        return self.page.locator(".st-key-confusion svg.marks .mark-rect path").nth(10 * true + read)

    def expect_samples(self, indices):
        """Wait until the gallery holds these test digits and no others."""
        tiles = self.page.locator(".st-key-gallery [class*='st-key-sample_']")
        expect(tiles).to_have_count(len(indices))
        for index in indices:
            expect(self.page.locator(f".st-key-gallery .st-key-sample_{index}")).to_be_visible()

    def choose(self, label, option):
        self.page.get_by_role("combobox", name=label).click()
        self.page.get_by_role("option", name=option, exact=True).click()

    def download(self, key, kind):
        self.page.locator(f".st-key-{key}_menu button").first.click()
        with self.page.expect_download(timeout=PATIENCE_MS) as download:
            self.page.locator(f".st-key-{key}_{kind} button").click()
        self.page.keyboard.press("Escape")
        assert download.value.suggested_filename == f"{key.replace('_', '-')}.{kind}"
        return Path(download.value.path()).read_bytes()


@pytest.fixture(scope="module")
def known():
    return load_evaluation()


@pytest.fixture
def diagnostics(open_page):
    return DiagnosticsPage(open_page().page)


def errors_of(known):
    """Indices of misread digits by cell, the cell with most of them first."""
    cells = {}
    for index in (~known.correct).nonzero()[0].tolist():
        cells.setdefault((int(known.labels[index]), int(known.predicted[index])), []).append(index)
    return sorted(cells.items(), key=lambda cell: -len(cell[1]))


def test_a_click_on_a_cell_lists_exactly_its_samples(diagnostics, known):
    (first, samples), (second, others), *_ = errors_of(known)
    diagnostics.cell(*first).click()
    diagnostics.expect_samples(samples)
    diagnostics.cell(*second).click()
    diagnostics.expect_samples(others)
    diagnostics.choose("True digit", str(first[0]))
    diagnostics.choose("Read as", str(first[1]))
    diagnostics.expect_samples(samples)
    diagnostics.cell(*second).click()  # the one that was clicked on last, but no longer the one that is listed
    diagnostics.expect_samples(others)
    tile = diagnostics.page.locator(f".st-key-sample_{others[0]}")
    assert tile.locator("img").bounding_box()["width"] > 45
    tile.get_by_role("button").click()
    why = f"Why {second[1]} and not {second[0]}"
    expect(diagnostics.page.locator(".st-key-sample")).to_contain_text(why)
    looked_at = load_diagnosis()
    (place,) = np.flatnonzero(looked_at.indices == others[0])
    key = f"saliency_{others[0]}"
    rows = list(csv.DictReader(diagnostics.download(key, "csv").decode().splitlines()))
    assert [int(row["ink"]) for row in rows] == looked_at.frames[place].ravel().tolist()
    assert diagnostics.download(key, "svg").startswith(b"<svg")
    assert diagnostics.download(key, "png").startswith(b"\x89PNG")


def test_the_threshold_slider_changes_the_figures(diagnostics, known):
    coverage = diagnostics.page.locator(".st-key-coverage")
    before = coverage.inner_text()
    thumb = coverage.get_by_role("slider")
    thumb.focus()
    thumb.press("End")
    n, right = (int((known.confidence >= 0.999).sum()), int(known.correct[known.confidence >= 0.999].sum()))
    expect(coverage).to_contain_text(f"{n:,} of 10,000 digits")
    expect(coverage).to_contain_text(f"{right:,} right, {n - right:,} misread")
    assert coverage.inner_text() != before


def test_downloads_hold_what_the_page_shows(diagnostics, known):
    rows = list(csv.DictReader(diagnostics.download("confusion_matrix", "csv").decode().splitlines()))
    shown = {(int(row["true"]), int(row["read"])): int(row["count"]) for row in rows}
    assert shown == {(t, r): n for t, row in enumerate(known.report["test"]["confusion"]) for r, n in enumerate(row)}
    svg = diagnostics.download("confusion_matrix", "svg").decode()
    on_page = diagnostics.page.locator(".st-key-confusion svg.marks .mark-text text").all_text_contents()
    numbers = [text for text in on_page if text.isdecimal()]
    assert numbers
    for number in set(numbers):
        assert re.search(rf">{number}</text>", svg)
    assert diagnostics.download("confusion_matrix", "png").startswith(b"\x89PNG")


def test_charts_have_text_alternatives(diagnostics):
    charts = diagnostics.page.locator(
        ".stVegaLiteChart[role='graphics-document'], .stVegaLiteChart [role='graphics-document']"
    )
    names = [charts.nth(i).get_attribute("aria-label") for i in range(charts.count())]
    assert len(names) >= 11
    assert all(names)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_on_a_phone(open_page, scheme):
    page = DiagnosticsPage(open_page(**PHONE, color_scheme=scheme).page)
    widths = page.page.evaluate("[document.querySelector('.stMain').scrollWidth, innerWidth]")
    assert widths[0] <= widths[1]
    color = (
        page.page.locator(".st-key-confusion svg.marks .mark-text text")
        .nth(1)
        .evaluate("node => getComputedStyle(node).fill")
    )
    assert (sum(map(int, re.findall(r"\d+", color)[:3])) > 380) is (scheme == "dark")
