"""The Diagnostics page: how well the shipped model reads MNIST's test set, where it errs, and how sure it is."""

from __future__ import annotations

import streamlit as st

from model.evaluation.diagnosis import Diagnosis
from model.evaluation.results import Evaluation
from pages.components.diagnostics.confusion import show_confusion
from pages.components.diagnostics.curves import show_calibration, show_coverage, show_per_class, show_robustness
from pages.components.diagnostics.headline import show_headline
from pages.components.diagnostics.quiz import show_quiz
from pages.components.diagnostics.sample_detail import show_sample
from pages.components.diagnostics.sample_list import FrameSource, browse_state, show_filters, show_samples
from pages.components.shared.mnist import offer_mnist
from pages.components.shared.results import diagnosis, evaluation


@st.fragment
def show_errors(evaluated: Evaluation, diagnosed: Diagnosis | None) -> None:
    """Show the confusion matrix and the samples of its cells, or the quiz."""
    frames = FrameSource(diagnosed)
    if st.toggle("Guess before you look", key="take_quiz", persist_state="session"):
        show_quiz(evaluated, diagnosed, frames)
        return
    left, right = st.columns(2, gap="medium")
    with left:
        show_confusion(evaluated)
    with right, st.container(key="samples"):
        complete = show_samples(evaluated, show_filters(evaluated), frames)
    if (index := browse_state().opened) is not None:
        complete = show_sample(evaluated, diagnosed, frames, index) and complete
    if not complete:
        offer_mnist()


st.title("Diagnostics")
evaluated = evaluation()
if evaluated is None:
    st.stop()
diagnosed = diagnosis()
show_headline(evaluated)
st.subheader("What is taken for what")
show_errors(evaluated, diagnosed)
st.subheader("Accept or ask")
show_coverage(evaluated)
st.subheader("Digit by digit")
show_per_class(evaluated)
st.subheader("Confidence")
show_calibration(evaluated)
if diagnosed is not None:
    st.subheader("Robustness")
    show_robustness(diagnosed)
