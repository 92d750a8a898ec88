"""How far predictions can be trusted: for each digit, by confidence, above a threshold, and under corruptions."""

from __future__ import annotations

import streamlit as st

from model.evaluation import charts
from model.evaluation.charts import DescribedChart, accepted_at, breakdown_in_words
from model.evaluation.diagnosis import Diagnosis
from model.evaluation.results import Evaluation
from model.evaluation.robustness import MIN_ACCURACY, Robustness
from pages.components.shared.chart import BY_WEIGHTS, show_chart
from pages.components.shared.html import cards_of, hint, percent_of, render

_MAX_THRESHOLD = 0.999  # the slider's upper end


def show_per_class(evaluation: Evaluation) -> None:
    """Show precision, recall, F1 and support of each digit, as a chart and as a table."""
    left, right = st.columns(2, gap="medium")
    with left:
        show_chart(_per_class(evaluation), key="per_class")
    with right:
        st.html(render(_PER_CLASS_TABLE, rows=evaluation.report["test"]["per_class"]))


_PER_CLASS_TABLE = """
<table class="figures">
  <thead><tr>
    {% for head in ("Digit", "Precision", "Recall", "F1", "Support") %}<th scope="col">{{ head }}</th>{% endfor %}
  </tr></thead>
  <tbody>
    {% for row in rows %}
      <tr><th scope="row">{{ row.label }}</th>
        {% for score in (row.precision, row.recall, row.f1) %}<td>{{ "{:.4f}".format(score) }}</td>{% endfor %}
        <td>{{ "{:,}".format(row.support) }}</td></tr>
    {% endfor %}
  </tbody>
</table>
"""


def show_calibration(evaluation: Evaluation) -> None:
    """Show accuracy against confidence, and the distribution of confidence."""
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("**Is it as often right as it says?**")
        show_chart(_reliability(evaluation), key="reliability")
    with right:
        st.markdown("**How sure is it?**")
        show_chart(_confidence(evaluation), key="confidence")


@st.fragment
def show_coverage(evaluation: Evaluation) -> None:
    """Show coverage and selective accuracy at a threshold that the visitor chooses."""
    shipped = float(evaluation.report["calibration"]["threshold"])
    with st.container(key="coverage"):
        left, right = st.columns([2, 3], gap="medium", vertical_alignment="center")
        with left:
            threshold = st.slider(
                "Accept what is read with a confidence of at least",
                0.0,
                _MAX_THRESHOLD,
                min(shipped, _MAX_THRESHOLD),
                0.001,
                format="%.3f",
                key="threshold",
                persist_state="session",
            )
            st.html(_coverage_cards(evaluation, threshold))
            st.html(hint(f"The app accepts from {shipped:.3f} on, and answers «?» to the rest."))
        with right:
            show_chart(_coverage(evaluation, threshold), key="coverage_against_accuracy")


def _coverage_cards(evaluation: Evaluation, threshold: float) -> str:
    point, n = accepted_at(evaluation.confidence, evaluation.correct, threshold), len(evaluation.labels)
    accepted, errors = point["accepted"], point["errors"]
    return cards_of(
        ("Accepted", percent_of(point["coverage"]), f"{accepted:,} of {n:,} digits; {n - accepted:,} left to you"),
        ("Of those right", percent_of(point["accuracy"]), f"{accepted - errors:,} right, {errors:,} misread"),
    )


def show_robustness(diagnosis: Diagnosis) -> None:
    """Show how accuracy falls with the strength of each corruption, and the breakdown points."""
    n = max((curve.n for curve in diagnosis.robustness), default=0)
    text = (
        f"{n:,} test digits, disturbed more and more, straight into the network. It breaks where it reads less than "
        f"{MIN_ACCURACY:.0%} right, the dotted line. In the app, framing takes size, place and contrast out first."
    )
    st.html(hint(text))
    with st.container(key="robustness"):
        for curve in diagnosis.robustness:
            with st.container(gap=None):
                st.markdown(f"**{curve.name.capitalize()}** {breakdown_in_words(curve)}")
                show_chart(_robustness(curve), key=f"robustness_{curve.name.replace(' ', '_')}")


# Altair takes longer to make a chart than Streamlit takes to show it: charts are made once for all sessions.
@st.cache_resource(show_spinner=False, hash_funcs=BY_WEIGHTS)
def _per_class(evaluation: Evaluation) -> DescribedChart:
    return charts.per_class(evaluation.report["test"]["per_class"])


@st.cache_resource(show_spinner=False, hash_funcs=BY_WEIGHTS)
def _reliability(evaluation: Evaluation) -> DescribedChart:
    return charts.reliability(evaluation.confidence, evaluation.correct)


@st.cache_resource(show_spinner=False, hash_funcs=BY_WEIGHTS)
def _confidence(evaluation: Evaluation) -> DescribedChart:
    return charts.confidence_histogram(evaluation.confidence, evaluation.correct)


@st.cache_resource(show_spinner=False, hash_funcs=BY_WEIGHTS, max_entries=50)
def _coverage(evaluation: Evaluation, threshold: float) -> DescribedChart:
    return charts.coverage(evaluation.confidence, evaluation.correct, threshold)


@st.cache_resource(show_spinner=False)
def _robustness(curve: Robustness) -> DescribedChart:
    return charts.robustness(curve)
