"""A quiz: the visitor reads hard test digits, and sees how the network does on the same ones."""

from __future__ import annotations

import numpy as np
import streamlit as st

from model.data.mnist import LABEL_ERRORS
from model.evaluation.diagnosis import Diagnosis
from model.evaluation.results import Evaluation
from model.reading import Frame
from pages.components.diagnostics.sample_detail import show_sample
from pages.components.diagnostics.sample_list import ANY, MISREAD, UNSURE, FrameSource, browse_state, find_samples
from pages.components.shared.html import hint, picture, render
from pages.components.shared.mnist import offer_mnist


def show_quiz(evaluation: Evaluation, diagnosis: Diagnosis | None, frames: FrameSource) -> None:
    """Show a hard digit and ten buttons; after the guess, the label and what the network reads."""
    state, questions = browse_state(), _questions(evaluation)
    if state.asked is None:
        state.asked = next((index for index in questions if index not in state.guesses), None)
    with st.container(key="quiz"):
        st.html(hint(_score(evaluation, len(questions))))
        if state.asked is None:
            st.button("Start again", key="start_again", icon=":material/replay:", on_click=state.guesses.clear)
        elif (frame := frames.get(state.asked)) is None:
            offer_mnist()
        elif state.asked in state.guesses:
            _show_outcome(evaluation, diagnosis, frames, state.asked)
        else:
            _ask(frame, state.asked)


def _questions(evaluation: Evaluation) -> list[int]:
    """Mix the misread digits with the least certain correct ones, shuffled, so that their order gives no hint."""
    hard = np.concatenate([find_samples(evaluation, group, ANY, ANY) for group in (MISREAD, UNSURE)])
    return np.random.default_rng(0).permutation(hard).tolist()


def _score(evaluation: Evaluation, n: int) -> str:
    guesses = browse_state().guesses
    if not guesses:
        return f"{n} digits that the network misread, or read right by a hair. Which digit is it?"
    yours = sum(guess == evaluation.labels[index] for index, guess in guesses.items())
    its = sum(bool(evaluation.correct[index]) for index in guesses)
    return f"{len(guesses)} of {n} digits guessed. Right by the label: you {yours}, the network {its}."


def _ask(frame: Frame, index: int) -> None:
    seen = picture(frame, "Which digit is it?")
    st.html(render('<div class="question">{{ picture }}</div>', picture=seen))
    with st.container(key="guesses", horizontal=True, gap="small"):
        for digit in range(10):
            st.button(str(digit), key=f"guess_{digit}", on_click=_guess, args=(index, digit))


def _show_outcome(evaluation: Evaluation, diagnosis: Diagnosis | None, frames: FrameSource, index: int) -> None:
    guess, label, predicted = browse_state().guesses[index], evaluation.labels[index], evaluation.predicted[index]
    dispute = " Most of five human raters dispute the label." if index in LABEL_ERRORS else ""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"You said **{guess}**, the network **{predicted}**, the label **{label}**.{dispute}")
        st.button("Next", key="next", icon=":material/arrow_forward:", type="primary", on_click=_go_on)
    show_sample(evaluation, diagnosis, frames, index)


def _guess(index: int, digit: int) -> None:
    browse_state().guesses[index] = digit


def _go_on() -> None:
    browse_state().asked = None
