"""The address of a route that the server has beside the pages."""

from __future__ import annotations

from streamlit import config


def below_base_path(path: str) -> str:
    """Return the address of a route, which begins with a slash, below the server's base path."""
    base = str(config.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{base}{path}" if base else path
