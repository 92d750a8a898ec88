"""The stored evaluations: read once for all sessions, which only look at them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import streamlit as st

from model import stored
from model.errors import ArtifactError
from model.stored import Diagnosis, Evaluation, Statistics

_ROOT = Path(__file__).parents[2]
T = TypeVar("T")


def evaluation(name: str = "cnn") -> Evaluation | None:
    """How a model did on the test set; None, and a warning with the command that makes it, if that is not known."""
    return _or_warning(_evaluation, name)


def diagnosis() -> Diagnosis | None:
    """What is known of the shipped model's errors; None and a warning likewise."""
    return _or_warning(_diagnosis)


def statistics() -> Statistics | None:
    """What is known of the data set; None and a warning likewise."""
    return _or_warning(_statistics)


def _or_warning(load: Callable[..., T], *names: str) -> T | None:
    try:
        return load(*names)
    except ArtifactError as error:
        warn(error)
        return None


def warn(error: ArtifactError) -> None:
    """Show what is missing or damaged, without the server's folders."""
    st.warning(str(error).replace(f"{_ROOT}{os.sep}", ""), icon=":material/warning:")


# What fails is not kept: the next run finds what has been made meanwhile.
@st.cache_resource(show_spinner=False)
def _evaluation(name: str) -> Evaluation:
    return stored.load_evaluation(name)


@st.cache_resource(show_spinner=False)
def _diagnosis() -> Diagnosis:
    return stored.load_diagnosis()


@st.cache_resource(show_spinner=False)
def _statistics() -> Statistics:
    return stored.load_statistics()
