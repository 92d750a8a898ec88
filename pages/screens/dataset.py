"""MNIST, which the models learn from and are tested on: in numbers, digit by digit, and as the network sees it."""

from __future__ import annotations

import streamlit as st

from pages.components.dataset import statistics as charts
from pages.components.dataset.browser import show_augmentation, show_digits
from pages.components.dataset.embedding_map import show_map
from pages.components.shared.mnist import offer_mnist, test_digits
from pages.components.shared.results import diagnosis, evaluation, statistics

st.title("The data set")
with st.container(key="dataset"):
    digits = test_digits()
    if digits is None:
        offer_mnist()
    if numbers := statistics():
        charts.show_facts(numbers)
        st.subheader("How many there are")
        charts.show_counts(numbers)
        st.subheader("Mean and spread")
        charts.show_means(numbers)
        left, right = st.columns(2)
        with left:
            st.subheader("How much ink")
            charts.show_ink(numbers)
        with right:
            st.subheader("How dark")
            charts.show_intensity(numbers)
        st.subheader("How wide the strokes are")
        charts.show_strokes(numbers)
    if digits:
        st.subheader("The digits")
        show_digits()
        st.subheader("What augmentation does")
        show_augmentation(digits)
    st.subheader("As the network sees them")
    map_of, read = diagnosis(), evaluation()
    if map_of and read:
        show_map(map_of, read, digits and digits[0])
