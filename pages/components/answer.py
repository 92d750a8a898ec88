"""What the page says about a drawing: the answer, the frame, the bars and the steps, each one piece of HTML.

One element each, because at ten updates a second it is the number of elements that costs.
"""

from __future__ import annotations

from base64 import b64encode
from html import escape

import cv2
import numpy as np
import streamlit as st
from numpy.typing import NDArray

from model.framing import FRAME_SIDE, Framing, frame_glyph
from model.reading import Digit, Finding, Ink, Reading, Stroke
from model.strokes import as_strokes, ink_digit
from model.transcript import SURE

_WORDS = ((0.99, "Almost certain"), (0.9, "Confident"), (0.0, "Fairly confident"))
SLIGHT = 0.05
"""A runner-up below this is not worth a word."""

_PLAIN = {
    Finding.NOTHING: ("Draw a digit", "Any digit from 0 to 9, with mouse, finger or pen. It is read while you draw."),
    Finding.TOO_LITTLE_INK: ("Too little ink", "A dot is not enough to tell a digit. Keep drawing."),
    Finding.MORE_THAN_ONE: ("More than one digit", "The pad reads one digit at a time. Undo or clear the others."),
    Finding.NOT_A_DIGIT: ("Not a digit", "This does not look like any of the ten digits."),
}


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
        framing = frame_glyph(ink := ink_digit(as_strokes(strokes))) if strokes else None
        st.html(_steps(ink, framing) if framing else "<p>Draw something first.</p>")


def confidence_in_words(confidence: float) -> str:
    """How sure the classifier is, in words."""
    return next(words for least, words in _WORDS if confidence >= least)


def percent(probability: float) -> str:
    """A probability as a number for people, who should not read certainty into rounding."""
    if probability > 0.99:
        return ">99%"
    return "<1%" if 0 < probability < 0.01 else f"{probability:.0%}"


def verdict(finding: Finding, digit: Digit | None, threshold: float) -> tuple[str, str, str]:
    """Sign, title and text of an answer: what was found, the digit if there is one, and how sure it must be."""
    if digit is None or finding in _PLAIN:
        return "?", *_PLAIN[finding]
    second = float(digit.probabilities[digit.runner_up])
    if finding is Finding.BETWEEN:
        title = f"{digit.label} or {digit.runner_up}"
        return "?", title, f"Between two digits: {percent(digit.confidence)} against {percent(second)}."
    if finding is Finding.UNSURE:
        article = "an" if digit.label == 8 else "a"
        title = f"Perhaps {article} {digit.label}, {percent(digit.confidence)}"
        return "?", title, f"Not sure enough to say so: that takes {_least(threshold)}."
    title = f"{confidence_in_words(digit.confidence)}, {percent(digit.confidence)}"
    return str(digit.label), title, _alternative(digit, second)


def _least(threshold: float) -> str:
    """The threshold for people, never rounded up to 100 %."""
    return "more than 99.9%" if threshold >= 0.9995 else f"{threshold:.1%}"


def _alternative(digit: Digit, second: float) -> str:
    if second >= SLIGHT:
        return f"{digit.label}, or perhaps {digit.runner_up}"
    return (
        "No other digit comes close." if digit.confidence >= SURE else "No other digit comes close; perhaps it is none."
    )


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


def _steps(ink: Ink, framing: Framing) -> str:
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


def picture(pixels: Ink, description: str) -> str:
    """The pixels as they are; the browser enlarges them without smoothing."""
    return f'<img class="pixels" alt="{description}" src="{pixels_url(pixels)}">'


def pixels_url(pixels: Ink) -> str:
    """Gray pixels as the data URL of a PNG."""
    data = b64encode(cv2.imencode(".png", pixels)[1]).decode()
    return f"data:image/png;base64,{data}"
