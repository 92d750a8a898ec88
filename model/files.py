"""Files on disk: checksums, atomic writes, and archives of arrays that are checked as they are read."""

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

_MAKE = "Make it with: make report"


def sha256_of(path: Path) -> str:
    """Checksum of a file, in hexadecimal digits."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def partial_path(path: Path) -> Path:
    """Where `write_atomically` writes before the file gets its name."""
    return path.with_name(f".half-{path.name}")


@contextmanager
def write_atomically(path: Path) -> Iterator[Path]:
    """Write a file, or a folder, to a temporary path beside it, flush it to disk, then rename it.

    A crash leaves the old content or the new one, never a part. If the block raises, for a full disk perhaps, the
    temporary file is removed and `path` stays as it was.

    Args:
        path: the final path; its folder must exist.

    Yields:
        The temporary path to write to. It keeps the suffix of `path`, by which Keras chooses a format.
    """
    partial = partial_path(path)
    _remove(partial)
    try:
        yield partial
        _flush(partial)
        partial.replace(path)
    except BaseException:
        _remove(partial)
        raise
    _flush_folder(path.parent)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _flush(path: Path) -> None:
    """Have the operating system write a file, or all files below a folder, to the disk."""
    for each in [path, *path.rglob("*")] if path.is_dir() else [path]:
        if each.is_file():
            with each.open("rb+") as stream:
                os.fsync(stream.fileno())


def _flush_folder(folder: Path) -> None:
    """Write the new name to the disk; Windows cannot open folders and needs no such step."""
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
