"""Headline figures side by side."""

from __future__ import annotations

from html import escape


def cards_of(*cards: tuple[str, str] | tuple[str, str, str]) -> str:
    """Figures side by side, as HTML: of each the title, the figure and what there is to say about it, if anything."""
    return f'<dl class="cards">{"".join(_card(*card) for card in cards)}</dl>'


def percent_of(value: float) -> str:
    """A share as a percentage with two decimals; only all of it is 100%."""
    return "100%" if value == 1 else f"{min(value, 0.9999):.2%}"


def _card(title: str, figure: str, text: str = "") -> str:
    said = f'<dd class="text">{text}</dd>' if text else ""
    return f"<div><dt>{escape(title, quote=False)}</dt><dd>{figure}</dd>{said}</div>"
