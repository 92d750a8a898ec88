"""Files on disk: atomic writes, checksums and archives of arrays."""

import errno
import hashlib
import os
from pathlib import Path

import numpy as np
import pytest

from model import files
from model.errors import ArtifactError
from model.files import (
    checked_archive,
    load_arrays,
    partial_path,
    save_arrays,
    sha256_of,
    write_atomically,
    write_together,
)

FULL = OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture
def calls(monkeypatch):
    """Record the names of the files and folders that are flushed and renamed, in order."""
    calls, fsync, rename = [], os.fsync, Path.replace

    def record_fsync(handle):
        calls.append(("fsync", Path(f"/proc/self/fd/{handle}").readlink().name))
        fsync(handle)

    def record_rename(path, target):
        calls.append(("rename", path.name))
        return rename(path, target)

    monkeypatch.setattr(os, "fsync", record_fsync)
    monkeypatch.setattr(Path, "replace", record_rename)
    return calls


def write(text, *paths, error=None):
    """Write the same text to all paths, as one; then fail with the error, if there is one."""
    with write_together(*paths) as partials:
        for partial in partials:
            partial.write_text(text)
        if error:
            raise error


def write_folder(path, error=None):
    """Write a folder in a folder, with a file in it; then fail with the error, if there is one."""
    with write_atomically(path) as partial:
        (partial / "variables").mkdir(parents=True)
        (partial / "variables/data").write_text("new")
        if error:
            raise error


def content_of(folder):
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_a_file_is_written_under_its_name(tmp_path):
    with write_atomically(tmp_path / "a.txt") as path:
        path.write_text("new")
        assert not (tmp_path / "a.txt").exists()
        assert path.suffix == ".txt", "Keras chooses a format by the suffix"
    assert content_of(tmp_path) == {"a.txt": "new"}


def test_a_file_is_replaced(tmp_path):
    (tmp_path / "a.txt").write_text("old")
    with write_atomically(tmp_path / "a.txt") as path:
        path.write_text("new")
        assert (tmp_path / "a.txt").read_text() == "old"
    assert content_of(tmp_path) == {"a.txt": "new"}


@pytest.mark.parametrize("error", [FULL, KeyboardInterrupt(), ValueError("no number")])
def test_a_failing_write_leaves_the_old_file_alone(tmp_path, error):
    (tmp_path / "a.txt").write_text("old")
    with pytest.raises(type(error)):
        write("half of it", tmp_path / "a.txt", error=error)
    assert content_of(tmp_path) == {"a.txt": "old"}


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_failing_flush_or_rename_leaves_the_old_file_alone(tmp_path, monkeypatch, step):
    def fail(*_):
        raise FULL

    (tmp_path / "a.txt").write_text("old")
    monkeypatch.setattr(*{"fsync": (os, "fsync"), "replace": (Path, "replace")}[step], fail)
    with pytest.raises(OSError, match="No space left"):
        write("new", tmp_path / "a.txt")
    assert content_of(tmp_path) == {"a.txt": "old"}


def test_a_killed_process_leaves_the_old_file_and_its_rest_is_overwritten(tmp_path):
    (tmp_path / "a.txt").write_text("old")
    partial_path(tmp_path / "a.txt").write_text("half of what another process wr")
    with write_atomically(tmp_path / "a.txt") as path:
        assert not path.exists()
        path.write_text("new")
    assert content_of(tmp_path) == {"a.txt": "new"}


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="names of open files are known on Linux only")
def test_a_file_is_on_the_disk_before_it_is_renamed(tmp_path, calls):
    with write_atomically(tmp_path / "a.txt") as path:
        path.write_text("new")
    assert calls == [("fsync", ".half-a.txt"), ("rename", ".half-a.txt"), ("fsync", tmp_path.name)]


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="names of open files are known on Linux only")
def test_a_folder_is_on_the_disk_before_it_is_renamed(tmp_path, calls):
    write_folder(tmp_path / "model")
    assert (tmp_path / "model/variables/data").read_text() == "new"
    assert sorted(calls[:3]) == [("fsync", ".half-model"), ("fsync", "data"), ("fsync", "variables")]
    assert calls[3:] == [("rename", ".half-model"), ("fsync", tmp_path.name)]


def test_a_failing_write_of_a_folder_leaves_nothing(tmp_path):
    with pytest.raises(OSError, match="No space left"):
        write_folder(tmp_path / "model", error=FULL)
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="names of open files are known on Linux only")
def test_two_files_are_on_the_disk_before_the_first_is_renamed(tmp_path, calls):
    write("new", tmp_path / "a", tmp_path / "b")
    names = [".half-a", ".half-b"]
    assert calls == [*(("fsync", n) for n in names), *(("rename", n) for n in names), ("fsync", tmp_path.name)]
    assert content_of(tmp_path) == {"a": "new", "b": "new"}


def test_two_files_are_both_left_alone_when_one_cannot_be_written(tmp_path):
    (tmp_path / "a").write_text("old")
    with pytest.raises(OSError, match="No space left"):
        write("half of it", tmp_path / "a", tmp_path / "b", error=FULL)
    assert content_of(tmp_path) == {"a": "old"}


def test_a_crash_between_two_renames_leaves_the_second_file_whole(tmp_path, monkeypatch):
    rename = Path.replace

    def crash_at_the_second(path, target):
        if path.name == ".half-b":
            raise KeyboardInterrupt
        return rename(path, target)

    monkeypatch.setattr(Path, "replace", crash_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        write("new", tmp_path / "a", tmp_path / "b")
    assert content_of(tmp_path) == {"a": "new", ".half-b": "new"}
    assert partial_path(tmp_path / "b").name == ".half-b"


def test_a_folder_that_cannot_be_opened_needs_no_flush(tmp_path, monkeypatch):
    """Windows opens no folders."""

    def refuse(*_):
        raise PermissionError

    monkeypatch.setattr(files.os, "open", refuse)
    with write_atomically(tmp_path / "a.txt") as path:
        path.write_text("new")
    assert content_of(tmp_path) == {"a.txt": "new"}


def test_checksum_is_that_of_the_content(tmp_path):
    (tmp_path / "a").write_bytes(b"123")
    assert sha256_of(tmp_path / "a") == hashlib.sha256(b"123").hexdigest()


def test_an_archive_is_returned_at_its_start(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.arange(3))
    with (tmp_path / "a.npz").open("rb") as stream:
        assert checked_archive(stream).tell() == 0
    (tmp_path / "a.npz").write_bytes(b"no archive")
    with (tmp_path / "a.npz").open("rb") as stream, pytest.raises(ValueError, match="no archive of arrays"):
        checked_archive(stream)


LAYOUT = {"x": (np.int64, 1)}


def test_arrays_are_read_as_they_were_written(tmp_path):
    save_arrays(tmp_path / "a.npz", "of the data", {"x": np.arange(3)})
    arrays = load_arrays(tmp_path / "a.npz", "of the data", LAYOUT)
    np.testing.assert_array_equal(arrays["x"], [0, 1, 2])
    assert not arrays["x"].flags.writeable


@pytest.mark.parametrize(
    ("layout", "received"),
    [
        ({"y": (np.int64, 1)}, "y is not a file in the archive"),
        ({"x": (np.int64, 2)}, "x of 1 dimensions"),
        ({"x": (np.uint8, 1)}, "int64"),
    ],
)
def test_arrays_of_another_layout_are_refused(tmp_path, layout, received):
    save_arrays(tmp_path / "a.npz", "of the data", {"x": np.arange(3)})
    with pytest.raises(ArtifactError, match=f"a.npz is damaged. Expected .* Received: .*{received}.*make report"):
        load_arrays(tmp_path / "a.npz", "of the data", layout)


def test_arrays_of_other_data_are_refused(tmp_path):
    save_arrays(tmp_path / "a.npz", "of other data", {"x": np.arange(3)})
    with pytest.raises(ArtifactError, match="a.npz is stale. Expected sha256 of the data.* Received: of other dat"):
        load_arrays(tmp_path / "a.npz", "of the data", LAYOUT)


def test_missing_and_cut_off_arrays_are_refused(tmp_path):
    with pytest.raises(ArtifactError, match="a.npz is missing. Expected .* Received: no such file"):
        load_arrays(tmp_path / "a.npz", "of the data", LAYOUT)
    save_arrays(tmp_path / "a.npz", "of the data", {"x": np.arange(3)})
    (tmp_path / "a.npz").write_bytes((tmp_path / "a.npz").read_bytes()[:-30])
    with pytest.raises(ArtifactError, match="a.npz is damaged"):
        load_arrays(tmp_path / "a.npz", "of the data", LAYOUT)
