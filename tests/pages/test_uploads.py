from types import SimpleNamespace

import pytest
from starlette.exceptions import HTTPException
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

from pages.components.shared import uploads
from pages.components.shared.uploads import MAX_BYTES, forget_uploads, limit_uploads


def file(id_, size):
    return UploadedFileRec(id_, f"{id_}.png", "image/png", bytes(size))


@pytest.fixture
def manager():
    manager = MemoryUploadedFileManager("/upload")
    limit_uploads(manager)
    return manager


def test_files_that_no_widget_asked_for_count(manager):
    for i in range(10):
        manager.add_file("session", file(str(i), MAX_BYTES // 10))
    with pytest.raises(
        HTTPException, match="Expected at most 200 MB, so remove others .* Received: 220 MB."
    ) as refused:
        manager.add_file("session", file("10", MAX_BYTES // 10))
    assert refused.value.status_code == 413
    assert len(manager.file_storage["session"]) == 10
    manager.add_file("session", file("9", MAX_BYTES // 10))
    manager.add_file("other session", file("10", MAX_BYTES // 10))
    manager.remove_file("session", "0")
    manager.add_file("session", file("10", MAX_BYTES // 10))


def test_a_session_s_files_are_forgotten(manager, monkeypatch):
    for session in ("mine", "other"):
        for id_ in ("kept", "removed"):
            manager.add_file(session, file(id_, 1))
    context = SimpleNamespace(session_id="mine", uploaded_file_mgr=manager)
    monkeypatch.setattr(uploads, "get_script_run_ctx", lambda: context)
    forget_uploads(lambda file_id: file_id == "removed")
    assert [sorted(manager.file_storage[session]) for session in ("mine", "other")] == [["kept"], ["kept", "removed"]]
