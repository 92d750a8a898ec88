"""The answer to a drawing: what is read, the frame, the bars and the steps, each one piece of HTML.

Streamlit's runs show the same HTML as the live socket sends many times a second. So each part is one element, and the
parts that change with every update are f-strings, which escape their values themselves; the steps are a template.
"""

from __future__ import annotations

from html import escape
from math import ceil, sqrt

import numpy as np
import streamlit as st
from markupsafe import Markup

from model.errors import ArtifactError, StrokesError
from model.reader import DrawingSteps, Reader
from model.reading import Finding, Ink, PenPath, Reading, Stroke
from model.vision.framing import FRAME_SIDE
from model.vision.pen_path import PEN_DOWN
from model.vision.strokes import ink_strokes
from pages.components.pad.fabric_paths import Unchecked, pen_width_of, strokes_of
from pages.components.shared.classifiers import reader
from pages.components.shared.html import bars, picture, render
from pages.components.shared.verdict import least_certain, verdict

Parts = dict[str, str]
"""HTML by the key of the container that it is shown in: answer, frame and bars."""


def read_objects(objects: Unchecked, name: str) -> tuple[Parts, list[Stroke]]:
    """Read what the pad reports, with the model of this name.

    Returns:
        The answer, or why there is none; and the strokes, none if they cannot be read.
    """
    try:
        strokes = strokes_of(objects)
        ready = reader(name)
        return _answer_of(ready.read_drawing(strokes, pen_width_of(objects)), ready.threshold), strokes
    except StrokesError as error:
        return _message("This drawing cannot be read", f"{error} Undo or clear it."), []
    except ArtifactError as error:
        return _message("The classifier is missing", str(error)), []


def show_parts(parts: Parts, version: str) -> None:
    """Show an answer.

    Args:
        parts: its HTML.
        version: of the drawing. Live answers change the page behind Streamlit's back; a new version makes it show the
            parts again, even where its own HTML is the same as before.
    """
    for key, html in parts.items():
        with st.container(key=key):
            st.html(f'{html}<i hidden data-version="{version}"></i>')


def show_steps(strokes: list[Stroke]) -> None:
    """Show how the drawing becomes the frame; computed only while the expander is open."""
    with st.expander("How the frame is made", key="steps", on_change="rerun") as expander:
        if not expander.open:
            return
        steps = Reader.explain_drawing(strokes)
        st.html(_figures(steps) if steps else "<p>Draw something first.</p>")


def _answer_of(reading: Reading, threshold: float) -> Parts:
    """Compose the answer, its bars and the frames it was read from; below the threshold the answer is a question."""
    return _parts(*verdict(reading, threshold), reading)


def _message(title: str, text: str) -> Parts:
    return _parts("?", title, text, Reading((), Finding.NOTHING))


def _parts(sign: str, title: str, text: str, reading: Reading) -> Parts:
    """Compose the parts; a number has its frames side by side, and the bars of its least certain digit."""
    kind = "open" if "?" in sign else "accepted"
    frames = [digit.frame for digit in reading] or [np.zeros((FRAME_SIDE, FRAME_SIDE), np.uint8)]
    shown = least_certain(reading)
    caption = "What the network sees"
    seen = "".join(picture(frame, caption) for frame in frames)
    columns = ceil(sqrt(len(frames)))
    width = max(map(len, sign.split("\n")))
    return {
        "answer": f'<div class="answer {kind}" style="--width:{width}"><div class="sign">{sign}</div>'
        f'<div><div class="title">{escape(title)}</div><div class="text">{escape(text)}</div></div></div>',
        "frame": f'<figure class="frame"><div style="--columns:{columns}">{seen}</div>'
        f"<figcaption>{caption}</figcaption></figure>",
        "bars": bars(np.zeros(10) if shown is None else shown.probabilities),
    }


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
        (picture(_dots(steps.path), "Path"), None, "Path", _PATH_TEXT),
    )
    return render(_STEPS, figures=figures)


def _dots(path: PenPath) -> Ink:
    """Draw the points of a path, (200, 200) uint8; where the pen comes down the dot is a larger one."""
    side, reach = 200, 88
    places = path[:, None, :2] * reach + side / 2  # a stroke of one point is a dot
    small = ink_strokes(list(places), 5, (side, side))
    return np.maximum(small, ink_strokes(list(places[path[:, PEN_DOWN] > 0]), 13, (side, side)))


_PATH_TEXT = "64 points along your strokes, with the direction at each: what a second network sees."
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
