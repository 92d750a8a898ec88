"""The sources of photos: files, samples and the camera."""

from __future__ import annotations

from pathlib import Path

import streamlit as st
from streamlit.runtime.uploaded_file_manager import DeletedFile

from pages.components.photos.album import Album, Read
from pages.components.shared.uploads import forget_uploads

_FOLDER = Path(__file__).parents[3] / "assets" / "samples"
SAMPLES = {"Phone number": "phone.jpg", "Scores": "scores.jpg", "Meter": "meter.jpg"}
_FORMATS = "PNG, JPEG, HEIC, WebP, BMP, GIF or TIFF, up to 100 megapixels. They stay in your session."


def choose_pictures(album: Album) -> None:
    """Show the inputs; their callbacks add the photos to the album before the page runs."""
    if "uploads" not in st.session_state:
        album.reopen()
        forget_uploads(lambda key: key not in album.photos)
    with st.container(key="upload"):
        st.file_uploader(
            f"Pictures of handwritten digits: {_FORMATS}",
            accept_multiple_files=True,  # of any type: other files fail with the same message as damaged pictures
            key="uploads",
            on_change=_take_uploads,
            args=(album,),
        )
        with st.container(key="sources", horizontal=True, vertical_alignment="center"):
            st.html("Or try a sample:")
            for name in SAMPLES:
                st.button(name, key=f"sample {name}", icon=":material/image:", on_click=take_sample, args=(album, name))
            st.toggle("Use the camera", key="camera_on")
        if st.session_state.camera_on:
            st.camera_input(
                "Hold the page flat and near", key="camera", width=480, on_change=_take_camera, args=(album,)
            )


def choose_photo(album: Album) -> Read:
    """Let the visitor choose among the photos that were read, at least one, and return the chosen one."""
    keys = list(album.read)
    shown = album.shown if album.shown in album.read else keys[-1]
    album.shown = shown
    if len(keys) > 1:
        st.session_state.shown = shown
        st.selectbox(
            "Picture",
            keys,
            key="shown",
            format_func=lambda key: album.photos[key].name,
            on_change=lambda: setattr(album, "shown", st.session_state.shown),
        )
    return album.read[shown]


def take_sample(album: Album, name: str) -> None:
    """Add one of SAMPLES to the album."""
    album.add(name, name, (_FOLDER / SAMPLES[name]).read_bytes())


def _take_uploads(album: Album) -> None:
    """Take the files that the server has; after its restart the browser still names earlier ones."""
    album.sync_uploads([file for file in st.session_state.uploads if not isinstance(file, DeletedFile)])


def _take_camera(album: Album) -> None:
    if photo := st.session_state.camera:
        album.add(photo.file_id, "Camera", photo.getvalue())
