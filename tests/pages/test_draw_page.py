import os
import re
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from threading import Event
from types import SimpleNamespace

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from model.classifiers.runtime import Classifier
from model.errors import ArtifactError
from model.reader import WEIGHTS, Reader
from pages.components.pad import listener
from pages.components.pad.drawing import PadState
from pages.components.pad.fabric_paths import MAX_COMMANDS
from pages.components.shared import classifiers
from pages.components.shared.html import percent
from pages.components.shared.verdict import confidence_in_words
from tests.handwriting.digit_strokes import DIGITS
from tests.handwriting.reports import put_report

BOX = r'class="box" style="left:([\d.]+)%;top:([\d.]+)%;width:([\d.]+)%;height:([\d.]+)%"'
APP = str(Path(__file__).parents[2] / "app.py")


def drawing(digit, pen=20):
    """Fabric objects of one of our digits."""
    scaled = [[(60 + 200 * x, 60 + 200 * y) for x, y in stroke] for stroke in DIGITS[digit]]
    return [
        {"path": [["M", *first], *(["L", *point] for point in rest)], "strokeWidth": pen} for first, *rest in scaled
    ]


def reader_that_says(threshold=0.6, **probabilities):
    """A reader that sees the same in every frame: p7=0.9 is a probability of 0.9 for a 7."""
    given = {int(name[1]): probability for name, probability in probabilities.items()}
    rest = (1 - sum(given.values())) / (10 - len(given))
    logits = np.log([given.get(digit, max(rest, 1e-6)) for digit in range(10)])
    return Reader(Classifier(lambda frames: np.tile(logits, (len(frames), 1)), threshold=threshold))


@pytest.fixture
def start(monkeypatch, put_readers):
    """Runs the app with a canvas that reports nothing; what is drawn is put into the session's pad."""

    def fake_canvas(key, initial_drawing, **_):
        st.session_state[key] = {"drawing": {"raw": initial_drawing}}

    # The package registers a component on import, which needs a server.
    monkeypatch.setitem(sys.modules, "streamlit_drawable_canvas", SimpleNamespace(st_canvas=fake_canvas))
    monkeypatch.setattr(import_module("pages.components.pad.pad"), "st_canvas", fake_canvas)
    monkeypatch.setattr(listener, "_component", lambda **_: None)

    def start(reader, objects=()):
        put_readers(reader)
        app = AppTest.from_file(APP, default_timeout=60)
        app.session_state["pad_state"] = PadState(objects=list(objects))
        return app.run()

    return start


def collect(app):
    return " ".join(element.proto.body for element in app.get("html"))


def test_empty_pad_says_what_to_do(start):
    page = collect(start(reader_that_says(p7=0.95)))
    assert '<div class="sign">?</div>' in page
    assert "Draw a digit" in page


def test_digit_with_runner_up(start):
    page = collect(start(reader_that_says(p7=0.93, p1=0.05), drawing(7)))
    assert '<div class="sign">7</div>' in page
    assert "Confident, 93%" in page
    assert "7, or perhaps 1" in page
    assert page.count('<li class="best"><b>7</b>') == page.count('class="best"') == 1


def test_lone_digit_has_no_runner_up(start):
    page = collect(start(reader_that_says(p7=0.9999), drawing(7)))
    assert "Almost certain, &gt;99%" in page
    assert "No other digit comes close" in page


def test_runner_up_far_behind_is_not_worth_a_word(start):
    page = collect(start(reader_that_says(p7=0.93, p1=0.03), drawing(7)))
    assert "No other digit comes close" in page


@pytest.mark.parametrize(
    ("probabilities", "title"), [({"p7": 0.76}, "a 7, 76%"), ({"p8": 0.85, "p3": 0.02}, "an 8, 85%")]
)
def test_lone_digit_below_the_threshold_is_a_guess(start, probabilities, title):
    page = collect(start(reader_that_says(threshold=0.9, **probabilities), drawing(7)))
    assert '<div class="sign">?</div>' in page
    assert f"Perhaps {title}" in page
    assert "Not sure enough to say so: that takes 90.0%." in page


def test_a_threshold_close_to_certainty_is_not_rounded_to_it(start):
    page = collect(start(reader_that_says(threshold=0.99992, p7=0.9999), drawing(7)))
    assert "Perhaps a 7, &gt;99%" in page
    assert "that takes more than 99.9%." in page


def test_between_two_digits_names_both(start):
    page = collect(start(reader_that_says(p4=0.5, p9=0.45), drawing(4)))
    assert '<div class="sign">?</div>' in page
    assert "4 or 9" in page
    assert "50% against 45%" in page


def ones(frames):
    """A `predict` that is sure of a 1 in what is narrow, and of nothing else."""
    narrow = ~frames[:, :, :10].any(axis=(1, 2))[:, None]
    return np.where(narrow, np.eye(10)[1] * 20, 0)


def test_a_number_has_its_frames_and_the_bars_of_its_least_certain_digit(start):
    paths = [[["M", x, 50], ["L", x, 150]] for x in (50, 150)]
    page = collect(start(Reader(Classifier(ones)), [{"path": path, "strokeWidth": 20} for path in paths]))
    assert '<div class="sign">11</div>' in page
    assert "Almost certain" in page
    assert "Least certain, and shown by the bars: digit 1, a 1, " in page


def test_a_doubtful_digit_of_a_number_is_marked_in_its_place(start):
    paths = [[["M", x, 50], ["L", x, 150]] for x in (50, 150)] + [[["M", 200, 50], ["L", 300, 90], ["L", 210, 150]]]
    page = collect(start(Reader(Classifier(ones)), [{"path": path, "strokeWidth": 20} for path in paths]))
    assert '<div class="answer open" style="--width:3"><div class="sign">11?</div>' in page
    assert "Not sure of 1 of 3 digits" in page


def test_not_a_digit(start):
    page = collect(start(reader_that_says(p4=0.2), drawing(4)))
    assert '<div class="sign">?</div>' in page
    assert "Not a digit" in page
    assert 'class="best"' not in page, "no bar stands out"


def test_dot_is_too_little_ink(start):
    page = collect(start(reader_that_says(p1=0.99), [{"path": [["M", 50, 50], ["L", 51, 51]], "strokeWidth": 6}]))
    assert '<div class="sign">?</div>' in page
    assert "Too little ink" in page


def test_pen_for_the_next_stroke_does_not_change_the_answer(start):
    small = [{"path": [["M", 50, 50], ["L", 50, 80]], "strokeWidth": 6}]
    app = start(reader_that_says(p1=0.95), small)
    app.slider(key="pen_width").set_value(40).run()
    assert '<div class="sign">1</div>' in collect(app)


@pytest.mark.parametrize("error", [ArtifactError("The weights are missing."), ImportError("no such library")])
def test_failed_load_is_a_message(start, error):
    app = start(error, drawing(7))
    assert not app.exception
    assert '<div class="sign">?</div>' in collect(app)
    assert str(error) in collect(app)
    assert len(app.session_state["pad_state"].objects) == 1
    assert not app.button(key="undo").click().run().exception
    assert app.session_state["pad_state"].objects == []


def test_only_a_damaged_installation_takes_a_restart(start):
    assert "Restart the app" in collect(start(ImportError("no such library")))
    assert "Restart the app" not in collect(start(ArtifactError("The weights are missing.")))


@pytest.mark.parametrize("kind", [ArtifactError, OSError])
def test_failed_load_does_not_tell_the_server_s_folders(start, kind):
    page = collect(start(kind(f"The weights are missing. Expected {WEIGHTS / 'digits.tflite'}.")))
    assert str(WEIGHTS.parents[2]) not in page
    assert f"Expected {Path('model', 'weights', 'cnn', 'digits.tflite')}." in page


def test_failed_load_is_logged_once_with_its_traceback(start, caplog):
    app = start(ImportError("no such library"), drawing(7))
    app.run()
    [record] = [record for record in caplog.records if record.name == classifiers.__name__]
    assert record.levelname == "ERROR"
    assert record.getMessage() == "The classifier cnn cannot be loaded."
    assert "ImportError: no such library" in caplog.text
    assert "raise found" in caplog.text, "the traceback"


def test_a_model_is_loaded_once_for_all_sessions(monkeypatch):
    loads, end = [], Event()

    def load(folder):
        loads.append(folder)
        assert end.wait(60)
        return reader_that_says(p7=0.95)

    monkeypatch.setattr(Reader, "load", load)
    monkeypatch.setattr(classifiers, "_loaded", {})
    with ThreadPoolExecutor(8) as sessions:
        readers = [sessions.submit(classifiers.reader, "cnn") for _ in range(8)]
        end.set()
        assert len({id(reader.result(60)) for reader in readers}) == 1
    st.cache_resource.clear()
    st.cache_data.clear()
    assert classifiers.reader("cnn") is readers[0].result()
    assert loads == [WEIGHTS]


def test_a_model_is_loaded_again_when_its_files_are_replaced(monkeypatch, weights_root):
    loads = []
    monkeypatch.setattr(Reader, "load", lambda folder: loads.append(folder) or reader_that_says(p7=0.95))
    monkeypatch.setattr(classifiers, "_loaded", {})
    put_report(weights_root / "cnn")
    first = classifiers.reader("cnn")
    assert classifiers.reader("cnn") is first
    for name in ("digits.tflite", "report.json"):
        os.utime(weights_root / "cnn" / name, (0, 0))
        assert classifiers.reader("cnn") is not first
    assert len(loads) == 3


def test_weights_that_were_missing_are_read_as_soon_as_they_are_there(monkeypatch, weights_root, caplog):
    monkeypatch.setattr(classifiers, "_loaded", {})
    for _ in range(2):
        with pytest.raises(ArtifactError, match="The report is missing. Expected .*report.json. Received: no such"):
            classifiers.reader("cnn")
    assert [record.name for record in caplog.records] == [classifiers.__name__]
    shutil.copytree(WEIGHTS, weights_root / "cnn")
    assert classifiers.reader("cnn").read_drawing([[(50, 50), (50, 150)]], 20).text == "1"


def test_failed_load_leaves_no_growing_traceback(put_readers):
    """The error is a new one each time: the traceback of a shared one would grow with every run."""
    put_readers(ImportError("no such library"))
    errors = []
    for _ in range(2):
        with pytest.raises(ArtifactError, match="no such library") as raised:
            classifiers.reader("cnn")
        errors.append(raised.value)
    assert errors[0] is not errors[1]
    assert all(error.__cause__ is None and error.__context__ is None for error in errors)


def test_undo_and_clear(start):
    app = start(reader_that_says(p4=0.95), drawing(4))
    app.button(key="undo").click().run()
    assert app.session_state["pad_state"].objects == drawing(4)[:1]
    app.button(key="clear").click().run()
    assert app.session_state["pad_state"].objects == []
    assert "Draw a digit" in collect(app)


def test_drawing_and_pen_survive_a_visit_to_another_page(start):
    app = start(reader_that_says(p4=0.95), drawing(4))
    app.slider(key="pen_width").set_value(30).run()
    app.switch_page("pages/screens/about.py").run()
    assert app.title[0].value == "How it works"
    app.switch_page("pages/screens/draw.py").run()
    assert app.session_state["pad_state"].loaded == drawing(4)
    assert app.slider(key="pen_width").value == 30
    assert '<div class="sign">4</div>' in collect(app)


@pytest.mark.parametrize(
    "bad",
    [
        {"path": [["M", float("nan"), 1]]},
        {"path": [["M", 0, 0], ["L", 1e9, 1]]},
        {"path": [["M", 0, 0], ["L", 1]]},
        {"path": [["M", 0, 0], ["L", 90, 90]], "strokeWidth": -1},
        {"path": [["M", 0, 0]] + [["L", i, i] for i in range(MAX_COMMANDS)]},
        "<script>alert(1)</script>",
    ],
)
def test_bad_strokes_are_a_message_and_nothing_is_lost(start, bad):
    app = start(reader_that_says(p4=0.95), drawing(4))
    pad = app.session_state["pad_state"]
    pad.take({"edits": pad.edits, "count": 3, "objects": [*pad.objects, bad]})
    page = collect(app.run())
    assert not app.exception
    assert "This drawing cannot be read" in page
    assert "<script>" not in page
    app.button(key="undo").click().run()
    assert '<div class="sign">4</div>' in collect(app)


def test_what_the_browser_sends_is_text_on_the_page(start):
    app = start(reader_that_says(p4=0.95))
    pad = app.session_state["pad_state"]
    pad.take({"edits": pad.edits, "count": 1, "objects": ["<script>alert(1)</script>"]})
    page = collect(app.run())
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_refused_drawing_has_no_steps(start):
    app = start(reader_that_says(p4=0.95), [{"path": [["M", 0, 0], ["L", 1e9, 1]]}])
    app.session_state["steps"] = True
    page = collect(app.run())
    assert not app.exception
    assert "Center of mass" not in page


def test_steps_show_the_strokes_that_were_read(start):
    """A drawing of more points than are read is thinned in the same way for both."""
    waves = [["M", 0, 0], *(["L", 100 + 50 * (-1) ** i, i / 40] for i in range(6000))]
    app = start(reader_that_says(p4=0.95), [{"path": waves, "strokeWidth": 6}])
    app.session_state["steps"] = True
    page = collect(app.run())
    frame = re.search(r'class="frame"><div [^>]*><img class="pixels" alt="[^"]*" src="([^"]*)"', page)[1]
    assert re.search(r'alt="28×28" src="([^"]*)"', page)[1] == frame


def test_live_answer_does_not_interrupt_a_screen_reader(start):
    """It changes a dozen times a second."""
    page = collect(start(reader_that_says(p4=0.95), drawing(4)))
    assert "aria-live" not in page
    assert 'role="' not in page


def test_steps_are_worked_out_only_when_asked_for(start):
    app = start(reader_that_says(p4=0.95), drawing(4))
    assert "Center of mass" not in collect(app)
    app.session_state["steps"] = True
    page = collect(app.run())
    assert "Center of mass" in page
    left, top, width, height = map(float, re.search(BOX, page).groups())
    assert left == pytest.approx((100 - width) / 2, abs=1)
    assert (top, height) == pytest.approx((0, 100), abs=1)


@pytest.mark.parametrize(
    ("confidence", "words"), [(1.0, "Almost certain"), (0.9, "Confident"), (0.7, "Fairly confident")]
)
def test_confidence_in_words(confidence, words):
    assert confidence_in_words(confidence) == words


@pytest.mark.parametrize(
    ("probability", "number"), [(0.0, "0%"), (0.004, "<1%"), (0.514, "51%"), (0.99, "99%"), (0.999, ">99%")]
)
def test_percent_never_claims_certainty(probability, number):
    assert percent(probability) == number


@pytest.mark.parametrize(
    ("names", "reads"),
    [([], "cnn"), (["mlp"], "mlp"), (["softmax", "mlp"], "mlp"), (["mlp", "cnn", "ensemble"], "cnn")],
)
def test_the_shipped_model_reads_or_else_the_best_that_is_there(names, reads, monkeypatch):
    def page():
        import streamlit as st

        from pages.components.shared.classifiers import choose_model

        st.text(choose_model("Which"))

    monkeypatch.setattr(classifiers, "available", lambda: names)
    app = AppTest.from_function(page).run()
    assert not app.exception
    assert app.text[0].value == reads


def test_the_listener_s_message_counts_even_if_the_click_on_undo_comes_with_it(start):
    app = start(reader_that_says(p4=0.95))
    app.session_state["listener"] = {"drawing": {"edits": 1, "count": 2, "objects": drawing(4)}}
    app.button(key="undo").click().run()
    assert app.session_state["pad_state"].objects == drawing(4)[:1]
    assert app.session_state["pad_state"].known == 2


def test_the_listener_learns_which_strokes_are_kept(start, monkeypatch):
    mounted = {}
    app = start(reader_that_says(p4=0.95))
    monkeypatch.setattr(listener, "_component", lambda **options: mounted.update(options))
    strokes = [{**item, "number": number} for number, item in enumerate(drawing(4), start=3)]
    app.session_state["listener"] = {"drawing": {"edits": 1, "count": 4, "objects": strokes}}
    app.run()
    assert (mounted["data"]["edits"], mounted["data"]["known"]) == (1, 4)
    app.button(key="undo").click().run()
    assert (mounted["data"]["edits"], mounted["data"]["known"], mounted["data"]["kept"]) == (2, 4, [3])
