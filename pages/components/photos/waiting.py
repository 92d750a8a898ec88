"""Photos on their way through the queue of the worker processes, and their place in it on the page."""

from __future__ import annotations

import logging
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from time import sleep
from typing import TypeVar

import streamlit as st

from model.errors import ArtifactError, BusyError, ImageError
from model.vision.decoding import Gray
from pages.components.photos import reading
from pages.components.photos.album import Album, Read, Waiting
from pages.components.shared import picture_pool
from pages.components.shared.html import hint

_LOOK_AGAIN = 0.2  # seconds
_log = logging.getLogger(__name__)
T = TypeVar("T")


def read_waiting(album: Album) -> None:
    """Read the waiting photos; each is in the album as soon as it is read.

    As many as there are workers are in the queue at a time, so that a visitor with many photos does not keep others
    waiting. Where the run ends early, because the visitor clicks, leaves the page or closes it, they leave the queue.

    Raises:
        ArtifactError: the model cannot be loaded; the photos go on waiting.
    """
    if not album.waiting:
        return
    bar, total = st.progress(0.0), len(album.waiting)
    try:
        while album.waiting:
            done = total - len(album.waiting)
            bar.progress(done / total, _enqueue(album) or _progress(album, done, total))
            if album.readings:
                wait(album.readings.values(), _LOOK_AGAIN, FIRST_COMPLETED)
            else:
                sleep(_LOOK_AGAIN)
            _take_finished(album)
    finally:
        album.leave_queue()
    bar.empty()


def result_of(future: Future[T]) -> T:
    """Wait for what is read in a worker, and show its place in the queue meanwhile.

    Raises:
        ReaderError: it cannot be read.
    """
    place = st.empty()
    try:
        while not wait([future], _LOOK_AGAIN).done:
            ahead = picture_pool.POOL.ahead(future)
            place.html(hint(_place(ahead) if ahead else "Reading …"))
        place.empty()
        return future.result()
    except CancelledError as error:
        raise BusyError(
            "The picture was not read. Expected a server that goes on. Received: one that stops."
        ) from error
    finally:
        future.cancel()


def gray_of(album: Album, photo: Read) -> Gray:
    """Return the gray pixels of the photo on the screen, (h, w) uint8, decoded in a worker if they were not kept.

    Raises:
        ReaderError: it cannot be decoded now.
    """
    return album.gray_of(photo, lambda data: result_of(picture_pool.POOL.submit(reading.decode, data)))


def _enqueue(album: Album) -> str:
    """Put the next photos into the queue, and take out those that are no longer wanted; return why it is full."""
    wanted = {(photo.key, album.model): photo for photo in album.waiting[: picture_pool.POOL.workers]}
    for key in album.readings.keys() - wanted.keys():
        album.readings.pop(key).cancel()
    try:
        for key, photo in wanted.items():
            if key not in album.readings:
                album.readings[key] = picture_pool.POOL.submit(reading.read_photo, album.model, photo.data)
    except BusyError as error:
        return str(error)
    return ""


def _progress(album: Album, done: int, total: int) -> str:
    ahead = min(picture_pool.POOL.ahead(future) for future in album.readings.values())
    return _place(ahead) if ahead else f"Reading picture {done + 1} of {total}"


def _place(ahead: int) -> str:
    return f"Waiting: {ahead} {'picture' if ahead == 1 else 'pictures'} before yours"


def _take_finished(album: Album) -> None:
    for key, future in list(album.readings.items()):
        if future.done():
            del album.readings[key]
            photo = album.photos[key[0]]
            if isinstance(photo, Waiting) and not future.cancelled():
                _take(album, photo, future)


def _take(album: Album, photo: Waiting, future: Future[reading.PhotoReading]) -> None:
    try:
        album.finish(photo, future.result())
    except ArtifactError:
        raise
    except ImageError as error:
        album.fail(photo, str(error))
    except Exception:  # an unforeseen error in one photo must not keep the others from being read
        _log.exception("A picture could not be read.")
        album.fail(photo, "The picture cannot be read. Something went wrong with it on the server.")
