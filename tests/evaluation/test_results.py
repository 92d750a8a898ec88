"""Saved results: loaded as they were saved, and refused if they are missing, damaged or stale."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from model.classifiers import registry
from model.classifiers.registry import LITE_FILE, REPORT_FILE, WEIGHTS_FILE
from model.data import statistics as statistics_of_mnist
from model.data.mnist import LABEL_ERRORS
from model.data.statistics import Statistics, save_statistics
from model.errors import ArtifactError
from model.evaluation import results
from model.evaluation.diagnosis import Diagnosis
from model.evaluation.metrics import evaluate
from model.evaluation.results import (
    DIAGNOSIS_FILE,
    EVALUATION_FILE,
    Evaluation,
    load_data_statistics,
    load_diagnosis,
    load_evaluation,
    save_diagnosis,
    save_evaluation,
)
from model.evaluation.robustness import Robustness
from model.reading import softmax
from tests.handwriting.reports import SHA256 as DATA_SHA256
from tests.handwriting.reports import make_data, make_report, put_report

STATISTICS_FILE = "statistics.npz"
SHA256 = hashlib.sha256(b"weights").hexdigest()
REPORT = make_report(weights_sha256=SHA256, lite_sha256=SHA256)
LOADERS = {
    EVALUATION_FILE: load_evaluation,
    DIAGNOSIS_FILE: load_diagnosis,
    STATISTICS_FILE: load_data_statistics,
}


def write_weights(folder, content=b"weights", **changes):
    """Write a file in place of weights, and a report with its checksum."""
    put_report(folder, content, **changes)


def evaluation(n=300, seed=0):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 10, n).astype(np.uint8)
    logits = rng.normal(0, 2, (n, 10)) + 8 * np.eye(10)[labels]
    return Evaluation("cnn", REPORT, labels, softmax(logits).astype(np.float32), 7)


def diagnosis(m=3, n=20):
    rng = np.random.default_rng(0)
    saliency = rng.uniform(-1, 1, (m, 28, 28)).astype(np.float32)
    return Diagnosis(
        indices=np.arange(m, dtype=np.int32),
        frames=rng.integers(0, 256, (m, 28, 28), np.uint8),
        compared=np.array([[9, 4]] * m, np.uint8),
        saliency=saliency / np.abs(saliency).max(),
        neighbors=rng.integers(0, 60_000, (m, 8), np.int32),
        neighbor_labels=rng.integers(0, 10, (m, 8), np.uint8),
        embedding=rng.normal(0, 40, (n, 2)).astype(np.float32),
        robustness=(
            Robustness("rotation", "degrees", (-10.0, 0.0, 10.0), (0.9, 1.0, 0.8), 2000, (-10.0, 10.0)),
            Robustness("blur", "px", (0.0, 1.0), (1.0, 0.99), 2000, ()),
        ),
    )


def statistics():
    counts = np.arange(10, dtype=np.int64)
    pixels = np.random.default_rng(0).integers(0, 256, (2, 10, 28, 28), np.uint8)
    return Statistics(
        train_counts=counts,
        test_counts=counts + 1,
        mean=pixels[0],
        spread=pixels[1],
        quantiles=np.array([0.5]),
        ink_share=np.linspace(0.1, 0.2, 10)[:, None],
        stroke_width=np.ones((10, 4), np.int64),
        stroke_edges=np.arange(5.0),
        intensity=np.arange(256, dtype=np.int64),
        facts={"train": 45, "test": 55, "sha256": DATA_SHA256},
    )


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Folder of the shipped model with all that is saved of it."""
    monkeypatch.setattr(registry, "_WEIGHTS", tmp_path)
    folder = registry.weights_folder("cnn")
    folder.mkdir()
    monkeypatch.setattr(statistics_of_mnist, "STATISTICS", folder / STATISTICS_FILE)
    write_weights(folder)
    save_evaluation(folder, evaluation())
    save_diagnosis(folder, diagnosis())
    save_statistics(statistics())
    return folder


def test_a_report_without_metrics_of_the_test_set_is_refused(folder):
    report = REPORT | {"test": {"n": 10_000}}
    (folder / "report.json").write_text(json.dumps(report), encoding="utf-8")
    with pytest.raises(ArtifactError, match=r"Expected the field errors as report.test in .* Received: \['n'\]"):
        load_evaluation()


@pytest.mark.usefixtures("folder")
def test_an_evaluation_is_loaded_as_it_was_saved():
    written, read = evaluation(), load_evaluation()
    assert (read.name, read.report, read.size_bytes) == ("cnn", REPORT, len(b"weights"))
    np.testing.assert_array_equal(read.labels, written.labels)
    np.testing.assert_array_equal(read.predicted, written.predicted)
    np.testing.assert_array_equal(read.correct, written.correct)
    np.testing.assert_allclose(read.probabilities, written.probabilities, atol=3e-4, rtol=1e-2)
    np.testing.assert_allclose(read.probabilities.sum(axis=1), 1, atol=1e-6)
    assert (read.labels.dtype, read.probabilities.dtype) == (np.uint8, np.float32)


@pytest.mark.usefixtures("folder")
def test_metrics_survive_to_four_decimals():
    before, after = (
        evaluate(np.log(each.probabilities), each.labels, 0.7) for each in (evaluation(), load_evaluation())
    )
    for figure in ("accuracy", "macro_f1", "log_loss", "ece", "coverage", "selective_accuracy"):
        assert after[figure] == pytest.approx(before[figure], abs=5e-5), figure
    assert after["confusion"] == before["confusion"]


def test_saving_keeps_the_prediction_of_nearly_equal_probabilities(folder):
    probabilities = np.zeros((2, 10), np.float32)
    probabilities[0, [3, 8]] = 0.49999, 0.50001
    probabilities[1, [3, 8]] = 0.50001, 0.49999
    save_evaluation(folder, Evaluation("cnn", REPORT, np.array([3, 8], np.uint8), probabilities, 7))
    assert load_evaluation().predicted.tolist() == [8, 3]


@pytest.mark.usefixtures("folder")
def test_a_diagnosis_is_loaded_as_it_was_saved():
    written, read = diagnosis(), load_diagnosis()
    for name in ("indices", "frames", "compared", "neighbors", "neighbor_labels"):
        np.testing.assert_array_equal(getattr(read, name), getattr(written, name))
        assert getattr(read, name).dtype == getattr(written, name).dtype
    np.testing.assert_allclose(read.saliency, written.saliency, atol=0.004)
    np.testing.assert_allclose(read.embedding, written.embedding, rtol=1e-3)
    assert (read.saliency.dtype, read.embedding.dtype) == (np.float32, np.float32)
    assert read.robustness == written.robustness


@pytest.mark.usefixtures("folder")
def test_statistics_are_loaded_as_they_were_saved():
    written, read = statistics(), load_data_statistics()
    assert read.facts == written.facts
    for name in set(Statistics.__slots__) - {"facts"}:
        np.testing.assert_array_equal(getattr(read, name), getattr(written, name))


@pytest.mark.usefixtures("folder")
def test_loaded_arrays_are_read_only():
    parts = load_evaluation(), load_diagnosis(), load_data_statistics()
    arrays = [
        value for part in parts for name in part.__slots__ if isinstance(value := getattr(part, name), np.ndarray)
    ]
    assert len(arrays) > 15
    assert not any(array.flags.writeable for array in arrays)


@pytest.mark.parametrize("file", LOADERS)
def test_a_missing_file_is_named_with_the_command_that_makes_it(folder, file):
    (folder / file).unlink()
    with pytest.raises(
        ArtifactError, match=rf"missing. Expected .*{file}. Received: no such file. Make .*make report$"
    ):
        LOADERS[file]()


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04"])
@pytest.mark.parametrize("file", LOADERS)
def test_a_damaged_file_is_refused(folder, file, content):
    (folder / file).write_bytes(content)
    with pytest.raises(ArtifactError, match="is damaged. Expected .* Received: .*make report$"):
        LOADERS[file]()


@pytest.mark.parametrize("file", LOADERS)
def test_a_truncated_file_is_refused(folder, file):
    content = (folder / file).read_bytes()
    (folder / file).write_bytes(content[: len(content) // 2])
    with pytest.raises(ArtifactError, match="is damaged"):
        LOADERS[file]()


@pytest.mark.parametrize("file", LOADERS)
def test_flipped_bits_are_noticed(folder, file):
    content = bytearray((folder / file).read_bytes())
    content[len(content) // 3] ^= 0xFF
    (folder / file).write_bytes(content)
    with pytest.raises(ArtifactError, match="is damaged"):
        LOADERS[file]()


@pytest.mark.parametrize(
    ("name", "array"),
    [("labels", None), ("labels", np.zeros((3, 3), np.uint8)), ("log_probabilities", np.zeros((3, 10), np.float64))],
)
def test_missing_arrays_and_other_shapes_and_dtypes_are_refused(folder, name, array):
    with np.load(folder / EVALUATION_FILE) as file:
        arrays = dict(file) | {name: array}
    np.savez(folder / EVALUATION_FILE, **{key: value for key, value in arrays.items() if value is not None})
    with pytest.raises(ArtifactError, match=f"is damaged. Expected .*Received: .*{name}"):
        load_evaluation()


@pytest.mark.parametrize(
    ("file", "name", "text"),
    [
        (DIAGNOSIS_FILE, "robustness", "no JSON"),
        (DIAGNOSIS_FILE, "robustness", '[{"name": "rotation"}]'),
        (STATISTICS_FILE, "facts", "no JSON"),
        (STATISTICS_FILE, "facts", "[1]"),
    ],
)
def test_malformed_json_is_refused(folder, file, name, text):
    with np.load(folder / file) as stored:
        arrays = dict(stored) | {name: np.array(text)}
    np.savez(folder / file, **arrays)
    with pytest.raises(ArtifactError, match="is damaged. Expected .* as JSON in .* Received: .*make report$"):
        LOADERS[file]()


def test_nothing_pickled_is_loaded(folder):
    np.savez(folder / EVALUATION_FILE, sha256=SHA256, labels=np.array([print], object), log_probabilities=np.ones(1))
    with pytest.raises(ArtifactError, match="is damaged.*allow_pickle=False"):
        load_evaluation()


@pytest.mark.parametrize("file", [EVALUATION_FILE, DIAGNOSIS_FILE])
def test_results_of_other_weights_are_stale(folder, file):
    write_weights(folder, b"trained again")
    with pytest.raises(ArtifactError, match=rf"is stale. Expected sha256 .*Received: {SHA256[:12]}.*make report$"):
        LOADERS[file]()


def test_statistics_of_other_data_are_stale(folder):
    write_weights(folder, data=make_data(sha256=SHA256))
    with pytest.raises(
        ArtifactError, match=f"is stale. Expected sha256 {SHA256[:12]}.*Received: {DATA_SHA256[:12]}.*make report$"
    ):
        load_data_statistics()


@pytest.mark.parametrize("load", [load_evaluation, load_diagnosis])
def test_weights_with_the_report_of_others_have_no_results(folder, load):
    (folder / WEIGHTS_FILE).write_bytes(b"of another training")
    with pytest.raises(ArtifactError, match="belongs to another report"):
        load()
    (folder / WEIGHTS_FILE).unlink()
    with pytest.raises(ArtifactError, match="The weights are missing"):
        load()


@pytest.mark.usefixtures("folder")
def test_unknown_models_and_models_that_are_not_there_are_refused():
    with pytest.raises(ArtifactError, match="no such model. Expected one of .*Received: 'perceptron'"):
        load_evaluation("perceptron")
    with pytest.raises(ArtifactError, match="The report is missing"):
        load_evaluation("mlp")


def test_each_model_has_its_own_evaluation(folder):
    other = registry.weights_folder("mlp")
    other.mkdir()
    write_weights(other, b"of the mlp")
    save_evaluation(other, evaluation(50, seed=1))
    read = load_evaluation("mlp")
    assert (read.name, len(read.labels), read.size_bytes) == ("mlp", 50, len(b"of the mlp"))
    assert len(load_evaluation().labels) == 300


@pytest.mark.parametrize(
    ("file", "save"),
    [
        (EVALUATION_FILE, lambda folder: save_evaluation(folder, evaluation())),
        (DIAGNOSIS_FILE, lambda folder: save_diagnosis(folder, diagnosis())),
        (STATISTICS_FILE, lambda folder: save_statistics(statistics())),
    ],
)
def test_a_crash_while_writing_leaves_what_was_there(folder, monkeypatch, file, save):
    before = (folder / file).read_bytes()

    def crash(stream, **_):
        stream.write(b"half of it")
        raise OSError("no space left on device")

    monkeypatch.setattr(results.np, "savez_compressed", crash)
    with pytest.raises(OSError, match="no space left"):
        save(folder)
    assert (folder / file).read_bytes() == before
    LOADERS[file]()


def test_saving_leaves_no_temporary_file(folder):
    assert {path.name for path in folder.iterdir()} == {WEIGHTS_FILE, LITE_FILE, REPORT_FILE, *LOADERS}


def test_the_disputed_labels_are_fifteen_test_digits():
    assert len(set(LABEL_ERRORS)) == 15
    assert list(LABEL_ERRORS) == sorted(LABEL_ERRORS)
    assert LABEL_ERRORS[-1] < 10_000


def test_importing_loads_neither_tensorflow_nor_scikit_learn():
    script = (
        "import sys; from model.evaluation import metrics, results\n"
        "assert not {'tensorflow', 'keras', 'sklearn', 'scipy', 'pandas'} & set(sys.modules), 'heavy imports'"
    )
    subprocess.run([sys.executable, "-c", script], cwd=Path(__file__).parents[2], check=True)
