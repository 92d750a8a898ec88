"""Weights and report: saved whole, loaded strictly."""

import json
from pathlib import Path

import keras
import numpy as np
import pytest

from model.classifiers import report
from model.classifiers.architectures import build_cnn
from model.classifiers.registry import REPORT_FILE, WEIGHTS_FILE
from model.classifiers.report import keep_unseen, load_report, save
from model.classifiers.runtime import load_classifier
from model.errors import ArtifactError

REPORT = {"calibration": {"threshold": 0.8, "temperature": 1.0}, "note": "made by a test"}


@pytest.fixture(scope="module")
def network():
    keras.utils.set_random_seed(1)
    return build_cnn()


@pytest.fixture
def folder(tmp_path, network):
    save(network, REPORT, tmp_path)
    return tmp_path


def change_report(folder, **changes):
    path = folder / REPORT_FILE
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_what_was_saved_is_loaded(folder, network):
    classifier = load_classifier(folder)
    frames = np.random.default_rng(0).integers(0, 256, (3, 28, 28), np.uint8)
    np.testing.assert_allclose(classifier.predict(frames), network(frames), atol=1e-4)
    assert classifier.threshold == 0.8
    assert load_report(folder)["note"] == "made by a test"
    assert {path.name for path in folder.iterdir()} == {WEIGHTS_FILE, REPORT_FILE}


def test_one_frame_and_many_are_predicted_alike(folder):
    predict = load_classifier(folder).predict
    frames = np.random.default_rng(0).integers(0, 256, (1100, 28, 28), np.uint8)
    many = predict(frames)
    assert many.shape == (1100, 10)
    np.testing.assert_allclose(predict(frames[600:601]), many[600:601], atol=1e-4)
    assert predict(frames[:0]).shape == (0, 10)


@pytest.mark.parametrize("missing", [WEIGHTS_FILE, REPORT_FILE])
def test_missing_files_are_named(folder, missing):
    (folder / missing).unlink()
    with pytest.raises(
        ArtifactError, match=rf"missing. Expected .*{missing}. Received: no such file. .*train_model.py"
    ):
        load_classifier(folder)


def test_truncated_weights_are_refused(folder):
    path = folder / WEIGHTS_FILE
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(ArtifactError, match="damaged, or belongs to another report. Expected sha256"):
        load_classifier(folder)


def test_a_file_that_is_no_network_is_refused_even_with_its_checksum(folder):
    (folder / WEIGHTS_FILE).write_bytes(b"not a network")
    change_report(folder, weights_sha256=report.sha256_of(folder / WEIGHTS_FILE))
    with pytest.raises(ArtifactError, match="cannot be loaded. Expected a Keras model"):
        load_classifier(folder)


def test_another_network_is_refused(tmp_path):
    save(keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)]), REPORT, tmp_path)
    with pytest.raises(ArtifactError, match=r"another network. Expected frames \(28, 28\) in"):
        load_classifier(tmp_path)


def test_report_and_weights_of_two_trainings_are_refused(folder, tmp_path):
    keras.utils.set_random_seed(2)
    other = tmp_path / "other"
    save(build_cnn(), REPORT, other)
    (other / WEIGHTS_FILE).replace(folder / WEIGHTS_FILE)
    with pytest.raises(ArtifactError, match="belongs to another report"):
        load_classifier(folder)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '{"weights_sha256": "a"}', '{"calibration": {"threshold": 0.5}}'],
)
def test_damaged_reports_are_refused(folder, text):
    (folder / REPORT_FILE).write_text(text)
    with pytest.raises(ArtifactError, match="The report is damaged. Expected JSON"):
        load_report(folder)


@pytest.mark.parametrize("threshold", [1.5, -0.1, "0.5", None, float("nan")])
def test_impossible_thresholds_are_refused(folder, threshold):
    change_report(folder, calibration={"threshold": threshold})
    with pytest.raises(ArtifactError, match="Expected a threshold in 0-1"):
        load_report(folder)


def test_digits_in_a_line_may_have_a_threshold_of_their_own(folder):
    assert load_classifier(folder).line_threshold == 0.8
    change_report(folder, calibration={"threshold": 0.8, "line_threshold": 0.6})
    classifier = load_classifier(folder)
    assert (classifier.threshold, classifier.line_threshold) == (0.8, 0.6)


def test_figures_on_hands_are_kept_beside_those_that_were_there(folder):
    keep_unseen(folder, "writers", "ours", {"n": 1})
    keep_unseen(folder, "writers", "usual", {"n": 2})
    keep_unseen(folder, "writers", "ours", {"n": 3})
    keep_unseen(folder, "pictures", "ours", {"pictures": 4})
    assert load_report(folder)["writers"] == {"ours": {"n": 3}, "usual": {"n": 2}}
    assert load_report(folder)["pictures"] == {"ours": {"pictures": 4}}
    assert load_classifier(folder).threshold == 0.8


def test_a_crash_while_saving_leaves_what_was_there(folder, network, monkeypatch):
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    def crash(*_, **__):
        raise RuntimeError("out of disk")

    monkeypatch.setattr(report.json, "dumps", crash)
    with pytest.raises(RuntimeError, match="out of disk"):
        save(network, REPORT, folder)
    assert {name: (folder / name).read_bytes() for name in before} == before
    load_classifier(folder)


def test_a_crash_between_the_two_names_loses_nothing(folder, monkeypatch):
    """The new weights have their name, the new report has not: loading takes both."""
    keras.utils.set_random_seed(3)
    new, rename, renamed = build_cnn(), Path.replace, []

    def crash_at_the_second(path, target):
        renamed.append(path)
        if len(renamed) == 2:
            raise KeyboardInterrupt
        return rename(path, target)

    monkeypatch.setattr(Path, "replace", crash_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        save(new, REPORT | {"note": "the new one"}, folder)
    frames = np.random.default_rng(0).integers(0, 256, (3, 28, 28), np.uint8)
    np.testing.assert_allclose(load_classifier(folder).predict(frames), new(frames), atol=1e-4)
    assert load_report(folder)["note"] == "the new one"
