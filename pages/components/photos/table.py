"""All digits of all photos: an editable table, and the exports."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import streamlit as st

from model.transcript import Mark
from model.transcript_export import to_digits_csv, to_json, to_layout_csv, to_text
from pages.components.photos.album import Album
from pages.components.photos.box_edits import DIGITS, Unchecked
from pages.components.shared.html import percent, pixels_url

Rows = list[tuple[str, int]]
"""The key of the photo and the number of the mark of each row."""

_copy_button = st.components.v2.component(
    "copy_button", js=(Path(__file__).parent / "copy_button.js").read_text("utf-8")
)


def show_table(album: Album) -> None:
    """Show a row for each digit; typing over its reading corrects it in every view."""
    rows = [(photo.key, mark.number) for photo in album.read.values() for mark in photo.transcript]
    if not rows:
        return
    st.subheader("Table")
    key = f"table {album.revisions['table']}"
    st.data_editor(
        _frame(album),
        key=key,
        hide_index=True,
        disabled=["Seen", "Confidence", "By hand", "Line", "Digit", "File"],
        column_config={
            "File": None if len(album.read) < 2 else st.column_config.TextColumn(),
            "Seen": st.column_config.ImageColumn(width="small"),
            "Reading": st.column_config.TextColumn(max_chars=1, validate="^[0-9]$", help="Type to change it"),
        },
        on_change=lambda: _take_edits(album, rows, st.session_state[key]),
    )


def show_exports(album: Album) -> None:
    """Offer the transcripts as files, and their text for the clipboard."""
    pages = album.pages
    files = (
        ("Text", "digits.txt", "text/plain", to_text(pages), "The lines as they stand on the page"),
        ("CSV of the page", "page.csv", "text/csv", to_layout_csv(pages), "One row for each line, columns as written"),
        ("CSV of the digits", "digits.csv", "text/csv", to_digits_csv(pages), "One row for each digit"),
        ("JSON", "digits.json", "application/json", to_json(pages), "Everything known, for programs"),
    )
    with st.container(key="exports", horizontal=True, vertical_alignment="center"):
        _copy_button(key="copy_button", data={"text": to_text(pages)})
        for label, name, mime, data, tip in files:
            icon = ":material/download:"
            st.download_button(label, data, name, mime, key=name, icon=icon, help=tip, on_click="ignore")


def _frame(album: Album) -> pd.DataFrame:
    records = [
        _record(photo.name, row, column, mark)
        for photo in album.read.values()
        for row, line in enumerate(photo.transcript.lines, start=1)
        for column, mark in enumerate(line, start=1)
    ]
    return pd.DataFrame(records)


def _record(name: str, row: int, column: int, mark: Mark) -> dict[str, object]:
    return {
        "Seen": pixels_url(mark.digit.frame),
        "Reading": mark.text,
        "Confidence": percent(mark.confidence),
        "By hand": mark.is_manual,
        "Line": row,
        "Digit": column,
        "File": name,
    }


def _take_edits(album: Album, rows: Rows, state: Unchecked) -> None:
    """Correct the digits that were typed over; anything but a digit is replaced by the old reading.

    Args:
        album: the photos.
        rows: of the table.
        state: of the table's widget. Streamlit has checked that its rows are whole numbers, and nothing else; malformed
            edits are dropped with the table's old revision, because it raises an error when it applies them.
    """
    if state["added_rows"] or state["deleted_rows"]:
        album.invalidate_views()
    for row, cells in state["edited_rows"].items():
        mark = _mark(album, rows, row)
        label = cells["Reading"] if isinstance(cells, dict) and cells.keys() == {"Reading"} else None
        if mark is None or label not in DIGITS:
            album.invalidate_views()
        elif label != mark.text:
            key, number = rows[row]
            album.change(key, album.read[key].transcript.set_label(number, int(label)), view="table")


def _mark(album: Album, rows: Rows, row: int) -> Mark | None:
    """Return the mark of a row; None if there is no such row, or its photo or mark is no longer there."""
    if not 0 <= row < len(rows):
        return None
    key, number = rows[row]
    marks = album.read[key].transcript if key in album.read else ()
    return next((mark for mark in marks if mark.number == number), None)
