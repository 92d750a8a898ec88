"""Pictures on the workers of a Dask cluster, one of which is killed; and a batch that is killed itself."""

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import CancelledError
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from distributed.scheduler import KilledWorker

from model import cluster
from model.__main__ import main
from model.batch import journal_path, read_part, weights_sha256
from model.cluster import _Answer, dask_workers, read_on_worker
from model.errors import ArtifactError, BatchError, ImageError
from model.reader import Reader
from model.transcript_export import to_digits_csv
from tests.handwriting.picture_files import SEVEN, encode, page
from tests.handwriting.written_pages import Handwriting, write

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
PICTURES = 60


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Pictures of three numbers each."""
    folder = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(0)
    for i in range(PICTURES):
        numbers = ["".join(map(str, rng.integers(0, 10, 6))) for _ in range(3)]
        cv2.imwrite(str(folder / f"{i:02}.png"), write(*numbers, style=Handwriting(height=40, seed=i)))
    return folder


@pytest.fixture(scope="module")
def files(folder):
    return sorted(map(str, folder.iterdir()))


@pytest.fixture(scope="module")
def expected(files, reader):
    """The CSV of the pictures, read one after another."""
    parts = [(file, read_part(reader, to_digits_csv, file, Path(file).read_bytes())) for file in files]
    return "".join(to_digits_csv.whole(parts))


@contextmanager
def running(*arguments, log=subprocess.DEVNULL):
    """Python with these arguments in the project's folder, killed at the end."""
    process = subprocess.Popen([sys.executable, "-m", *map(str, arguments)], cwd=ROOT, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def workers(tmp_path_factory):
    """The address of a scheduler, and its two workers of one thread each."""
    folder = tmp_path_factory.mktemp("cluster")
    address = folder / "scheduler.json"
    local = "--no-dashboard", "--scheduler-file", address
    worker = "dask", "worker", *local, "--nthreads", 1, "--no-nanny", "--local-directory", folder
    with running("dask", "scheduler", "--host", "127.0.0.1", "--port", 0, *local):
        wait_for(address.exists)
        with running(*worker) as first, running(*worker) as second:
            yield json.loads(address.read_text())["address"], (first, second)


def wait_for(condition):
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline, "it takes too long"
        time.sleep(0.005)


def has_lines(path, n):
    return path.exists() and path.read_bytes().count(b"\n") >= n


def test_a_killed_worker_s_pictures_are_read_by_another_one(files, expected, workers, tmp_path):
    (scheduler, (first, _)), output = workers, tmp_path / "digits.csv"
    with running("model", "read", "--csv", "--scheduler", scheduler, "--output", output, *files) as client:
        wait_for(lambda: has_lines(journal_path(output), 10))
        first.kill()
        assert client.poll() is None
        assert first.wait(120) == -signal.SIGKILL
        assert client.wait(120) == 0
    assert output.read_text() == expected
    assert not journal_path(output).exists()


def test_a_picture_that_a_worker_cannot_read_costs_one_line(files, workers, tmp_path):
    (tmp_path / "notes.txt").write_text("no picture")
    command = [sys.executable, "-m", "model", "read", "--scheduler", workers[0], tmp_path / "notes.txt", files[0]]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.count("\n")) == (2, 3)
    assert done.stderr.startswith(f"{tmp_path / 'notes.txt'}: The picture cannot be read. Expected a picture of ")
    assert done.stderr.count("\n") == 1


def test_a_killed_batch_goes_on_to_the_same_csv(files, expected, tmp_path, reader, monkeypatch):
    output = tmp_path / "digits.csv"
    with running("model", "read", "--csv", "--output", output, *files) as batch:
        wait_for(lambda: has_lines(journal_path(output), 10))
        batch.kill()
        assert batch.wait(120) == -signal.SIGKILL
    assert not output.exists()
    read = []
    monkeypatch.setattr(
        Reader,
        "load",
        lambda: SimpleNamespace(read_photo=lambda picture: read.append(picture) or reader.read_photo(picture)),
    )
    assert main(["read", "--csv", "--output", str(output), *files]) == 0
    assert 0 < len(read) <= PICTURES - 10
    assert output.read_text() == expected


def test_a_picture_that_kills_its_workers_is_answered():
    def killed():
        raise KilledWorker("read", None, 3)

    with pytest.raises(ImageError, match="cannot be read. Expected a worker that lives .* Received: 4 that ended."):
        _Answer(SimpleNamespace(result=killed)).result()


def test_a_cluster_without_this_package_is_told():
    def fail():
        raise ModuleNotFoundError("No module named 'model'")

    with pytest.raises(BatchError, match="cannot read. Expected a scheduler and workers with this package, .*'model'"):
        _Answer(SimpleNamespace(result=fail)).result()


def test_errors_of_a_worker_are_returned_and_raised_here(monkeypatch):
    picture = encode(page([SEVEN]))
    answer = read_on_worker("others", to_digits_csv, "a.png", picture)
    with pytest.raises(BatchError, match="A worker has other weights. Expected those with the report others…. Rec"):
        _Answer(SimpleNamespace(result=lambda: answer)).result()
    monkeypatch.setattr(Reader, "read_photo", lambda self, picture: os.missing)
    answer = read_on_worker(weights_sha256(), to_digits_csv, "a.png", picture)
    with pytest.raises(ImageError, match="Expected a reading from the worker. Received: AttributeError"):
        _Answer(SimpleNamespace(result=lambda: answer)).result()
    monkeypatch.setattr(cluster, "_loaded", lambda: (_ for _ in ()).throw(ArtifactError("no weights")))
    assert isinstance(read_on_worker(weights_sha256(), to_digits_csv, "a.png", picture), ArtifactError)


def test_a_cluster_that_is_lost_is_told(monkeypatch):
    @contextmanager
    def connect(scheduler):
        yield SimpleNamespace(wait_for_workers=lambda *_, timeout: None)

    monkeypatch.setattr(cluster, "_connect", connect)
    with (
        pytest.raises(
            BatchError, match="no cluster. Expected a Dask scheduler with a worker at tcp://a:1. Received: Canc"
        ),
        dask_workers("tcp://a:1"),
    ):
        raise CancelledError


@pytest.mark.parametrize("address", ["nowhere", "http://localhost:1", "tcp://127.0.0.1:1"])
def test_an_address_without_a_scheduler_is_told(address, monkeypatch, capsys):
    monkeypatch.setattr(cluster, "_PATIENCE", 0.1)
    assert main(["read", "--scheduler", address, "a.png"]) == 2
    assert capsys.readouterr().err.startswith(
        f"There is no cluster. Expected a Dask scheduler with a worker at {address}. Received: "
    )


def test_dask_is_needed_for_a_scheduler_alone(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "distributed", None)
    monkeypatch.setitem(sys.modules, "distributed.comm", None)
    assert main(["read", "--scheduler", "tcp://127.0.0.1:1", "a.png"]) == 2
    assert "Expected its package: pip install -c .constraints.txt distributed. Rec" in capsys.readouterr().err
