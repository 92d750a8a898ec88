import csv
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser.server import PATIENCE_MS, serve
from tests.handwriting.digit_strokes import DIGITS
from tests.handwriting.picture_files import encode, page
from tests.handwriting.sample_pictures import FOLDER

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}
SIZE_WH = (400, 280)


def strokes(digit):
    """One of our digits, 100 px high at most."""
    return [[(10 + 60 * x, 5 + 90 * y) for x, y in stroke] for stroke in DIGITS[digit]]


PAGE = encode(page([strokes(d) for d in (3, 1, 4)], [strokes(d) for d in (2, 7)], size_wh=SIZE_WH))


class PhotoPage:
    """The Photo page, driven as a visitor would."""

    def __init__(self, page):
        self.page = page
        page.get_by_role("link", name="Photo", include_hidden=True).dispatch_event("click")
        page.get_by_role("heading", name="Read numbers from photos").wait_for(timeout=PATIENCE_MS)

    def upload(self, *files):
        payloads = [{"name": name, "mimeType": "image/png", "buffer": data} for name, data in files]
        self.page.locator(".st-key-upload input[type=file]").set_input_files(payloads)

    def expect_reading(self, *lines):
        expect(self.page.locator(".st-key-reading .lines > div")).to_have_text(list(lines))

    def choose(self, mode):
        self.page.locator(".st-key-picture_tools").get_by_text(mode).click()
        self.page.locator(".st-key-boxes canvas.upper-canvas").wait_for(timeout=PATIENCE_MS)
        self.page.wait_for_timeout(700)  # the canvas loads its boxes, and is switched

    def at(self, x, y):
        """The place on the screen of a pixel of PAGE."""
        box = self.page.locator(".st-key-boxes canvas.upper-canvas").bounding_box()
        return {"x": box["x"] + x * box["width"] / SIZE_WH[0], "y": box["y"] + y * box["height"] / SIZE_WH[1]}

    def drag(self, start, stop):
        self.page.mouse.move(**self.at(*start))
        self.page.mouse.down()
        self.page.mouse.move(**self.at(*stop), steps=5)
        self.page.mouse.up()

    def touch_drag(self, start, stop):
        session = self.page.context.new_cdp_session(self.page)
        for kind, points in (("Start", [start]), ("Move", [stop]), ("End", [])):
            touches = [self.at(*point) for point in points]
            session.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": touches})

    def upload_and_delete_the_one(self):
        self.upload(("page.png", PAGE))
        self.expect_reading("314", "27")
        self.choose("Change boxes")
        self.page.mouse.click(**self.at(160, 70))
        self.page.keyboard.press("Delete")
        self.expect_reading("34", "27")

    def type_in_table(self, label):
        self.page.wait_for_timeout(200)  # the table moves its cursor, and opens and closes its cell
        self.page.keyboard.type(label)
        self.page.wait_for_timeout(200)
        self.page.keyboard.press("Enter")

    def undo(self):
        self.page.get_by_role("button", name="Undo").click()

    def digits(self):
        """The CSV of the digits, as downloaded."""
        with self.page.expect_download() as download:
            self.page.get_by_role("button", name="CSV of the digits").click()
        with Path(download.value.path()).open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))


@pytest.fixture
def photo_page(open_page):
    return PhotoPage(open_page().page)


def test_a_sample_is_read_with_one_click(photo_page):
    photo_page.page.get_by_role("button", name="Scores").click()
    photo_page.expect_reading("12 7 305", "48 9 216", "30 5 174", "63 8 429")
    assert (FOLDER / "scores.jpg").exists()


def test_boxes_are_drawn_moved_and_deleted_with_the_mouse(photo_page):
    photo_page.upload_and_delete_the_one()
    photo_page.drag((60, 195), (60, 60))  # the 2 is now where nothing is read but the 3
    expect(photo_page.page.locator(".st-key-reading")).not_to_contain_text("27")
    photo_page.undo()
    photo_page.expect_reading("34", "27")
    photo_page.choose("Draw boxes")
    photo_page.drag((130, 15), (180, 130))
    photo_page.expect_reading("314", "27")
    boxes = [row for row in photo_page.digits() if row["by_hand"] == "True"]
    assert [(row["line"], row["column"], row["label"]) for row in boxes] == [("1", "2", "1")]
    assert [int(boxes[0][side]) for side in ("x0", "y0", "x1", "y1")] == pytest.approx([130, 15, 180, 130], abs=3)
    photo_page.undo()
    photo_page.expect_reading("34", "27")
    photo_page.undo()
    photo_page.expect_reading("314", "27")


def test_undo_at_once_takes_back_the_box_that_was_just_drawn(photo_page):
    photo_page.upload_and_delete_the_one()
    photo_page.choose("Draw boxes")
    photo_page.drag((330, 20), (380, 120))
    photo_page.undo()
    photo_page.page.wait_for_timeout(1500)
    photo_page.expect_reading("34", "27")


def test_a_narrow_box_is_made_wider(photo_page):
    photo_page.upload(("page.png", PAGE))
    photo_page.expect_reading("314", "27")
    one = photo_page.digits()[1]
    x0, y0, x1, y1 = (int(one[side]) for side in ("x0", "y0", "x1", "y1"))
    assert x1 - x0 < 15
    photo_page.choose("Change boxes")
    photo_page.page.mouse.click(**photo_page.at((x0 + x1) / 2, (y0 + y1) / 2))
    away = 10 * SIZE_WH[0] / photo_page.page.locator(".st-key-boxes canvas.upper-canvas").bounding_box()["width"]
    photo_page.drag((x1 + away, (y0 + y1) / 2), (x1 + away + 20, (y0 + y1) / 2))
    photo_page.page.wait_for_timeout(1500)
    wider = photo_page.digits()[1]
    assert int(wider["x1"]) == pytest.approx(x1 + 20, abs=4)
    assert int(wider["x0"]) == pytest.approx(x0, abs=2)


def test_a_reading_typed_over_in_the_table_is_in_the_file(photo_page):
    photo_page.upload(("=page.png", PAGE), ("broken.png", PAGE[:300]))
    photo_page.expect_reading("314", "27")
    expect(photo_page.page.locator(".st-key-problems")).to_contain_text("broken.png: The picture cannot be read.")
    grid = photo_page.page.locator(".stDataFrame canvas").first
    grid.scroll_into_view_if_needed()
    grid.click(position={"x": 40, "y": 55}, force=True)
    photo_page.page.keyboard.press("ArrowRight")
    photo_page.type_in_table("8")
    photo_page.expect_reading("814", "27")
    photo_page.type_in_table("5")  # on the next row
    photo_page.expect_reading("854", "27")
    rows = photo_page.digits()
    assert "".join(row["label"] for row in rows) == "85427"
    assert [row["by_hand"] for row in rows] == ["True", "True", "False", "False", "False"]
    assert {row["file"] for row in rows} == {"'=page.png"}
    photo_page.page.wait_for_timeout(1000)  # the table sends its state once more; Streamlit drops a click just then
    photo_page.undo()
    photo_page.expect_reading("814", "27")


def test_page_on_a_phone(open_page):
    photo_page = PhotoPage(open_page(**PHONE).page)
    photo_page.upload(("page.png", PAGE))
    photo_page.expect_reading("314", "27")
    photo_page.page.locator(".mark").first.tap()
    expect(photo_page.page.locator(".mark .tip").first).to_be_visible()
    photo_page.choose("Draw boxes")
    widths = photo_page.page.evaluate("[document.querySelector('.stMain').scrollWidth, innerWidth]")
    assert widths[0] <= widths[1]
    photo_page.touch_drag((330, 20), (380, 120))  # nothing is there
    photo_page.expect_reading("314?", "27")


def test_a_restart_of_the_server_is_said_at_once_and_samples_are_restored(open_page):
    with serve() as url:
        photo_page = PhotoPage(open_page(server=url).page)
        photo_page.page.get_by_role("button", name="Meter").click()
        expect(photo_page.page.locator(".st-key-reading .lines")).to_be_visible()
        photo_page.upload(("page.png", PAGE))
        photo_page.expect_reading("314", "27")
    with serve(root=url, options=("--server.port", str(urlsplit(url).port))):
        expect(photo_page.page.locator(".st-key-lost")).to_contain_text("The server was restarted and no longer has")
        expect(photo_page.page.locator(".st-key-lost")).to_contain_text("314")
        expect(photo_page.page.locator(".st-key-reading .lines")).to_be_visible()
        photo_page.upload(("page.png", PAGE))
        photo_page.expect_reading("314", "27")
        expect(photo_page.page.locator(".st-key-lost")).to_have_count(0)
