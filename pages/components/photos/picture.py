"""One picture on the page: its boxes, its reading, what to check, and the steps that led there."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import cv2
import numpy as np
import streamlit as st

from model.classifiers.registry import MODELS
from model.reader import Reader
from model.reading import Box, Ink
from model.transcript import Mark, Transcript, Trust, cells
from model.vision.decoding import shrink
from pages.components.photos.album import Album, Photo
from pages.components.photos.box_editor import edit_boxes
from pages.components.photos.box_edits import box_label
from pages.components.shared.html import columns, percent, picture
from pages.components.shared.verdict import SLIGHT

_MODES = {
    "BrowseState": ":material/visibility: BrowseState",
    "Draw": ":material/add_box: Draw boxes",
    "Change": ":material/edit: Change boxes",
}
_HINTS = {
    "BrowseState": "Point at a box, or tap it, to see what the network saw.",
    "Draw": "Draw a box around a digit that was missed: it is read at once.",
    "Change": "Choose a box to move, resize or delete it. Click it once more to type another digit.",
}
_LEGEND = {
    Trust.SURE: "sure",
    Trust.DOUBTFUL: "doubtful, 7?",
    Trust.UNREAD: "not read, ?",
    Trust.MANUAL: "set by hand",
}
_LEAST_GUESS = 0.3  # less is no guess worth telling
_MOST_DOUBTS = 8
_MOST_FRAMES = 100
_STEP_SIDE = 700  # px


def show_problems(album: Album) -> None:
    """Say in one line for each why a file cannot be read."""
    lines = (f"<li><b>{escape(photo.name)}</b>: {escape(photo.problem)}</li>" for photo in album.problems)
    if album.problems:
        with st.container(key="problems"):
            st.html(f'<ul class="problems">{"".join(lines)}</ul>')


def show_picture(album: Album, photo: Photo, reader: Reader) -> None:
    """Show the picture with its boxes, to look at them or to change them."""
    with st.container(key="picture_tools", horizontal=True):
        mode = st.segmented_control(
            "Boxes",
            list(_MODES),
            format_func=_MODES.get,
            default="BrowseState",
            required=True,
            key="mode",
            label_visibility="collapsed",
        )
        st.button("Undo", key="undo_photo", icon=":material/undo:", disabled=not album.past, on_click=album.ask_to_undo)
        st.button(
            "Remove",
            key="remove",
            icon=":material/delete:",
            help="Forget this picture",
            on_click=album.remove,
            args=(photo.key,),
        )
    if mode == "BrowseState":
        with st.container(key="overlay"):
            st.html(_overlay(photo))
    else:
        edit_boxes(album, photo, reader, edit=mode == "Change")
    _undo_if_asked(album)
    legend = "".join(f'<li class="{_css(trust)}">{text}</li>' for trust, text in _LEGEND.items())
    st.html(f'<p class="hint">{_HINTS[mode]}</p><ul class="legend">{legend}</ul>')


def _undo_if_asked(album: Album) -> None:
    """Undo after the canvas has told what was done on it: that is what comes first to be taken back."""
    if album.is_undo_asked:
        album.undo()
        st.rerun()


def show_reading(album: Album, photo: Photo) -> None:
    """Show what the picture says, line by line; and if another model than the chosen one has read it, say so."""
    st.subheader("Reading")
    with st.container(key="reading"):
        st.html(_lines(photo.transcript) if photo.transcript.lines else _NO_DIGITS)
    if photo.reader_of != album.reader_of:
        title = MODELS[photo.reader_of].title
        st.html(f'<p class="hint">Read by: {title}. It is kept because you have changed it by hand.</p>')
        st.button(
            "Read it anew", key="read_again", icon=":material/refresh:", on_click=album.read_again, args=(photo.key,)
        )


def show_doubts(album: Album, photo: Photo) -> None:
    """List what is worth a look, the worst first, each with its likeliest digits to choose from."""
    doubts = photo.transcript.doubts
    if not doubts:
        return
    st.subheader("Please check")
    with st.container(key="doubts"):
        for mark in doubts[:_MOST_DOUBTS]:
            _show_doubt(album, photo, mark)
        if len(doubts) > _MOST_DOUBTS:
            st.html(f'<p class="hint">And {len(doubts) - _MOST_DOUBTS} more, surer than these.</p>')


def show_steps(photo: Photo, reader: Reader) -> None:
    """Show what was done to the picture; worked out only while the expander is open."""
    with st.expander("What was done to the picture", key="photo_steps", on_change="rerun") as steps:
        if steps.open:
            st.html(_steps(photo, reader))


_NO_DIGITS = """<div class="title">No digits found</div>
<div class="text">If there are some, draw boxes around them, or take the picture nearer and in even light.</div>"""


def _show_doubt(album: Album, photo: Photo, mark: Mark) -> None:
    def set_label(label: int) -> None:
        album.change(photo.key, photo.transcript.set_label(mark.number, label))

    def remove() -> None:
        album.change(photo.key, photo.transcript.remove(mark.number))

    name = f"{photo.key} {mark.number}"
    with st.container(key=f"doubt {name}", horizontal=True, vertical_alignment="center", gap="small"):
        text = f"<b>{escape(_guess(mark))}</b><br>{_place(photo.transcript, mark)}"
        st.html(f'<div class="doubt {_css(mark.trust)}">{picture(mark.digit.frame, "")}<div>{text}</div></div>')
        for label in (mark.digit.label, mark.digit.runner_up):
            st.button(str(label), key=f"set {name} {label}", help=f"It is a {label}", on_click=set_label, args=(label,))
        st.button("", key=f"drop {name}", icon=":material/close:", help="It is no digit", on_click=remove)


def _guess(mark: Mark) -> str:
    """What a doubt is between."""
    if mark.digit.confidence < _LEAST_GUESS:
        return "Not a digit?"
    second = float(mark.digit.probabilities[mark.digit.runner_up])
    other = f" or {mark.digit.runner_up}, {percent(second)}" if second >= SLIGHT else ""
    return f"{mark.digit.label}, {percent(mark.digit.confidence)}{other}"


def _place(transcript: Transcript, mark: Mark) -> str:
    row, line = next((row, line) for row, line in enumerate(transcript.lines, start=1) if mark in line)
    return f"Line {row}, digit {line.index(mark) + 1}"


def _css(trust: Trust) -> str:
    return trust.name.lower()


def _lines(transcript: Transcript) -> str:
    """The reading as HTML whose text is the reading."""
    rows = (" ".join("".join(map(_character, cell)) for cell in cells(line)) for line in transcript.lines)
    return f'<div class="lines">{"".join(f"<div>{row}</div>" for row in rows)}</div>'


def _character(mark: Mark) -> str:
    return f'<span class="{_css(mark.trust)}" title="{escape(_guess(mark))}">{mark.text}</span>'


def _overlay(photo: Photo) -> str:
    """The picture under its boxes, each with a tip of its frame and its probabilities."""
    width, height = photo.preview.size_wh
    marks = "".join(_box(mark, width, height) for mark in photo.transcript)
    return (
        f'<div class="photo" style="--ratio:{width / height:.4f}"><img alt="{escape(photo.name)}"'
        f' src="{photo.preview.url}">{marks}</div>'
    )


def _box(mark: Mark, width: int, height: int) -> str:
    x0, y0, x1, y1 = mark.digit.box
    x, y = mark.middle
    style = (
        f"left:{100 * x0 / width:.2f}%;top:{100 * y0 / height:.2f}%;width:{100 * (x1 - x0) / width:.2f}%;"
        f"height:{100 * (y1 - y0) / height:.2f}%;--size:{100 * (y1 - y0) / width:.2f}cqw"
    )
    side = f"{'right' if 2 * x > width else 'left'} {'above' if 2 * y > height else 'below'}"
    name = escape(_summary(mark))
    return (
        f'<div class="mark {_css(mark.trust)}" tabindex="0" aria-label="{name}" style="{style}"><b>{box_label(mark)}</b>'
        f'<div class="tip {side}">{picture(mark.digit.frame, "What the network sees")}'
        f"{columns(mark.digit.probabilities)}<p>{name}</p></div></div>"
    )


def _summary(mark: Mark) -> str:
    read = f"{mark.digit.label}, {percent(mark.digit.confidence)}"
    return f"{mark.label} by hand; read: {read}" if mark.manual_label is not None else read


def _steps(photo: Photo, reader: Reader) -> str:
    steps = reader.explain_photo(photo.data)
    scale = steps.gray.shape[1] / photo.preview.size_wh[0]
    marks = list(photo.transcript)
    lines = [_around(line) for line in photo.transcript.lines]
    digits = [mark.digit.box for mark in marks]
    pages = (
        (steps.gray, "Gray", "Upright, without its colors."),
        (cv2.bitwise_not(steps.without_paper), "Without paper", "Its light and its shadows are taken away."),
        (cv2.bitwise_not(steps.ink), "Ink", "What is darker than the paper's own noise."),
        (
            cv2.bitwise_not(steps.without_ruled_lines),
            "Without rulings",
            "Ruled lines, boxes of forms and faint stains are taken away.",
        ),
        (_boxed(steps.without_ruled_lines, steps.boxes), "Glyphs", "What may be a digit, put together and cut apart."),
        (_boxed(steps.without_ruled_lines, _scaled(lines, scale)), "Lines", f"What stands side by side: {len(lines)}."),
        (_boxed(steps.without_ruled_lines, _scaled(digits, scale)), "Digits", f"One box for each: {len(marks)}."),
    )
    figures = (
        f"<figure>{picture(small, title)}<figcaption><b>{title}</b><br>{text}</figcaption></figure>"
        for small, title, text in ((shrink(pixels, _STEP_SIDE), title, text) for pixels, title, text in pages)
    )
    return f'<div class="photo_steps">{"".join(figures)}</div>{_frames(marks) if marks else ""}'


def _frames(marks: list[Mark]) -> str:
    frames = "".join(picture(mark.digit.frame, box_label(mark)) for mark in marks[:_MOST_FRAMES])
    caption = "Each digit on 28×28 pixels, framed as the network's training digits were."
    return f'<figcaption><b>Frames</b><br>{caption}</figcaption><div class="frames">{frames}</div>'


def _scaled(boxes: Sequence[Box], scale: float) -> list[Box]:
    return [(round(x0 * scale), round(y0 * scale), round(x1 * scale), round(y1 * scale)) for x0, y0, x1, y1 in boxes]


def _around(line: tuple[Mark, ...]) -> Box:
    boxes = np.array([mark.digit.box for mark in line])
    (x0, y0), (x1, y1) = boxes[:, :2].min(axis=0).tolist(), boxes[:, 2:].max(axis=0).tolist()
    return x0, y0, x1, y1


def _boxed(ink: Ink, boxes: Sequence[Box]) -> Ink:
    page = cv2.bitwise_not(ink)
    thickness = max(max(ink.shape) // 350, 1)
    for x0, y0, x1, y1 in boxes:
        cv2.rectangle(page, (x0, y0), (x1 - 1, y1 - 1), 128, thickness)
    return page
