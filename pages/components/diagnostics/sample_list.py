"""LabeledFrames of the test set: which ones, in which order, and a gallery of them to choose from."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from model.data.mnist import LABEL_ERRORS
from model.evaluation.charts import RIGHT
from model.evaluation.diagnosis import Diagnosis
from model.evaluation.metrics import hard_examples
from model.evaluation.results import Evaluation
from model.reading import Frame
from pages.components.shared.html import percent, pixels_url
from pages.components.shared.mnist import test_digits

MISREAD, UNSURE, ALL = "Misread", "Least certain", "All"
_GROUPS = [MISREAD, UNSURE, ALL]
ANY = "any"
DIGITS = [ANY, *range(10)]
A_PAGE = 24
_KEY = "True digit → what it was read as, and how surely. A flag: the label is disputed."
_DOUBTFUL_FIRST, _SURE_FIRST = "Least certain first", "Most certain first"


@dataclass(slots=True)
class BrowseState:
    """What a visitor is looking at beside what the widgets hold.

    Attributes:
        first: place in the list of the first sample on the page.
        opened: index of the test digit that is looked at closely, if any.
        is_news: it was opened just now, and is to be brought into sight.
        turn: goes up with every change of the cell, so that clicking on the same one again is news.
        asked: index of the test digit to be guessed; None for the next one.
        guesses: what the visitor took test digits for, by their indices.
    """

    first: int = 0
    opened: int | None = None
    is_news: bool = False
    turn: int = 0
    asked: int | None = None
    guesses: dict[int, int] = field(default_factory=dict)


def look() -> BrowseState:
    """This visitor's."""
    return st.session_state.setdefault("look", BrowseState())


def choose_cell(true: int, read: int) -> None:
    """List the samples of one cell of the confusion matrix."""
    st.session_state.true_digit, st.session_state.read_digit = true, read
    _take_cell()


def chosen_cell() -> tuple[int, int] | None:
    """The cell whose samples are listed, if it is one."""
    true, read = (st.session_state.get(name, ANY) for name in ("true_digit", "read_digit"))
    return None if ANY in (true, read) else (true, read)


def find_samples(
    evaluation: Evaluation, group: str, true: int | str, read: int | str, *, sure_first: bool = False
) -> NDArray[np.intp]:
    """Indices of test digits: of a group, of one true digit and of one that was read, or of any; by confidence."""
    misread, unsure = hard_examples(evaluation.confidence, evaluation.correct)
    groups = {MISREAD: misread, UNSURE: unsure, ALL: np.argsort(evaluation.confidence, kind="stable")}
    found = groups[group]
    for digits, wanted in ((evaluation.labels, true), (evaluation.predicted, read)):
        found = found if wanted == ANY else found[digits[found] == wanted]
    return found[::-1] if sure_first else found


class Frames:
    """Frames of test digits: the stored ones, and the others where MNIST is at hand."""

    def __init__(self, diagnosis: Diagnosis | None) -> None:
        stored = () if diagnosis is None else zip(diagnosis.indices.tolist(), diagnosis.frames, strict=True)
        self._stored: dict[int, Frame] = dict(stored)

    def get(self, index: int) -> Frame | None:
        """The frame of a test digit; None if it is not to be had."""
        if index in self._stored:
            return self._stored[index]
        digits = test_digits()
        return None if digits is None or index >= len(digits[0]) else digits[0][index]


def show_filters(evaluation: Evaluation) -> NDArray[np.intp]:
    """Show what to list; the indices that are listed."""
    keep = {"persist_state": "session", "on_change": _start_again}
    st.session_state.setdefault("group", MISREAD)
    group = st.segmented_control("LabeledFrames", _GROUPS, required=True, key="group", width="stretch", **keep)
    cell = {"format_func": str, "persist_state": "session", "on_change": _take_cell}
    with st.container(key="filters", horizontal=True, gap="small"):
        true = st.selectbox("True digit", DIGITS, key="true_digit", **cell)
        read = st.selectbox("Read as", DIGITS, key="read_digit", **cell)
        order = st.selectbox("Order", [_DOUBTFUL_FIRST, _SURE_FIRST], key="order", **keep)
    return find_samples(evaluation, group, true, read, sure_first=order == _SURE_FIRST)


def show_samples(evaluation: Evaluation, found: NDArray[np.intp], frames: Frames) -> bool:
    """Show a page of samples, of which one that is clicked on is opened; whether all pictures were at hand."""
    if not len(found):
        st.html(f'<p class="hint">{_nothing()}</p>')
        return True
    here = look()
    page = found[here.first : here.first + A_PAGE].tolist()
    pictures = {index: frames.get(index) for index in page}
    with st.container(key="gallery", horizontal=True, gap="small"):
        for index in page:
            _show_tile(evaluation, index, pictures[index])
        if here.opened in page:  # not by another type of button: it would be made anew, and the keyboard lose its place
            st.html(f"<style>.st-key-sample_{here.opened} button {{ outline: 3px solid {RIGHT}; }}</style>")
    _show_pages(len(found))
    return all(frame is not None for frame in pictures.values())


def _show_tile(evaluation: Evaluation, index: int, frame: Frame | None) -> None:
    seen = f"#{index}" if frame is None else f"![]({pixels_url(frame)})"
    flag = " :material/flag:" if index in LABEL_ERRORS else ""
    true, answer = int(evaluation.labels[index]), evaluation.probabilities[index]
    read = int(answer.argmax())
    words = f"**{true}**" if true == read else f"**{true} → {read}**"
    text = f"{seen} {words} {percent(float(answer[read]))}{flag}"
    st.button(text, key=f"sample_{index}", on_click=_open, args=(index,))


def _show_pages(n: int) -> None:
    here = look()
    last = min(here.first + A_PAGE, n)
    with st.container(key="pages", horizontal=True, vertical_alignment="center", gap="small"):
        st.html(f'<p class="hint">{here.first + 1}–{last} of {n:,}. {_KEY}</p>')
        if n > A_PAGE:
            back, on = {"disabled": here.first == 0}, {"disabled": last == n}
            st.button("Back", key="back", icon=":material/chevron_left:", on_click=_turn, args=(-A_PAGE,), **back)
            st.button("More", key="more", icon=":material/chevron_right:", on_click=_turn, args=(A_PAGE,), **on)


def _nothing() -> str:
    cell = chosen_cell()
    what = "No such digit among the samples chosen" if cell is None else f"No {cell[0]} was read as {cell[1]} here"
    return f"{what}. Choose other digits{'' if st.session_state.group == ALL else ', or list all samples'}."


def _start_again() -> None:
    look().first, look().opened = 0, None


def _take_cell() -> None:
    """One whole cell is listed whole, whatever group was chosen before."""
    _start_again()
    look().turn += 1
    if chosen_cell():
        st.session_state.group = ALL


def _turn(by: int) -> None:
    look().first += by


def _open(index: int) -> None:
    look().opened, look().is_news = index, True
