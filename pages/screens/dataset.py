"""The Dataset page: MNIST in numbers, its digits, their augmentation, and a map of them as the network sees them."""

from __future__ import annotations

import streamlit as st

from pages.components.dataset.browser import show_augmentation, show_digits
from pages.components.dataset.embedding_map import show_map
from pages.components.dataset.statistics import (
    show_counts,
    show_facts,
    show_ink,
    show_intensity,
    show_means,
    show_strokes,
)
from pages.components.shared.mnist import offer_mnist, test_digits
from pages.components.shared.results import diagnosis, evaluation, statistics

st.title("The data set")
with st.container(key="dataset"):
    digits = test_digits()
    if digits is None:
        offer_mnist()
    if numbers := statistics():
        show_facts(numbers)
        st.subheader("How many there are")
        show_counts(numbers)
        st.subheader("Mean and spread")
        show_means(numbers)
        left, right = st.columns(2)
        with left:
            st.subheader("How much ink")
            show_ink(numbers)
        with right:
            st.subheader("How dark")
            show_intensity(numbers)
        st.subheader("How wide the strokes are")
        show_strokes(numbers)
    if digits is not None:
        st.subheader("The digits")
        show_digits()
        st.subheader("What augmentation does")
        show_augmentation(digits)
    st.subheader("As the network sees them")
    diagnosed, evaluated = diagnosis(), evaluation()
    if diagnosed and evaluated:
        show_map(diagnosed, evaluated, None if digits is None else digits.frames)
