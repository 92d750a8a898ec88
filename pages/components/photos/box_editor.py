"""The boxes of a picture on the canvas, to draw, move, resize, relabel and delete them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from model.reader import Reader
from model.transcript import Mark, Trust
from pages.components.photos.album import Album, Photo
from pages.components.photos.box_edits import CanvasBox, CanvasScale, box_id, box_label, drawn_boxes, is_shown, merge
from pages.components.shared.canvas import st_canvas

_WIDTH, _HEIGHT = 620, 700
"""px that the canvas has room in; on narrow screens its helper makes it smaller."""
_COLORS = {
    Trust.SURE: "#15803d",
    Trust.DOUBTFUL: "#b45309",
    Trust.UNREAD: "#be123c",
    Trust.MANUAL: "#1d4ed8",
}
"""Those of style.css: on the picture, which does not change with the theme."""
_DASHED = {Trust.DOUBTFUL: [6, 3], Trust.UNREAD: [2, 3]}
_LINE = 2  # px
_HANDLE = 9  # px
_APART = 30  # px; the handles of a narrow box would lie on each other, so they stand away from it
_FONTS = 9, 15  # px, smallest and largest

_helper = st.components.v2.component("box_helper", js=(Path(__file__).parent / "box_editor.js").read_text("utf-8"))


def edit_boxes(album: Album, photo: Photo, reader: Reader, *, edit: bool) -> None:
    """Show the canvas and take what is done on it into the album; `edit` boxes, or draw new ones."""
    size_wh = photo.preview.size_wh
    board = CanvasScale(size_wh, px=max(size_wh[0] / _WIDTH, size_wh[1] / _HEIGHT))
    revision = album.revisions["canvas"]
    with st.container(key="boxes"):
        drawn = _canvas(photo, board, revision)
        _helper(key="box_helper", data={"edit": edit})
    if drawn is None:
        return
    changed = merge(photo.transcript, drawn, revision, board, lambda box: reader.read_box(photo.data, box))
    shown = is_shown(changed, photo.transcript, drawn, revision)
    if changed is not photo.transcript:
        album.change(photo.key, changed, known_to="canvas" if shown else "")
        st.rerun()
    if not shown:
        album.renew(known_to="table")
        st.rerun()


def _canvas(photo: Photo, board: CanvasScale, revision: int) -> list[CanvasBox] | None:
    """Show the boxes on the canvas; what is on it, if it has something new to report."""
    width, height = board.size_wh
    result = st_canvas(
        key=f"canvas {photo.key}",
        width=max(round(width / board.px), 1),
        height=max(round(height / board.px), 1),
        drawing_mode="labeled_rect",
        background_image=photo.preview.url,
        initial_drawing=_given(photo, revision, board.px),
        stroke_width=_LINE,
        stroke_color=_COLORS[Trust.MANUAL],
        fill_color="rgba(0, 0, 0, 0)",
        font_size=_font(photo, board.px),
        on_change=_note_report,
    )
    fit = result.background_fit
    if not st.session_state.pop("boxes_reported", False) or not fit or not result.json_data:
        return None
    stretch = width / fit["natural_width"], height / fit["natural_height"]
    return drawn_boxes(result.json_data.get("objects"), result.boxes_in_image_space, stretch)


def _note_report() -> None:
    """Only a new report counts: the last one stays with the canvas, and would undo an undo."""
    st.session_state.boxes_reported = True


def _given(photo: Photo, revision: int, px: float) -> dict[str, Any]:
    """The drawing that the canvas loads: the same one until it has to learn of changes made elsewhere."""
    state = photo.key, revision
    if st.session_state.get("boxes_given", (None,))[0] != state:
        font = _font(photo, px)
        drawing = {"objects": [_rectangle(mark, revision, px, font) for mark in photo.transcript]}
        st.session_state.boxes_given = state, drawing
    return st.session_state.boxes_given[1]


def _font(photo: Photo, px: float) -> int:
    """Small enough for labels not to cover the digits of the line above; px."""
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
        # The canvas keeps no property of ours; this one of Fabric's own makes no difference to right angles.
        "strokeMiterLimit": box_id(mark, revision),
    }
