"""A limit on the uploaded files of a session, whether or not a widget of its page has asked for them."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from starlette.exceptions import HTTPException
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFileManager, UploadedFileRec

MAX_BYTES = 200_000_000
"""Of all files of a session, which stay in the server's memory."""


def limit_uploads(manager: UploadedFileManager) -> None:
    """Have the server answer 413 to a file that exceeds what is left to its session.

    Streamlit (1.67) limits each file, keeps it until the session ends, and counts nothing.
    """
    if not isinstance(manager, MemoryUploadedFileManager):
        return
    add = manager.add_file

    def add_if_it_fits(session_id: str, file: UploadedFileRec) -> None:
        kept = manager.file_storage.get(session_id, {})
        total = len(file.data) + sum(len(other.data) for id_, other in kept.items() if id_ != file.file_id)
        if total > MAX_BYTES:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, too_much(total))
        add(session_id, file)

    manager.add_file = add_if_it_fits  # type: ignore[method-assign]


def too_much(total: int) -> str:
    """Say that files of `total` bytes exceed MAX_BYTES."""
    expected = f"Expected at most {MAX_BYTES / 1e6:.0f} MB, so remove others first."
    return f"The pictures are too much together. {expected} Received: {total / 1e6:.0f} MB."


def forget_uploads(which: Callable[[str], bool]) -> None:
    """Remove those of this session's files from the server's memory for whose id `which` is true."""
    context = get_script_run_ctx()
    manager = context.uploaded_file_mgr if context else None
    if context and isinstance(manager, MemoryUploadedFileManager):
        for file_id in filter(which, list(manager.file_storage.get(context.session_id, {}))):
            manager.remove_file(context.session_id, file_id)
