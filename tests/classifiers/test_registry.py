import shutil
import subprocess
import sys

import pytest

from model.classifiers import architectures, registry
from model.classifiers.networks import load_network
from model.classifiers.registry import (
    LITE_FILE,
    MODELS,
    REPORT_FILE,
    SHIPPED,
    WEIGHTS_FILE,
    Input,
    Trainer,
    available,
    weights_folder,
)
from model.classifiers.report import load_report
from model.errors import ArtifactError
from model.training.dispatch import TRAINERS

pytestmark = pytest.mark.slow

# What each must reach on its test set; what others report for such models is less.
LEAST = {"svm": 0.983, "mlp": 0.983, "cnn3": 0.993, "cnn": 0.9965, "ensemble": 0.9965, "strokes": 0.98}
REPORT_KEYS = {
    *("model", "parameters", "created", "data", "settings", "seconds", "hardware", "versions"),
    *("calibration", "held_out", "test", "curve", "weights_sha256", "lite_sha256"),
}


def test_models_come_from_the_simplest_to_the_best():
    assert list(MODELS) == ["softmax", "svm", "mlp", "cnn3", "cnn", "ensemble", "strokes"]
    assert all(entry.name == name and entry.title and entry.summary.endswith(".") for name, entry in MODELS.items())


def test_every_model_has_a_folder_of_its_own_name():
    assert {name: weights_folder(name).name for name in MODELS} == {name: name for name in MODELS}
    assert {weights_folder(name).parent.name for name in MODELS} == {"weights"}


@pytest.mark.parametrize("name", ["resnet", "", "../secrets"])
def test_an_unknown_model_is_refused(name):
    with pytest.raises(ArtifactError, match=rf"no such model. Expected one of softmax, .*strokes. Received: '{name}'"):
        weights_folder(name)


def test_models_are_available_when_their_litert_file_and_report_are_there(tmp_path, monkeypatch):
    monkeypatch.setattr(registry, "_WEIGHTS", tmp_path)
    for name, files in {
        "mlp": (LITE_FILE, REPORT_FILE),
        "svm": (LITE_FILE,),
        "cnn3": (WEIGHTS_FILE, REPORT_FILE),
    }.items():
        (tmp_path / name).mkdir()
        for file in files:
            (tmp_path / name / file).touch()
        if name == "mlp":
            shutil.copytree(tmp_path / name, tmp_path / "strokes")
    assert available() == ["mlp"]
    assert available(Input.PATH) == ["strokes"]


def test_importing_the_registry_loads_no_heavy_package():
    script = (
        "import sys, model.classifiers.registry; assert not {'numpy', 'cv2', 'keras', 'tensorflow'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_every_model_names_a_builder_and_what_is_reported_has_a_source():
    for spec in MODELS.values():
        assert callable(getattr(architectures, spec.builder)), spec.name
        assert spec.reported is None or (0.9 < spec.reported.accuracy < 1 and spec.reported.source), spec.name
    assert {spec.trainer for spec in MODELS.values()} == set(Trainer) == set(TRAINERS)


@pytest.mark.parametrize("name", MODELS)
def test_reports_say_what_the_models_are(name):
    report, reported = load_report(weights_folder(name)), MODELS[name].reported
    assert set(report) >= REPORT_KEYS
    assert report["model"] == name
    assert load_network(weights_folder(name)).count_params() == report["parameters"]
    assert MODELS[name].input is Input.PATH or report["test"]["n"] == 10_000
    assert report["test"]["accuracy"] >= max(LEAST.get(name, 0.92), reported.accuracy if reported else 0)


def test_all_weights_together_are_small():
    files = [file for pattern in ("*.keras", "*.tflite") for file in weights_folder(SHIPPED).parent.rglob(pattern)]
    assert len(files) == 2 * len(MODELS)
    assert sum(file.stat().st_size for file in files) < 40e6
