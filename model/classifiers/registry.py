"""The registered models: what each one is, how it is trained, and where its weights are.

Importing this costs nothing: builders and trainers are named here, and looked up by `architectures.build` and
`model.training.dispatch`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from model.errors import ArtifactError

WEIGHTS_FILE = "digits.keras"
"""The network in Keras's format, in which it is trained, resumed and exported."""
LITE_FILE = "digits.tflite"
"""The same network in LiteRT's format, in which it is served."""
REPORT_FILE = "report.json"
"""The report of both."""
SHIPPED = "cnn"
"""The model that reads unless another one is chosen."""
SHIPPED_STROKES = "strokes"
"""The model that reads drawings together with the shipped one."""
SHIPPED_RESULTS = "shipped"
"""The key, in the shipped model's report, of what was measured with it on real writers and pictures."""

_WEIGHTS = Path(__file__).parents[1] / "weights"


class Input(StrEnum):
    """What a model sees: a frame, or the pen's path; `model.classifiers.inputs` has the arrays."""

    FRAME = "frame"
    PATH = "path"


class Trainer(StrEnum):
    """A way of training; `model.training.dispatch` knows the function behind each."""

    GRADIENT_DESCENT = "gradient descent"
    LEAST_SQUARES = "least squares"
    ENSEMBLE = "ensemble"


@dataclass(frozen=True, slots=True)
class Reported:
    """Accuracy on MNIST's test set, 0-1, as published for a model of the same kind, and where."""

    accuracy: float
    source: str


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A model. A new one takes an entry in `MODELS` and its builder in `architectures`.

    Attributes:
        name: its name on the command line, and of its folder of weights.
        title: its name on pages.
        summary: one sentence for a learner.
        builder: the function in `model.classifiers.architectures` that builds the untrained network.
        epochs: passes over the training digits.
        batch_size: digits in a step.
        learning_rate: peak learning rate of AdamW.
        weight_decay: of AdamW, which without it is Adam.
        learns_from_strokes: whether it trains on augmented digits, pen strokes and non-digits; else on MNIST's digits
            as they are.
        members: networks that it averages.
        trainer: how it is trained.
        input: what it sees.
        reported: a published accuracy of such a model, if a source can be cited.
        refuses: options of train_model.py that mean nothing to it.
    """

    name: str
    title: str
    summary: str
    builder: str
    epochs: int
    batch_size: int = 128
    learning_rate: float = 2e-3
    weight_decay: float = 0.0
    learns_from_strokes: bool = False
    members: int = 1
    trainer: Trainer = Trainer.GRADIENT_DESCENT
    input: Input = Input.FRAME
    reported: Reported | None = None
    refuses: tuple[str, ...] = ()


_SPECS = (
    ModelSpec(
        "softmax",
        "Logistic regression",
        "Weighs every pixel once for each digit and adds up: one layer, no hidden features.",
        builder="build_softmax",
        epochs=10,
        refuses=("ink", "start-from"),
    ),
    ModelSpec(
        "svm",
        "Support vector machine",
        "Compares digits by a radial kernel, here random waves, and parts each digit from all others by least squares.",
        builder="build_fourier",
        epochs=1,
        trainer=Trainer.LEAST_SQUARES,
        refuses=("ink", "start-from", "epochs", "quick", "batch-size", "bfloat16", "resume", "checkpoints"),
    ),
    ModelSpec(
        "mlp",
        "Multilayer perceptron",
        "Two hidden layers in which every unit sees all pixels: nothing tells it which of them are neighbors.",
        builder="build_mlp",
        epochs=10,
        batch_size=64,
        learning_rate=1e-3,
        reported=Reported(0.984, "Keras, examples/mnist_mlp.py"),
        refuses=("ink", "start-from"),
    ),
    ModelSpec(
        "cnn3",
        "Three-layer convolutional network",
        "Three layers of small filters that slide over the frame: the same stroke is seen wherever it is.",
        builder="build_cnn3",
        epochs=15,
        weight_decay=0.02,
        learns_from_strokes=True,
        reported=Reported(0.992, "LeNet-5 with distortions, LeCun et al. 1998"),
    ),
    ModelSpec(
        "cnn",
        "Convolutional network",
        "Six layers of small filters, trained on many hands and on what is no digit: the one the app reads with.",
        builder="build_cnn",
        epochs=40,
        weight_decay=0.02,
        learns_from_strokes=True,
        reported=Reported(0.996, "elastic distortions, Simard et al. 2003"),
    ),
    ModelSpec(
        "ensemble",
        "Ensemble of convolutional networks",
        "Several networks of the shipped kind, whose answers are averaged.",
        builder="build_average",
        epochs=40,
        learns_from_strokes=True,
        members=3,
        trainer=Trainer.ENSEMBLE,
        refuses=("start-from",),  # members that start alike would make the same errors
    ),
    ModelSpec(
        "strokes",
        "Stroke network",
        "Follows the path of the pen instead of looking at its picture: small filters that slide along the strokes.",
        builder="build_strokes",
        epochs=10,
        weight_decay=0.02,
        learns_from_strokes=True,
        input=Input.PATH,
    ),
)
MODELS: dict[str, ModelSpec] = {spec.name: spec for spec in _SPECS}
"""All models by name, the simplest first; those that see the pen's path after those that see frames."""


def weights_folder(name: str) -> Path:
    """Return the folder of a model's weights and report; it may not exist yet.

    Raises:
        ArtifactError: no model has this name.
    """
    if name not in MODELS:
        raise ArtifactError(f"There is no such model. Expected one of {', '.join(MODELS)}. Received: {name!r:.40}.")
    return _WEIGHTS / name


def available(seen: Input = Input.FRAME) -> list[str]:
    """List the models with this input that can be served: their LiteRT file and their report exist."""
    return [name for name, spec in MODELS.items() if spec.input is seen and _is_served(weights_folder(name))]


def _is_served(folder: Path) -> bool:
    return all((folder / file).is_file() for file in (LITE_FILE, REPORT_FILE))
