"""Training end to end on a few drawn digits: the command, its checkpoints, interruptions and refusals.

The network is the smallest one that learns in two phases.
"""

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import train_model
from model.classifiers.architectures import build_softmax
from model.classifiers.registry import MODELS, REPORT_FILE, SHIPPED, WEIGHTS_FILE, weights_folder
from model.classifiers.report import load_report, save_report
from model.classifiers.runtime import load_classifier
from model.classifiers.saving import save
from model.data.mnist import load_mnist
from model.data.pen_strokes import PenStrokes
from model.errors import ArtifactError
from model.training.dispatch import TRAINERS
from model.training.folder_lock import LOCK_FILE
from model.training.held_out import FINE_TUNING_AUGMENTATION, HeldOutSets
from model.training.trainer import InitialWeights, RunFiles, Settings, train
from tests.handwriting.drawn_mnist import write_drawn
from tests.handwriting.reports import make_report
from tests.handwriting.stroke_files import digit_file, non_digit_file

pytestmark = pytest.mark.slow

ROOT = Path(train_model.__file__).parent
MODEL = "cnn3"
EPOCHS = 4
TRAINED = ("loss", "accuracy", "held_out_errors", "held_out_accuracy")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return write_drawn(tmp_path_factory.mktemp("data") / "drawn.npz", train=240, test=40)


def arguments(data, folder, *more):
    sizes = ["--model", MODEL, "--epochs", str(EPOCHS), "--batch-size", "32"]
    return ["--data", str(data), "--output", str(folder / "out"), "--checkpoints", str(folder / "ck"), *sizes, *more]


@pytest.fixture(scope="module")
def trained(data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    assert train_model.main(arguments(data, folder)) == 0
    return folder


@pytest.fixture
def trained_copy(trained, tmp_path):
    """What `trained` holds, to be changed."""
    return shutil.copytree(trained, tmp_path / "trained")


def start(data, folder, *more):
    """Start a training whose Ctrl-C works, even where the tests run in the background and ignore it."""
    command = [sys.executable, "train_model.py", *arguments(data, folder, *more)]
    default = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, cwd=ROOT, preexec_fn=default, **pipes)  # noqa: PLW1509 - one call, no lock


def last_epoch(checkpoints):
    return max((int(path.name.removeprefix("epoch-")) for path in checkpoints.glob("epoch-*")), default=0)


def wait_for(checkpoint, processes, seconds=120):
    """Wait until the epoch of a checkpoint is done; one process at least must go on."""
    deadline = time.monotonic() + seconds
    while last_epoch(checkpoint.parent) < int(checkpoint.name.removeprefix("epoch-")):
        assert any(process.poll() is None for process in processes), processes[0].communicate()[1]
        assert time.monotonic() < deadline, f"no {checkpoint.name} after {seconds} s"
        time.sleep(0.02)


def test_weights_and_report_belong_together(trained):
    report = load_report(trained / "out")
    assert load_classifier(trained / "out").threshold == report["calibration"]["threshold"]
    assert report["data"]["trained_on"] == 220
    assert report["data"]["held_out"] == 20
    assert report["test"]["n"] == 40
    assert report["settings"] == {"epochs": EPOCHS, "batch_size": 32, "seed": 0, "bfloat16": False}
    assert len(report["curve"]) == EPOCHS
    assert report["versions"]["tensorflow"]


def test_the_epoch_with_the_fewest_held_out_errors_is_kept(trained):
    report = load_report(trained / "out")
    refined = [row["held_out_errors"] for row in report["curve"] if row["augmentation"] < 1]
    assert 0 < len(refined) < EPOCHS
    assert report["best_epoch"] > EPOCHS - len(refined)
    assert report["curve"][report["best_epoch"] - 1]["held_out_errors"] == min(refined)
    assert report["held_out"]["held_out_errors"] == pytest.approx(min(refined))


def test_ink_files_are_trained_on_and_some_writers_are_held_out(data, tmp_path):
    ink = [digit_file(tmp_path / "digits.jsonl"), non_digit_file(tmp_path / "letters.jsonl")]
    assert train_model.main([*arguments(data, tmp_path, "--epochs", "2"), "--ink", *map(str, ink)]) == 0
    report = load_report(tmp_path / "out")
    numbers = {name: report["data"][name] for name in ("stroke_digits", "stroke_non_digits", "strokes_held_out")}
    assert numbers == {"stroke_digits": 100, "stroke_non_digits": 25, "strokes_held_out": 25}, (
        "one writer in six is held out"
    )
    assert set(report["data"]["strokes_sha256"]) == {"digits.jsonl", "letters.jsonl"}
    assert 0 <= report["held_out"]["held_out_strokes_accuracy"] <= 1
    assert {"held_out_strokes_accuracy", "held_out_accuracy"} <= set(report["curve"][-1])


def test_the_report_measures_the_saved_weights(trained, data):
    classifier, test = load_classifier(trained / "out"), load_mnist(data).test
    accuracy = (classifier.predict(test.frames).argmax(axis=1) == test.labels).mean()
    assert accuracy == load_report(trained / "out")["test"]["accuracy"]


def test_killed_and_resumed_gives_the_same_history(data, trained, tmp_path, capsys):
    process = start(data, tmp_path)
    wait_for(tmp_path / "ck/epoch-0002", [process])
    process.kill()
    process.communicate()
    assert not list((tmp_path / "out").iterdir())
    assert (tmp_path / "ck" / LOCK_FILE).read_text() == str(process.pid), "it is stale"
    shutil.copytree(trained / "ck" / f"epoch-{EPOCHS:04d}", tmp_path / "ck/epoch-0007")
    (tmp_path / "ck/epoch-0001").mkdir(exist_ok=True)
    assert train_model.main(arguments(data, tmp_path, "--resume")) == 0
    assert f"epoch 1/{EPOCHS}" not in capsys.readouterr().out
    whole, resumed = (load_report(folder / "out")["curve"] for folder in (trained, tmp_path))
    for before, after in zip(whole, resumed, strict=True):
        for name in TRAINED:
            assert after[name] == pytest.approx(before[name], rel=1e-3), name


def test_of_two_runs_started_at_once_one_ends_and_the_other_goes_on(data, tmp_path, capsys):
    processes = [start(data, tmp_path, "--epochs", "1000") for _ in range(2)]  # more than are done before both are up
    wait_for(tmp_path / "ck/epoch-0002", processes)
    while all(process.poll() is None for process in processes):
        time.sleep(0.02)
    (ended,) = (process for process in processes if process.poll() is not None)
    (running,) = (process for process in processes if process is not ended)
    _, stderr = ended.communicate()
    assert ended.returncode == 2
    assert stderr.splitlines()[-1] == (
        f"{tmp_path / 'ck'} is in use. Expected a folder that no other run trains in: wait until that one has ended, "
        f"or name another folder by --checkpoints. Received: a folder locked by process {running.pid}."
    )
    done = last_epoch(tmp_path / "ck")
    wait_for(tmp_path / f"ck/epoch-{done + 2:04d}", [running])
    running.kill()
    running.communicate()
    assert train_model.main(arguments(data, tmp_path, "--epochs", "1000")) == 2, "its run is not discarded"
    assert re.search(r"Received: neither, and \d+ of 1000 epochs done", capsys.readouterr().err)


def test_ctrl_c_ends_it_cleanly(data, tmp_path):
    process = start(data, tmp_path, "--epochs", "100")  # more than are done before the signal comes
    wait_for(tmp_path / "ck/epoch-0001", [process])
    process.send_signal(signal.SIGINT)
    try:
        _, stderr = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == train_model.INTERRUPTED
    assert "Stopped." in stderr
    assert "--resume" in stderr
    assert "Traceback" not in stderr


def test_ctrl_c_is_heard_where_its_exception_would_be_swallowed(data, tmp_path, monkeypatch):
    def score(*_):
        with suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        return {"held_out_accuracy": 0.5, "held_out_errors": 0.5}

    monkeypatch.setattr(HeldOutSets, "score", score)
    before = signal.getsignal(signal.SIGINT)
    assert train_model.main(arguments(data, tmp_path)) == train_model.INTERRUPTED
    assert last_epoch(tmp_path / "ck") == 1
    assert signal.getsignal(signal.SIGINT) is before


def test_a_checkpoint_of_other_settings_is_refused(data, trained):
    with pytest.raises(ArtifactError, match="is of another run. Expected .*'seed': 1.* Received: .*'seed': 0"):
        train(
            load_mnist(data),
            PenStrokes([], [], {}),
            Settings(EPOCHS, 32, seed=1),
            RunFiles(trained / "ck", resume=True),
            MODEL,
        )


def test_better_weights_are_not_replaced_unless_told(data, trained_copy, capsys):
    output = trained_copy / "out"
    report = load_report(output)
    report["held_out"]["held_out_errors"] = 0.0
    save_report(report, output)
    before = (output / WEIGHTS_FILE).read_bytes()
    again = arguments(data, trained_copy, "--resume")  # all epochs are done: nothing is trained again
    assert train_model.main(again) == 2
    assert "worse than those in" in capsys.readouterr().err
    assert (output / WEIGHTS_FILE).read_bytes() == before
    assert train_model.main([*again, "--force"]) == 0
    assert load_report(output)["held_out"]["held_out_errors"] > 0


def test_weights_trained_on_other_data_are_not_replaced_unless_told(data, trained_copy, capsys):
    output = trained_copy / "out"
    report = load_report(output)
    report["data"]["strokes_sha256"] = {"writers.jsonl": "0" * 64}
    save_report(report, output)
    assert train_model.main(arguments(data, trained_copy, "--checkpoints", str(trained_copy / "other"))) == 2
    assert re.search(
        r"were trained on other data. Expected the same, to compare them: MNIST \w{8}…, writers.jsonl 00000000…. "
        r"Received: MNIST \w{8}….",
        capsys.readouterr().err,
    )
    assert not (trained_copy / "other").exists(), "it is said before training"
    assert train_model.main(arguments(data, trained_copy, "--resume", "--force")) == 0


def test_trained_weights_are_only_fine_tuned(data, tmp_path):
    """Train one epoch on two hundred digits, too little for a network with random weights."""
    more = ["--start-from", str(weights_folder(MODEL)), "--epochs", "1"]
    assert train_model.main([*arguments(data, tmp_path), *more]) == 0
    report, start = load_report(tmp_path / "out"), load_report(weights_folder(MODEL))
    assert report["started_from"]["weights_sha256"] == start["weights_sha256"]
    (row,) = report["curve"]
    assert row["augmentation"] == FINE_TUNING_AUGMENTATION
    assert report["seconds"] == pytest.approx(start["seconds"] + row["seconds"], abs=1), "all that it took"
    assert row["held_out_accuracy"] > 0.9


def test_fine_tuned_weights_are_averaged_with_the_initial_ones():
    initial, network = build_softmax(), build_softmax()
    expected = [(a + b) / 2 for a, b in zip(initial.get_weights(), network.get_weights(), strict=True)]
    InitialWeights(initial.get_weights(), {}).average_with(network)
    for received, mean in zip(network.get_weights(), expected, strict=True):
        np.testing.assert_array_equal(received, mean)


def test_weights_of_another_network_are_not_started_from(data, tmp_path, capsys):
    save(build_softmax(), make_report(), tmp_path / "other")
    assert train_model.main(arguments(data, tmp_path, "--start-from", str(tmp_path / "other"))) == 2
    assert "another network's. Expected those of cnn3. Received: " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "epochs"),
    [([], MODELS[SHIPPED].epochs), (["--quick"], train_model.QUICK_EPOCHS), (["--quick", "--epochs", "2"], 2)],
)
def test_quick_trains_fewer_epochs(data, tmp_path, monkeypatch, given, epochs):
    def stop(mnist, ink, settings, *args, **options):
        raise ArtifactError(f"{settings.epochs} epochs")

    monkeypatch.setitem(TRAINERS, MODELS[SHIPPED].trainer, stop)
    with pytest.raises(ArtifactError, match=f"^{epochs} epochs$"):
        train_model.train_and_save(train_model.parse(["--data", str(data), "--output", str(tmp_path), *given]))


def test_an_unfinished_run_is_not_thrown_away(data, trained, tmp_path, capsys):
    shutil.copytree(trained / "ck", tmp_path / "ck")
    state = tmp_path / "ck/state.json"
    unfinished = json.loads(state.read_text())
    unfinished["identity"]["epochs"] = EPOCHS + 1
    state.write_text(json.dumps(unfinished))
    assert train_model.main(arguments(data, tmp_path)) == 2
    assert "holds an unfinished run. Expected --resume" in capsys.readouterr().err
    assert state.exists()


@pytest.mark.parametrize("damaged", ["state.json", f"epoch-{EPOCHS:04d}/best.keras"])
def test_a_damaged_checkpoint_is_said_in_one_line(data, trained, tmp_path, capsys, damaged):
    shutil.copytree(trained / "ck", tmp_path / "ck")
    (tmp_path / "ck" / damaged).write_text("{")
    assert train_model.main(arguments(data, tmp_path, "--resume")) == 2
    assert capsys.readouterr().err.startswith("The checkpoint is damaged. Expected")


@pytest.mark.parametrize("report", [{"held_out": 3}, {"data": {}}])
def test_weights_whose_report_compares_to_nothing_are_replaced(trained, tmp_path, report, capsys):
    output = tmp_path / "out"
    shutil.copytree(trained / "out", output)
    path = output / REPORT_FILE
    path.write_text(json.dumps(json.loads(path.read_text()) | report))
    train_model.refuse_worse({"data": {"sha256": "x"}, "held_out": {"held_out_errors": 1.0}}, output)
    assert re.fullmatch(
        r"What is in .*out cannot be used and is replaced. The report is damaged. Expected .* Received: .*\n",
        capsys.readouterr().err,
    )


def test_nowhere_to_save_is_said_before_training(data, tmp_path, capsys):
    (tmp_path / "out").write_text("a file where the folder should be")
    assert train_model.main(arguments(data, tmp_path)) == 2
    assert "out" in capsys.readouterr().err
    assert not (tmp_path / "ck").exists()


@pytest.mark.parametrize("name", ["softmax", "svm"])
def test_logs_without_tensorboard_are_refused_before_training(data, tmp_path, monkeypatch, capsys, name):
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    places = ["--output", str(tmp_path / "out"), "--tensorboard", str(tmp_path / "logs")]
    places += [] if name == "svm" else ["--checkpoints", str(tmp_path / "ck")]
    assert train_model.main(["--model", name, "--data", str(data), *places]) == 2
    assert capsys.readouterr().err == (
        "TensorBoard's logs cannot be written. Expected the package tensorboard: pip install tensorboard. "
        "Received: no such package.\n"
    )
    assert not list((tmp_path / "logs").iterdir())
