"""The digits of the data set themselves: to leaf through, and what augmentation makes of them."""

from __future__ import annotations

import numpy as np
import streamlit as st

from pages.components.shared.gallery import show_gallery
from pages.components.shared.html import picture
from pages.components.shared.mnist import Digits, offer_mnist, test_digits, training_digits

_EVERY = "All"
_VARIATIONS = 23  # with the digit itself two rows of twelve, or four of six on a phone


@st.fragment
def show_digits() -> None:
    """Leaf through the digits of either set, all of them or those of one kind."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        digit = _choose_digit("browsed_digit", _EVERY)
        part = st.segmented_control(
            "Set", ["Test", "Training"], default="Test", required=True, key="browsed_set", label_visibility="collapsed"
        )
    chosen = test_digits() if part == "Test" else training_digits()
    if chosen is None:
        offer_mnist()
        return
    frames, labels = chosen
    indices = np.arange(len(labels)) if digit == _EVERY else np.flatnonzero(labels == digit)
    st.html(f'<p class="hint">{len(indices):,} digits, in the order of the file</p>')
    show_gallery(indices, frames, lambda index: f"{labels[index]} <small>number {index}</small>", key="browser")


@st.fragment
def show_augmentation(digits: Digits) -> None:
    """Show one digit, and beside it what training sees in its place, each time anew."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        digit = _choose_digit("augmented_digit", 4)
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
    frames, labels = digits
    those = np.flatnonzero(labels == digit)
    index = those[st.session_state.get("other_digits", 0) % len(those)]
    pictures = [picture(frames[index], f"Digit number {index}")]
    if seed := st.session_state.get("augmented", 0):
        from model.training.augmentation import augment  # SciPy takes long to import: only who asks pays that

        rng = np.random.default_rng(seed)
        made = (augment(frames[index], rng, strength / 100) for _ in range(_VARIATIONS))
        pictures += [picture(frame, "The same digit, augmented") for frame in made]
    st.html(f'<div class="variations">{"".join(pictures)}</div>')


def _choose_digit(key: str, default: int | str) -> int | str:
    options = [_EVERY, *range(10)] if default == _EVERY else list(range(10))
    return st.pills("Digit", options, default=default, required=True, key=key, label_visibility="collapsed", wrap=True)


def _count(name: str) -> None:
    st.session_state[name] = st.session_state.get(name, 0) + 1
