"""Checkpoints and the lock of their folder; files of text stand in for networks."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from model.errors import ArtifactError, TrainingError
from model.training.checkpoints import CheckpointStore
from model.training.folder_lock import LOCK_FILE, lock_folder
from tests.handwriting.reports import make_curve

ROOT = Path(__file__).parents[2]
IDENTITY = {"epochs": 4, "seed": 0}
ERRORS = (0.5, 0.2, 0.3, 0.3)
"""Held-out errors after each epoch; the last two epochs are the fine-tuning phase."""


class TextNetwork:
    def __init__(self, text):
        self.text = text

    def save(self, path):
        path.write_text(self.text)


def save_epoch(store):
    epoch = store.epoch + 1
    row = make_curve(1)[0] | {"held_out_errors": ERRORS[epoch - 1], "augmentation": 1.0 if epoch < 3 else 0.4}
    store.save(TextNetwork(f"last {epoch}"), TextNetwork(f"averaged {epoch}"), row)


def opened(folder, resume=False, **identity):
    return CheckpointStore.open(folder, IDENTITY | identity, resume)


def run(folder, epochs):
    store = opened(folder)
    for _ in range(epochs):
        save_epoch(store)
    return store


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def networks(store):
    return [(store.path / f"{name}.keras").read_text() for name in ("last", "best")]


@pytest.mark.parametrize(("epochs", "best"), [(1, 1), (2, 2), (3, 3), (4, 4)])
def test_an_epoch_leaves_its_networks_and_the_history(tmp_path, epochs, best):
    """The third epoch is the best of its phase, though the second one had fewer errors; the fourth equals it."""
    store = run(tmp_path, epochs)
    assert names(tmp_path) == [f"epoch-{epochs:04d}", "state.json"]
    assert networks(store) == [f"last {epochs}", f"averaged {best}"]
    assert (store.epoch, store.best_epoch) == (epochs, best)
    assert opened(tmp_path, resume=True).history == store.history


def test_the_best_network_is_kept_over_worse_epochs(tmp_path):
    store = run(tmp_path, 1)
    store.save(TextNetwork("last 2"), TextNetwork("averaged 2"), {"held_out_errors": 0.6, "augmentation": 1.0})
    assert (store.best_epoch, networks(store)) == (1, ["last 2", "averaged 1"])


@pytest.mark.parametrize("stale", [0, 1, 3, 4, 5, 12, 10000])
@pytest.mark.parametrize("resume", [False, True])
def test_stale_epochs_neither_stop_nor_mislead_a_run(tmp_path, stale, resume):
    """Folders with a number below and beyond the run's own, one that it comes by, and a half-written one."""
    store = run(tmp_path, 2) if resume else opened(tmp_path)
    path, half = tmp_path / f"epoch-{stale:04d}", tmp_path / f".half-epoch-{stale:04d}"
    for folder in (path, half):
        folder.mkdir()
        (folder / "last.keras").write_text("stale")
        (folder / "state.json").write_text(json.dumps({"identity": IDENTITY | {"seed": 7}, "history": [{}] * 9}))
    store = opened(tmp_path, resume)
    assert store.epoch == (2 if resume else 0)
    while store.epoch < 4:
        save_epoch(store)
    assert names(tmp_path) == ["epoch-0004", "state.json"]
    assert networks(store) == ["last 4", "averaged 4"]


@pytest.mark.parametrize("make", [Path.touch, lambda path: path.symlink_to(ROOT), lambda path: path.symlink_to("none")])
def test_no_file_or_link_stands_in_the_way_of_an_epoch(tmp_path, make):
    store = run(tmp_path, 2)
    make(tmp_path / "epoch-0003")
    store = opened(tmp_path, resume=True)
    save_epoch(store)
    assert names(tmp_path) == ["epoch-0003", "state.json"]
    assert ROOT.is_dir()


def test_a_crash_between_networks_and_history_repeats_the_epoch(tmp_path, monkeypatch):
    store = run(tmp_path, 2)
    with monkeypatch.context() as patch:
        patch.setattr(json, "dumps", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            save_epoch(store)
    assert names(tmp_path) == ["epoch-0002", "epoch-0003", "state.json"]
    again = opened(tmp_path, resume=True)
    assert (again.epoch, networks(again)) == (2, ["last 2", "averaged 2"])
    save_epoch(again)
    assert networks(again) == ["last 3", "averaged 3"]


def test_a_full_disk_leaves_the_last_checkpoint(tmp_path):
    class TooLarge(TextNetwork):
        def save(self, path):
            path.write_text("a part")
            raise OSError(28, "No space left on device")

    store = run(tmp_path, 2)
    with pytest.raises(OSError, match="No space left"):
        store.save(TooLarge(""), TooLarge(""), {"held_out_errors": 0.1, "augmentation": 0.4})
    assert names(tmp_path) == ["epoch-0002", "state.json"]
    assert (store.epoch, networks(store)) == (2, ["last 2", "averaged 2"])


def test_a_finished_run_makes_room_for_a_new_one(tmp_path):
    run(tmp_path, 4)
    assert opened(tmp_path).epoch == 0
    assert names(tmp_path) == []


def test_an_unfinished_run_is_not_discarded(tmp_path):
    run(tmp_path, 3)
    with pytest.raises(ArtifactError, match="unfinished run. Expected --resume.* Received: neither, and 3 of 4 epochs"):
        opened(tmp_path)
    assert opened(tmp_path, resume=True).epoch == 3


def test_another_run_is_not_resumed(tmp_path):
    run(tmp_path, 3)
    with pytest.raises(ArtifactError, match="of another run. Expected .*'seed': 1.* Received: .*'seed': 0"):
        opened(tmp_path, resume=True, seed=1)


def test_nothing_to_resume_is_a_new_run(tmp_path):
    assert opened(tmp_path, resume=True).epoch == 0


@pytest.mark.parametrize("state", ["", "{", "[]", "{}", '{"identity": {}, "history": []}', '{"identity": 3}'])
@pytest.mark.parametrize("resume", [False, True])
def test_a_damaged_state_is_refused(tmp_path, state, resume):
    run(tmp_path, 1)
    (tmp_path / "state.json").write_text(state)
    with pytest.raises(
        ArtifactError, match="checkpoint is damaged. Expected a run's state in .*state.json. Received: "
    ):
        opened(tmp_path, resume)
    assert (tmp_path / "epoch-0001").exists()


@pytest.mark.parametrize("history", ["3", "[3]", "null", "[{}]", '[{"held_out_errors": 0.1}]'])
def test_a_damaged_history_is_refused(tmp_path, history):
    (tmp_path / "state.json").write_text(f'{{"identity": {{"epochs": 4}}, "history": {history}}}')
    with pytest.raises(ArtifactError, match="checkpoint is damaged. Expected a run's state"):
        opened(tmp_path, resume=True)


def test_a_locked_folder_is_refused(tmp_path):
    with lock_folder(tmp_path / "run"), pytest.raises(TrainingError) as error, lock_folder(tmp_path / "run"):
        pass
    assert str(error.value) == (
        f"{tmp_path / 'run'} is in use. Expected a folder that no other run trains in: wait until that one has ended, "
        f"or name another folder by --checkpoints. Received: a folder locked by process {os.getpid()}."
    )
    with lock_folder(tmp_path / "run"):
        pass
    assert (tmp_path / "run" / LOCK_FILE).is_file(), "a process may be waiting for it"


def test_the_lock_is_released_by_an_error(tmp_path):
    with pytest.raises(ZeroDivisionError), lock_folder(tmp_path):
        raise ZeroDivisionError
    with lock_folder(tmp_path):
        pass


def test_a_killed_process_leaves_no_lock(tmp_path):
    code = f"""
import time
from pathlib import Path
from model.training.folder_lock import lock_folder
with lock_folder(Path({str(tmp_path)!r})):
    print("locked", flush=True)
    time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "locked\n"
        with pytest.raises(TrainingError, match=f"Received: a folder locked by process {process.pid}."):
            lock_folder(tmp_path).__enter__()
        process.kill()
        process.wait()
    assert (tmp_path / LOCK_FILE).read_text() == str(process.pid), "its lock file is stale"
    with lock_folder(tmp_path):
        assert (tmp_path / LOCK_FILE).read_text() == str(os.getpid())


def test_two_folders_are_locked_independently(tmp_path):
    with lock_folder(tmp_path / "a"), lock_folder(tmp_path / "b"), lock_folder(tmp_path / "a/member-1"):
        shutil.rmtree(tmp_path / "b")
