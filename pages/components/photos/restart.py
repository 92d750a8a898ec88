"""Photos that the server has forgotten, because it was restarted: say so, and restore what the browser remembers.

A browser keeps the values of the widgets on its page and sends them to its new session. A text field that nobody sees
holds the names of the photos and what was read.
"""

from __future__ import annotations

import json
from datetime import timedelta

import streamlit as st

from model.transcript_export import to_text
from pages.components.photos.album import Album
from pages.components.photos.upload import SAMPLES, take_sample

_LOST = "The server was restarted and no longer has your pictures. Choose them again."


def album_of_session() -> Album:
    """Return the photos of this session; in a new one, those that can be restored from the browser."""
    _run_again_when_reconnected()
    if "album" not in st.session_state:
        st.session_state.album = Album()
        names, st.session_state.lost = _kept()
        for name in names & SAMPLES.keys():
            take_sample(st.session_state.album, name)
        if names:
            st.rerun()  # a field has one place in a run, and holds what `keep` puts there from now on
    album: Album = st.session_state.album
    return album


def show_lost(album: Album) -> None:
    """Say that photos are lost, and show what was read on them, until the visitor has others than samples."""
    if album.photos.keys() - SAMPLES.keys():
        st.session_state.lost = ""
    if st.session_state.lost:
        with st.container(key="lost"):
            st.warning(_LOST, icon=":material/history:")
            st.code(st.session_state.lost, language=None)


def keep(album: Album) -> None:
    """Have the browser keep what was read."""
    st.session_state.kept_text = json.dumps({"names": list(album.photos), "text": to_text(album.pages)})
    _field()


@st.fragment(run_every=timedelta(days=1))
def _run_again_when_reconnected() -> None:
    """Do nothing: for the sake of such a fragment the browser runs the page when it has found the server again."""


def _kept() -> tuple[set[str], str]:
    """Return the keys of photos in the browser and what was read on them, if some cannot be restored."""
    try:
        kept = json.loads(_field())
        names, text = set(map(str, kept["names"])), str(kept["text"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return set(), ""
    return names, text if names - SAMPLES.keys() else ""


def _field() -> str:
    with st.container(key="kept"):
        return st.text_input("Kept", key="kept_text", label_visibility="collapsed")
