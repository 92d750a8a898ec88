"""One photo on the page: its boxes, its reading, and what to check in it."""

from __future__ import annotations

import streamlit as st
from markupsafe import Markup

from model.classifiers.registry import MODELS
from model.transcript import Mark, Transcript, Trust, cells
from pages.components.photos.album import Album, Read
from pages.components.photos.box_editor import edit_boxes
from pages.components.photos.box_edits import box_label
from pages.components.shared.html import columns, hint, percent, picture, render
from pages.components.shared.uploads import forget_uploads
from pages.components.shared.verdict import SLIGHT

_MODES = {
    "Look": ":material/visibility: Look",
    "Draw": ":material/add_box: Draw boxes",
    "Change": ":material/edit: Change boxes",
}
_HINTS = {
    "Look": "Point at a box, or tap it, to see what the network saw.",
    "Draw": "Draw a box around a digit that was missed: it is read at once.",
    "Change": "Choose a box to move, resize or delete it. Click it once more to type another digit.",
}
_LEGEND = {
    Trust.SURE: "sure",
    Trust.DOUBTFUL: "doubtful, 7?",
    Trust.UNREAD: "not read, ?",
    Trust.MANUAL: "set by hand",
}
_MIN_GUESS = 0.3  # of confidence; a less likely digit is not named
_MAX_DOUBTS = 8


def show_problems(album: Album) -> None:
    """Show why photos cannot be read, one line each."""
    if album.failed:
        with st.container(key="problems"):
            st.html(render(_PROBLEMS, failed=album.failed))


_PROBLEMS = """
<ul class="problems">
  {% for photo in failed %}
    <li><b>{{ photo.name }}</b>: {{ photo.problem }}</li>
  {% endfor %}
</ul>
"""


def show_picture(album: Album, photo: Read) -> None:
    """Show the picture with its boxes, to look at them or to change them."""
    with st.container(key="picture_tools", horizontal=True):
        mode = _choose_mode()
        undo, remove = ":material/undo:", ":material/delete:"
        st.button("Undo", key="undo_photo", icon=undo, disabled=not album.past, on_click=album.request_undo)
        help_ = "Forget this picture"
        st.button("Remove", key="remove", icon=remove, help=help_, on_click=_remove, args=(album, photo.key))
    if mode == "Look":
        with st.container(key="overlay"):
            st.html(_overlay(photo))
    else:
        edit_boxes(album, photo, edit=mode == "Change")
    _undo_if_requested(album)
    st.html(render(_CAPTION, hint=_HINTS[mode], legend=[(_css(trust), text) for trust, text in _LEGEND.items()]))


_CAPTION = """
<p class="hint">{{ hint }}</p>
<ul class="legend">
  {% for css, text in legend %}
    <li class="{{ css }}">{{ text }}</li>
  {% endfor %}
</ul>
"""


def _remove(album: Album, key: str) -> None:
    album.remove(key)
    forget_uploads(lambda file_id: file_id == key)


def _choose_mode() -> str:
    return st.segmented_control(
        "Boxes",
        list(_MODES),
        format_func=lambda mode: _MODES[mode],
        default="Look",
        required=True,
        key="mode",
        label_visibility="collapsed",
    )


def _undo_if_requested(album: Album) -> None:
    """Undo after the canvas has reported what was done on it: the undo is meant for the last correction."""
    if album.undo_requested:
        album.undo()
        st.rerun()


def _overlay(photo: Read) -> Markup:
    """Lay the boxes over the picture, each with a tip that shows its frame and its probabilities."""
    width, height = photo.preview.size_wh
    boxes = [(mark, _position(mark, width, height), _side(mark, width, height)) for mark in photo.transcript]
    functions = {"css": _css, "summary": _summary, "label": box_label, "picture": picture, "columns": columns}
    return render(_OVERLAY, photo=photo, ratio=f"{width / height:.4f}", boxes=boxes, **functions)


_OVERLAY = """
<div class="photo" style="--ratio:{{ ratio }}"><img alt="{{ photo.name }}" src="{{ photo.preview.url }}">
  {% for mark, position, side in boxes %}
    {% set css, summary = css(mark.trust), summary(mark) %}
    <div class="mark {{ css }}" tabindex="0" aria-label="{{ summary }}" style="{{ position }}"><b>{{ label(mark) }}</b>
      <div class="tip {{ side }}">
        {{ picture(mark.digit.frame, "What the network sees") }}
        {{ columns(mark.digit.probabilities) }}
        <p>{{ summary }}</p>
      </div>
    </div>
  {% endfor %}
</div>
"""


def _position(mark: Mark, width: int, height: int) -> str:
    """Return the CSS that puts a mark's box on a picture of this size, px."""
    x0, y0, x1, y1 = mark.digit.box
    return (
        f"left:{100 * x0 / width:.2f}%;top:{100 * y0 / height:.2f}%;width:{100 * (x1 - x0) / width:.2f}%;"
        f"height:{100 * (y1 - y0) / height:.2f}%;--size:{100 * (y1 - y0) / width:.2f}cqw"
    )


def _side(mark: Mark, width: int, height: int) -> str:
    """Return the CSS classes that open a mark's tip towards the middle of the picture."""
    x, y = mark.middle
    return f"{'right' if 2 * x > width else 'left'} {'above' if 2 * y > height else 'below'}"


def _summary(mark: Mark) -> str:
    read = f"{mark.digit.label}, {percent(mark.digit.confidence)}"
    return f"{mark.label} by hand; read: {read}" if mark.manual_label is not None else read


def _css(trust: Trust) -> str:
    return trust.name.lower()


def show_reading(album: Album, photo: Read) -> None:
    """Show the transcript line by line; if another model than the chosen one has read it, offer to read it again."""
    st.subheader("Reading")
    with st.container(key="reading"):
        st.html(_lines(photo.transcript) if photo.transcript.lines else _NO_DIGITS)
    if photo.model != album.model:
        st.html(render(_OTHER_MODEL, title=MODELS[photo.model].title))
        refresh = ":material/refresh:"
        st.button("Read it anew", key="read_again", icon=refresh, on_click=album.read_again, args=(photo.key,))


_NO_DIGITS = """<div class="title">No digits found</div>
<div class="text">If there are some, draw boxes around them, or take the picture nearer and in even light.</div>"""

_OTHER_MODEL = '<p class="hint">Read by: {{ title }}. It is kept because you have changed it by hand.</p>'


def _lines(transcript: Transcript) -> Markup:
    """Show the transcript as HTML whose text is the transcript's text."""
    return render(_LINES, lines=[cells(line) for line in transcript.lines], css=_css, guess=_guess)


_LINES = """
<div class="lines">
  {% for line in lines %}
    <div>
      {% for cell in line %}
        {% for mark in cell %}
          <span class="{{ css(mark.trust) }}" title="{{ guess(mark) }}">{{ mark.text }}</span>
        {% endfor %}
        {{ "" if loop.last else " " }}
      {% endfor %}
    </div>
  {% endfor %}
</div>
"""


def show_doubts(album: Album, photo: Read) -> None:
    """List the doubtful digits, the least certain first, each with buttons for its two likeliest labels."""
    doubts = photo.transcript.doubts
    if not doubts:
        return
    st.subheader("Please check")
    with st.container(key="doubts"):
        for mark in doubts[:_MAX_DOUBTS]:
            _show_doubt(album, photo, mark)
        if len(doubts) > _MAX_DOUBTS:
            st.html(hint(f"And {len(doubts) - _MAX_DOUBTS} more, surer than these."))


def _show_doubt(album: Album, photo: Read, mark: Mark) -> None:
    def set_label(label: int) -> None:
        album.change(photo.key, photo.transcript.set_label(mark.number, label))

    def remove() -> None:
        album.change(photo.key, photo.transcript.remove(mark.number))

    name = f"{photo.key} {mark.number}"
    with st.container(key=f"doubt {name}", horizontal=True, vertical_alignment="center", gap="small"):
        frame, place = picture(mark.digit.frame, ""), _place(photo.transcript, mark)
        st.html(render(_DOUBT, css=_css(mark.trust), frame=frame, guess=_guess(mark), place=place))
        for label in (mark.digit.label, mark.digit.runner_up):
            st.button(str(label), key=f"set {name} {label}", help=f"It is a {label}", on_click=set_label, args=(label,))
        st.button("", key=f"drop {name}", icon=":material/close:", help="It is no digit", on_click=remove)


_DOUBT = '<div class="doubt {{ css }}">{{ frame }}<div><b>{{ guess }}</b><br>{{ place }}</div></div>'


def _guess(mark: Mark) -> str:
    """Name the digits that a mark may be, with their probabilities."""
    if mark.digit.confidence < _MIN_GUESS:
        return "Not a digit?"
    second = float(mark.digit.probabilities[mark.digit.runner_up])
    other = f" or {mark.digit.runner_up}, {percent(second)}" if second >= SLIGHT else ""
    return f"{mark.digit.label}, {percent(mark.digit.confidence)}{other}"


def _place(transcript: Transcript, mark: Mark) -> str:
    row, line = next((row, line) for row, line in enumerate(transcript.lines, start=1) if mark in line)
    return f"Line {row}, digit {line.index(mark) + 1}"
