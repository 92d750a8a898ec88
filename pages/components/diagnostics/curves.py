"""How far the answers can be trusted: digit by digit, by confidence, above a threshold, and when disturbed."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from model.classifiers.report import ClassMetrics
from model.evaluation import charts
from model.evaluation.charts import Chart, accepted_at
from model.evaluation.diagnosis import Diagnosis
from model.evaluation.results import Evaluation
from model.evaluation.robustness import MIN_ACCURACY, Robustness
from pages.components.shared.chart import BY_WEIGHTS, show_chart
from pages.components.shared.html import cards_of, percent_of

_MOST = 0.999  # the highest threshold to choose


def show_per_class(evaluation: Evaluation) -> None:
    """Show precision, recall, F1 and support of each digit, as a chart and in numbers."""
    rows = evaluation.report["test"]["per_class"]
    worst = min(rows, key=lambda row: row["f1"])
    left, right = st.columns(2, gap="medium")
    with left:
        chart = _per_class(evaluation)
        words = f"Precision, recall and F1 of each digit. The least F1 is that of {worst['label']}, {worst['f1']:.4f}."
        show_chart(chart, chart.data, key="per_class", alt=words)
    with right:
        st.html(_per_class_table(rows))


def show_calibration(evaluation: Evaluation) -> None:
    """Show whether confidence keeps its promise, and how it is spread."""
    confidence = evaluation.confidence
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("**Is it as often right as it says?**")
        chart = _reliability(evaluation)
        gap = evaluation.report["test"]["ece"]
        words = f"Reliability diagram: share read right against confidence, in bins. Mean gap, ECE: {gap:.4f}."
        show_chart(chart, chart.data, key="reliability", alt=words)
    with right:
        st.markdown("**How sure is it?**")
        chart = _confidence(evaluation)
        sure = int((confidence >= 0.9).sum())
        words = f"Distribution of confidence: {sure:,} of {len(confidence):,} digits are read at 90% or more."
        show_chart(chart, chart.data, key="confidence", alt=words)


@st.fragment
def show_coverage(evaluation: Evaluation) -> None:
    """Show what a threshold accepts and how much of that is right, for one to be chosen."""
    shipped = float(evaluation.report["calibration"]["threshold"])
    with st.container(key="coverage"):
        left, right = st.columns([2, 3], gap="medium", vertical_alignment="center")
        with left:
            threshold = st.slider(
                "Accept what is read with a confidence of at least",
                0.0,
                _MOST,
                min(shipped, _MOST),
                0.001,
                format="%.3f",
                key="threshold",
                persist_state="session",
            )
            point = accepted_at(evaluation.confidence, evaluation.correct, threshold)
            st.html(_coverage_cards(point, len(evaluation.labels)))
            st.html(f'<p class="hint">The app accepts from {shipped:.3f} on, and answers «?» to the rest.</p>')
        with right:
            chart = _coverage(evaluation, threshold)
            words = (
                "Share of accepted digits that are right, against the share that is accepted. At a threshold of "
                f"{threshold:.3f}, {point['accuracy']:.2%} of the {point['coverage']:.2%} accepted are right."
            )
            data = pd.concat([chart.data.assign(chosen=False), pd.DataFrame([point]).assign(chosen=True)])
            show_chart(chart, data, key="coverage_against_accuracy", alt=words)


def show_robustness(diagnosis: Diagnosis) -> None:
    """Show how accuracy falls as digits are disturbed, and where it breaks."""
    n = max((curve.n for curve in diagnosis.robustness), default=0)
    st.html(
        f'<p class="hint">{n:,} test digits, disturbed more and more, straight into the network. It breaks where it '
        f"reads less than {MIN_ACCURACY:.0%} right, the dotted line. In the app, framing takes size, place and contrast out "
        "first.</p>"
    )
    with st.container(key="robustness"):
        for curve in diagnosis.robustness:
            _show_curve(curve)


def _show_curve(curve: Robustness) -> None:
    points, unit = " and ".join(f"{point:g}" for point in curve.breakdown_points), curve.unit.partition(",")[0]
    breaks = f"breaks at {points} {unit}".replace("-", "−") if points else "holds"
    name = curve.name.capitalize()
    with st.container(gap=None):
        st.markdown(f"**{name}** {breaks}")
        chart = _robustness(curve)
        words = f"Accuracy against {curve.name} ({curve.unit}): {breaks}. Worst: {min(curve.accuracies):.1%}."
        show_chart(chart, chart.data, key=f"robustness_{curve.name.replace(' ', '_')}", alt=words)


def _per_class_table(rows: list[ClassMetrics]) -> str:
    head = "".join(f'<th scope="col">{name}</th>' for name in ("Digit", "Precision", "Recall", "F1", "Support"))
    body = "".join(
        f'<tr><th scope="row">{row["label"]}</th>'
        f"<td>{row['precision']:.4f}</td><td>{row['recall']:.4f}</td><td>{row['f1']:.4f}</td>"
        f"<td>{row['support']:,}</td></tr>"
        for row in rows
    )
    return f'<table class="figures"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def _coverage_cards(point: dict[str, float], n: int) -> str:
    accepted, errors = point["accepted"], point["errors"]
    return cards_of(
        ("Accepted", percent_of(point["coverage"]), f"{accepted:,} of {n:,} digits; {n - accepted:,} left to you"),
        ("Of those right", percent_of(point["accuracy"]), f"{accepted - errors:,} right, {errors:,} misread"),
    )


# CanvasBox once for all sessions.
@st.cache_resource(show_spinner=False, hash_funcs=BY_WEIGHTS)
def _per_class(evaluation: Evaluation) -> Chart:
    return charts.per_class(evaluation.report["test"]["per_class"])


@st.cache_resource(show_spinner=False, hash_funcs=BY_WEIGHTS)
def _reliability(evaluation: Evaluation) -> Chart:
    return charts.reliability(evaluation.confidence, evaluation.correct)


@st.cache_resource(show_spinner=False, hash_funcs=BY_WEIGHTS)
def _confidence(evaluation: Evaluation) -> Chart:
    return charts.confidence_histogram(evaluation.confidence, evaluation.correct)


@st.cache_resource(show_spinner=False, hash_funcs=BY_WEIGHTS, max_entries=50)
def _coverage(evaluation: Evaluation, threshold: float) -> Chart:
    return charts.coverage(evaluation.confidence, evaluation.correct, threshold)


@st.cache_resource(show_spinner=False)
def _robustness(curve: Robustness) -> Chart:
    return charts.robustness(curve)
