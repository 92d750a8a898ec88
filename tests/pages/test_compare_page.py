import json
import re
import sys
from html import unescape
from importlib import import_module
from types import SimpleNamespace

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from model.classifiers import registry
from model.errors import ArtifactError
from model.evaluation import results
from pages.components.compare.two_models import disagreements
from pages.components.pad.drawing import PadState
from tests.handwriting.picture_files import ONE, SEVEN, encode
from tests.handwriting.picture_files import page as draw_page
from tests.handwriting.reports import make_start
from tests.handwriting.small_data import TEST, put_evaluation, put_model, write_mnist
from tests.pages.test_draw_page import APP, collect, drawing, reader_that_says

PAGE = encode(draw_page([SEVEN, ONE]))


@pytest.fixture
def weights(monkeypatch, tmp_path):
    """A folder for the weights of models, with the shipped one in it, and MNIST's place taken by our own digits."""
    st.cache_resource.clear()
    monkeypatch.setattr(registry, "_WEIGHTS", tmp_path / "weights")
    monkeypatch.setenv("MNIST_NPZ", str(tmp_path / "mnist.npz"))
    write_mnist(tmp_path / "mnist.npz")
    put_model(tmp_path / "weights" / "cnn", "cnn", wrong=[3])
    yield tmp_path / "weights"
    st.cache_resource.clear()


@pytest.fixture
def start(monkeypatch, weights, put_readers):
    """Opens a page of the app; each model's classifier is what `readers` says, or reads 7 in everything."""

    def fake_canvas(key, initial_drawing, **_):
        st.session_state[key] = {"drawing": {"raw": initial_drawing}}

    monkeypatch.setitem(sys.modules, "streamlit_drawable_canvas", SimpleNamespace(st_canvas=fake_canvas))
    monkeypatch.setattr(import_module("pages.components.pad.pad"), "st_canvas", fake_canvas)
    for name in ("pad.listener._component", "photos.box_editor._helper", "photos.table._copy_button"):
        module, component = name.rsplit(".", 1)
        monkeypatch.setattr(import_module(f"pages.components.{module}"), component, lambda **_: None)

    def start(page, readers=None, objects=()):
        put_readers(says(7), **(readers or {}))
        app = AppTest.from_file(APP, default_timeout=60)
        app.session_state["pad_state"] = PadState(objects=list(objects))
        app.run()
        return app.switch_page(f"pages/screens/{page}.py").run()

    return start


def says(digit, probability=0.95):
    return reader_that_says(**{f"p{digit}": probability})


def words(app):
    """All text of a page."""
    assert not app.exception
    kinds = (app.markdown, app.warning, app.info, app.error, app.subheader)
    return collect(app) + " ".join(str(element.value) for kind in kinds for element in kind)


# The table


def test_the_stroke_network_has_its_row_on_other_drawings(start, weights):
    put_model(weights / "strokes", "strokes")
    (weights / "strokes" / results.EVALUATION_FILE).unlink()
    page = words(start("compare"))
    assert page.count("<tr>") == 3
    assert f"; the stroke network on {TEST} drawings by writers it has not seen." in page
    assert "There is only one to compare" in page, "it is no match for the others: they are measured on other digits"


def test_table_tells_of_every_model_that_is_there(start, weights):
    put_model(weights / "mlp", "mlp", wrong=[1, 2, 3, 4, 5])
    page = words(start("compare"))
    assert page.count("<tr>") == 3
    assert "Multilayer perceptron" in page
    assert "Support vector machine" not in page
    assert "<b>90.00%</b><small>78.64 to 95.65%</small>" in page
    assert '<td data-head="Errors">5</td>' in page
    assert '<td data-head="Elsewhere">98.40%<small>Keras, examples/mnist_mlp.py</small></td>' in page
    assert '<td data-head="One digit">0.50 ms</td>' in page
    assert "2 cores, &lt;AMD&gt;" in page


def test_cost_is_time_and_its_price(start):
    page = words(start("compare"))
    assert "0.5 s<small>0.0014 ¢</small>" in page  # 0.5 s of 3,600 at 10 ¢
    assert "$0.10 an hour" in page


def test_what_was_not_measured_is_a_dash(start, weights):
    put_model(weights / "cnn", "cnn", speed=None)
    page = words(start("compare"))
    assert '<td data-head="One digit">–</td><td data-head="1,000 digits">–</td>' in page


def test_table_as_csv(start, weights):
    put_model(weights / "svm", "svm")
    app = start("compare")
    assert app.get("download_button")[0].label == "Table as CSV"
    rows = import_module("pages.components.compare.model_table").rows_of(["svm", "cnn"])
    assert [(row.name, row.errors, row.n) for row in rows] == [("svm", 0, TEST), ("cnn", 1, TEST)]


def test_single_model_has_no_other_to_compare_with(start):
    app = start("compare")
    assert app.info[0].value.startswith(
        "Not here: softmax, svm, mlp, cnn3, ensemble, strokes. Train one with: `python train"
    )
    assert app.info[1].value == "There is only one to compare. Train another model."
    assert not app.selectbox


def test_damaged_report_is_a_warning_and_the_others_are_shown(start, weights):
    put_model(weights / "mlp", "mlp")
    (weights / "mlp" / "report.json").write_text("{")
    app = start("compare")
    assert "damaged" in app.warning[0].value
    assert words(app).count("<tr>") == 2


def test_report_without_its_test_is_a_warning_with_the_command(start, weights):
    put_model(weights / "mlp", "mlp")
    report = json.loads((weights / "mlp" / "report.json").read_text())
    del report["test"]
    (weights / "mlp" / "report.json").write_text(json.dumps(report))
    app = start("compare")
    assert "Expected the field test as report in" in app.warning[0].value
    assert "python train_model.py --model NAME" in app.warning[0].value
    assert words(app).count("<tr>") == 2


def test_stale_weights_are_a_warning_with_what_to_do(start, weights):
    put_model(weights / "mlp", "mlp")
    (weights / "mlp" / "digits.keras").write_bytes(b"other weights")
    app = start("compare")
    assert "belongs to another report" in app.warning[0].value
    assert "train_model.py --model NAME" in app.warning[0].value
    assert words(app).count("<tr>") == 2


def test_missing_evaluation_is_a_warning_before_the_model_is_chosen(start, weights):
    put_model(weights / "mlp", "mlp")
    (weights / "mlp" / "evaluation.npz").unlink()
    app = start("compare")
    assert "evaluation.npz is missing" in app.warning[0].value


# Learning curves


def test_models_that_learn_in_epochs_have_curves(start, weights):
    put_model(weights / "svm", "svm", curve=[])
    app = start("compare")
    assert "of cnn (Convolutional network)." in app.get("vega_lite_chart")[0].proto.alt


def test_epochs_that_only_refined_are_said_to(start, weights):
    assert "only the epochs that refined" not in words(start("compare"))
    put_model(weights / "cnn", "cnn", started_from=make_start())
    assert "Of cnn only the epochs that refined what was trained before." in words(start("compare"))


def test_models_without_a_curve_are_named(start, weights):
    put_model(weights / "svm", "svm", curve=[])
    put_model(weights / "mlp", "mlp", curve=[])
    assert "None is kept of: svm, mlp." in words(start("compare"))


def test_no_curve_at_all(start, weights):
    put_model(weights / "cnn", "cnn", curve=[])
    assert "No model here keeps one." in words(start("compare"))


# Two models


@pytest.fixture
def two(start, weights):
    """Both misread 3, as the same; only softmax misreads 10, 11 and 12; only cnn misreads 20."""
    put_model(weights / "cnn", "cnn", wrong=[3, 20])
    put_model(weights / "softmax", "softmax", wrong=[3, 10, 11, 12])
    return start("compare")


def numbers(app):
    """Of the digits that are listed."""
    return [int(part.split("<")[0]) for part in collect(app).split("<small>Number ")[1:]]


def test_two_models_on_the_same_digits(two):
    assert two.selectbox(key="first_model").value == "cnn"
    assert two.selectbox(key="second_model").value == "softmax"
    page = words(two)
    assert "<dt>Both are right</dt><dd>45</dd>" in page
    assert "<dt>Only the first</dt><dd>3</dd>" in page
    assert "<dt>Only the second</dt><dd>1</dd>" in page
    assert "<dt>Neither</dt><dd>1</dd>" in page
    assert "<dt>McNemar&#39;s p</dt><dd>0.62</dd>" in page
    assert "cannot tell which is better" in page


@pytest.mark.parametrize(
    ("who", "listed"), [("all", [10, 11, 12, 20]), ("first", [10, 11, 12]), ("second", [20]), ("neither", [])]
)
def test_disagreements_by_who_is_right(two, who, listed):
    two.pills(key="who_is_right").set_value(who).run()
    assert numbers(two) == listed
    assert ("There are none." in collect(two)) == (not listed)


def test_a_disagreement_tells_what_both_read(two):
    page = collect(two)
    assert 'alt="Digit number 10"' in page
    assert '<b>It is 0</b><br><span class="right" title="Convolutional network">✓ 0, 97%</span>' in page
    assert '<span class="wrong" title="Logistic regression">✗ 1, 97%</span>' in page


def test_the_other_way_round(two, weights):
    put_model(weights / "mlp", "mlp")
    two.run()
    two.selectbox(key="first_model").set_value("softmax").run()
    assert "softmax" not in [name.lower() for name in two.selectbox(key="second_model").options]
    two.selectbox(key="second_model").set_value("mlp").run()
    assert "<dt>Only the first</dt><dd>0</dd>" in words(two)


def test_better_one_is_named(start, weights):
    put_model(weights / "softmax", "softmax", wrong=range(10, 30))
    page = words(start("compare"))
    assert "<b>Convolutional network</b> is better, and that is hardly chance" in page
    assert "<dd>&lt; 0.0001</dd>" in page


def test_disagreements_without_mnist_have_captions_alone(two, monkeypatch, tmp_path):
    monkeypatch.delenv("MNIST_NPZ")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    two.run()
    assert numbers(two) == [10, 11, 12, 20]
    assert "Digit number" not in collect(two)
    assert "MNIST is not on this server" in words(two)
    assert two.button(key="download_mnist").label == "Download MNIST, 11 MB"


def test_missing_evaluation_is_said_with_the_command(two, weights):
    (weights / "softmax" / "evaluation.npz").unlink()
    page = words(two.run())
    assert "evaluation.npz is missing" in page
    assert "make report" in page
    assert "McNemar" not in page


def test_stale_evaluation_is_said(two, weights):
    other = weights / "other"
    put_model(other, "mlp")
    (weights / "softmax" / "evaluation.npz").write_bytes((other / "evaluation.npz").read_bytes())
    page = words(two.run())
    assert "stale" in page
    assert "make report" in page


def test_evaluations_of_other_digits_cannot_be_compared(two, weights):
    put_evaluation(weights / "softmax", "softmax", np.zeros(5, np.uint8), np.eye(10)[:5] * 9)
    assert "cannot be compared" in words(two.run())


def test_disagreements_begin_with_what_both_are_surest_of():
    def read(labels, confidence):
        probabilities = np.full((3, 10), 0.01)
        probabilities[np.arange(3), labels] = confidence
        return results.Evaluation("cnn", {}, np.array([1, 1, 1], np.uint8), probabilities, 0)

    a, b = read([1, 1, 1], [0.9, 0.8, 0.9]), read([2, 2, 1], [0.5, 0.7, 0.9])
    assert disagreements(a, b).tolist() == [1, 0]


# One's own drawing


def test_drawing_is_read_by_all_side_by_side(start, weights):
    put_model(weights / "mlp", "mlp")
    put_model(weights / "softmax", "softmax")
    app = start("compare", {"cnn": says(7), "mlp": says(1, 0.9), "softmax": says(4, 0.3)}, drawing(7))
    cards = [card.split("</figure>")[0] for card in collect(app).split('<figure class="model_reading ')[1:]]
    assert [card.split('<div class="sign">')[1][0] for card in cards] == ["?", "1", "7"]
    assert cards[0].startswith('open" data-model="softmax"')
    assert "Confident, 95%" in cards[2]


def test_one_model_that_cannot_be_loaded_does_not_stop_the_others(start, weights):
    put_model(weights / "mlp", "mlp")
    broken = ArtifactError("The weights <are> damaged.")
    page = words(start("compare", {"cnn": says(7), "mlp": broken}, drawing(7)))
    assert "The weights &lt;are&gt; damaged." in page
    assert '<div class="sign">7</div>' in page


def test_drawing_that_cannot_be_read_is_a_message(start):
    app = start("compare", {"cnn": says(7)})
    pad = app.session_state["pad_state"]
    pad.take({"edits": pad.edits, "count": 1, "objects": ["<script>"]})
    page = words(app.run())
    assert "cannot be read" in page
    assert "<script>" not in page


def test_drawing_and_pen_are_those_of_the_draw_page(start):
    app = start("draw", {"cnn": says(7)}, drawing(7))
    app.slider(key="pen_width").set_value(30).run()
    app.switch_page("pages/screens/compare.py").run()
    pad = app.session_state["pad_state"]
    assert pad.pen_width == 30
    assert pad.loaded == drawing(7)
    app.slider(key="pen_width_of_all").set_value(12).run()
    pad.take({"edits": pad.edits, "count": 1, "objects": [*pad.objects, *drawing(1)]})
    del app.session_state["canvas"]  # as Streamlit forgets a page's widgets
    app.switch_page("pages/screens/draw.py").run()
    assert pad.loaded == drawing(7) + drawing(1)
    assert app.slider(key="pen_width").value == 12


def test_empty_pad_waits(start):
    assert "Nothing is drawn yet" in words(start("compare", {"cnn": says(7)}))


# The choice of the model that reads


def test_without_others_there_is_nothing_to_choose(start):
    assert not start("draw", {"cnn": says(7)}).selectbox


def test_chosen_model_reads_the_drawing(start, weights):
    put_model(weights / "mlp", "mlp")
    app = start("draw", {"cnn": says(7), "mlp": says(3)}, drawing(7))
    assert '<div class="sign">7</div>' in collect(app)
    assert app.selectbox(key="reads_with").value == "cnn"
    assert "Not measured on other people's hands" not in unescape(collect(app))
    app.selectbox(key="reads_with").set_value("mlp").run()
    assert "Not measured on other people's hands. Simple models often answer «?»." in unescape(collect(app))
    assert '<div class="sign">3</div>' in collect(app)


def test_pad_stays_when_another_model_cannot_be_loaded(start, weights):
    put_model(weights / "mlp", "mlp")
    app = start("draw", {"mlp": ArtifactError("The weights are damaged.")}, drawing(7))
    app.selectbox(key="reads_with").set_value("mlp").run()
    assert '<div class="sign">?</div>' in collect(app)
    assert "The weights are damaged." in collect(app)
    app.button(key="undo").click().run()
    assert app.session_state["pad_state"].objects == []


def test_choice_holds_on_every_page(start, weights):
    put_model(weights / "mlp", "mlp")
    app = start("draw", {"cnn": says(7), "mlp": says(3)}, drawing(7))
    app.selectbox(key="reads_with").set_value("mlp").run()
    app.switch_page("pages/screens/photo.py").run()
    assert app.selectbox(key="reads_with").value == "mlp"
    app.switch_page("pages/screens/about.py").run()
    app.switch_page("pages/screens/draw.py").run()
    assert app.selectbox(key="reads_with").value == "mlp"
    assert '<div class="sign">3</div>' in collect(app)


def upload(app):
    app.file_uploader(key="uploads").set_value([("page.png", PAGE, "image/png")]).run()
    return app


def lines(app):
    shown = re.search(r'<div class="lines">(.*?)</div></div>', collect(app))
    return re.sub(r"<[^>]*>", "", shown[1])


def test_photo_is_read_again_by_the_chosen_model(start, weights):
    put_model(weights / "mlp", "mlp")
    app = upload(start("photo", {"cnn": says(7), "mlp": says(3)}))
    assert lines(app) == "77"
    app.selectbox(key="reads_with").set_value("mlp").run()
    assert lines(app) == "33"


def test_photo_changed_by_hand_is_read_again_only_when_asked_for(start, weights):
    put_model(weights / "mlp", "mlp")
    app = upload(start("photo", {"cnn": says(7, 0.45), "mlp": says(3)}))
    app.button(key=f"set {app.session_state['album'].shown} 0 7").click().run()
    app.selectbox(key="reads_with").set_value("mlp").run()
    assert lines(app) == "77"
    assert "Read by: Convolutional network. It is kept because you have changed it by hand." in words(app)
    app.button(key="read_again").click().run()
    assert lines(app) == "33"
    assert "Read by:" not in words(app)


def test_choice_of_what_is_gone_is_the_shipped_one(start, weights):
    put_model(weights / "mlp", "mlp")
    app = start("draw", {"cnn": says(7), "mlp": says(3)}, drawing(7))
    app.selectbox(key="reads_with").set_value("mlp").run()
    (weights / "mlp" / "report.json").unlink()
    assert '<div class="sign">7</div>' in collect(app.run())
