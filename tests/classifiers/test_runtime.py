"""Classifiers that LiteRT runs: shared by threads, and loaded strictly."""

import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, Event, active_count, get_ident

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from model.classifiers import runtime
from model.classifiers.registry import (
    LITE_FILE,
    MODELS,
    REPORT_FILE,
    SHIPPED,
    SHIPPED_STROKES,
    Input,
    available,
    weights_folder,
)
from model.classifiers.report import load_report, save_report
from model.classifiers.runtime import load_classifier, load_stroke_classifier
from model.errors import ArtifactError
from model.files import sha256_of
from tests.handwriting.reports import make_calibration

ROOT = Path(__file__).parents[2]
SMALLEST = weights_folder("softmax")


@pytest.fixture(scope="module")
def frames():
    return np.random.default_rng(0).integers(0, 256, (200, 28, 28), np.uint8)


@pytest.fixture
def folder(tmp_path):
    """The smallest model's files, to be changed."""
    folder = tmp_path / "weights"
    folder.mkdir()
    for file in (LITE_FILE, REPORT_FILE):
        shutil.copy(SMALLEST / file, folder)
    return folder


def put_lite(folder, content):
    """Replace the LiteRT file, and its checksum in the report."""
    (folder / LITE_FILE).write_bytes(content)
    save_report(load_report(folder) | {"lite_sha256": sha256_of(folder / LITE_FILE)}, folder)


def test_every_model_is_shipped_for_litert():
    assert available() + available(Input.PATH) == list(MODELS)


def test_one_frame_and_many_are_predicted_alike(classifier, frames):
    many = classifier.predict(frames)
    assert (many.shape, many.dtype) == ((200, 10), np.float32)
    one_by_one = np.concatenate([classifier.predict(frame[None]) for frame in frames])
    np.testing.assert_array_equal(many, one_by_one)
    assert classifier.predict(frames[:0]).shape == (0, 10)


def test_frames_may_lie_in_memory_in_any_order(classifier, frames):
    some = frames[:20]
    np.testing.assert_array_equal(
        classifier.predict(some.transpose(0, 2, 1).copy().transpose(0, 2, 1)), classifier.predict(some)
    )
    np.testing.assert_array_equal(classifier.predict(frames[::-9]), classifier.predict(frames)[::-9])


def test_no_answer_is_torn_when_eight_threads_read_at_once(classifier, frames):
    """Batches that are split, batches that are not and single frames, of which each thread has its own."""
    expected, start = classifier.predict(frames), Barrier(8)

    def read(thread):
        rng = np.random.default_rng(thread)
        start.wait(60)
        for _ in range(15):
            chosen = rng.integers(0, len(frames), rng.choice([1, 5, 40]))
            np.testing.assert_array_equal(classifier.predict(frames[chosen]), expected[chosen])
        return True

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(read, range(8)))


def test_a_large_batch_takes_several_threads_and_leaves_none(frames, monkeypatch):
    network = runtime._Network((SMALLEST / LITE_FILE).read_bytes())
    before, together, waited = active_count(), Barrier(runtime._SHARES), set()

    def run(interpreter, frame):
        if get_ident() not in waited:
            waited.add(get_ident())
            together.wait(60)  # ends when all interpreters run at the same time
        return np.zeros(10, np.float32)

    monkeypatch.setattr(runtime._Interpreter, "run", run)
    network.predict(frames)
    assert len(waited) == runtime._SHARES
    assert active_count() == before


def test_a_drawing_does_not_wait_for_a_photo_s_batch(frames, monkeypatch):
    network = runtime._Network((SMALLEST / LITE_FILE).read_bytes())
    drawn = Event()

    def run(interpreter, frame):
        return np.full(10, drawn.wait(60) if frame.any() else 0, np.float32)

    monkeypatch.setattr(runtime._Interpreter, "run", run)
    with ThreadPoolExecutor(2) as photos:
        batches = [photos.submit(network.predict, frames) for _ in range(2)]
        network.predict(np.zeros((1, 28, 28), np.uint8))
        assert not any(batch.done() for batch in batches)
        drawn.set()
        assert all(batch.result(60).all() for batch in batches)


def test_an_interpreter_that_fails_is_free_again(frames, classifier):
    for _ in range(20):
        with pytest.raises(ValueError, match="FLOAT"):
            classifier.predict(frames[:1].astype(np.float32))
    assert classifier.predict(frames[:1]).shape == (1, 10)


def test_thresholds_are_the_report_s(folder):
    report = load_report(folder)
    save_report(report | {"calibration": make_calibration(threshold=0.8)}, folder)
    assert (load_classifier(folder).threshold, load_classifier(folder).line_threshold) == (0.8, 0.8)
    save_report(report | {"calibration": make_calibration(threshold=0.8, line_threshold=0.6)}, folder)
    assert (load_classifier(folder).threshold, load_classifier(folder).line_threshold) == (0.8, 0.6)


@pytest.mark.parametrize("missing", [LITE_FILE, REPORT_FILE])
def test_a_missing_file_is_named(folder, missing):
    (folder / missing).unlink()
    with pytest.raises(ArtifactError, match=f"missing. Expected .*{missing}. Received: no such file. .*train_model.py"):
        load_classifier(folder)


def test_a_damaged_file_is_refused(folder):
    content = (folder / LITE_FILE).read_bytes()
    for damaged in (content[:1000], content[:-1], content[:500] + b"\0" + content[501:]):
        (folder / LITE_FILE).write_bytes(damaged)
        with pytest.raises(
            ArtifactError, match="damaged, or belongs to another report. Expected sha256 .* Received: .*Restore it"
        ):
            load_classifier(folder)


def test_the_file_of_another_model_is_refused(folder):
    shutil.copy(weights_folder("svm") / LITE_FILE, folder)
    with pytest.raises(ArtifactError, match="belongs to another report. Expected sha256 .* Received: "):
        load_classifier(folder)


@pytest.mark.parametrize("content", [b"", b"no network", b"PK\3\4" + bytes(1000)])
def test_a_file_of_another_kind_is_refused_even_with_its_checksum(folder, content):
    put_lite(folder, content)
    with pytest.raises(ArtifactError, match="cannot be loaded. Expected a LiteRT model in .* Received: ValueError"):
        load_classifier(folder)


def test_another_network_is_refused_even_with_its_checksum(folder):
    """The same network, whose only output is its input."""
    network = schema.ModelT.InitFromPackedBuf((folder / LITE_FILE).read_bytes(), 0)
    network.subgraphs[0].outputs = network.subgraphs[0].inputs
    network.signatureDefs = []
    builder = flatbuffers.Builder()
    builder.Finish(network.Pack(builder), b"TFL3")
    put_lite(folder, bytes(builder.Output()))
    with pytest.raises(
        ArtifactError, match=r"another network. Expected .*'float32', \(1, 10\).* Received: .*\(1, 28, 28\)\)\)"
    ):
        load_classifier(folder)


def test_all_models_together_take_little_memory():
    """In a fresh process, whose memory is not that of other tests."""
    code = "from tests.benchmarks import models_cost; print(models_cost.measure())"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert 0 < float(done.stdout) < 100


def test_the_stroke_network_comes_with_its_pair():
    report = load_report(weights_folder(SHIPPED_STROKES))
    strokes, pair = load_stroke_classifier(weights_folder(SHIPPED_STROKES), weights_folder(SHIPPED)), report["pair"]
    assert (strokes.frame_weight, strokes.path_weight) == (pair["frame_weight"], pair["path_weight"])
    assert (strokes.threshold, strokes.line_threshold) == (pair["threshold"], pair["line_threshold"])
    assert strokes.predict(np.zeros((3, 64, 8), np.float32)).shape == (3, 10)


def test_a_pair_with_another_network_is_not_used_and_the_log_says_why(folder, caplog):
    assert load_stroke_classifier(weights_folder(SHIPPED_STROKES), SMALLEST) is None
    assert load_stroke_classifier(folder, SMALLEST) is None
    with_another, with_none = caplog.messages
    assert with_another.startswith("Drawings are read without the stroke network in ")
    assert f"Received: {load_report(weights_folder(SHIPPED))['weights_sha256'][:12]}…" in with_another
    assert "Received: none…. To pair them: python train_model.py --model strokes --resume" in with_none


def test_a_network_that_sees_paths_does_not_pass_for_one_that_sees_frames(folder):
    shutil.copy(weights_folder(SHIPPED_STROKES) / LITE_FILE, folder)
    put_lite(folder, (folder / LITE_FILE).read_bytes())
    with pytest.raises(ArtifactError, match=r"is another network. Expected a frame \('uint8', .* Received: .*64, 8"):
        load_classifier(folder)
