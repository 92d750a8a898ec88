"""The headline figures: how good the model is on MNIST and on real writers, and how sure that is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from typing import Any

import numpy as np
import streamlit as st

from model.classifiers.registry import SHIPPED_RESULTS
from model.classifiers.report import Metrics
from model.data.mnist import LABEL_ERRORS
from model.evaluation.metrics import wilson_interval
from model.evaluation.results import Evaluation
from pages.components.shared.html import cards_of, percent_of

_LEFT_OUT_TITLES = {"pendigits_train": "Writers left out of training"}
_TITLES = {"unipen": "Writers of UNIPEN"}
_WORDS = (
    "Macro F1: the mean of all ten digits' F1. Log loss: how surprised it is by the truth, in nats. ECE: how far its "
    "confidence is off on average. Accepted: read at a confidence above the app's threshold; the rest gets a «?»."
)
_NO_WRITERS = (
    "Real writers were not measured with these weights. Expected their figures in report.json. Received: none. "
    f"Make them with: python -m model evaluate --ink DIR --not-digits DIR --keep {SHIPPED_RESULTS}"
)
_UNKNOWN = "–"
Column = tuple[str, Mapping[str, Any]]
"""Who wrote the digits, and what was measured on them."""


def show_headline(evaluation: Evaluation) -> None:
    """Show the figures, MNIST and real writers side by side, and what disputed labels have to do with them."""
    test, writers = evaluation.report["test"], evaluation.report.get("writers", {}).get(SHIPPED_RESULTS)
    columns = [("MNIST's test digits", test), *_columns_of(writers)] if writers else [("MNIST's test digits", test)]
    with st.container(key="headline"):
        st.html(f"{_cards(evaluation, columns)}{_table(columns)}" + f'<p class="hint">{_WORDS}</p>')
        if not writers:
            st.warning(_NO_WRITERS, icon=":material/warning:")


def _columns_of(writers: Metrics) -> list[Column]:
    """Only writers whom the network was not trained on."""
    unseen = {name: row for name, row in writers["digits"].items() if name not in writers["left_out"]}
    left_out = [(_LEFT_OUT_TITLES.get(name, f"{name}, left out"), row) for name, row in writers["left_out"].items()]
    return left_out + [(_TITLES.get(name, name), row) for name, row in unseen.items()]


def _cards(evaluation: Evaluation, columns: list[Column]) -> str:
    disputed = [index for index in LABEL_ERRORS if index < len(evaluation.labels)]
    settled = np.delete(evaluation.correct, disputed)
    cards = [(title, round(row["accuracy"] * row["n"]), row["n"]) for title, row in columns]
    cards.insert(1, (f"… without {len(disputed)} disputed labels", int(settled.sum()), len(settled)))
    return cards_of(*(_accuracy(*card) for card in cards))


def _accuracy(title: str, right: int, n: int) -> tuple[str, str, str]:
    low, high = wilson_interval(right, n)
    errors = "1 error" if n - right == 1 else f"{n - right:,} errors"
    return title, percent_of(right / n), f"95% interval {100 * low:.2f}–{100 * high:.2f}%; {errors} of {n:,}"


def _table(columns: list[Column]) -> str:
    head = "".join(f'<th scope="col">{escape(title)}</th>' for title, _ in columns)
    rows = "".join(
        f'<tr><th scope="row">{name}</th>{"".join(f"<td>{cell(row)}</td>" for _, row in columns)}</tr>'
        for name, cell in _ROWS.items()
    )
    return f'<table class="figures"><thead><tr><td></td>{head}</tr></thead><tbody>{rows}</tbody></table>'


def _cell(name: str, form: str) -> Callable[[Mapping[str, Any]], str]:
    def cell(row: Mapping[str, Any]) -> str:
        value = row.get(name)
        return _UNKNOWN if value is None else percent_of(value) if form == "%" else format(value, form)

    return cell


_ROWS = {
    "Writers": _cell("writers", ","),
    "Worst writer": _cell("worst_writer", "%"),
    "Macro F1": _cell("macro_f1", ".4f"),
    "Log loss": _cell("log_loss", ".4f"),
    "ECE": _cell("ece", ".4f"),
    "Accepted": _cell("coverage", "%"),
    "Right when accepted": _cell("selective_accuracy", "%"),
}
