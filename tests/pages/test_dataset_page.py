import json
import sys
from importlib import import_module
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from model.classifiers import registry
from model.data import mnist as mnist_data
from model.data import statistics
from model.errors import DatasetError
from model.evaluation.charts import to_svg
from pages.components.dataset.embedding_map import nearest, selected
from pages.components.shared import mnist
from tests.handwriting.small_data import TEST, TRAIN, digits, put_diagnosis, put_model, put_statistics, write_mnist
from tests.pages.test_draw_page import APP, collect


@pytest.fixture
def weights(monkeypatch, tmp_path):
    """The shipped model's folder with all that is stored in it, and MNIST's place taken by our own digits."""
    st.cache_resource.clear()
    monkeypatch.setattr(registry, "_WEIGHTS", tmp_path / "weights")
    monkeypatch.setenv("MNIST_NPZ", str(tmp_path / "mnist.npz"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    write_mnist(tmp_path / "mnist.npz")
    put_model(tmp_path / "weights" / "cnn", "cnn", wrong=[3, 14])
    monkeypatch.setattr(statistics, "STATISTICS", tmp_path / "statistics.npz")
    put_statistics()
    put_diagnosis(tmp_path / "weights" / "cnn", wrong=[3, 14])
    yield tmp_path / "weights"
    st.cache_resource.clear()


@pytest.fixture
def start(monkeypatch, weights):
    monkeypatch.setitem(sys.modules, "streamlit_drawable_canvas", SimpleNamespace(st_canvas=None))
    monkeypatch.setattr(import_module("pages.components.pad.pad"), "st_canvas", lambda **_: None)
    monkeypatch.setattr(import_module("pages.components.pad.listener"), "_component", lambda **_: None)

    def start():
        app = AppTest.from_file(APP, default_timeout=120).run()
        return app.switch_page("pages/screens/dataset.py").run()

    return start


def words(app):
    assert not app.exception
    kinds = (app.markdown, app.warning, app.error, app.subheader)
    return collect(app) + " ".join(str(element.value) for kind in kinds for element in kind)


def listed(app, what="number "):
    return [int(part.split("<")[0]) for part in collect(app).split(f"<small>{what}")[1:]]


def test_numbers_of_the_data_set(start):
    page = words(start())
    assert f"<dt>Training digits</dt><dd>{TRAIN}</dd>" in page
    assert f"<dt>Test digits</dt><dd>{TEST}</dd>" in page
    assert "<dt>Pixels without ink</dt><dd>80.9%</dd>" in page
    assert "<dt>Median stroke</dt><dd>3.1 px</dd>" in page


def test_charts_have_text_alternatives(start):
    app = start()
    charts = [chart.proto for chart in app.get("vega_lite_chart")]
    assert len(charts) == 5
    assert all(len(chart.alt) > 40 for chart in charts)


def test_mean_and_spread_of_every_digit(start):
    page = words(start())
    assert page.count('alt="Mean of the digit') == 10
    assert page.count('alt="Spread of the digit') == 10


def test_digits_page_by_page(start, monkeypatch):
    monkeypatch.setattr("pages.components.shared.gallery.PAGE", 20)
    app = start()
    assert listed(app) == list(range(20))
    app.get("pagination")[0].set_value(3).run()
    assert listed(app) == list(range(40, 50))


@pytest.mark.parametrize("digit", range(10))
def test_digits_of_one_kind(start, digit):
    app = start()
    app.pills(key="browsed_digit").set_value(digit).run()
    assert listed(app) == list(range(digit, TEST, 10))
    assert f"{TEST // 10} digits" in words(app)


def test_training_digits(start):
    app = start()
    app.segmented_control(key="browsed_set").set_value("Training").run()
    assert f"{TRAIN} digits" in words(app)


def test_digits_that_the_models_were_not_measured_on_are_not_shown(start, tmp_path):
    frames, labels = digits(TEST)
    keep = labels != 8
    np.savez(tmp_path / "mnist.npz", x_train=frames, y_train=labels, x_test=frames[keep], y_test=labels[keep])
    app = start()
    assert "Expected an .npz in the Keras layout where MNIST_NPZ says, with the digits that the models" in words(app)
    assert not listed(app)


def test_augmentation_is_live(start):
    app = start()
    assert "augmented" not in collect(app)
    app.button(key="augment").click().run()
    first = collect(app)
    assert first.count('alt="The same digit, augmented"') == 23
    app.button(key="augment").click().run()
    assert collect(app) != first
    app.slider(key="augmented_strength").set_value(0).run()
    app.pills(key="augmented_digit").set_value(7).run()
    assert 'alt="Digit number 7"' in collect(app)
    app.button(key="other_digit").click().run()
    assert 'alt="Digit number 17"' in collect(app)


# The map


AREA = {"selection": {"area": {"x": [2.5, 4.5], "y": [1.2, -0.5]}}}


@pytest.fixture
def table():
    return pd.DataFrame({"number": [3, 4, 5], "x": [3.0, 4.0, 5.0], "y": [0.0, 1.0, 1.0]})


def test_an_area_selects_what_lies_in_it(table):
    assert sorted(selected(AREA, table)) == [3, 4]


def test_an_area_of_nothing_selects_nothing(table):
    assert not len(selected({"selection": {"area": {"x": [8, 9], "y": [8, 9]}}}, table))


@pytest.mark.parametrize("state", [None, {}, {"selection": {}}, {"selection": {"area": {}, "point": []}}])
def test_nothing_is_selected(table, state):
    assert not len(selected(state, table))


def test_a_click_selects_one(table):
    assert selected({"selection": {"area": {}, "point": [{"number": 5}]}}, table).tolist() == [5]


def test_a_click_on_what_is_hidden_by_now_selects_nothing(table):
    assert not len(selected({"selection": {"area": {}, "point": [{"number": 9}]}}, table))


def test_nearest_begin_with_the_digit_itself():
    assert nearest(np.array([[0, 0], [5, 5], [1, 0], [0, 3]], np.float32), 2).tolist() == [2, 0, 3, 1]


def test_surroundings_of_a_misread_digit_are_listed(start):
    app = start()
    choices = app.selectbox(key="map_center")
    assert choices.options == ["Number 3: a 3, read as 4", "Number 14: a 4, read as 5"]
    assert not listed(app, "Number ")
    choices.set_value(14).run()
    assert listed(app, "Number ")[:5] == [14, 4, 13, 15, 24]
    assert '<b>It is 4</b><br><span class="wrong" title="Convolutional network">✗ 5, 97%</span>' in collect(app)


def test_selected_on_the_map_is_listed(start, monkeypatch):
    show = import_module("pages.components.dataset.embedding_map").show_chart
    monkeypatch.setattr("pages.components.dataset.embedding_map.show_chart", lambda *a, **k: show(*a, **k) and AREA)
    app = start()
    assert sorted(listed(app, "Number ")) == [3, 4, 13, 14]
    assert listed(app, "Number ")[0] in (3, 14), "misread ones first"


def test_last_selection_is_listed(start, monkeypatch):
    embedding = import_module("pages.components.dataset.embedding_map")
    show = embedding.show_chart
    monkeypatch.setattr(embedding, "show_chart", lambda *a, **k: show(*a, **k) and AREA)
    app = start()
    app.selectbox(key="map_center").set_value(14).run()
    assert len(listed(app, "Number ")) == 40

    monkeypatch.setattr(st, "session_state", state := SimpleNamespace(embedding=SimpleNamespace(**AREA), map_center=14))
    embedding._take_selection()
    assert state.map_center is None


def test_misread_digits_only_stay_where_they_are(start):
    def places(app):
        return [
            layer["encoding"]["x"].get("scale")
            for layer in json.loads(app.get("vega_lite_chart")[-1].proto.spec)["layer"]
        ]

    app = start()
    whole = places(app)
    app.toggle(key="map_errors").set_value(True).run()
    assert "Map of 2 test digits" in app.get("vega_lite_chart")[-1].proto.alt
    assert places(app) == [*whole[1:], whole[0]], "names below the crosses, the same scale"


@pytest.mark.parametrize("only_errors", [False, True])
def test_map_can_be_saved_as_svg(start, monkeypatch, only_errors):
    embedding = import_module("pages.components.dataset.embedding_map")
    drawn, show = [], embedding.show_chart
    monkeypatch.setattr(
        embedding, "show_chart", lambda described, **k: drawn.append(described.chart) or show(described, **k)
    )
    app = start()
    app.toggle(key="map_errors").set_value(only_errors).run()
    marks = to_svg(drawn[-1]).count(b'aria-roledescription="point"')
    assert marks == (2 if only_errors else TEST)


# Missing files


def test_without_mnist_the_stored_statistics_are_shown(start, monkeypatch, tmp_path):
    monkeypatch.delenv("MNIST_NPZ")
    app = start()
    page = words(app)
    assert "MNIST is not on this server" in page
    assert "Training digits" in page
    assert page.count('alt="Mean of the digit') == 10
    assert not app.get("pagination")
    app.selectbox(key="map_center").set_value(3).run()
    assert listed(app, "Number ")[0] == 3


def test_mnist_is_downloaded_when_asked_for(start, monkeypatch, tmp_path):
    monkeypatch.delenv("MNIST_NPZ")

    def download():
        (tmp_path / "datasets").mkdir()
        (tmp_path / "mnist.npz").rename(tmp_path / "datasets" / "mnist.npz")

    monkeypatch.setattr(mnist, "load_mnist", download)
    app = start()
    app.button(key="download_mnist").click().run()
    assert "not on this server" not in words(app)
    assert listed(app)


def test_failed_download_is_a_message(start, monkeypatch):
    def fail():
        raise DatasetError("MNIST cannot be downloaded. Expected a network.")

    monkeypatch.delenv("MNIST_NPZ")
    monkeypatch.setattr(mnist, "load_mnist", fail)
    app = start()
    assert "cannot be downloaded" in words(app.button(key="download_mnist").click().run())


@pytest.mark.parametrize("content", [b"", b"no zip"])
def test_mnist_that_cannot_be_read_is_a_message(start, tmp_path, content):
    (tmp_path / "mnist.npz").write_bytes(content)
    page = words(start())
    assert "MNIST cannot be read from mnist.npz" in page
    assert str(tmp_path) not in page


def test_missing_statistics_are_said_with_the_command(start, weights):
    statistics.STATISTICS.unlink()
    app = start()
    assert "make report" in app.warning[0].value
    assert listed(app)


def test_statistics_of_other_data_are_said(start, weights):
    put_statistics(sha256="of other data")
    assert "stale" in start().warning[0].value


def test_missing_diagnosis_is_said(start, weights):
    (weights / "cnn" / "diagnosis.npz").unlink()
    app = start()
    assert "diagnosis.npz is missing" in app.warning[0].value
    assert "Training digits" in words(app)


def test_path_of_mnist(monkeypatch, tmp_path):
    monkeypatch.delenv("MNIST_NPZ", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    assert mnist_data.mnist_path() is None
    (tmp_path / "datasets").mkdir()
    (tmp_path / "datasets" / "mnist.npz").touch()
    assert mnist_data.mnist_path() == tmp_path / "datasets" / "mnist.npz"
    monkeypatch.setenv("MNIST_NPZ", "elsewhere.npz")
    assert str(mnist_data.mnist_path()) == "elsewhere.npz"


def test_where_there_is_no_home_keras_keeps_mnist_elsewhere(monkeypatch, tmp_path):
    monkeypatch.delenv("MNIST_NPZ", raising=False)
    monkeypatch.delenv("KERAS_HOME", raising=False)
    monkeypatch.setattr(mnist_data.os, "access", lambda path, mode: False)
    looked = []
    monkeypatch.setattr(mnist_data.Path, "is_file", lambda path: looked.append(str(path)))
    assert mnist_data.mnist_path() is None
    assert looked == ["/tmp/.keras/datasets/mnist.npz"]


def test_parts_of_mnist_are_in_the_file_s_order_and_read_only(weights):
    training = mnist.training_digits()
    assert (training.labels == digits(TRAIN)[1]).all()
    assert (training.frames == digits(TRAIN)[0]).all()
    with pytest.raises(ValueError, match="read-only"):
        training.frames[0] = 0
    assert len(mnist.test_digits()) == TEST


def test_part_of_another_layout(tmp_path):
    np.savez(tmp_path / "other.npz", x_test=np.zeros((3, 5)), y_test=np.zeros(3))
    with pytest.raises(DatasetError, match="These are not MNIST's arrays."):
        mnist_data.read_part(tmp_path / "other.npz", "test")
