"""The models that can be trained, compared and chosen, and where each one's weights are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from model.errors import ArtifactError

WEIGHTS_FILE = "digits.keras"
REPORT_FILE = "report.json"


_WEIGHTS = Path(__file__).parents[1] / "weights"
SHIPPED = "cnn"
"""The model that reads unless another one is chosen."""
SHIPPED_RESULTS = "shipped"
"""The name in its report of what was measured of it on real writers."""


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """What is known of a model before it is trained.

    Attributes:
        name: what the command line calls it.
        title: what pages call it.
        summary: one sentence for a learner.
        epochs: passes over the training digits.
        batch_size: digits in a step.
        hands: it learns from augmented digits, drawings and what is no digit; else from MNIST's digits as they are.
        members: networks of which it is the average.
        reported: accuracy on MNIST's test set that others report for such a model, 0-1, if any.
    """

    name: str
    title: str
    summary: str
    epochs: int
    batch_size: int = 128
    hands: bool = False
    members: int = 1
    reported: float | None = None


_ENTRIES = (
    ModelSpec(
        "softmax",
        "Logistic regression",
        "Weighs every pixel once for each digit and adds up: one layer, no hidden features.",
        epochs=10,
    ),
    ModelSpec(
        "svm",
        "Support vector machine",
        "Compares digits by a radial kernel, here random waves, and parts each digit from all others by least squares.",
        epochs=1,
    ),
    ModelSpec(
        "mlp",
        "Multilayer perceptron",
        "Two hidden layers in which every unit sees all pixels: nothing tells it which of them are neighbors.",
        epochs=10,
        batch_size=64,
        reported=0.9779,
    ),
    ModelSpec(
        "cnn3",
        "Three-layer convolutional network",
        "Three layers of small filters that slide over the frame: the same stroke is seen wherever it is.",
        epochs=15,
        hands=True,
        reported=0.9877,
    ),
    ModelSpec(
        "cnn",
        "Convolutional network",
        "Six layers of small filters, trained on many hands and on what is no digit: the one the app reads with.",
        epochs=40,
        hands=True,
        reported=0.99,
    ),
    ModelSpec(
        "ensemble",
        "Ensemble of convolutional networks",
        "Several networks of the shipped kind, whose answers are averaged.",
        epochs=40,
        hands=True,
        members=3,
    ),
)
MODELS: dict[str, ModelSpec] = {entry.name: entry for entry in _ENTRIES}
"""All of them by name, the simplest first."""


def folder(name: str) -> Path:
    """The folder of a model's weights and report; it may not be there yet.

    Raises:
        ArtifactError: there is no such model.
    """
    if name not in MODELS:
        raise ArtifactError(f"There is no such model. Expected one of {', '.join(MODELS)}. Received: {name!r:.40}.")
    return _WEIGHTS / name


def available() -> list[str]:
    """Names of the models whose weights and report are there."""

    return [name for name in MODELS if all((folder(name) / file).is_file() for file in (WEIGHTS_FILE, REPORT_FILE))]
