"""The pages that compare, in a copy of the app with small models and a small data set of our own."""

import csv
import json
import shutil
from pathlib import Path

import keras
import numpy as np
import pytest
from playwright.sync_api import expect

from model.classifiers import registry
from model.classifiers.registry import LITE_FILE, REPORT_FILE, WEIGHTS_FILE
from model.classifiers.saving import save
from model.data import statistics
from tests.browser.server import PATIENCE_MS, ROOT, serve
from tests.handwriting.digit_strokes import DIGITS
from tests.handwriting.small_data import (
    TEST,
    answers,
    digits,
    put_diagnosis,
    put_evaluation,
    put_statistics,
    report_of,
    write_mnist,
)

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
WIDTHS = "[document.querySelector('.stMain').scrollWidth, document.documentElement.scrollWidth]"


def always(digit):
    """A network that reads this digit in everything."""
    network = keras.Sequential([keras.Input((28, 28), dtype="uint8"), keras.layers.Flatten(), keras.layers.Dense(10)])
    network.layers[-1].set_weights([np.zeros((784, 10)), np.eye(10)[digit] * 9])
    return network


def put(folder, name, network, wrong):
    """Save a model that can be loaded, and its stored evaluation."""
    labels = digits(TEST)[1]
    logits = answers(labels, wrong)
    save(network, report_of(name, logits, labels), folder)
    put_evaluation(folder, name, labels, logits)


@pytest.fixture(scope="module")
def small_app(tmp_path_factory):
    """The URL of the app: the shipped network, a softmax that reads 3 in everything, and an mlp that reads 8."""
    home = tmp_path_factory.mktemp("app")
    for part in ("pages", "model", "assets", ".streamlit"):
        shutil.copytree(ROOT / part, home / part, ignore=shutil.ignore_patterns("weights", "__pycache__"))
    shutil.copy(ROOT / "app.py", home)
    weights = home / "model" / "weights"
    put(weights / "softmax", "softmax", always(3), wrong=[10, 11, 12])
    put(weights / "mlp", "mlp", always(8), wrong=[20])
    for name in ("cnn", "strokes"):
        (weights / name).mkdir()
        for file in (WEIGHTS_FILE, LITE_FILE, REPORT_FILE):
            shutil.copy(ROOT / "model" / "weights" / name / file, weights / name)
    write_mnist(home / "mnist.npz")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "_WEIGHTS", weights)
        patch.setattr(statistics, "STATISTICS", home / "model" / "data" / "statistics.npz")
        patch.setenv("MNIST_NPZ", str(home / "mnist.npz"))
        labels = digits(TEST)[1]
        put_evaluation(weights / "cnn", "cnn", labels, answers(labels, [3, 14]))
        put_diagnosis(weights / "cnn", wrong=[3, 14])
        data = json.loads((weights / "cnn" / REPORT_FILE).read_text(encoding="utf-8"))["data"]
        put_statistics(data["sha256"])
        with serve(home / "app.py", home) as url:
            yield url


@pytest.fixture
def open_small(open_page, small_app):
    """Opens a page of the small app."""

    def open_small(name=None, **options):
        draw_page = open_page(small_app, **options)
        if name:
            link = draw_page.page.get_by_role("link", name=name, include_hidden=True)
            link.dispatch_event("click")
            draw_page.page.locator(f".st-key-{'models' if name == 'Compare' else 'dataset'}").wait_for(
                timeout=PATIENCE_MS
            )
        return draw_page

    return open_small


def download(page, menu, button):
    """The rows of a CSV from a chart's menu."""
    page.locator(f".st-key-{menu} button").click()
    with page.expect_download(timeout=PATIENCE_MS) as file:
        page.locator(f".st-key-{button} button").click()
    with Path(file.value.path()).open(newline="", encoding="utf-8") as rows:
        return list(csv.DictReader(rows))


def test_chosen_model_reads_the_drawing(open_small):
    app = open_small()
    app.wait_until_ready()
    app.draw(DIGITS[7])
    app.expect_answer("7")
    choose(app.page, "Logistic regression")
    app.expect_answer("3")
    app.click("Clear")
    expect(app.answer).to_contain_text("Draw a digit")
    app.draw(DIGITS[1])
    app.expect_answer("3")
    app.page.get_by_role("link", name="Photo", include_hidden=True).dispatch_event("click")
    app.page.get_by_role("button", name="Meter").click(timeout=PATIENCE_MS)
    expect(app.page.locator(".st-key-reading .lines > div").first).to_contain_text("3")
    assert set(app.page.locator(".st-key-reading .lines").inner_text()) <= set("3 \n?")
    choose(app.page, "Convolutional network")
    expect(app.page.locator(".st-key-reading .lines > div").first).not_to_contain_text("333")


def choose(page, title):
    page.locator(".st-key-reads_with").get_by_role("combobox").click()
    page.get_by_role("option", name=title).click()


def test_drawing_is_read_by_all_models(open_small):
    app = open_small("Compare")
    expect(app.page.locator(".st-key-side_by_side")).to_contain_text("Nothing is drawn yet")
    app.canvas.scroll_into_view_if_needed()
    app.page.wait_for_timeout(500)  # charts below it may still grow
    app.draw(DIGITS[7])
    signs = app.page.locator(".model_reading .sign")
    expect(signs).to_have_text(["3", "8", "7"])
    app.click("Clear")
    expect(app.page.locator(".st-key-side_by_side")).to_contain_text("Nothing is drawn yet")
    app.draw(DIGITS[4])
    expect(signs).to_have_text(["3", "8", "4"])


def test_drawing_of_the_draw_page_is_there(open_small):
    app = open_small()
    app.wait_until_ready()
    app.draw(DIGITS[2])
    app.expect_answer("2")
    app.page.get_by_role("link", name="Compare", include_hidden=True).dispatch_event("click")
    expect(app.page.locator(".model_reading .sign")).to_have_text(["3", "8", "2"])


def test_page_left_in_the_moment_of_a_stroke(open_small):
    app = open_small()
    app.wait_until_ready()
    app.draw(DIGITS[1])
    app.expect_answer("1")
    app.page.wait_for_timeout(500)  # nothing is under way: the dot is reported at once
    app.canvas.evaluate(
        """(canvas) => {
            const { x, y } = canvas.getBoundingClientRect();
            const pen = { pointerId: 1, isPrimary: true, clientX: x + 9, clientY: y + 9 };
            const anywhere = { bubbles: true, composed: true };
            for (const kind of ["down", "up"]) {
                canvas.dispatchEvent(new PointerEvent(`pointer${kind}`, { ...pen, ...anywhere }));
            }
            document.querySelector("a[href$='/compare']").click();
        }"""
    )
    expect(app.page.locator(".st-key-side_by_side")).to_be_visible()


def test_table_as_csv_holds_what_the_page_shows(open_small):
    page = open_small("Compare").page
    with page.expect_download(timeout=PATIENCE_MS) as file:
        page.locator(".st-key-models_csv button").click()
    with Path(file.value.path()).open(newline="", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    shown = page.locator('.st-key-models td[data-head="Errors"]').all_inner_texts()
    assert [row["errors"] for row in rows] == shown
    assert [row["name"] for row in rows] == ["softmax", "mlp", "cnn", "strokes"]


def test_two_models_disagree(open_small):
    page = open_small("Compare").page
    figures = page.locator(".st-key-disagreements figure")
    expect(figures).to_have_count(3)  # cnn misreads 3 and 14, mlp 20
    page.get_by_text("Only the second is right").click()
    expect(figures).to_have_count(2)
    texts = " ".join(figures.all_inner_texts())
    assert "Number 3" in texts
    assert "Number 14" in texts


def test_area_on_the_map_lists_its_digits(open_small):
    page = open_small("Dataset").page
    page.locator(".st-key-chart_embedding").scroll_into_view_if_needed()
    chart = page.locator(".st-key-chart_embedding :is(canvas, svg.marks)").first
    chart.wait_for(timeout=PATIENCE_MS)
    chart.evaluate("chart => chart.scrollIntoView({ block: 'center' })")
    page.wait_for_timeout(1000)  # the chart takes its width
    box = chart.bounding_box()
    listed = page.locator(".st-key-on_the_map figure")
    drag(page, box, (box["width"] / 2, box["height"] * 0.8), (2, box["height"] - 2))  # the left half of the lowest row
    expect(listed).to_have_count(5)
    assert sorted(number(text) for text in listed.all_inner_texts()) == list(range(5))
    assert number(listed.first.inner_text()) == 3, "the misread one comes first"
    mark = page.locator(".st-key-chart_embedding .mark-symbol path").last.bounding_box()
    page.mouse.click(mark["x"] + mark["width"] / 2, mark["y"] + mark["height"] / 2)
    expect(listed).to_have_count(1)
    assert number(listed.inner_text()) == 14


def test_a_tap_on_the_map_lists_a_digit(open_small):
    page = open_small("Dataset", **PHONE).page
    mark = page.locator(".st-key-chart_embedding .mark-symbol path").last
    mark.scroll_into_view_if_needed(timeout=PATIENCE_MS)
    page.wait_for_timeout(1000)  # the chart takes its width
    mark.tap()
    expect(page.locator(".st-key-on_the_map figure")).to_have_count(1)


def test_misread_digits_only_are_left_on_the_map(open_small):
    page = open_small("Dataset").page
    page.get_by_text("Misread digits only").click()
    marks = page.locator(".st-key-chart_embedding .mark-symbol path")
    expect(marks).to_have_count(2)
    expect(marks.first).to_be_visible()


def number(text):
    return int(text.split("Number ")[1])


def drag(page, box, start, stop):
    for x, y in (start, stop):
        page.mouse.move(box["x"] + x, box["y"] + y, steps=4)
        page.mouse.down()
    page.mouse.up()


def test_charts_as_csv_hold_what_the_page_shows(open_small):
    page = open_small("Dataset").page
    rows = download(page, "class_counts_menu", "class_counts_csv")
    assert [int(row["count"]) for row in rows if row["part"] == "Test"] == [TEST // 10] * 10
    page.keyboard.press("Escape")
    mapped = download(page, "embedding_menu", "embedding_csv")
    assert len(mapped) == TEST
    assert {int(row["number"]) for row in mapped if row["right"] == "False"} == {3, 14}
    page.keyboard.press("Escape")
    pictures = download(page, "means_menu", "means_csv")
    assert [(row["of"], row["digit"]) for row in pictures] == [
        (of, str(d)) for of in ("Mean", "Spread") for d in range(10)
    ]
    assert all(len(row) == 2 + 28 * 28 for row in pictures)


@pytest.mark.parametrize("name", ["Compare", "Dataset"])
@pytest.mark.parametrize("width", [1280, 390])
def test_no_sideways_scrolling(open_small, name, width):
    page = open_small(name, **(PHONE if width == 390 else {})).page
    page.locator("[data-testid=stVegaLiteChart]").last.wait_for(timeout=PATIENCE_MS)
    page.wait_for_timeout(1000)
    assert max(page.evaluate(WIDTHS)) <= width
