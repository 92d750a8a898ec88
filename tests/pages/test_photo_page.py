import io
import json
import re
import struct
import sys
import zipfile
import zlib
from importlib import import_module
from os import getpid
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from streamlit.runtime.scriptrunner import StopException
from streamlit.testing.v1 import AppTest

from model.classifiers.runtime import Classifier
from model.errors import ArtifactError
from model.reader import Reader
from pages.components.photos import waiting
from pages.components.photos.album import Album, Failed
from pages.components.shared import picture_pool
from pages.components.shared.picture_pool import PicturePool
from tests.handwriting.picture_files import FOUR, ONE, SEVEN, encode, page
from tests.pages.conftest import Gate, ThreadInPlace, wait_until
from tests.pages.test_draw_page import APP, collect, reader_that_says

PAGE = encode(page([SEVEN, ONE], [FOUR], size_wh=(400, 300)))


def archive():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("page.png", PAGE)
    return buffer.getvalue()


def huge_png(side):
    """A file of a few bytes that claims to be side x side px."""
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)), (b"IDAT", b"")]
    parts = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def specks():
    rng = np.random.default_rng(0)
    gray = np.full((1200, 1600), 255, np.uint8)
    gray[rng.integers(0, 1200, 50_000), rng.integers(0, 1600, 50_000)] = 0
    return encode(gray)


@pytest.fixture
def start(monkeypatch, put_readers):
    """Runs the Photo page with a classifier that says the same of everything."""
    monkeypatch.setitem(sys.modules, "streamlit_drawable_canvas", SimpleNamespace(st_canvas=None))
    for name in (
        "pad.pad.st_canvas",
        "pad.listener._component",
        "photos.box_editor._helper",
        "photos.table._copy_button",
    ):
        module, component = name.rsplit(".", 1)
        monkeypatch.setattr(import_module(f"pages.components.{module}"), component, lambda **_: None)

    def start(reader=None):
        put_readers(reader or reader_that_says(p7=0.95))
        app = AppTest.from_file(APP, default_timeout=60).run()
        return app.switch_page("pages/screens/photo.py").run()

    return start


def upload(app, *files):
    app.file_uploader(key="uploads").set_value([(name, data, "image/png") for name, data in files]).run()
    assert not app.exception
    return app


def reading(app):
    """The lines of the reading that is shown."""
    shown = re.search(r'<div class="lines">(.*?)</div></div>', collect(app) + "</div>")
    return re.sub(r"<[^>]*>", "", shown[1].replace("</div><div>", "\n")).split("\n") if shown else None


def album(app):
    return app.session_state["album"]


def test_page_asks_for_pictures(start):
    app = start()
    assert app.title[0].value == "Read numbers from photos"
    assert [button.label for button in app.button] == ["Phone number", "Scores", "Meter"]


def test_upload_is_read_line_by_line(start):
    app = upload(start(), ("page.png", PAGE))
    assert reading(app) == ["77", "7"]
    assert len(app.get("download_button")) == 4


@pytest.mark.parametrize("sample", ["Phone number", "Scores", "Meter"])
def test_sample_is_read_with_one_click(start, sample):
    app = start()
    app.button(key=f"sample {sample}").click().run()
    assert reading(app)


def test_failed_load_is_a_message(start, put_readers):
    app = upload(start(ArtifactError("The weights are missing.")), ("page.png", PAGE))
    assert "The weights are missing." in app.error[0].value
    put_readers(reader_that_says(p7=0.95))
    assert reading(app.run()) == ["77", "7"], "what was uploaded is read when the classifier is there"


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")  # pytest puts its filters before our own
@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "0 bytes of another kind"),
        (b"no picture", "10 bytes of another kind"),
        (PAGE[:400], "400 bytes of another kind, or damaged"),
        (archive(), "of another kind"),
        (huge_png(10_001), "Expected at most 100 megapixels. Received: 10001x10001, 100 megapixels."),
        (huge_png(100_000), "Expected at most 100 megapixels."),
    ],
    ids=["empty", "text", "truncated", "zip", "too large", "bomb"],
)
def test_bad_file_is_one_line_and_the_others_are_read(start, data, reason):
    app = upload(start(), ("one.png", PAGE), ("bad.png", data), ("two.png", PAGE))
    problems = re.search(r'<ul class="problems">(.*?)</ul>', collect(app))[1]
    assert problems.count("<li>") == 1
    assert "<b>bad.png</b>: The picture" in problems
    assert reason in problems
    assert reading(app) == ["77", "7"]
    assert list(album(app).read) == [photo.key for photo in album(app).photos.values() if not isinstance(photo, Failed)]


@pytest.mark.parametrize(
    "picture",
    [
        page([SEVEN, ONE], [FOUR], size_wh=(400, 300)).astype(np.uint16) * 257,
        Image.fromarray(page([SEVEN, ONE], [FOUR], size_wh=(400, 300))).convert("P"),
        Image.fromarray(page([SEVEN, ONE], [FOUR], size_wh=(400, 300))).convert("RGBA"),
        Image.fromarray(page([SEVEN, ONE], [FOUR], size_wh=(400, 300))).convert("1"),
    ],
    ids=["16-bit", "palette", "alpha", "1-bit"],
)
def test_pictures_of_every_depth_are_read(start, picture):
    picture = Image.fromarray(picture) if isinstance(picture, np.ndarray) else picture
    assert reading(upload(start(), ("page.png", encode(picture)))) == ["77", "7"]


@pytest.mark.parametrize(
    "data",
    [encode(page([])), encode(page([], size_wh=(1, 1))), encode(page([], size_wh=(5000, 1)))],
    ids=["blank", "1x1", "5000x1"],
)
def test_pictures_without_digits_say_so(start, data):
    app = upload(start(), ("cat.png", data))
    assert "No digits found" in collect(app)
    assert reading(app) is None


def test_fifty_thousand_specks_are_no_digits(start, reader):
    app = upload(start(reader), ("noise.png", specks()))
    assert "No digits found" in collect(app)
    assert reading(app) is None


def test_what_does_not_look_like_digits_is_not_listed(start):
    app = upload(start(reader_that_says(p4=0.2)), ("words.png", PAGE))
    assert "No digits found" in collect(app)


def test_breaking_a_decoder_in_a_new_way_is_one_line_too(start):
    def predict(frames):
        raise ZeroDivisionError

    app = upload(start(SimpleNamespace(read_photo=predict)), ("page.png", PAGE))
    assert "Something went wrong" in collect(app)


@pytest.fixture
def busy(monkeypatch):
    """A pool whose only worker is busy until its gate is opened."""
    pool, gate = PicturePool(ThreadInPlace, workers=1, max_waiting=2), Gate()
    monkeypatch.setattr(picture_pool, "POOL", pool)
    pool.submit(gate)
    assert gate.begun.wait(30)
    yield pool, gate
    gate.opened.set()


class Bar:
    """Takes the place of the progress bar: notes its texts, and may end the run or open a gate at one of them."""

    def __init__(self, act):
        self.texts, self._act = [], act

    def progress(self, share, text):
        self.texts.append(text)
        self._act(text)

    def empty(self):
        pass


def waiting_album(*files):
    pictures = Album(model="cnn")
    for name, data in files:
        pictures.add(name, name, data)
    return pictures


def test_the_page_shows_the_place_in_the_queue(busy, monkeypatch, put_readers):
    put_readers(reader_that_says(p7=0.95))
    pool, gate = busy
    pool.submit(getpid)
    bar = Bar(lambda text: gate.opened.set())
    monkeypatch.setattr(waiting.st, "progress", lambda _: bar)
    pictures = waiting_album(("one", PAGE), ("two", b"broken"))
    waiting.read_waiting(pictures)
    assert bar.texts[0] == "Waiting: 2 pictures before yours"
    assert bar.texts[-1] == "Reading picture 2 of 2"
    assert pictures.read["one"].transcript.text == "77\n7"
    assert [photo.name for photo in pictures.failed] == ["two"]


def test_who_leaves_the_page_takes_the_place_along(busy, monkeypatch):
    pool, _ = busy

    def leave(*_):
        assert pool.ahead(*pictures.readings.values()) == 1
        raise StopException

    monkeypatch.setattr(waiting.st, "progress", lambda _: Bar(lambda text: None))
    monkeypatch.setattr(waiting, "wait", leave)
    pictures = waiting_album(("one", PAGE))
    with pytest.raises(StopException):
        waiting.read_waiting(pictures)
    assert pool.ahead(pool.submit(getpid)) == 1
    assert [photo.name for photo in pictures.waiting] == ["one"]


def test_what_a_worker_is_reading_is_taken_up_by_the_next_run(monkeypatch, put_readers):
    put_readers(reader_that_says(p7=0.95))
    calls = []
    pool = picture_pool.POOL
    submit = pool.submit

    def leave(text):
        wait_until(lambda: all(future.running() or future.done() for future in pictures.readings.values()))
        raise StopException

    monkeypatch.setattr(pool, "submit", lambda *call: calls.append(call) or submit(*call))
    monkeypatch.setattr(waiting.st, "progress", lambda _: Bar(leave))
    pictures = waiting_album(("one", PAGE))
    with pytest.raises(StopException):
        waiting.read_waiting(pictures)
    monkeypatch.setattr(waiting.st, "progress", lambda _: Bar(lambda text: None))
    waiting.read_waiting(pictures)
    assert list(pictures.read) == ["one"]
    assert len(calls) == 1


def test_a_visitor_with_many_photos_queues_as_many_as_there_are_workers(busy, monkeypatch, put_readers):
    put_readers(reader_that_says(p7=0.95))
    _, gate = busy
    queued = []

    def note(text):
        queued.append(len(pictures.readings))
        gate.opened.set()

    monkeypatch.setattr(waiting.st, "progress", lambda _: Bar(note))
    pictures = waiting_album(*[(str(i), PAGE) for i in range(4)])
    waiting.read_waiting(pictures)
    assert set(queued) == {1}
    assert len(pictures.read) == 4


def test_a_full_queue_is_said_and_asked_again(busy, monkeypatch, put_readers):
    put_readers(reader_that_says(p7=0.95))
    pool, gate = busy
    others = [pool.submit(getpid) for _ in range(2)]
    bar = Bar(lambda text: gate.opened.set())
    monkeypatch.setattr(waiting.st, "progress", lambda _: bar)
    pictures = waiting_album(("one", PAGE))
    waiting.read_waiting(pictures)
    assert "Too many pictures are waiting to be read. Expected at most 2 in the queue" in bar.texts[0]
    assert [future.result() for future in others] == [getpid()] * 2
    assert list(pictures.read) == ["one"]


def test_a_box_that_finds_the_queue_full_is_read_later(start, canvas, monkeypatch):
    app = upload(start(), ("page.png", PAGE))
    app.segmented_control(key="mode").set_value("Draw").run()
    new = {
        "type": "LabeledRect",
        "strokeMiterLimit": 4,
        "label": "",
        "left": 200,
        "top": 30,
        "width": 110,
        "height": 160,
    }
    usual = picture_pool.POOL
    monkeypatch.setattr(picture_pool, "POOL", PicturePool(ThreadInPlace, max_waiting=0))
    canvas.report(app, [*canvas.given, new])
    assert "Too many pictures" in app.error[0].value
    app.session_state["photo_steps"] = True
    assert len(app.run().error) == 2, "for the box and for the steps"
    monkeypatch.setattr(picture_pool, "POOL", usual)
    app.run()
    assert not app.error
    assert len(list(album(app).read[album(app).shown].transcript)) == 4


def test_twenty_files_make_one_table(start):
    app = upload(start(), *[(f"{i}.png", PAGE) for i in range(20)])
    assert len(album(app).read) == 20
    assert len(app.selectbox(key="shown").options) == 20
    assert album(app).photos[album(app).shown].name == "0.png"
    app.selectbox(key="shown").set_value(list(album(app).photos)[3]).run()
    assert album(app).photos[album(app).shown].name == "3.png"


def test_names_are_text_on_the_page(start):
    name = "<img src=x onerror=alert(1)>.png"
    app = upload(start(), (name, b"bad"), (name, PAGE))
    assert "<img src=x" not in collect(app)


def test_doubtful_digits_are_marked_and_listed(start):
    app = upload(start(reader_that_says(p7=0.7, p1=0.299)), ("page.png", PAGE))
    assert collect(app).count('class="mark doubtful"') == 3
    assert "<b>7?</b>" in collect(app)
    assert "Line 2, digit 1" in collect(app)
    assert "7, 70% or 1, 30%" in collect(app)
    key = album(app).shown
    app.button(key=f"set {key} 0 1").click().run()
    assert reading(app) == ["17", "7"]
    app.button(key=f"drop {key} 2").click().run()
    assert reading(app) == ["17"]
    app.button(key="undo_photo").click().run()
    app.button(key="undo_photo").click().run()
    assert reading(app) == ["77", "7"]


def test_doubtful_digit_below_the_threshold_is_a_question_mark(start):
    sure, unsure = np.log([0.005] * 7 + [0.955] + [0.005] * 2), np.log([0.01] * 7 + [0.3, 0.31, 0.32])
    mixed = Classifier(lambda frames: np.stack([sure, unsure, sure][: len(frames)]), threshold=0.6)
    app = upload(start(Reader(mixed)), ("page.png", PAGE))
    assert reading(app) == ["7?", "7"]
    assert 'class="mark unread"' in collect(app)


def test_pictures_and_changes_survive_a_visit_to_another_page(start):
    app = upload(start(reader_that_says(p7=0.7, p1=0.25)), ("page.png", PAGE))
    app.button(key=f"set {album(app).shown} 0 1").click().run()
    app.switch_page("pages/screens/about.py").run()
    app.switch_page("pages/screens/photo.py").run()
    assert reading(app) == ["17", "7"]
    upload(app, ("other.png", PAGE))
    assert len(album(app).read) == 2


def test_remove_forgets_the_picture(start):
    app = upload(start(), ("page.png", PAGE))
    app.button(key="remove").click().run()
    assert not album(app).photos
    assert reading(app) is None


def test_steps_are_worked_out_only_when_asked_for(start):
    app = upload(start(), ("page.png", PAGE))
    assert "Upright" not in collect(app)
    app.session_state["photo_steps"] = True
    html = collect(app.run())
    assert "Upright" in html
    assert "What stands side by side: 2." in html
    assert "One box for each: 3." in html


def test_nothing_is_written_to_the_disk(start, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    upload(start(), ("page.png", PAGE))
    assert not list(tmp_path.iterdir())


class Canvas:
    """A canvas that shows what it loads, and reports what a test puts on it."""

    def __init__(self):
        self.given = []
        self.background_fit = {"natural_width": 400, "natural_height": 300}
        self.reports = False

    def __call__(self, initial_drawing, on_change, **options):
        self.options = options
        is_reloaded, self.given = self.given != initial_drawing["objects"], initial_drawing["objects"]
        if self.reports:
            self.reports = False
            on_change()
        elif is_reloaded:
            self.objects = list(self.given)
        return self

    @property
    def json_data(self):
        return {"objects": self.objects}

    @property
    def boxes_in_image_space(self):
        px = 400 / self.options["width"]
        sides = ("left", "top", "width", "height")
        return [{"label": item["label"], **{side: item[side] * px for side in sides}} for item in self.objects]

    def report(self, app, objects):
        self.objects, self.reports = objects, True
        return app.run()


@pytest.fixture
def canvas(monkeypatch):
    canvas = Canvas()
    monkeypatch.setattr(import_module("pages.components.photos.box_editor"), "st_canvas", canvas)
    return canvas


def test_boxes_on_the_canvas_change_the_reading(start, canvas):
    app = upload(start(), ("page.png", PAGE))
    app.segmented_control(key="mode").set_value("Change").run()
    assert [item["label"] for item in canvas.given] == ["7", "7", "7"]
    canvas.report(app, canvas.given[1:])
    assert reading(app) == ["7", "7"]
    box = {"label": "", "left": 35, "top": 30, "width": 110, "height": 160}
    new = {"type": "LabeledRect", "strokeMiterLimit": 4, **box}
    canvas.report(app, [*canvas.objects, new])
    assert reading(app) == ["77", "7"]
    assert len(canvas.given) == 3, "the canvas is to show the new box with its label"
    app.button(key="undo_photo").click().run()
    app.button(key="undo_photo").click().run()
    assert [item["label"] for item in canvas.given] == ["7", "7", "7"]
    assert not app.exception


def test_a_photo_is_decoded_once(start, canvas, monkeypatch):
    """Drawing and moving boxes and opening the steps use the pixels that were read."""
    opened, open_ = [], Image.open

    def count(*args, **options):
        opened.append(args)
        return open_(*args, **options)

    monkeypatch.setattr(Image, "open", count)
    app = upload(start(), ("page.png", PAGE))
    app.segmented_control(key="mode").set_value("Change").run()
    moved = {**canvas.given[0], "left": canvas.given[0]["left"] + 20}
    canvas.report(app, [moved, *canvas.given[1:]])
    app.segmented_control(key="mode").set_value("Draw").run()
    new = {"type": "LabeledRect", "strokeMiterLimit": 4, "label": "", "top": 30, "width": 110, "height": 160}
    for left in (200, 320):
        canvas.report(app, [*canvas.objects, {**new, "left": left}])
    assert sum(mark.box_is_manual for mark in album(app).read[album(app).shown].transcript) == 3
    app.session_state["photo_steps"] = True
    assert "Upright" in collect(app.run())
    assert len(opened) == 1


def test_another_photo_is_decoded_again_when_its_boxes_are_drawn(start, canvas):
    blank = encode(page([], size_wh=(400, 300)))
    app = upload(start(), ("blank.png", blank), ("page.png", PAGE))
    app.selectbox(key="shown").set_value(list(album(app).photos)[1]).run()
    app.segmented_control(key="mode").set_value("Change").run()
    canvas.report(app, canvas.given[1:])
    assert reading(app) == ["7", "7"]
    box = {
        "type": "LabeledRect",
        "strokeMiterLimit": 4,
        "label": "",
        "left": 35,
        "top": 30,
        "width": 110,
        "height": 160,
    }
    canvas.report(app, [*canvas.objects, box])
    assert reading(app) == ["77", "7"], "its own ink is read, not the blank photo's"


def test_boxes_beyond_the_limit_of_a_report_are_left_out_with_a_word(start, canvas):
    app = upload(start(), ("page.png", PAGE))
    app.segmented_control(key="mode").set_value("Draw").run()
    new = {"type": "LabeledRect", "strokeMiterLimit": 4, "label": "", "top": 30, "width": 110, "height": 160}
    canvas.report(app, [*canvas.given, *({**new, "left": 5 * i} for i in range(60))])
    assert not app.exception
    assert len(list(album(app).read[album(app).shown].transcript)) == 3 + 10
    assert "10 boxes are read at a time. 50 more were left out, so change them once more." in collect(app)
    canvas.report(app, canvas.given[1:])
    assert "left out" not in collect(app)


def test_a_box_whose_move_is_left_out_is_shown_where_it_was(start, canvas):
    app = upload(start(), ("page.png", encode(page([SEVEN] * 12, size_wh=(1300, 150)))))
    app.segmented_control(key="mode").set_value("Change").run()
    assert len(canvas.given) == 12
    before = [item["left"] for item in canvas.given]
    canvas.report(app, [{**item, "left": item["left"] + 8} for item in canvas.given])
    moved = [abs(new["left"] - old) > 4 for new, old in zip(canvas.given, before, strict=True)]
    assert moved == [True] * 10 + [False] * 2
    assert "2 more were left out" in collect(app)


def test_an_old_report_does_not_undo_an_undo(start, canvas):
    app = upload(start(), ("page.png", PAGE))
    app.segmented_control(key="mode").set_value("Change").run()
    canvas.report(app, canvas.given[1:])
    app.button(key="undo_photo").click().run()
    app.run()
    assert reading(app) == ["77", "7"]


@pytest.mark.parametrize("objects", [[{"type": "LabeledRect"}], [3], [{}]])
def test_malformed_reports_change_nothing(start, canvas, objects, monkeypatch):
    monkeypatch.setattr(Canvas, "boxes_in_image_space", [{"label": "1"}])
    app = upload(start(), ("page.png", PAGE))
    app.segmented_control(key="mode").set_value("Draw").run()
    canvas.report(app, objects)
    assert not app.exception
    assert reading(app) == ["77", "7"]


@pytest.fixture
def package(monkeypatch):
    """The canvas package's Python, and in place of its part in the browser what the test puts into the dict."""
    sent = {}
    monkeypatch.setattr("streamlit.components.v2.component", lambda *_, **__: lambda **__: sent)
    monkeypatch.delitem(sys.modules, "streamlit_drawable_canvas", raising=False)
    module = import_module("streamlit_drawable_canvas")
    monkeypatch.setitem(sys.modules, "streamlit_drawable_canvas", module)
    monkeypatch.setattr(import_module("pages.components.shared.canvas"), "streamlit_drawable_canvas", module)
    return sent


SENT_FIT = {"naturalWidth": 9, "naturalHeight": 9, "scaleX": 1, "scaleY": 1, "offsetX": 0, "offsetY": 0}
SENT_BOX = {"type": "LabeledRect", "strokeMiterLimit": 4}


@pytest.mark.parametrize(
    "sent",
    [
        {"drawing": [3]},
        {"backgroundFit": {}},
        {"backgroundFit": 5},
        {"drawing": {"raw": [3]}, "backgroundFit": SENT_FIT},
        {"drawing": {"raw": {"objects": [3]}}, "backgroundFit": SENT_FIT},
        {"drawing": {"raw": {"objects": [{**SENT_BOX, "left": 10**400}]}}, "backgroundFit": SENT_FIT},
        {"drawing": {"raw": {"objects": [{**SENT_BOX, "originX": "x"}]}}, "backgroundFit": SENT_FIT},
        {"drawing": {"raw": {"objects": [SENT_BOX]}}, "backgroundFit": {**SENT_FIT, "scaleX": 0}},
    ],
)
def test_what_a_canvas_sends_in_no_known_form_is_no_report(package, sent):
    package.update(sent)
    result = import_module("pages.components.shared.canvas").st_canvas(key="canvas")
    assert import_module("pages.components.photos.box_edits").reported_boxes(result, (9, 9)) is None


def send_table(app, message):
    """Send a message of the table's widget, as a browser would."""
    table = app.dataframe[0].proto
    states = app._tree.get_widget_states()
    states.widgets.add(id=table.id, string_value=message)
    app._run(states)
    return app


def edits(rows):
    return json.dumps({"edited_rows": rows, "added_rows": [], "deleted_rows": []})


def test_a_digit_is_typed_in_the_table(start):
    app = send_table(upload(start(), ("page.png", PAGE)), edits({"0": {"Reading": "3"}}))
    assert not app.exception
    assert reading(app) == ["37", "7"]


@pytest.mark.parametrize(
    "message",
    [
        edits({"99": {"Reading": "3"}}),
        edits({"-1": {"Reading": "3"}}),
        edits({"0": [3]}),
        edits({"0": None}),
        edits({"0": {"Reading": ["3"]}}),
        edits({"0": {"Reading": {"x": 3}}}),
        edits({"0": {"Reading": None}}),
        edits({"0": {"Nothing": 10**400}}),
        edits({"0": {"_index": 10**400}}),
        edits({"0": {"Reading": "7", "Nothing": 1}}),
        json.dumps({"added_rows": [3]}),
        json.dumps({"deleted_rows": ["x"]}),
    ],
)
def test_malformed_edits_of_the_table_change_nothing(start, message):
    app = send_table(upload(start(), ("page.png", PAGE)), message)
    assert not app.exception
    assert reading(app) == ["77", "7"]
    assert len(app.dataframe) == 1
    assert reading(send_table(app, edits({"0": {"Reading": "3"}}))) == ["37", "7"]


def kept(*names):
    return json.dumps({"names": names, "text": "31\n4\n"})


def start_again(put_readers, value):
    """A new session of a browser that still has the widgets of the old one."""
    put_readers(reader_that_says(p7=0.95))
    app = AppTest.from_file(APP, default_timeout=60).run()
    app.session_state["kept_text"] = value
    app.switch_page("pages/screens/photo.py").run()
    assert not app.exception
    return app


def test_after_a_restart_lost_photos_are_named_until_there_are_others(start, put_readers):
    app = start_again(put_readers, kept("9f3c"))
    assert "no longer has your pictures" in app.warning[0].value
    assert app.code[0].value == "31\n4"
    upload(app, ("page.png", PAGE))
    assert not app.warning
    assert reading(app) == ["77", "7"]


def test_after_a_restart_samples_are_read_again(start, put_readers):
    app = start_again(put_readers, kept("Meter", "Scores"))
    assert sorted(photo.name for photo in album(app).read.values()) == ["Meter", "Scores"]
    assert not app.warning
    assert set(json.loads(app.session_state["kept_text"])["names"]) == {"Meter", "Scores"}


@pytest.mark.parametrize("value", ["", "{", "[]", "3", '{"names": 3, "text": ""}', '{"names": ["x"]}', "[" * 100_000])
def test_what_a_browser_keeps_in_no_known_form_is_ignored(start, put_readers, value):
    app = start_again(put_readers, value)
    assert not app.warning
    assert not album(app).photos
