"""Read the numbers on photos, and correct what was read."""

from __future__ import annotations

import streamlit as st

from model.errors import ArtifactError
from pages.components.photos.album import Album
from pages.components.photos.picture import show_doubts, show_picture, show_problems, show_reading
from pages.components.photos.restart import album_of_session, keep, show_lost
from pages.components.photos.steps import show_steps
from pages.components.photos.table import show_exports, show_table
from pages.components.photos.upload import choose_photo, choose_pictures
from pages.components.photos.waiting import read_waiting
from pages.components.shared.classifiers import choose_model


def read_waiting_or_stop(album: Album) -> None:
    """Read the photos that are waiting; if the model cannot be loaded, the page ends here."""
    try:
        read_waiting(album)
    except ArtifactError as error:
        st.error(str(error), icon=":material/error:")
        st.stop()


model = choose_model("Read numbers from photos")
album = album_of_session()
choose_pictures(album)
show_lost(album)
if not album.photos:
    st.stop()
album.set_model(model)
read_waiting_or_stop(album)
show_problems(album)
if not album.read:
    st.stop()
photo = choose_photo(album)
left, right = st.columns([3, 2], gap="medium")
with left:
    show_picture(album, photo)
with right:
    show_reading(album, photo)
    show_doubts(album, photo)
show_table(album)
show_exports(album)
show_steps(album, photo)
keep(album)
