"""Read the numbers on photos, and correct what was read."""

from __future__ import annotations

import logging

import streamlit as st

from model.errors import ArtifactError, ImageError
from model.reader import Reader
from model.transcript import Transcript
from model.vision.decoding import decode_photo
from pages.components.photos.album import Album
from pages.components.photos.picture import show_doubts, show_picture, show_problems, show_reading
from pages.components.photos.preview import make_preview
from pages.components.photos.steps import show_steps
from pages.components.photos.table import show_exports, show_table
from pages.components.photos.upload import choose_photo, choose_pictures
from pages.components.shared.classifiers import choose_model, reader

_log = logging.getLogger(__name__)


def classifier_or_stop(name: str) -> Reader:
    """Return the reader of the model of this name; if it cannot be loaded, the page ends here."""
    try:
        return reader(name)
    except ArtifactError as error:
        st.error(str(error), icon=":material/error:")
        st.stop()


def read_waiting(album: Album, ready: Reader) -> None:
    """Read the waiting photos; each is in the album as soon as it is read."""
    waiting = album.waiting
    if not waiting:
        return
    bar = st.progress(0.0)
    for i, photo in enumerate(waiting):
        bar.progress(i / len(waiting), f"Reading picture {i + 1} of {len(waiting)}")
        try:
            decoded = decode_photo(photo.data)
            transcript = Transcript.of(ready.read_photo(decoded.gray))
            album.finish(photo, transcript, make_preview(decoded), decoded.gray)
        except ImageError as error:
            album.fail(photo, str(error))
        except Exception:  # an unforeseen error in one photo must not keep the others from being read
            _log.exception("A picture could not be read.")
            album.fail(photo, "The picture cannot be read. Something went wrong with it on the server.")
    bar.empty()


model = choose_model("Read numbers from photos")
album: Album = st.session_state.setdefault("album", Album())
choose_pictures(album)
if not album.photos:
    st.stop()
ready = classifier_or_stop(model)
album.set_model(model)
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
show_steps(album, photo, ready)
