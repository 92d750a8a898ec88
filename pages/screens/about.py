"""How it works: what happens to a drawing."""

import streamlit as st

st.title("How it works")
st.markdown("""
Soon.
""")
