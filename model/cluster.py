"""Read pictures on the workers of a Dask cluster, which may be other machines with this package."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from model.batch import Workers, read_part, weights_sha256
from model.errors import BatchError, ImageError, ReaderError
from model.reader import Reader
from model.transcript_export import Form

if TYPE_CHECKING:
    from distributed import Client, Future

_PATIENCE = 20  # seconds in which a scheduler answers and has its first worker


@contextmanager
def dask_workers(scheduler: str) -> Iterator[Workers]:
    """Read on the workers of a scheduler. Those of a worker that ends are read again by another one.

    Args:
        scheduler: its address, such as `tcp://localhost:8786`.

    Raises:
        BatchError: Dask is not installed, there is no scheduler or no worker, or they are lost.
    """
    try:
        import dask
        from distributed.comm import CommClosedError
    except ImportError as error:
        raise BatchError(
            "There is no cluster without Dask. Expected its package: pip install -c .constraints.txt distributed. "
            "Received: no such package."
        ) from error
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)  # it would print a traceback beside our one line
    # Pictures travel within their tasks: what a killed worker held can be read again without the file.
    with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1 GiB"}), _connect(scheduler) as client:
        try:
            client.wait_for_workers(1, timeout=_PATIENCE)
            yield _workers(client)
        except (CommClosedError, CancelledError, TimeoutError) as error:
            raise _lost(scheduler, error) from error


def _connect(scheduler: str) -> Client:
    from distributed import Client
    from distributed.comm import get_address_host_port

    try:
        get_address_host_port(scheduler, strict=True)  # a client without a port needs a minute to give up
        return Client(scheduler, timeout=_PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:
        raise _lost(scheduler, error) from error


def _lost(scheduler: str, error: BaseException) -> BatchError:
    return BatchError(
        f"There is no cluster. Expected a Dask scheduler with a worker at {scheduler}. Received: {error!r:.200}."
    )


def _workers(client: Client) -> Workers:
    expected = weights_sha256()
    return Workers(
        lambda form, name, content: _Answer(client.submit(read_on_worker, expected, form, name, content, pure=False)),
        lambda: sum(client.nthreads().values()),
    )


@dataclass(frozen=True, slots=True)
class _Answer:
    """A picture's part of the output, on its way from a worker."""

    future: Future[str | ReaderError]

    def result(self) -> str:
        from distributed.scheduler import KilledWorker

        try:
            outcome = self.future.result()
        except KilledWorker as error:
            raise ImageError(
                "The picture cannot be read. Expected a worker that lives until it is. "
                f"Received: {error.allowed_failures + 1} that ended."
            ) from error
        except CancelledError:
            raise
        except Exception as error:  # what other machines lack shows as almost anything
            raise BatchError(
                "The cluster cannot read. Expected a scheduler and workers with this package, started in its folder. "
                f"Received: {error!r:.200}."
            ) from error
        if isinstance(outcome, ReaderError):
            raise outcome
        return outcome


def read_on_worker(expected: str, form: Form, name: str, content: bytes) -> str | ReaderError:
    """Read a picture in a worker's process.

    Errors are returned: for one that is raised with a traceback too deep to be sent, the client would wait forever
    (distributed 2026.8).

    Args:
        expected: checksum of the report of the weights that must read.
        form: form of the export.
        name: the picture's name in it.
        content: the picture's file.

    Returns:
        The picture's part of the export; an ImageError if the picture cannot be read, another ReaderError if the worker
        cannot read any.
    """
    try:
        received, reader = _loaded()
        if received == expected:
            return read_part(reader, form, name, content)
    except ReaderError as error:
        return error
    except Exception as error:
        return ImageError(f"The picture cannot be read. Expected a reading from the worker. Received: {error!r:.200}.")
    return BatchError(
        f"A worker has other weights. Expected those with the report {expected[:12]}…. Received: {received[:12]}…."
    )


@cache
def _loaded() -> tuple[str, Reader]:
    return weights_sha256(), Reader.load()
