"""The stored evaluations: read once for all sessions, which only look at them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import streamlit as st

from model.classifiers import registry
from model.classifiers.registry import REPORT_FILE, WEIGHTS_FILE
from model.data import statistics as statistics_of_mnist
from model.data.statistics import Statistics
from model.errors import ArtifactError
from model.evaluation import results
from model.evaluation.diagnosis import Diagnosis
from model.evaluation.results import Evaluation

_ROOT = Path(__file__).parents[3]
T = TypeVar("T")
Stamps = tuple[int, ...]
"""Times of writing, ns."""


def evaluation(name: str = "cnn") -> Evaluation | None:
    """How a model did on the test set; None, and a warning with the command that makes it, if that is not known."""
    return _or_warning(_evaluation, name, _stamps(name, registry.weights_folder(name) / results.EVALUATION_FILE))


def diagnosis() -> Diagnosis | None:
    """What is known of the shipped model's errors; None and a warning likewise."""
    return _or_warning(
        _diagnosis, _stamps(registry.SHIPPED, registry.weights_folder(registry.SHIPPED) / results.DIAGNOSIS_FILE)
    )


def statistics() -> Statistics | None:
    """What is known of the data set; None and a warning likewise."""
    return _or_warning(_statistics, _stamps(registry.SHIPPED, statistics_of_mnist.STATISTICS))


def _or_warning(load: Callable[..., T], *of: object) -> T | None:
    try:
        return load(*of)
    except ArtifactError as error:
        warn(error)
        return None


def warn(error: ArtifactError) -> None:
    """Show what is missing or damaged, without the server's folders."""
    st.warning(str(error).replace(f"{_ROOT}{os.sep}", ""), icon=":material/warning:")


def _stamps(name: str, file: Path) -> Stamps:
    """When a file, and the weights and the report that it belongs to, were written: what is made anew is read anew."""
    paths = [*(registry.weights_folder(name) / each for each in (WEIGHTS_FILE, REPORT_FILE)), file]
    return tuple(path.stat().st_mtime_ns if path.exists() else 0 for path in paths)


# The stamps are what Streamlit tells them apart by. What fails is not kept.
@st.cache_resource(show_spinner=False, max_entries=len(registry.MODELS))
def _evaluation(name: str, stamps: Stamps) -> Evaluation:  # noqa: ARG001
    return results.load_evaluation(name)


@st.cache_resource(show_spinner=False, max_entries=1)
def _diagnosis(stamps: Stamps) -> Diagnosis:  # noqa: ARG001
    return results.load_diagnosis()


@st.cache_resource(show_spinner=False, max_entries=1)
def _statistics(stamps: Stamps) -> Statistics:  # noqa: ARG001
    return results.load_data_statistics()
