"""Guess before you look: read the hard digits yourself, and see how you compare with the network."""

from __future__ import annotations

import numpy as np
import streamlit as st

from model.data.mnist import LABEL_ERRORS
from model.evaluation.diagnosis import Diagnosis
from model.evaluation.results import Evaluation
from model.reading import Frame
from pages.components.diagnostics.sample_detail import show_sample
from pages.components.diagnostics.sample_list import ANY, MISREAD, UNSURE, Frames, find_samples, look
from pages.components.shared.html import picture
from pages.components.shared.mnist import offer_mnist


def show_quiz(evaluation: Evaluation, diagnosis: Diagnosis | None, frames: Frames) -> None:
    """Show a hard digit and ten buttons; once guessed, what it is and what the network made of it."""
    here, questions = look(), _questions(evaluation)
    if here.asked is None:
        here.asked = next((index for index in questions if index not in here.guesses), None)
    with st.container(key="guess"):
        st.html(f'<p class="hint">{_score(evaluation, len(questions))}</p>')
        if here.asked is None:
            st.button("Start again", key="start_again", icon=":material/replay:", on_click=here.guesses.clear)
        elif (frame := frames.get(here.asked)) is None:
            offer_mnist()
        elif here.asked in here.guesses:
            _show_outcome(evaluation, diagnosis, frames, here.asked)
        else:
            _ask(frame, here.asked)


def _questions(evaluation: Evaluation) -> list[int]:
    """Misread digits and the least certain right ones, in an order that does not tell which they are."""
    hard = np.concatenate([find_samples(evaluation, group, ANY, ANY) for group in (MISREAD, UNSURE)])
    return np.random.default_rng(0).permutation(hard).tolist()


def _score(evaluation: Evaluation, n: int) -> str:
    guesses = look().guesses
    if not guesses:
        return f"{n} digits that the network misread, or read right by a hair. Which digit is it?"
    yours = sum(guess == evaluation.labels[index] for index, guess in guesses.items())
    its = sum(bool(evaluation.correct[index]) for index in guesses)
    return f"{len(guesses)} of {n} digits guessed. Right by the label: you {yours}, the network {its}."


def _ask(frame: Frame, index: int) -> None:
    st.html(f'<div class="question">{picture(frame, "Which digit is it?")}</div>')
    with st.container(key="guesses", horizontal=True, gap="small"):
        for digit in range(10):
            st.button(str(digit), key=f"guess_{digit}", on_click=_guess, args=(index, digit))


def _show_outcome(evaluation: Evaluation, diagnosis: Diagnosis | None, frames: Frames, index: int) -> None:
    guess, true, read = look().guesses[index], int(evaluation.labels[index]), int(evaluation.predicted[index])
    dispute = " Most of five human raters dispute the label." if index in LABEL_ERRORS else ""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"You said **{guess}**, the network **{read}**, the label **{true}**.{dispute}")
        st.button("Next", key="next", icon=":material/arrow_forward:", type="primary", on_click=_go_on)
    show_sample(evaluation, diagnosis, frames, index)


def _guess(index: int, digit: int) -> None:
    look().guesses[index] = digit


def _go_on() -> None:
    look().asked = None
