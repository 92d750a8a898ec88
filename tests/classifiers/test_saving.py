"""A trained network and its report: saved together in both formats, or not at all."""

from pathlib import Path

import keras
import numpy as np
import pytest

from model.classifiers import saving
from model.classifiers.architectures import build_softmax
from model.classifiers.inputs import draw_samples
from model.classifiers.networks import compile_predict, load_network
from model.classifiers.registry import LITE_FILE, MODELS, REPORT_FILE, WEIGHTS_FILE, weights_folder
from model.classifiers.report import keep_writers, load_report, verify
from model.classifiers.runtime import load_classifier, load_lite
from model.classifiers.saving import save
from model.errors import ArtifactError
from model.files import partial_path
from tests.handwriting.reports import make_report

pytestmark = pytest.mark.slow

FILES = (REPORT_FILE, WEIGHTS_FILE, LITE_FILE)
NO_WRITERS = {"digits": {}, "left_out": {}, "non_digits": {}}


def untrained(seed):
    keras.utils.set_random_seed(seed)
    return build_softmax()


@pytest.fixture
def folder(tmp_path):
    save(untrained(1), make_report(), tmp_path)
    return tmp_path


@pytest.fixture
def frames():
    return np.random.default_rng(0).integers(0, 256, (3, 28, 28), np.uint8)


def content_of(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_crash_while_saving_leaves_what_was_there(folder, monkeypatch):
    before = content_of(folder)

    def crash(*_, **__):
        raise RuntimeError("out of disk")

    monkeypatch.setattr("json.dumps", crash)
    with pytest.raises(RuntimeError, match="out of disk"):
        save(untrained(2), make_report(), folder)
    monkeypatch.undo()
    assert content_of(folder) == before
    load_classifier(folder)


@pytest.mark.parametrize("renames", [1, 2])
def test_a_crash_between_the_names_loses_nothing(folder, frames, monkeypatch, renames):
    """The new report has its name, the new weights have not: loading takes all of them together."""
    new, rename, renamed = untrained(3), Path.replace, []

    def crash_after_some(path, target):
        renamed.append(path)
        if len(renamed) > renames:
            raise KeyboardInterrupt
        return rename(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(saving, "_finish_interrupted", lambda folder: None)
        patch.setattr(Path, "replace", crash_after_some)
        with pytest.raises(KeyboardInterrupt):
            save(new, make_report(hardware="the new one"), folder)

    def check():
        np.testing.assert_allclose(load_classifier(folder).predict(frames), new(frames), atol=1e-4)
        np.testing.assert_allclose(load_network(folder)(frames), new(frames), atol=1e-4)
        assert {verify(folder, file)["hardware"] for file in (WEIGHTS_FILE, LITE_FILE)} == {"the new one"}

    check()
    keep_writers(folder, "ours", NO_WRITERS)
    check()
    with pytest.raises(ArtifactError, match="The report cannot be saved"):
        save(untrained(4), make_report(seconds=-1), folder)
    check()
    assert load_report(folder)["writers"] == {"ours": NO_WRITERS}
    assert not any(partial_path(folder / file).exists() for file in FILES)


def test_a_crash_at_the_first_name_leaves_what_was_there(folder, monkeypatch):
    before = content_of(folder)

    def crash(path, target):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(saving, "_finish_interrupted", lambda folder: None)
        patch.setattr(Path, "replace", crash)
        with pytest.raises(KeyboardInterrupt):
            save(untrained(3), make_report(), folder)
    assert content_of(folder) == before


@pytest.mark.parametrize("bias", [0.01, np.nan])
def test_a_network_that_litert_reads_differently_is_not_saved(folder, monkeypatch, bias):
    before, convert = content_of(folder), saving.to_lite

    def convert_another(network):
        other = keras.models.clone_model(network)
        weights = network.get_weights()
        other.set_weights([*weights[:-1], weights[-1] + bias])
        return convert(other)

    monkeypatch.setattr(saving, "to_lite", convert_another)
    expected = (
        r"LiteRT reads the network differently. Expected logits within 0.001 of Keras's for 1,000 digits. Rec.*: "
    )
    with pytest.raises(ArtifactError, match=expected):
        save(untrained(2), make_report(), folder)
    assert content_of(folder) == before


@pytest.mark.parametrize("name", MODELS)
def test_shipped_files_of_a_model_hold_the_same_network(name):
    kind, folder = MODELS[name].input, weights_folder(name)
    digits, _ = draw_samples(kind, 1000, np.random.default_rng(1))
    expected = compile_predict(load_network(folder))(digits)
    received = load_lite(folder / LITE_FILE, kind)(digits)
    np.testing.assert_allclose(received, expected, atol=1e-3)
    np.testing.assert_array_equal(received.argmax(axis=1), expected.argmax(axis=1))
