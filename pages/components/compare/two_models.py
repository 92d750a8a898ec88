"""Two models on the same test digits: is one better than the other, and where do they disagree."""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from model.classifiers.registry import MODELS
from model.evaluation.metrics import mcnemar
from model.evaluation.results import Evaluation
from pages.components.shared.gallery import describe_reading, show_gallery
from pages.components.shared.html import cards_of, render

_SIGNIFICANT = 0.05
_WHO = {
    "all": "All",
    "first": "Only the first is right",
    "second": "Only the second is right",
    "neither": "Neither is right",
}


def choose_two(names: list[str]) -> tuple[str, str]:
    """Have two of at least two models chosen."""
    left, right = st.columns(2)
    options = {"format_func": lambda name: MODELS[name].title, "persist_state": "session"}
    first = left.selectbox("First model", names, len(names) - 1, key="first_model", **options)
    others = [name for name in names if name != first]
    second = right.selectbox("Second model", others, len(others) - 1, key="second_model", **options)
    return first, second


def show_test(a: Evaluation, b: Evaluation) -> bool:
    """Show McNemar's test, for which only digits count that one reads right and the other wrong; False if it fails."""
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
        st.html(f"{cards}<p>{_verdict(a, b, only_a, only_b, p)}</p>")
    return True


def show_disagreements(a: Evaluation, b: Evaluation, frames: NDArray[np.uint8] | None) -> None:
    """List the test digits that the two read differently, the least expected first."""
    who = st.pills(
        "Who is right",
        list(_WHO),
        default="all",
        required=True,
        format_func=_WHO.get,
        key="who_is_right",
        persist_state="session",
    )
    indices = disagreements(a, b, who)
    st.html(f'<p class="hint">Read differently: {len(indices):,} of {len(a.labels):,} test digits.</p>')

    show_gallery(indices, frames, describe_reading(a, b), key="disagreements")


def disagreements(a: Evaluation, b: Evaluation, who: str = "all") -> NDArray[np.intp]:
    """Indices of the test digits that two models read differently, those first that both are surest of.

    Args:
        a: the first.
        b: the second, of the same test digits.
        who: is right: "first", "second", "neither", or "all" of them.
    """
    right = {"first": a.correct, "second": b.correct, "neither": ~(a.correct | b.correct)}.get(who, True)
    indices = np.flatnonzero((a.predicted != b.predicted) & right)
    return indices[np.argsort(-np.minimum(a.confidence, b.confidence)[indices], kind="stable")]


def _p_in_words(p: float) -> str:
    return "< 0.0001" if p < 0.0001 else f"{p:.4f}" if p < 0.1 else f"{p:.2f}"


def _verdict(a: Evaluation, b: Evaluation, only_a: int, only_b: int, p: float) -> str:
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
