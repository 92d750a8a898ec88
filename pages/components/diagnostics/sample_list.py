"""Samples of the test set: filters that choose and order them, and a gallery to open one from."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from model.data.mnist import LABEL_ERRORS
from model.evaluation.charts import CORRECT
from model.evaluation.diagnosis import Diagnosis
from model.evaluation.metrics import hard_examples
from model.evaluation.results import Evaluation
from model.reading import Frame
from pages.components.shared.html import hint, percent, pixels_url, render
from pages.components.shared.mnist import test_digits

MISREAD, UNSURE, ALL = "Misread", "Least certain", "All"
_GROUPS = [MISREAD, UNSURE, ALL]
ANY = "any"
_DIGITS: list[str | int] = [ANY, *range(10)]
_PAGE = 24  # samples
_KEY = "True digit → what it was read as, and how surely. A flag: the label is disputed."
_DOUBTFUL_FIRST, _SURE_FIRST = "Least certain first", "Most certain first"


@dataclass(slots=True)
class BrowseState:
    """A visitor's place in the samples and in the quiz, beside what the widgets hold.

    Attributes:
        first: position in the list of the first sample on the page.
        opened: index of the test digit whose details are shown, if any.
        scroll_to_opened: whether the page still has to scroll to the details: the sample was opened in this run.
        turn: number of changes of the chosen cell, so that a second click on the same cell is a new selection.
        asked: index of the quiz's current test digit; None until the next one is drawn.
        guesses: the visitor's answers in the quiz, by the indices of the test digits.
    """

    first: int = 0
    opened: int | None = None
    scroll_to_opened: bool = False
    turn: int = 0
    asked: int | None = None
    guesses: dict[int, int] = field(default_factory=dict)


def browse_state() -> BrowseState:
    """Get the state of this visitor's session."""
    state: BrowseState = st.session_state.setdefault("browse_state", BrowseState())
    return state


def choose_cell(true: int, predicted: int) -> None:
    """List the samples of one cell of the confusion matrix, true and predicted."""
    st.session_state.true_digit, st.session_state.read_digit = true, predicted
    _take_cell()


def chosen_cell() -> tuple[int, int] | None:
    """Get the cell whose samples are listed; None if both digits are not chosen."""
    true, predicted = (st.session_state.get(name, ANY) for name in ("true_digit", "read_digit"))
    return None if ANY in (true, predicted) else (true, predicted)


def find_samples(
    evaluation: Evaluation, group: str, true: int | str, predicted: int | str, *, sure_first: bool = False
) -> NDArray[np.intp]:
    """Find test digits.

    Args:
        evaluation: of the test set.
        group: MISREAD, UNSURE (the least certain correct ones) or ALL.
        true: the true digit, or ANY.
        predicted: the predicted digit, or ANY.
        sure_first: order by falling instead of rising confidence.

    Returns:
        (n,) their indices.
    """
    misread, unsure = hard_examples(evaluation.confidence, evaluation.correct)
    groups = {MISREAD: misread, UNSURE: unsure, ALL: np.argsort(evaluation.confidence, kind="stable")}
    found = groups[group]
    for digits, wanted in ((evaluation.labels, true), (evaluation.predicted, predicted)):
        found = found if wanted == ANY else found[digits[found] == wanted]
    return found[::-1] if sure_first else found


class FrameSource:
    """Frames of test digits: those stored in the diagnosis, and all others where MNIST is at hand."""

    def __init__(self, diagnosis: Diagnosis | None) -> None:
        stored = () if diagnosis is None else zip(diagnosis.indices.tolist(), diagnosis.frames, strict=True)
        self._stored: dict[int, Frame] = dict(stored)

    def get(self, index: int) -> Frame | None:
        """Get the frame of a test digit, (28, 28) uint8; None where it is missing."""
        if index in self._stored:
            return self._stored[index]
        digits = test_digits()
        return None if digits is None or index >= len(digits) else digits.frames[index]


def show_filters(evaluation: Evaluation) -> NDArray[np.intp]:
    """Show the filters; returns the indices of the samples that they choose."""
    st.session_state.setdefault("group", MISREAD)
    group = st.segmented_control(
        "Samples",
        _GROUPS,
        required=True,
        key="group",
        width="stretch",
        persist_state="session",
        on_change=_start_again,
    )
    with st.container(key="filters", horizontal=True, gap="small"):
        true, predicted = _choose_digit("True digit", "true_digit"), _choose_digit("Read as", "read_digit")
        order = st.selectbox(
            "Order",
            [_DOUBTFUL_FIRST, _SURE_FIRST],
            key="order",
            persist_state="session",
            on_change=_start_again,
        )
    return find_samples(evaluation, group or MISREAD, true, predicted, sure_first=order == _SURE_FIRST)


def _choose_digit(label: str, key: str) -> int | str:
    return st.selectbox(label, _DIGITS, key=key, format_func=str, persist_state="session", on_change=_take_cell)


def show_samples(evaluation: Evaluation, found: NDArray[np.intp], frames: FrameSource) -> bool:
    """Show a page of samples, which open when clicked; returns whether all of their pictures were at hand."""
    if not len(found):
        st.html(hint(_nothing()))
        return True
    state = browse_state()
    page = found[state.first : state.first + _PAGE].tolist()
    pictures = {index: frames.get(index) for index in page}
    with st.container(key="gallery", horizontal=True, gap="small"):
        for index in page:
            _show_tile(evaluation, index, pictures[index])
        if state.opened in page:  # a button of another type would be a new element, and would lose the keyboard's focus
            st.html(render(_OUTLINE, index=state.opened, color=CORRECT))
    _show_pages(len(found))
    return all(frame is not None for frame in pictures.values())


_OUTLINE = "<style>.st-key-sample_{{ index }} button { outline: 3px solid {{ color }}; }</style>"


def _show_tile(evaluation: Evaluation, index: int, frame: Frame | None) -> None:
    seen = f"#{index}" if frame is None else f"![]({pixels_url(frame)})"
    flag = " :material/flag:" if index in LABEL_ERRORS else ""
    true, predicted = int(evaluation.labels[index]), int(evaluation.probabilities[index].argmax())
    words = f"**{true}**" if true == predicted else f"**{true} → {predicted}**"
    text = f"{seen} {words} {percent(float(evaluation.probabilities[index, predicted]))}{flag}"
    st.button(text, key=f"sample_{index}", on_click=_open, args=(index,))


def _show_pages(n: int) -> None:
    state = browse_state()
    last = min(state.first + _PAGE, n)
    with st.container(key="pages", horizontal=True, vertical_alignment="center", gap="small"):
        st.html(hint(f"{state.first + 1}–{last} of {n:,}. {_KEY}"))
        if n > _PAGE:
            _show_turn("Back", "chevron_left", by=-_PAGE, disabled=state.first == 0)
            _show_turn("More", "chevron_right", by=_PAGE, disabled=last == n)


def _show_turn(label: str, icon: str, *, by: int, disabled: bool) -> None:
    def turn() -> None:
        browse_state().first += by

    st.button(label, key=label.lower(), icon=f":material/{icon}:", on_click=turn, disabled=disabled)


def _nothing() -> str:
    cell = chosen_cell()
    what = "No such digit among the samples chosen" if cell is None else f"No {cell[0]} was read as {cell[1]} here"
    return f"{what}. Choose other digits{'' if st.session_state.group == ALL else ', or list all samples'}."


def _start_again() -> None:
    browse_state().first, browse_state().opened = 0, None


def _take_cell() -> None:
    """Start again; where one cell is chosen, list all of its samples, whatever the group was."""
    _start_again()
    browse_state().turn += 1
    if chosen_cell():
        st.session_state.group = ALL


def _open(index: int) -> None:
    browse_state().opened, browse_state().scroll_to_opened = index, True
