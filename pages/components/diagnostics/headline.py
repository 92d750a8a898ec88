"""The headline metrics: accuracy on MNIST and on unseen writers, with confidence intervals."""

from __future__ import annotations

from typing import cast

import numpy as np
import streamlit as st

from model.classifiers.registry import SHIPPED_RESULTS
from model.classifiers.report import DigitWriters, TestMetrics, WritersMetrics
from model.data.mnist import LABEL_ERRORS
from model.evaluation.metrics import wilson_interval
from model.evaluation.results import Evaluation
from pages.components.shared.html import cards_of, hint, percent_of, render

_LEFT_OUT_TITLES = {"pendigits_train": "Writers left out of training"}
_TITLES = {"unipen": "Writers of UNIPEN"}
_WORDS = (
    "Macro F1: the mean of all ten digits' F1. Log loss: how surprised it is by the truth, in nats. ECE: how far its "
    "confidence is off on average. Accepted: read at a confidence above the app's threshold; the rest gets a «?»."
)
_NO_WRITERS = (
    "Real writers were not measured with these weights. Expected their figures in report.json. Received: none. "
    f"Make them with: python -m model evaluate writers DIR --non-digits DIR --keep {SHIPPED_RESULTS}"
)
_UNKNOWN = "–"
Metrics = TestMetrics | DigitWriters
Column = tuple[str, Metrics]
"""Who wrote the digits, and the metrics measured on them."""


def show_headline(evaluation: Evaluation) -> None:
    """Show the metrics, MNIST and unseen writers side by side, and the accuracy without disputed labels."""
    test, writers = evaluation.report["test"], evaluation.report.get("writers", {}).get(SHIPPED_RESULTS)
    columns: list[Column] = [("MNIST's test digits", test), *(_columns_of(writers) if writers else [])]
    rows = [(name, [_cell(metrics, key, form) for _, metrics in columns]) for name, key, form in _ROWS]
    with st.container(key="headline"):
        cards, titles = cards_of(*_cards(evaluation, columns)), [title for title, _ in columns]
        st.html(render(_HEADLINE, cards=cards, titles=titles, rows=rows, words=hint(_WORDS)))
        if not writers:
            st.warning(_NO_WRITERS, icon=":material/warning:")


_HEADLINE = """
{{ cards }}
<table class="figures">
  <thead><tr><td></td>{% for title in titles %}<th scope="col">{{ title }}</th>{% endfor %}</tr></thead>
  <tbody>
    {% for name, cells in rows %}
      <tr><th scope="row">{{ name }}</th>{% for cell in cells %}<td>{{ cell }}</td>{% endfor %}</tr>
    {% endfor %}
  </tbody>
</table>
{{ words }}
"""


def _columns_of(writers: WritersMetrics) -> list[Column]:
    """List the writers that the network was not trained on."""
    unseen = {name: row for name, row in writers["digits"].items() if name not in writers["left_out"]}
    left_out: list[Column] = [
        (_LEFT_OUT_TITLES.get(name, f"{name}, left out"), row) for name, row in writers["left_out"].items()
    ]
    return left_out + [(_TITLES.get(name, name), row) for name, row in unseen.items()]


def _cards(evaluation: Evaluation, columns: list[Column]) -> list[tuple[str, str, str]]:
    disputed = [index for index in LABEL_ERRORS if index < len(evaluation.labels)]
    undisputed = np.delete(evaluation.correct, disputed)
    counts = [(title, round(row["accuracy"] * row["n"]), row["n"]) for title, row in columns]
    counts.insert(1, (f"… without {len(disputed)} disputed labels", int(undisputed.sum()), len(undisputed)))
    return [_card(*each) for each in counts]


def _card(title: str, correct: int, n: int) -> tuple[str, str, str]:
    low, high = wilson_interval(correct, n)
    errors = "1 error" if n - correct == 1 else f"{n - correct:,} errors"
    return title, percent_of(correct / n), f"95% interval {100 * low:.2f}–{100 * high:.2f}%; {errors} of {n:,}"


_ROWS = (
    ("Writers", "writers", ","),
    ("Worst writer", "worst_writer", "%"),
    ("Macro F1", "macro_f1", ".4f"),
    ("Log loss", "log_loss", ".4f"),
    ("ECE", "ece", ".4f"),
    ("Accepted", "coverage", "%"),
    ("Right when accepted", "selective_accuracy", "%"),
)


def _cell(metrics: Metrics, key: str, form: str) -> str:
    value = cast("float | None", metrics.get(key))
    return _UNKNOWN if value is None else percent_of(value) if form == "%" else format(value, form)
