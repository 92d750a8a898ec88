"""What the page says about a drawing: the answer, the frame, the bars and the steps, each one piece of HTML.

One element each, because at ten updates a second it is the number of elements that costs.
"""

from __future__ import annotations

from html import escape

import numpy as np
import streamlit as st

from model.reader import DrawingSteps, Reader
from model.reading import Digit, Reading, Stroke
from model.vision.framing import FRAME_SIDE
from pages.components.shared.html import bars, picture
from pages.components.shared.verdict import verdict


def show_answer(reading: Reading, threshold: float) -> None:
    """Show the answer, its bars and the frame it was read from; only from the threshold on it is accepted."""
    digit = next(iter(reading), None)
    _answer(*verdict(reading.finding, digit, threshold), accepted=digit is not None and digit.accepted)
    _pictures(digit)


def show_message(title: str, text: str) -> None:
    """Show why there is no answer."""
    _answer("?", title, text, accepted=False)
    _pictures(None)


def show_steps(strokes: list[Stroke]) -> None:
    """Show how the drawing becomes the frame; worked out only while the expander is open."""
    with st.expander("How the frame is made", key="steps", on_change="rerun") as steps:
        if not steps.open:
            return
        made = Reader.explain_drawing(strokes)
        st.html(_steps(made) if made else "<p>Draw something first.</p>")


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


def _steps(made: DrawingSteps) -> str:
    ink, framing = made.ink, made.framing
    x0, y0, x1, y1 = (100 * edge / len(ink) for edge in framing.box)
    cx, cy = (100 * (center + 0.5) / len(framing.core) for center in framing.center)
    box = f"left:{x0:.1f}%;top:{y0:.1f}%;width:{x1 - x0:.1f}%;height:{y1 - y0:.1f}%"
    middle = f"left:{cx:.1f}%;top:{cy:.1f}%"
    steps = (
        (picture(ink, "Ink"), "", "Ink", "Your strokes, drawn again with a pen that suits their size."),
        (picture(ink, "Box"), f'<i class="box" style="{box}"></i>', "Box", "A tight box around all of the ink."),
        (picture(framing.core, "20×20"), f'<i class="middle" style="{middle}"></i>', "20×20", "Shrunk to 20 pixels."),
        (picture(framing.frame, "28×28"), '<i class="middle" style="left:50%;top:50%"></i>', "Center of mass",
         "Placed on 28×28 pixels so that its center of mass lies in the middle."),
    )  # fmt: skip
    figures = (
        f"<figure><div>{picture}{mark}</div><figcaption><b>{title}</b><br>{text}</figcaption></figure>"
        for picture, mark, title, text in steps
    )
    return f'<div class="steps">{"".join(figures)}</div>'
