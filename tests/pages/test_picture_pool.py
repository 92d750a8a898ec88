import os
import time
from concurrent.futures import CancelledError, wait
from os import getpid

import pytest

from model.errors import ArtifactError, BusyError, ImageError, ReaderError
from pages.components.photos.reading import decode
from pages.components.shared.picture_pool import PicturePool, start_worker, workers_wanted
from tests.handwriting.picture_files import encode, page
from tests.pages.conftest import Gate, ThreadInPlace, wait_until
from tests.pages.worker_calls import allocate, fail, imported, kill_itself

PAGE = encode(page([], size_wh=(40, 30)))


def is_alive(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def started_worker():
    executor = start_worker(max_memory=600_000_000)
    executor.submit(getpid).result(60)
    return executor


@pytest.fixture(scope="module")
def processes():
    """A pool with one worker process, a short time limit and a low memory limit."""
    pool = PicturePool(started_worker, workers=1, max_seconds=0.4)
    yield pool
    pool.stop()


@pytest.fixture
def threads():
    """A pool of two threads, and a call for each of them that goes on when it is told to."""
    pool, gates = PicturePool(ThreadInPlace, max_waiting=3), [Gate(), Gate()]
    running = [pool.submit(gate) for gate in gates]
    assert all(gate.begun.wait(30) for gate in gates), "two are read at the same time"
    yield pool, gates, running
    for gate in gates:
        gate.opened.set()


def test_an_error_of_the_call_is_that_of_its_future(processes):
    with pytest.raises(ArtifactError, match="The weights are missing."):
        processes.submit(fail).result()


def test_a_call_that_takes_too_long_is_ended_and_the_next_one_is_made(processes):
    began = time.monotonic()
    with pytest.raises(
        ImageError, match="takes too long .* Expected one that can be read in 0.4 s. Received: one that"
    ):
        processes.submit(time.sleep, 60).result()
    assert time.monotonic() - began < 30
    assert processes.submit(allocate, 5).result() == 5


def test_a_call_that_takes_too_much_memory_ends_and_its_worker_goes_on(processes):
    before = processes.submit(getpid).result()
    with pytest.raises(ImageError, match="takes too much memory. Expected .* Received: one that takes more."):
        processes.submit(allocate, 700_000_000).result()
    assert processes.submit(getpid).result() == before


def test_a_killed_worker_costs_one_message_and_is_replaced(processes):
    before = processes.submit(getpid).result()
    lost, following = processes.submit(kill_itself), processes.submit(getpid)
    with pytest.raises(ImageError, match="cannot be read. Expected .* Received: one that has ended the process."):
        lost.result()
    assert following.result() != before


def test_a_stopped_pool_ends_what_it_reads_and_refuses_more():
    pool = PicturePool(start_worker, workers=1)
    assert pool.submit(decode, PAGE).result().shape == (30, 40)
    assert not {"streamlit", "tensorflow", "keras"} & pool.submit(imported).result(), "a worker is small"
    process = pool.submit(getpid).result()
    running, waiting = pool.submit(time.sleep, 60), pool.submit(getpid)
    wait_until(running.running)
    pool.stop()
    with pytest.raises(ImageError, match="has ended the process"):
        running.result(30)
    with pytest.raises(CancelledError):
        waiting.result(30)
    with pytest.raises(BusyError, match="Expected a server that goes on. Received: one that stops."):
        pool.submit(getpid)
    wait_until(lambda: not is_alive(process))


def test_the_first_come_is_the_first_read_and_knows_its_place(threads):
    pool, gates, running = threads
    order = []
    waiting = [pool.submit(order.append, i) for i in range(3)]
    assert [pool.ahead(future) for future in waiting] == [2, 3, 4]
    assert [pool.ahead(future) for future in running] == [0, 0]
    gates[0].opened.set()
    wait(waiting)
    assert order == [0, 1, 2]
    assert [pool.ahead(future) for future in waiting] == [0, 0, 0]


def test_a_place_that_is_given_up_brings_the_others_forward(threads):
    pool, gates, _ = threads
    made = []
    first, second = (pool.submit(made.append, i) for i in range(2))
    assert first.cancel()
    assert pool.ahead(second) == 2
    gates[0].opened.set()
    second.result()
    assert made == [1]


def test_a_full_queue_refuses_until_there_is_room(threads):
    pool, _, _ = threads
    waiting = [pool.submit(getpid) for _ in range(3)]
    with pytest.raises(BusyError, match="Too many pictures .* Expected at most 3 in the queue, .* Received: one more."):
        pool.submit(getpid)
    waiting[0].cancel()
    pool.submit(getpid)


@pytest.mark.parametrize(("setting", "workers"), [(None, 2), ("1", 1), ("16", 16)])
def test_one_setting_says_how_many_workers_there_are(monkeypatch, setting, workers):
    monkeypatch.delenv("DIGITS_PHOTO_WORKERS", raising=False)
    if setting:
        monkeypatch.setenv("DIGITS_PHOTO_WORKERS", setting)
    assert workers_wanted() == workers


@pytest.mark.parametrize("setting", ["0", "-1", "two", ""])
def test_another_number_of_workers_is_refused(monkeypatch, setting):
    monkeypatch.setenv("DIGITS_PHOTO_WORKERS", setting)
    with pytest.raises(ReaderError, match="no number of workers. Expected 1 or more. Received: "):
        workers_wanted()
