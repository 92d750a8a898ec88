"""TODO pages.components.shared.html."""

from __future__ import annotations

from base64 import b64encode
from html import escape

import cv2
import numpy as np
from numpy.typing import NDArray

from model.reading import Ink


def percent(probability: float) -> str:
    """A probability as a number for people, who should not read certainty into rounding."""
    if probability > 0.99:
        return ">99%"
    return "<1%" if 0 < probability < 0.01 else f"{probability:.0%}"


def bars(probabilities: NDArray[np.floating]) -> str:
    """Ten probabilities as bars, the likeliest one marked if it outweighs all others together."""
    best = int(probabilities.argmax()) if probabilities.max() > 0.5 else None
    rows = (
        f'<li class="{"best" if label == best else ""}"><b>{label}</b>'
        f'<span class="track"><i style="width:{100 * probability:.1f}%"></i></span>'
        f'<span class="number">{escape(percent(probability))}</span></li>'
        for label, probability in enumerate(probabilities)
    )
    return f'<ol class="bars" aria-label="Probability of each digit">{"".join(rows)}</ol>'


def columns(probabilities: NDArray[np.float64]) -> str:
    """The ten probabilities as small columns, where there is no room for bars with numbers."""
    items = (
        f'<li><i style="height:{100 * probability:.0f}%"></i><b>{label}</b></li>'
        for label, probability in enumerate(probabilities)
    )
    return f'<ol class="columns" aria-hidden="true">{"".join(items)}</ol>'


def picture(pixels: Ink, description: str) -> str:
    """The pixels as they are; the browser enlarges them without smoothing."""
    return f'<img class="pixels" alt="{description}" src="{pixels_url(pixels)}">'


def pixels_url(pixels: Ink) -> str:
    """Gray pixels as the data URL of a PNG."""
    data = b64encode(cv2.imencode(".png", pixels)[1]).decode()
    return f"data:image/png;base64,{data}"


def cards_of(*cards: tuple[str, str] | tuple[str, str, str]) -> str:
    """Figures side by side, as HTML: of each the title, the figure and what there is to say about it, if anything."""
    return f'<dl class="cards">{"".join(_card(*card) for card in cards)}</dl>'


def percent_of(value: float) -> str:
    """A share as a percentage with two decimals; only all of it is 100%."""
    return "100%" if value == 1 else f"{min(value, 0.9999):.2%}"


def _card(title: str, figure: str, text: str = "") -> str:
    said = f'<dd class="text">{text}</dd>' if text else ""
    return f"<div><dt>{escape(title, quote=False)}</dt><dd>{figure}</dd>{said}</div>"
