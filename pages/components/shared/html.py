"""HTML for `st.html`: Jinja2 templates that escape their values, and the small parts that several pages show."""

from __future__ import annotations

from base64 import b64encode
from functools import cache

import cv2
import numpy as np
from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup
from numpy.typing import NDArray

from model.reading import Ink

_JINJA = Environment(autoescape=True, undefined=StrictUndefined)


def render(source: str, **values: object) -> Markup:
    """Fill a Jinja2 template in; every value that is not `Markup` is escaped.

    Args:
        source: the template. Its line breaks, and the indentation of its lines, are left out of the result.
        values: of the template's variables. One that is missing raises `jinja2.UndefinedError`.

    Returns:
        Safe HTML, which other templates take in without escaping it again. `Markup + str` escapes the string: join
        pieces in a template, or with an f-string.
    """
    return Markup(_compile(source).render(values))


@cache
def _compile(source: str) -> Template:
    return _JINJA.from_string("".join(line.strip() for line in source.splitlines()))


def percent(probability: float) -> str:
    """Format a probability for people, without rounding it to certainty: ">99%", "98%", "<1%"."""
    if probability > 0.99:
        return ">99%"
    return "<1%" if 0 < probability < 0.01 else f"{probability:.0%}"


def percent_of(value: float) -> str:
    """Format a share as a percentage with two decimals; only a share of exactly 1 is "100%"."""
    return "100%" if value == 1 else f"{min(value, 0.9999):.2%}"


def bars(probabilities: NDArray[np.floating]) -> Markup:
    """Draw ten probabilities as horizontal bars; the largest is marked where it exceeds all others together."""
    best = int(probabilities.argmax()) if probabilities.max() > 0.5 else None
    rows = [(label, 100 * p, percent(p)) for label, p in enumerate(probabilities)]
    return render(_BARS, rows=rows, best=best)


_BARS = """
<ol class="bars" aria-label="Probability of each digit">
  {% for label, width, number in rows %}
    <li class="{{ 'best' if label == best }}"><b>{{ label }}</b>
      <span class="track"><i style="width:{{ '%.1f' % width }}%"></i></span>
      <span class="number">{{ number }}</span></li>
  {% endfor %}
</ol>
"""


def columns(probabilities: NDArray[np.floating]) -> Markup:
    """Draw ten probabilities as small columns, where there is no room for bars with numbers."""
    return render(_COLUMNS, heights=[100 * p for p in probabilities])


_COLUMNS = """
<ol class="columns" aria-hidden="true">
  {% for height in heights %}
    <li><i style="height:{{ '%.0f' % height }}%"></i><b>{{ loop.index0 }}</b></li>
  {% endfor %}
</ol>
"""


def picture(pixels: Ink, description: str) -> Markup:
    """Show pixels as an image with a text alternative; the browser enlarges them without smoothing."""
    return render('<img class="pixels" alt="{{ alt }}" src="{{ url }}">', alt=description, url=pixels_url(pixels))


def pixels_url(pixels: NDArray[np.uint8]) -> str:
    """Encode (h, w) gray or (h, w, 3) BGR pixels as the data URL of a PNG."""
    data = b64encode(cv2.imencode(".png", pixels)[1].tobytes()).decode()
    return f"data:image/png;base64,{data}"


def hint(text: str) -> Markup:
    """Show a paragraph of small print."""
    return render('<p class="hint">{{ text }}</p>', text=text)


def cards_of(*cards: tuple[str, str] | tuple[str, str, str]) -> Markup:
    """Show figures side by side as cards: of each its title, the figure, and a note on it where there is one."""
    return render(_CARDS, cards=cards)


_CARDS = """
<dl class="cards">
  {% for card in cards %}
    <div><dt>{{ card[0] }}</dt><dd>{{ card[1] }}</dd>
    {% if card[2] is defined and card[2] %}<dd class="text">{{ card[2] }}</dd>{% endif %}</div>
  {% endfor %}
</dl>
"""
