"""The baseline of the start: a page with nothing but the canvas."""

import streamlit as st
from streamlit_drawable_canvas import st_canvas

with st.container(key="pad"):
    st_canvas(key="canvas", width=320, height=320)
