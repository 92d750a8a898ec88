"""Read the numbers on photos, and mend what was read."""

from __future__ import annotations

import logging

import streamlit as st

from model.errors import ArtifactError, ImageError
from model.reader import Reader
from model.transcript import Transcript
from model.vision.decoding import load_gray
from pages.components.photos.album import Album
from pages.components.photos.picture import show_doubts, show_picture, show_problems, show_reading, show_steps
from pages.components.photos.preview import make_preview
from pages.components.photos.table import show_exports, show_table
from pages.components.photos.upload import choose_photo, choose_pictures
from pages.components.shared.classifiers import choose_model, reader, wait_for


def classifier_or_stop(name: str) -> Reader:
    """The classifier of this name; without it the page ends here, and goes on when it has been loaded."""
    try:
        ready = reader(name)
    except ArtifactError as error:
        st.error(str(error), icon=":material/error:")
        st.stop()
    if ready is None:
        st.info("One moment: the classifier is loading.", icon=":material/hourglass_top:")
        wait_for(name)
        st.stop()
    return ready


def read_waiting(album: Album, ready: Reader) -> None:
    """Read what has not been read yet; each picture is kept as soon as it is done."""
    waiting = album.waiting
    if not waiting:
        return
    bar = st.progress(0.0)
    for i, photo in enumerate(waiting):
        bar.progress(i / len(waiting), f"Reading picture {i + 1} of {len(waiting)}")
        try:
            gray = load_gray(photo.data)
            album.finish(photo.key, Transcript.of(ready.read_photo(gray)), make_preview(photo.data, gray))
        except ImageError as error:
            album.fail(photo.key, str(error))
        except Exception:  # a file that breaks a decoder in a new way is not to spoil the others
            logging.getLogger(__name__).exception("A picture could not be read.")
            album.fail(photo.key, "The picture cannot be read. Something went wrong with it on the server.")
    bar.empty()


model = choose_model("Read numbers from photos")
album: Album = st.session_state.setdefault("album", Album())
choose_pictures(album)
if not album.photos:
    st.stop()
ready = classifier_or_stop(model)
album.read_with(model)
read_waiting(album, ready)
show_problems(album)
if not album.read:
    st.stop()
photo = choose_photo(album)
left, right = st.columns([3, 2], gap="medium")
with left:
    show_picture(album, photo, ready)
with right:
    show_reading(album, photo)
    show_doubts(album, photo)
show_table(album)
show_exports(album)
show_steps(photo, ready)
