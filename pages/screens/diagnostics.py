"""How good the reading is, where it fails, and how far it can be trusted."""

from __future__ import annotations

import streamlit as st

from model.evaluation.diagnosis import Diagnosis
from model.evaluation.results import Evaluation
from pages.components.diagnostics.confusion import show_confusion
from pages.components.diagnostics.curves import show_calibration, show_coverage, show_per_class, show_robustness
from pages.components.diagnostics.headline import show_headline
from pages.components.diagnostics.quiz import show_quiz
from pages.components.diagnostics.sample_detail import show_sample
from pages.components.diagnostics.sample_list import Frames, look, show_filters, show_samples
from pages.components.shared.mnist import offer_mnist
from pages.components.shared.results import diagnosis, evaluation


@st.fragment
def errors(known: Evaluation, looked_at: Diagnosis | None) -> None:
    """What was taken for what: the matrix, and samples of its cells."""
    frames = Frames(looked_at)
    if st.toggle("Guess before you look", key="guess_first", persist_state="session"):
        show_quiz(known, looked_at, frames)
        return
    left, right = st.columns(2, gap="medium")
    with left:
        show_confusion(known)
    with right, st.container(key="samples"):
        complete = show_samples(known, show_filters(known), frames)
    if (index := look().opened) is not None:
        complete = show_sample(known, looked_at, frames, index) and complete
    if not complete:
        offer_mnist()


st.title("Diagnostics")
known = evaluation()
if known is None:
    st.stop()
looked_at = diagnosis()
show_headline(known)
st.subheader("What is taken for what")
errors(known, looked_at)
st.subheader("Accept or ask")
show_coverage(known)
st.subheader("Digit by digit")
show_per_class(known)
st.subheader("Confidence")
show_calibration(known)
if looked_at is not None:
    st.subheader("Robustness")
    show_robustness(looked_at)
