"""Two models on the same test digits: whether one is better than the other, and where they disagree."""

from __future__ import annotations

import numpy as np
import streamlit as st
from markupsafe import Markup
from numpy.typing import NDArray

from model.classifiers.registry import MODELS
from model.evaluation.metrics import mcnemar
from model.evaluation.results import Evaluation
from pages.components.shared.gallery import describe_reading, show_gallery
from pages.components.shared.html import cards_of, hint, render

_SIGNIFICANT = 0.05
_WHO = {
    "all": "All",
    "first": "Only the first is right",
    "second": "Only the second is right",
    "neither": "Neither is right",
}


def choose_two(names: list[str]) -> tuple[str, str]:
    """Let the visitor choose two of at least two models."""
    left, right = st.columns(2)
    with left:
        first = _choose_model("First model", names, "first_model")
    with right:
        second = _choose_model("Second model", [name for name in names if name != first], "second_model")
    return first, second


def _choose_model(label: str, names: list[str], key: str) -> str:
    last = len(names) - 1
    return st.selectbox(label, names, last, format_func=_title, key=key, persist_state="session")


def _title(name: str) -> str:
    return MODELS[name].title


def show_test(a: Evaluation, b: Evaluation) -> bool:
    """Show McNemar's test; returns False, with a warning on the page, if the two are of other digits."""
    if not np.array_equal(a.labels, b.labels):
        st.warning(
            "Two models cannot be compared. Expected evaluations of the same test digits. "
            f"Received: {a.name} on {len(a.labels)}, {b.name} on {len(b.labels)} or others. "
            "Make them with: make report",
            icon=":material/warning:",
        )
        return False
    only_a, only_b, p = mcnemar(a.correct, b.correct)
    both, neither = int((a.correct & b.correct).sum()), int((~a.correct & ~b.correct).sum())
    cards = cards_of(
        ("Both are right", f"{both:,}"),
        ("Only the first", f"{only_a:,}"),
        ("Only the second", f"{only_b:,}"),
        ("Neither", f"{neither:,}"),
        ("McNemar's p", _p_in_words(p)),
    )
    with st.container(key="mcnemar"):
        text = _verdict(a, b, only_a, only_b, p)
        st.html(render("{{ cards }}<p>{{ text }}</p>", cards=cards, text=text))
    return True


def show_disagreements(a: Evaluation, b: Evaluation, frames: NDArray[np.uint8] | None) -> None:
    """List the test digits that the two read differently, those first that both are surest of."""
    who = st.pills(
        "Who is right",
        list(_WHO),
        default="all",
        required=True,
        format_func=_WHO.__getitem__,
        key="who_is_right",
        persist_state="session",
    )
    indices = disagreements(a, b, who)
    st.html(hint(f"Read differently: {len(indices):,} of {len(a.labels):,} test digits."))
    show_gallery(indices, frames, describe_reading(a, b), key="disagreements")


def disagreements(a: Evaluation, b: Evaluation, who: str = "all") -> NDArray[np.intp]:
    """Find the test digits that two models read differently, those first that both are surest of.

    Args:
        a: the first model.
        b: the second one, on the same test digits.
        who: which model is correct: "first", "second" or "neither"; "all" finds all three.

    Returns:
        (n,) indices in the test set.
    """
    correct = {"first": a.correct, "second": b.correct, "neither": ~(a.correct | b.correct)}
    differ = a.predicted != b.predicted
    indices = np.flatnonzero(differ if who == "all" else differ & correct[who])
    return indices[np.argsort(-np.minimum(a.confidence, b.confidence)[indices], kind="stable")]


def _p_in_words(p: float) -> str:
    return "< 0.0001" if p < 0.0001 else f"{p:.4f}" if p < 0.1 else f"{p:.2f}"


def _verdict(a: Evaluation, b: Evaluation, only_a: int, only_b: int, p: float) -> Markup:
    better = MODELS[(a if only_a > only_b else b).name].title
    chance = (
        f"were both equally good, a split as uneven as {only_a:,} to {only_b:,} would come about with a probability of "
        f"{_p_in_words(p)}."
    )
    if p < _SIGNIFICANT:
        return render(
            "<b>{{ better }}</b> is better, and that is hardly chance: {{ chance }}", better=better, chance=chance
        )
    return render(
        "These {{ n }} digits cannot tell which is better: {{ chance }}", n=f"{len(a.labels):,}", chance=chance
    )
