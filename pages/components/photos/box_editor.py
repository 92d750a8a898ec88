"""The canvas on which a photo's boxes are drawn, moved, resized, relabeled and deleted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from model.errors import BusyError, ReaderError
from model.reading import Box, Digit
from model.transcript import Mark, Trust
from pages.components.photos import reading
from pages.components.photos.album import Album, Read
from pages.components.photos.box_edits import (
    MAX_READS,
    CanvasBox,
    CanvasScale,
    apply_box_edits,
    box_id,
    box_label,
    boxes_to_read,
    is_shown,
    reported_boxes,
)
from pages.components.photos.waiting import gray_of, result_of
from pages.components.shared import picture_pool
from pages.components.shared.canvas import st_canvas
from pages.components.shared.html import hint

_WIDTH, _HEIGHT = 620, 700
"""Of the canvas at most, px; on narrow screens box_editor.js scales it down."""
_COLORS = {
    Trust.SURE: "#15803d",
    Trust.DOUBTFUL: "#b45309",
    Trust.UNREAD: "#be123c",
    Trust.MANUAL: "#1d4ed8",
}
"""Those of style.css; the canvas cannot use its variables."""
_DASHED = {Trust.DOUBTFUL: [6, 3], Trust.UNREAD: [2, 3]}
_LINE = 2  # px
_HANDLE = 9  # px
_APART = 30  # px between opposite handles at least: those of a narrow box would cover each other
_FONTS = 9, 15  # px, smallest and largest

_helper = st.components.v2.component("box_editor", js=(Path(__file__).parent / "box_editor.js").read_text("utf-8"))


def edit_boxes(album: Album, photo: Read, *, edit: bool) -> None:
    """Show the canvas and apply what is done on it to the album; `edit` the boxes, or draw new ones."""
    size_wh = photo.preview.size_wh
    scale = CanvasScale(size_wh, px=max(size_wh[0] / _WIDTH, size_wh[1] / _HEIGHT))
    revision = album.revisions["canvas"]
    with st.container(key="boxes"):
        drawn = _canvas(photo, scale, revision)
        _helper(key="box_editor", data={"edit": edit})
    if drawn is None:
        st.session_state.boxes_reported = False
        _show_refused(photo)
        return
    boxes = boxes_to_read(photo.transcript, drawn, revision, scale)
    digits = _read(album, photo, boxes[:MAX_READS])
    if digits is None:
        return
    changed = apply_box_edits(photo.transcript, drawn, revision, scale, digits.get)
    # Only now: a click may break a run off while boxes are read, and the report would be lost with it.
    st.session_state.boxes_reported = False
    refused = len(boxes) - len(digits)
    st.session_state.boxes_refused = photo.key, refused
    shown = not refused and is_shown(changed, photo.transcript, drawn, revision)
    if changed is not photo.transcript:
        album.change(photo.key, changed, view="canvas" if shown else "")
        st.rerun()
    if not shown:
        album.invalidate_views(except_="table")
        st.rerun()


def _read(album: Album, photo: Read, boxes: list[Box]) -> dict[Box, Digit] | None:
    """Read boxes in a worker; if that fails, show why and return None, and try it again only if all were busy."""
    if not boxes:
        return {}
    try:
        gray = gray_of(album, photo)
        digits = result_of(picture_pool.POOL.submit(reading.read_boxes, album.model, gray, boxes))
    except ReaderError as error:
        st.error(str(error), icon=":material/error:")
        st.session_state.boxes_reported = isinstance(error, BusyError)
        return None
    return dict(zip(boxes, digits, strict=True))


def _canvas(photo: Read, scale: CanvasScale, revision: int) -> list[CanvasBox] | None:
    """Show the boxes on the canvas; return what is on it if it has reported something new."""
    width, height = scale.size_wh
    result = st_canvas(
        key=f"canvas {photo.key}",
        width=max(round(width / scale.px), 1),
        height=max(round(height / scale.px), 1),
        drawing_mode="labeled_rect",
        background_image=photo.preview.url,
        initial_drawing=_loaded(photo, revision, scale.px),
        stroke_width=_LINE,
        stroke_color=_COLORS[Trust.MANUAL],
        fill_color="rgba(0, 0, 0, 0)",
        font_size=_font(photo, scale.px),
        on_change=_note_report,
    )
    is_new = st.session_state.get("boxes_reported", False)
    return reported_boxes(result, scale.size_wh) if is_new else None


def _show_refused(photo: Read) -> None:
    """Show how many boxes of the last report were left out."""
    key, refused = st.session_state.get("boxes_refused", ("", 0))
    if refused and key == photo.key:
        st.html(hint(f"{MAX_READS} boxes are read at a time. {refused} more were left out, so change them once more."))


def _note_report() -> None:
    """Mark a report as new; the canvas returns its last report in every run, and applying it would undo an undo."""
    st.session_state.boxes_reported = True


def _loaded(photo: Read, revision: int, px: float) -> dict[str, Any]:
    """Return the drawing that the canvas loads: the same one for all runs of a revision."""
    state = photo.key, revision
    if st.session_state.get("boxes_loaded", (None,))[0] != state:
        font = _font(photo, px)
        drawing = {"objects": [_rectangle(mark, revision, px, font) for mark in photo.transcript]}
        st.session_state.boxes_loaded = state, drawing
    loaded: dict[str, Any] = st.session_state.boxes_loaded[1]
    return loaded


def _font(photo: Read, px: float) -> int:
    """Return a font size, px, at which labels do not cover the digits of the line above."""
    heights = sorted(mark.height for mark in photo.transcript)
    typical = heights[len(heights) // 2] / px if heights else _FONTS[1]
    return int(min(max(typical / 6, _FONTS[0]), _FONTS[1]))


def _rectangle(mark: Mark, revision: int, px: float, font: int) -> dict[str, Any]:
    x0, y0, x1, y1 = (edge / px for edge in mark.digit.box)
    return {
        "type": "LabeledRect",
        "label": box_label(mark),
        "left": x0,
        "top": y0,
        "width": x1 - x0,
        "height": y1 - y0,
        "originX": "left",
        "originY": "top",
        "fill": "rgba(0, 0, 0, 0)",
        "stroke": _COLORS[mark.trust],
        "strokeWidth": _LINE,
        "strokeDashArray": _DASHED.get(mark.trust),
        "strokeUniform": True,
        "fontSize": font,
        "cornerSize": _HANDLE,
        "padding": max(round((_APART - min(x1 - x0, y1 - y0)) / 2), 0),
        # The canvas keeps no property of ours. It keeps this one of Fabric's, which does not affect right angles.
        "strokeMiterLimit": box_id(mark, revision),
    }
