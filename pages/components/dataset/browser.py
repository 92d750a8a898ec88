"""A browser of MNIST's digits, and a demonstration of the augmentation that training uses."""

from __future__ import annotations

import numpy as np
import streamlit as st
from markupsafe import Markup

from model.data.mnist import LabeledFrames
from model.reading import Frame
from pages.components.shared.gallery import show_gallery
from pages.components.shared.html import hint, picture, render
from pages.components.shared.mnist import offer_mnist, test_digits, training_digits

_EVERY = "All"
_VARIATIONS = 23  # with the digit itself two rows of twelve, or four of six on a phone


@st.fragment
def show_digits() -> None:
    """Show the digits of the test or the training set, all or those of one label, page by page."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        label = _choose_label("browsed_digit", [_EVERY, *range(10)], _EVERY)
        part = st.segmented_control(
            "Set", ["Test", "Training"], default="Test", required=True, key="browsed_set", label_visibility="collapsed"
        )
    chosen = test_digits() if part == "Test" else training_digits()
    if chosen is None:
        offer_mnist()
        return
    labels = chosen.labels
    indices = np.arange(len(labels)) if label == _EVERY else np.flatnonzero(labels == label)
    st.html(hint(f"{len(indices):,} digits, in the order of the file"))
    caption = "{{ label }} <small>number {{ index }}</small>"
    show_gallery(indices, chosen.frames, lambda index: render(caption, label=labels[index], index=index), key="browser")


@st.fragment
def show_augmentation(digits: LabeledFrames) -> None:
    """Show one digit beside augmented ones, as training sees it; every click draws others."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        label = _choose_label("augmented_digit", list(range(10)), 4)
        strength = st.slider(
            "How far it goes",
            0,
            100,
            100,
            10,
            format="%d%%",
            key="augmented_strength",
            width=220,
            help="Edges become softer or harder at any setting, and one digit in eight stays as it is.",
        )
        st.button(
            "Augment", key="augment", icon=":material/casino:", type="primary", on_click=_count, args=("augmented",)
        )
        st.button("Another digit", key="other_digit", on_click=_count, args=("other_digits",))
    indices = np.flatnonzero(digits.labels == label)
    index = indices[st.session_state.get("other_digits", 0) % len(indices)]
    pictures = [picture(digits.frames[index], f"Digit number {index}")]
    if seed := st.session_state.get("augmented", 0):
        pictures += _augmented(digits.frames[index], seed, strength / 100)
    st.html(render('<div class="variations">{{ pictures | join }}</div>', pictures=pictures))


def _augmented(frame: Frame, seed: int, strength: float) -> list[Markup]:
    from model.training.augmentation import augment  # imports SciPy, which takes long, only when it is asked for

    rng = np.random.default_rng(seed)
    return [picture(augment(frame, rng, strength), "The same digit, augmented") for _ in range(_VARIATIONS)]


def _choose_label(key: str, options: list[int | str], default: int | str) -> int | str:
    return st.pills("Digit", options, default=default, required=True, key=key, label_visibility="collapsed", wrap=True)


def _count(name: str) -> None:
    st.session_state[name] = st.session_state.get(name, 0) + 1
