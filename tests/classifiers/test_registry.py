import subprocess
import sys

import pytest

from model.classifiers import registry
from model.classifiers.registry import MODELS, REPORT_FILE, SHIPPED, WEIGHTS_FILE, available, folder
from model.classifiers.report import load_report
from model.classifiers.runtime import load_classifier
from model.errors import ArtifactError

# What each must reach on MNIST's test set; what others report for such models is less.
LEAST = {"svm": 0.983, "mlp": 0.983, "cnn3": 0.993, "cnn": 0.9965, "ensemble": 0.9965}
REPORT_KEYS = {
    *("model", "parameters", "created", "data", "settings", "seconds", "hardware", "versions"),
    *("calibration", "held_out", "test", "curve", "weights_sha256"),
}


def test_models_come_from_the_simplest_to_the_best():
    assert list(MODELS) == ["softmax", "svm", "mlp", "cnn3", "cnn", "ensemble"]
    assert all(entry.name == name and entry.title and entry.summary.endswith(".") for name, entry in MODELS.items())


def test_every_model_has_a_folder_of_its_own_name():
    assert {name: folder(name).name for name in MODELS} == {name: name for name in MODELS}
    assert {folder(name).parent.name for name in MODELS} == {"weights"}


@pytest.mark.parametrize("name", ["resnet", "", "../secrets"])
def test_a_model_that_is_none_is_refused(name):
    with pytest.raises(ArtifactError, match=rf"no such model. Expected one of softmax, .*ensemble. Received: '{name}'"):
        folder(name)


def test_models_are_available_when_weights_and_report_are_there(tmp_path, monkeypatch):
    monkeypatch.setattr(registry, "_WEIGHTS", tmp_path)
    for name, files in {"mlp": (WEIGHTS_FILE, REPORT_FILE), "svm": (WEIGHTS_FILE,), "cnn3": (REPORT_FILE,)}.items():
        (tmp_path / name).mkdir()
        for file in files:
            (tmp_path / name / file).touch()
    assert available() == ["mlp"]


def test_the_registry_waits_for_nothing_heavy():
    script = (
        "import sys, model.classifiers.registry; assert not {'numpy', 'cv2', 'keras', 'tensorflow'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


@pytest.mark.parametrize("name", available())
def test_reports_say_what_the_models_are(name):
    report = load_report(folder(name))
    assert set(report) >= REPORT_KEYS
    assert report["model"] == name
    assert load_classifier(folder(name)).network.count_params() == report["parameters"]
    assert report["test"]["n"] == 10_000
    assert report["test"]["accuracy"] >= max(LEAST.get(name, 0.92), MODELS[name].reported or 0)


def test_all_weights_together_are_small():
    assert sum(file.stat().st_size for file in folder(SHIPPED).rglob("*.keras")) < 20e6
