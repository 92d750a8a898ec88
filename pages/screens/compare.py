"""The Compare page: all models in a table, on the visitor's own drawing, and two of them against each other."""

from __future__ import annotations

import streamlit as st

from model.classifiers.registry import Input, available
from pages.components.compare.model_table import rows_of, show_curves, show_missing, show_models
from pages.components.compare.side_by_side import read_side_by_side
from pages.components.compare.two_models import choose_two, show_disagreements, show_test
from pages.components.pad.answer import show_parts
from pages.components.pad.pad import show_pad
from pages.components.shared.mnist import offer_mnist, test_digits
from pages.components.shared.results import evaluation


@st.fragment
def show_board(names: list[str]) -> None:
    """Show the pad of the Draw page, and what each of the models reads on it while the pen is down."""
    with st.container(key="reading_board"):
        pad = show_pad(None, "_of_all")
        show_parts(read_side_by_side(pad.objects, names), pad.version)


@st.fragment
def compare_two(names: list[str]) -> None:
    """Compare any two models on the same test digits."""
    first, second = (evaluation(name) for name in choose_two(names))
    if first and second and show_test(first, second):
        digits = test_digits()
        if digits is None or len(digits) != len(first.labels):
            show_disagreements(first, second, None)
            offer_mnist()
        else:
            show_disagreements(first, second, digits.frames)


names, of_paths = available(), available(Input.PATH)
st.title("Compare the models")
show_models(rows := rows_of(names + of_paths))
show_missing(names + of_paths)
st.subheader("Your own drawing, read by all of them")
show_board(names)
st.subheader("Learning curves")
show_curves(rows)
st.subheader("Two models against each other")
comparable = [row.name for row in rows if row.name in names]  # on the same test digits
if len(comparable) < 2:
    st.info("There is only one to compare. Train another model.", icon=":material/info:")
    st.stop()
compare_two(comparable)
