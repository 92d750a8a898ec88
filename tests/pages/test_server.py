import pytest

from pages.components.shared import server
from pages.components.shared.server import below_base_path


@pytest.mark.parametrize(
    ("base", "address"),
    [(None, "/api/live"), ("", "/api/live"), ("digits", "/digits/api/live"), ("/a/b/", "/a/b/api/live")],
)
def test_routes_lie_below_the_base_path(monkeypatch, base, address):
    monkeypatch.setattr(server.config, "get_option", {"server.baseUrlPath": base}.get)
    assert below_base_path("/api/live") == address
