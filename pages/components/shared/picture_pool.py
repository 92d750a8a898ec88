"""Worker processes that read pictures: a bounded queue for all visitors, a time and a memory limit for each picture.

The workers are started when they are first needed, and end when nobody has needed them for a while. They import what
they are told to run, and no Streamlit. That takes loky: a process of the standard library's begins by importing the
main module, which in a Streamlit server is the page that runs.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Future, ThreadPoolExecutor
from contextlib import suppress
from queue import LifoQueue
from threading import Lock
from typing import Any, TypeVar, TypeVarTuple

from loky import ProcessPoolExecutor
from loky.process_executor import ShutdownExecutorError

from model.errors import BusyError, ImageError, ReaderError

A = TypeVarTuple("A")
T = TypeVar("T")

WORKERS = 2
"""Processes, unless the environment says otherwise; each keeps a core busy."""
MAX_WAITING = 64
"""Pictures in the queue, of all visitors."""
MAX_SECONDS = 30.0
"""For a picture, including a worker's start; on an idle machine one of 100 megapixels takes a few."""
MAX_MEMORY = 1_600_000_000
"""Bytes that a worker may allocate: up to 1 GB for the largest pictures, the file, and what the worker itself takes."""

_SETTING = "DIGITS_PHOTO_WORKERS"
_IDLE_SECONDS = 300
_NICENESS = 5  # drawings that are read beside a picture go first, and it still gets a share of a busy machine


class PicturePool:
    """A queue of calls, and the workers that they are made in, the first come first."""

    def __init__(
        self,
        start: Callable[[], ProcessPoolExecutor],
        workers: int = WORKERS,
        max_waiting: int = MAX_WAITING,
        max_seconds: float = MAX_SECONDS,
    ) -> None:
        self.workers = workers
        self._max_waiting = max_waiting
        self._threads = ThreadPoolExecutor(workers, "picture")  # each waits for the worker that it has given a call
        self._all = [_Worker(start, max_seconds) for _ in range(workers)]
        self._idle: LifoQueue[_Worker] = LifoQueue()  # the last one used comes first: one is enough for one visitor
        for worker in self._all:
            self._idle.put(worker)
        self._open: dict[Future[Any], None] = {}  # in the order they came: those that are running and waiting
        self._entrance = Lock()
        self._stopped = False

    def submit(self, function: Callable[[*A], T], *args: *A) -> Future[T]:
        """Queue a call; cancel the returned future to give up its place.

        Args:
            function: of a module that imports no Streamlit; what it takes and returns is pickled.
            *args: for the function.

        Returns:
            A future of what the function returns or raises. It raises ImageError if the call takes too long or too much
            memory, or ends its worker.

        Raises:
            BusyError: too many calls are waiting, or the server stops.
        """
        if self._stopped:
            raise BusyError("No picture is read any more. Expected a server that goes on. Received: one that stops.")
        with self._entrance:
            waiting = sum(not future.running() for future in list(self._open))
            if waiting >= self._max_waiting:
                expected = f"Expected at most {self._max_waiting} in the queue, so try again in a moment"
                raise BusyError(f"Too many pictures are waiting to be read. {expected}. Received: one more.")
            future = self._threads.submit(self._call, function, args)
            self._open[future] = None
        future.add_done_callback(lambda done: self._open.pop(done, None))
        return future

    def ahead(self, future: Future[T]) -> int:
        """Count the calls that are to be done before a waiting one; 0 once it is running or done."""
        ahead = list(self._open)
        return ahead.index(future) if future in ahead and not future.running() else 0

    def stop(self) -> None:
        """Cancel what waits, end the workers with what they are reading, and take no more calls."""
        self._stopped = True
        for future in list(self._open):
            future.cancel()
        for worker in self._all:
            worker.stop()

    def _call(self, function: Callable[[*A], T], args: tuple[*A]) -> T:
        worker = self._idle.get()
        try:
            return worker.call(function, args)
        finally:
            self._idle.put(worker)


class _Worker:
    """One process at most, started when it is first needed and after it had to be ended."""

    def __init__(self, start: Callable[[], ProcessPoolExecutor], max_seconds: float) -> None:
        self._start, self._max_seconds = start, max_seconds
        self._executor: ProcessPoolExecutor | None = None

    def call(self, function: Callable[[*A], T], args: tuple[*A]) -> T:
        """Return what the function returns in the process."""
        self._executor = self._executor or self._start()
        try:
            result: T = self._executor.submit(function, *args).result(self._max_seconds)
            return result
        except MemoryError as error:
            expected = f"Expected a picture that can be read in {MAX_MEMORY / 1e6:,.0f} MB"
            raise ImageError(
                f"The picture takes too much memory. {expected}. Received: one that takes more."
            ) from error
        except TimeoutError as error:
            self.stop()
            expected = f"Expected one that can be read in {self._max_seconds:g} s"
            raise ImageError(
                f"The picture takes too long to read. {expected}. Received: one that takes longer."
            ) from error
        except (BrokenExecutor, ShutdownExecutorError) as error:
            self.stop()
            expected = "Expected one that a worker process can read"
            raise ImageError(
                f"The picture cannot be read. {expected}. Received: one that has ended the process."
            ) from error

    def stop(self) -> None:
        """Kill the process."""
        executor, self._executor = self._executor, None
        if executor:
            executor.shutdown(wait=True, kill_workers=True)  # the process may end as soon as this returns


def start_worker(max_memory: int = MAX_MEMORY) -> ProcessPoolExecutor:
    """Return an executor of one process, which starts with the first call and again after it was idle."""
    return ProcessPoolExecutor(1, timeout=_IDLE_SECONDS, initializer=limit_process, initargs=(max_memory,))


def limit_process(max_memory: int) -> None:
    """Limit this process's memory, bytes, and let others go first; where the system cannot do that, it goes without."""
    if sys.platform == "win32":
        return
    import resource

    os.nice(_NICENESS)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_DATA, (max_memory, resource.getrlimit(resource.RLIMIT_DATA)[1]))


def workers_wanted() -> int:
    """Return how many workers the environment asks for.

    Raises:
        ReaderError: it asks for none, or not for a number.
    """
    wanted = os.environ.get(_SETTING, str(WORKERS))
    if not wanted.isdecimal() or int(wanted) < 1:
        raise ReaderError(f"{_SETTING} is no number of workers. Expected 1 or more. Received: {wanted!r:.80}.")
    return int(wanted)


POOL = PicturePool(start_worker, workers_wanted())
"""That of this server. It holds nothing of a visitor but the calls that are waiting or running."""
