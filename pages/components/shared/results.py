"""Stored evaluations, the diagnosis and the data statistics: read once, shared by all sessions, never changed."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import streamlit as st

from model.classifiers import registry
from model.classifiers.registry import REPORT_FILE, WEIGHTS_FILE
from model.classifiers.report import Report
from model.data import statistics as statistics_of_mnist
from model.data.statistics import Statistics
from model.errors import ArtifactError
from model.evaluation import results
from model.evaluation.diagnosis import Diagnosis
from model.evaluation.results import Evaluation
from model.files import Stamps, stamps_of

_FILES = WEIGHTS_FILE, REPORT_FILE
_ROOT = Path(__file__).parents[3]
T = TypeVar("T")


def evaluation(name: str = registry.SHIPPED) -> Evaluation | None:
    """Load how a model does on the test set; where that fails, warn with the command that makes it, and return None."""
    return _or_warning(_evaluation, name, _stamps(name, registry.weights_folder(name) / results.EVALUATION_FILE))


def report_of(name: str) -> tuple[Report, int] | None:
    """Load a model's report, and the size of its weights in bytes; where that fails, warn as `evaluation` does."""
    return _or_warning(_report, name, stamps_of(*(registry.weights_folder(name) / each for each in _FILES)))


def diagnosis() -> Diagnosis | None:
    """Load the diagnosis of the shipped model; where that fails, warn as `evaluation` does and return None."""
    return _or_warning(
        _diagnosis, _stamps(registry.SHIPPED, registry.weights_folder(registry.SHIPPED) / results.DIAGNOSIS_FILE)
    )


def statistics() -> Statistics | None:
    """Load the statistics of the data set; where that fails, warn as `evaluation` does and return None."""
    return _or_warning(_statistics, _stamps(registry.SHIPPED, statistics_of_mnist.STATISTICS))


def _or_warning(load: Callable[..., T], *arguments: object) -> T | None:
    try:
        return load(*arguments)
    except ArtifactError as error:
        warn(error)
        return None


def warn(error: ArtifactError) -> None:
    """Show which file is missing or damaged, with its path in the project: visitors need not know the server's."""
    st.warning(str(error).replace(f"{_ROOT}{os.sep}", ""), icon=":material/warning:")


def _stamps(name: str, file: Path) -> Stamps:
    """Stamp a file, and the weights and the report that it belongs to: a file that is replaced is read again."""
    return stamps_of(*(registry.weights_folder(name) / each for each in _FILES), file)


# The stamps are part of the cache's key. An exception is not cached.
@st.cache_resource(show_spinner=False, max_entries=len(registry.MODELS))
def _evaluation(name: str, stamps: Stamps) -> Evaluation:  # noqa: ARG001
    return results.load_evaluation(name)


@st.cache_resource(show_spinner=False, max_entries=len(registry.MODELS))
def _report(name: str, stamps: Stamps) -> tuple[Report, int]:  # noqa: ARG001
    return results.load_report_and_size(name)


@st.cache_resource(show_spinner=False, max_entries=1)
def _diagnosis(stamps: Stamps) -> Diagnosis:  # noqa: ARG001
    return results.load_diagnosis()


@st.cache_resource(show_spinner=False, max_entries=1)
def _statistics(stamps: Stamps) -> Statistics:  # noqa: ARG001
    return results.load_data_statistics()
