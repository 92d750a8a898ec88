"""The server's configuration, which Streamlit reads from the folder it is started in."""

import tomllib

from pages.components.photos.album import MAX_BYTES
from tests.test_imports import ROOT

SERVER = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))["server"]


def test_the_server_listens_on_this_machine_only():
    assert SERVER["address"] == "localhost"
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "`streamlit run app.py --server.address 0.0.0.0`" in readme


def test_a_file_is_uploaded_only_if_the_album_can_accept_it():
    """Streamlit's megabytes have 2**20 bytes; the limit is theirs in steps of ten."""
    assert SERVER["maxUploadSize"] * 2**20 <= MAX_BYTES < (SERVER["maxUploadSize"] + 10) * 2**20
