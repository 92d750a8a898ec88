"""The answer to a drawing: what is read, the frame, the bars and the steps, each one piece of HTML.

Each is one element, because at ten updates a second the number of elements determines the cost. For the same reason the
parts that change with every update are f-strings, which escape their values themselves; the steps are a template.
"""

from __future__ import annotations

from html import escape

import numpy as np
import streamlit as st
from markupsafe import Markup

from model.reader import DrawingSteps, Reader
from model.reading import Digit, Reading, Stroke
from model.vision.framing import FRAME_SIDE
from pages.components.shared.html import bars, picture, render
from pages.components.shared.verdict import verdict


def show_answer(reading: Reading, threshold: float) -> None:
    """Show the answer, its bars and the frame it was read from; below the threshold the answer is a question."""
    digit = next(iter(reading), None)
    _answer(*verdict(reading.finding, digit, threshold), accepted=digit is not None and digit.accepted)
    _pictures(digit)


def show_message(title: str, text: str) -> None:
    """Show why there is no answer."""
    _answer("?", title, text, accepted=False)
    _pictures(None)


def show_steps(strokes: list[Stroke]) -> None:
    """Show how the drawing becomes the frame; computed only while the expander is open."""
    with st.expander("How the frame is made", key="steps", on_change="rerun") as expander:
        if not expander.open:
            return
        steps = Reader.explain_drawing(strokes)
        st.html(_figures(steps) if steps else "<p>Draw something first.</p>")


def _answer(sign: str, title: str, text: str, *, accepted: bool) -> None:
    kind = "accepted" if accepted else "open"
    with st.container(key="answer"):
        st.html(
            f'<div class="answer {kind}"><div class="sign">{sign}</div>'
            f'<div><div class="title">{escape(title)}</div><div class="text">{escape(text)}</div></div></div>'
        )


def _pictures(digit: Digit | None) -> None:
    with st.container(key="frame"):
        frame = np.zeros((FRAME_SIDE, FRAME_SIDE), np.uint8) if digit is None else digit.frame
        caption = "What the network sees"
        st.html(f'<figure class="frame">{picture(frame, caption)}<figcaption>{caption}</figcaption></figure>')
    with st.container(key="bars"):
        st.html(bars(np.zeros(10) if digit is None else digit.probabilities))


def _figures(steps: DrawingSteps) -> Markup:
    """Show the steps from the ink to the frame, with the box and the centers drawn over them."""
    ink, framing = steps.ink, steps.framing
    x0, y0, x1, y1 = (100 * edge / len(ink) for edge in framing.box)
    cx, cy = (100 * (center + 0.5) / len(framing.core) for center in framing.center)
    box = f"left:{x0:.1f}%;top:{y0:.1f}%;width:{x1 - x0:.1f}%;height:{y1 - y0:.1f}%"
    center = f"left:{cx:.1f}%;top:{cy:.1f}%"
    text = "Placed on 28×28 pixels so that its center of mass lies in the middle."
    figures = (
        (picture(ink, "Ink"), None, "Ink", "Your strokes, drawn again with a pen that suits their size."),
        (picture(ink, "Box"), ("box", box), "Box", "A tight box around all of the ink."),
        (picture(framing.core, "20×20"), ("middle", center), "20×20", "Shrunk to 20 pixels."),
        (picture(framing.frame, "28×28"), ("middle", "left:50%;top:50%"), "Center of mass", text),
    )
    return render(_STEPS, figures=figures)


_STEPS = """
<div class="steps">
  {% for picture, mark, title, text in figures %}
    <figure>
      <div>{{ picture }}{% if mark %}<i class="{{ mark[0] }}" style="{{ mark[1] }}"></i>{% endif %}</div>
      <figcaption><b>{{ title }}</b><br>{{ text }}</figcaption>
    </figure>
  {% endfor %}
</div>
"""
