import json
import re
import sys
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from model.data.mnist import LabeledFrames
from model.errors import ArtifactError
from model.evaluation import results
from model.evaluation.charts import CORRECT, WRONG
from pages.components.diagnostics.sample_detail import color_saliency
from pages.components.pad import listener
from pages.components.shared import mnist
from tests.handwriting.evaluations import MISREAD, make_diagnosis, make_evaluation, make_frames
from tests.pages.test_draw_page import APP, collect

SCREEN = str(Path(APP).parent / "pages" / "screens" / "diagnostics.py")
MNIST = LabeledFrames(make_frames(), (np.arange(1000) % 10).astype(np.uint8))


def fail(message):
    def load(*_):
        raise ArtifactError(message)

    return load


@pytest.fixture
def start(monkeypatch):
    """Runs the page on a made-up evaluation, diagnosis and MNIST; `digits=None` leaves MNIST out."""

    def start(script=SCREEN, evaluation=make_evaluation, diagnosis=make_diagnosis, digits=MNIST):
        st.cache_resource.clear()
        monkeypatch.setattr(results, "load_evaluation", lambda name: evaluation())
        monkeypatch.setattr(results, "load_diagnosis", diagnosis)
        monkeypatch.setattr(mnist, "mnist_path", lambda: None)
        monkeypatch.setattr(import_module("pages.components.diagnostics.sample_list"), "test_digits", lambda: digits)
        monkeypatch.setattr(
            import_module("pages.components.diagnostics.sample_detail"), "training_digits", lambda: digits
        )
        app = AppTest.from_file(script, default_timeout=120).run()
        assert not app.exception
        return app

    yield start
    st.cache_resource.clear()


def listed(app):
    """Indices of the samples in the gallery, in their order."""
    return [int(button.key.removeprefix("sample_")) for button in app.button if str(button.key).startswith("sample_")]


def choose(app, **values):
    for key, value in values.items():
        app.selectbox(key=key).set_value(value)
    return app.run()


def texts(app):
    return " ".join([collect(app), *(element.value for element in app.markdown)])


def test_headline(start):
    page = collect(start())
    assert "99.40%" in page
    assert "95% interval 98.70–99.72%; 6 errors of 1,000" in page
    assert "Writers left out of training" in page
    assert "98.50%" in page
    assert "3 errors of 200" in page
    assert "omniglot" not in page, "it has no digits"
    assert "99.90%" not in page, "25 of those 30 writers were trained on"
    test = make_evaluation().report["test"]
    for name, form in {"macro_f1": ".4f", "log_loss": ".4f", "ece": ".4f"}.items():
        assert f"<td>{test[name]:{form}}</td>" in page


def test_headline_says_that_real_writers_are_missing(start):
    def unmeasured():
        evaluation = make_evaluation()
        del evaluation.report["writers"]
        return evaluation

    (warning,) = start(evaluation=unmeasured).warning
    assert "Make them with: python -m model evaluate writers DIR --non-digits DIR --keep shipped" in warning.value
    assert not any("Real writers" in warning.value for warning in start().warning)


def test_page_of_a_network_that_accepts_nothing(start):
    def strict():
        evaluation = make_evaluation()
        evaluation.report["calibration"]["threshold"] = 1.0
        return evaluation

    assert start(evaluation=strict).slider(key="threshold").value == 0.999


def test_headline_without_disputed_labels(start):
    assert re.search(r"without 1 disputed labels.*?99\.50%.*?5 errors of 999", collect(start()))


def test_every_misread_digit_is_listed_first(start):
    app = start()
    assert listed(app) == [14, 24, 33, 34, 47, 947]
    assert "1–6 of 6" in collect(app)


def test_order(start):
    assert listed(choose(start(), order="Most certain first")) == [947, 47, 34, 33, 24, 14]


def test_filter_by_true_and_by_read_digit(start):
    app = start()
    assert listed(choose(app, true_digit=4)) == [14, 24, 34]
    assert listed(choose(app, true_digit=7)) == [47, 947]
    assert listed(choose(app, true_digit="any", read_digit=5)) == [33]


def test_the_two_boxes_list_one_cell_whole(start):
    app = choose(start(), true_digit=4, read_digit=9)
    assert listed(app) == [14, 24, 34]
    app = choose(app, read_digit=4)
    assert listed(app) == [i for i in range(4, 300, 10) if i not in MISREAD][:24]
    assert "1–24 of 97" in collect(app)


def test_pages(start):
    app = choose(start(), true_digit=4, read_digit=4)
    assert app.button(key="back").disabled
    first = listed(app)
    app.button(key="more").click().run()
    assert not set(first) & set(listed(app))
    for _ in range(3):
        app.button(key="more").click().run()
    assert "97–97 of 97" in collect(app)
    assert app.button(key="more").disabled
    app.button(key="back").click().run()
    assert "73–96 of 97" in collect(app)


def test_another_choice_starts_at_the_first_page(start):
    app = choose(start(), true_digit=4, read_digit=4)
    app.button(key="more").click().run()
    assert listed(choose(app, true_digit=4, read_digit=9)) == [14, 24, 34]


def test_least_certain_right_ones(start):
    app = start()
    app.segmented_control(key="group").set_value("Least certain").run()
    assert listed(app) == [i for i in range(30) if i not in MISREAD][:24]
    assert "of 60" in collect(app)


def test_cell_without_samples(start):
    app = choose(start(), true_digit=0, read_digit=1)
    assert listed(app) == []
    assert "No 0 was read as 1 here. Choose other digits." in collect(app), "all are listed already"
    app.segmented_control(key="group").set_value("Misread")
    assert "No such digit among the samples chosen. Choose other digits, or list all" in collect(
        choose(app, read_digit="any")
    )


def test_opened_sample_shows_all_that_is_known(start):
    app = start()
    app.button(key="sample_14").click().run()
    page = collect(app)
    assert "4, read as 9, 51%" in page
    assert "Why 9 and not 4" in page
    assert 'aria-label="Probability of each digit"' in page
    assert page.count('alt="a training digit, 4"') == 6
    assert page.count('alt="a training digit, 9"') == 2
    assert "Most of five human raters" not in page


def test_page_scrolls_to_a_sample_when_it_is_opened_and_marks_it_while_it_is(start):
    app = start()
    assert "outline" not in collect(app)
    page = collect(app.button(key="sample_14").click().run())
    assert "scrollIntoView" in page
    assert ".st-key-sample_14 button { outline" in page
    page = collect(app.toggle(key="errors_only").set_value(True).run())
    assert "scrollIntoView" not in page
    assert ".st-key-sample_14 button { outline" in page


def test_disputed_label_is_marked(start):
    app = start()
    assert ":material/flag:" in app.button(key="sample_947").label
    assert ":material/flag:" not in app.button(key="sample_47").label
    app.button(key="sample_947").click().run()
    assert "Most of five human raters dispute this label" in collect(app)


def test_sample_without_a_diagnosis(start):
    app = choose(start(), true_digit=4, read_digit=4, order="Most certain first")
    app.button(key="sample_994").click().run()
    page = collect(app)
    assert "4, read right" in page
    assert "Why" not in page
    assert "Only misread digits" in page


def test_without_mnist_labels_stand_for_pictures(start):
    app = start(digits=None)
    app.button(key="sample_14").click().run()
    page = collect(app)
    assert "a training digit" not in page
    assert page.count("<figcaption><b>4</b></figcaption>") == 6
    assert app.button(key="download_mnist")


def test_without_mnist_samples_that_are_not_stored_have_no_picture(start):
    app = start(digits=None)
    assert "data:image/png" in app.button(key="sample_14").label
    assert all(button.key != "download_mnist" for button in app.button)
    app = choose(app, true_digit=4, read_digit=4, order="Most certain first")
    assert app.button(key="sample_994").label.startswith("#994 ")
    assert app.button(key="download_mnist")
    app.button(key="sample_994").click().run()
    assert "No picture without MNIST" in collect(app)


def test_mnist_is_offered_once_beside_an_opened_sample(start):
    app = start(digits=None)
    app.segmented_control(key="group").set_value("All").run()
    app.button(key="sample_14").click().run()
    for _ in range(3):
        app.button(key="more").click().run()
    assert not app.exception
    assert any(button.label.startswith("#") for button in app.button)
    assert sum(button.key == "download_mnist" for button in app.button) == 1


def test_quiz(start):
    app = start()
    app.toggle(key="take_quiz").set_value(True).run()
    assert listed(app) == []
    assert "66 digits" in collect(app)
    asked = app.session_state["browse_state"].asked
    assert "read as" not in collect(app).replace("what it was read as", "")
    label = int(make_evaluation().labels[asked])
    app.button(key=f"guess_{label}").click().run()
    assert f"You said **{label}**" in texts(app)
    assert "you 1, the network" in collect(app)
    app.button(key="next").click().run()
    assert app.session_state["browse_state"].asked != asked
    assert "1 of 66 digits guessed" in collect(app)


def test_quiz_ends_when_all_are_guessed(start):
    app = start()
    app.session_state["browse_state"].guesses.update(dict.fromkeys(range(1000), 4))
    app.toggle(key="take_quiz").set_value(True).run()
    app.button(key="start_again").click().run()
    assert "Which digit is it?" in collect(app)


def test_quiz_without_pictures(start):
    app = start(digits=None, diagnosis=fail("diagnosis.npz is missing."))
    app.toggle(key="take_quiz").set_value(True).run()
    assert app.button(key="download_mnist")
    assert not app.exception


def test_threshold_counts_accepted_and_correct_digits(start):
    app = start()
    assert app.slider(key="threshold").value == 0.6
    n = int((make_evaluation().confidence >= 0.6).sum())
    assert f"{n} of 1,000 digits; {1000 - n} left to you" in collect(app)
    app.slider(key="threshold").set_value(0.95).run()
    n = int((make_evaluation().confidence >= 0.95).sum())
    page = collect(app)
    assert f"{n} of 1,000 digits; {1000 - n} left to you" in page
    assert f"{n - 1} right, 1 misread" in page, "the disputed one"


def test_matrix_as_shares_and_errors_only(start):
    app = start()
    app.segmented_control(key="unit").set_value("Row shares, %").run()
    app.toggle(key="errors_only").set_value(True).run()
    assert not app.exception


def test_a_click_on_a_cell_comes_with_a_turn_that_changes_with_every_choice(start):
    def matrix(app):
        return json.loads(app.get("vega_lite_chart")[0].proto.spec)

    app = start()
    (cell,) = [param for param in matrix(app)["params"] if param["name"] == "cell"]
    assert cell["select"]["fields"] == ["true", "read", "turn"]
    assert matrix(app)["transform"] == [{"as": "turn", "calculate": "0"}]
    assert matrix(choose(app, true_digit=4))["transform"] == [{"as": "turn", "calculate": "1"}]


def test_charts_have_text_alternatives(start):
    charts = [element.proto for element in start().get("vega_lite_chart")]
    assert len(charts) == 7
    assert all(chart.alt for chart in charts)
    assert "994 of 1000 digits read right. Most frequent errors: 4 read as 9 3 times" in charts[0].alt


def test_breakdown_point_is_named(start):
    page = texts(start())
    assert "**Rotation** breaks at −30 degrees" in page
    assert "**Pen width** holds" in page


def test_missing_evaluation_is_a_warning_with_the_command(start):
    message = f"evaluation.npz is missing. Expected {Path(APP).parent / 'model' / 'weights'}. Make it with: make report"
    app = start(evaluation=fail(message))
    assert app.warning[0].value.endswith("Make it with: make report")
    assert str(Path(APP).parent) not in app.warning[0].value, "not the server's folders"
    assert not app.subheader


def test_stale_diagnosis_leaves_the_evaluation_on_the_page(start):
    app = start(diagnosis=fail("diagnosis.npz is stale. Make it with: make report"))
    assert "stale" in app.warning[0].value
    assert "Robustness" not in [element.value for element in app.subheader]
    assert listed(app) == [14, 24, 33, 34, 47, 947]
    app.button(key="sample_14").click().run()
    assert "4, read as 9" in collect(app)


def test_missing_evaluation_is_found_once_it_is_made(start, monkeypatch):
    app = start(evaluation=fail("evaluation.npz is missing."))
    monkeypatch.setattr(results, "load_evaluation", lambda name: make_evaluation())
    assert listed(app.run())


def test_choices_survive_a_visit_to_another_page(start, monkeypatch):
    monkeypatch.setitem(sys.modules, "streamlit_drawable_canvas", SimpleNamespace(st_canvas=lambda **_: None))
    monkeypatch.setattr(import_module("pages.components.pad.pad"), "st_canvas", lambda **_: None)
    monkeypatch.setattr(listener, "_component", lambda **_: None)
    app = start(script=APP).switch_page("pages/screens/diagnostics.py").run()
    choose(app, true_digit=4, read_digit=9)
    app.slider(key="threshold").set_value(0.9).run()
    app.button(key="sample_24").click().run()
    app.switch_page("pages/screens/about.py").run()
    app.switch_page("pages/screens/diagnostics.py").run()
    assert not app.exception
    assert listed(app) == [14, 24, 34]
    assert app.slider(key="threshold").value == 0.9
    assert "Why 9 and not 4" in collect(app)


def test_saliency_is_colored_by_its_sign():
    saliency = np.zeros((28, 28), np.float32)
    saliency[1, 1], saliency[2, 2] = 1, -1
    frame = np.full((28, 28), 200, np.uint8)
    colored = color_saliency(frame, saliency)[..., ::-1]
    assert colored[1, 1].tobytes().hex() == CORRECT[1:]
    assert colored[2, 2].tobytes().hex() == WRONG[1:]
    assert colored[5, 5].tolist() == [70, 70, 70]
    assert color_saliency(frame, np.zeros_like(saliency)).shape == (28, 28, 3)
