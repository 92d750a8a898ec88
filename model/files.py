"""Files on disk: checksums, stamps, atomic writes, and archives of arrays that are checked as they are read."""

from __future__ import annotations

import hashlib
import os
import shutil
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from model.errors import ArtifactError

Arrays = dict[str, NDArray[Any]]
Layout = Mapping[str, tuple[type[np.generic], int]]
"""Names of arrays, their dtypes and numbers of dimensions."""

Stamps = tuple[int, ...]
"""Times of modification, ns; 0 for a missing file."""

_MAKE = "Make it with: make report"


def sha256_of(path: Path) -> str:
    """Checksum of a file, in hexadecimal digits."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def stamps_of(*paths: Path) -> Stamps:
    """Return the times at which files were modified: others when a file has been replaced."""
    return tuple(path.stat().st_mtime_ns if path.exists() else 0 for path in paths)


def partial_path(path: Path) -> Path:
    """Where `write_atomically` writes before the file gets its name."""
    return path.with_name(f".half-{path.name}")


@contextmanager
def write_atomically(path: Path) -> Iterator[Path]:
    """Write a file, or a new folder, to a temporary path beside it, flush it to disk, then rename it.

    A crash leaves the old content or the new one, never a part. If the block raises, for a full disk perhaps, the
    temporary file is removed and `path` stays as it was.

    Args:
        path: the final path. Its folder must exist; where `path` itself is to be a folder, there must be none yet.

    Yields:
        The temporary path to write to. It keeps the suffix of `path`, by which Keras chooses a format.
    """
    with write_together(path) as (partial,):
        yield partial


@contextmanager
def write_together(*paths: Path) -> Iterator[tuple[Path, ...]]:
    """Write several files as `write_atomically` does: all are complete and on the disk before the first is renamed.

    Args:
        paths: the final paths, in the order in which they are renamed. Two processes must not write one path at once:
            they would share its temporary name.

    Yields:
        The temporary paths. If the block raises, they are removed. A crash between two renames leaves the rest under
        their temporary names (see `partial_path`), complete, for the reader to find.
    """
    partials = tuple(partial_path(path) for path in paths)
    for partial in partials:
        _remove(partial)
    try:
        yield partials
        for partial in partials:
            _flush(partial)
        partials[0].replace(paths[0])
    except BaseException:
        for partial in partials:
            _remove(partial)
        raise
    for partial, path in zip(partials[1:], paths[1:], strict=True):
        partial.replace(path)
    for folder in {path.parent for path in paths}:
        _flush_folder(folder)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _flush(path: Path) -> None:
    """Write a file, or all files and names below a folder, from the operating system's memory to the disk."""
    for each in [path, *path.rglob("*")] if path.is_dir() else [path]:
        if each.is_dir():
            _flush_folder(each)
        else:
            with each.open("rb+") as stream:
                os.fsync(stream.fileno())


def _flush_folder(folder: Path) -> None:
    """Write the names in a folder to the disk; Windows cannot open folders and needs no such step."""
    with suppress(PermissionError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def checked_archive(stream: IO[bytes]) -> IO[bytes]:
    """Return an open .npz file at its start; for any other file NumPy's error would suggest an unsafe way to load it.

    Raises:
        ValueError: the file is not an archive.
    """
    if not zipfile.is_zipfile(stream):
        raise ValueError("no archive of arrays")
    stream.seek(0)
    return stream


def save_arrays(path: Path, sha256: str, arrays: Arrays) -> None:
    """Write arrays as a compressed .npz that names the file or data they were made from by its checksum."""
    with write_atomically(path) as partial, partial.open("wb") as stream:
        np.savez_compressed(stream, **({"sha256": np.array(sha256)} | arrays), allow_pickle=False)


def load_arrays(path: Path, sha256: str, layout: Layout) -> Arrays:
    """Read arrays that `save_arrays` wrote.

    Args:
        path: the .npz file.
        sha256: checksum of what the arrays must have been made from.
        layout: the arrays to read, with their dtypes and numbers of dimensions.

    Returns:
        Read-only arrays: all sessions share them.

    Raises:
        ArtifactError: the file is missing, damaged, of another layout, or made from something else.
    """
    with (
        reporting_damage(path, ", ".join(layout)),
        path.open("rb") as stream,
        np.load(checked_archive(stream), allow_pickle=False) as file,
    ):
        received = str(file["sha256"])
        arrays = {name: _checked(name, file[name], *form) for name, form in layout.items()}
    if received != sha256:
        raise ArtifactError(
            f"{path.name} is stale. Expected sha256 {sha256[:12]}… in {path}. Received: {received[:12]}…. {_MAKE}"
        )
    return arrays


@contextmanager
def reporting_damage(path: Path, expected: str) -> Iterator[None]:
    """Raise an ArtifactError if what the block reads from `path` is missing or not what was expected."""
    try:
        yield
    except FileNotFoundError as error:
        raise ArtifactError(f"{path.name} is missing. Expected {path}. Received: no such file. {_MAKE}") from error
    except (OSError, KeyError, ValueError, TypeError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise ArtifactError(
            f"{path.name} is damaged. Expected {expected} in {path}. Received: {error!r:.120}. {_MAKE}"
        ) from error


def read_only(array: NDArray[Any]) -> NDArray[Any]:
    """Forbid writing to an array that sessions share; returns the same array."""
    array.setflags(write=False)
    return array


def _checked(name: str, array: NDArray[Any], dtype: type[np.generic], ndim: int) -> NDArray[Any]:
    if array.dtype.type is not dtype or array.ndim != ndim:
        raise ValueError(f"{name} of {array.ndim} dimensions, {array.dtype}")
    return read_only(array)
