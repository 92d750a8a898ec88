"""Train a model, by default the one that the app reads with: python train_model.py [--model NAME] [--quick]."""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from model.classifiers.registry import MODELS, SHIPPED, folder
from model.classifiers.report import Report, load_report, save
from model.classifiers.runtime import load_classifier
from model.data.mnist import Mnist, load_mnist
from model.data.pen_strokes import PenStrokes, load_pen_strokes
from model.errors import ArtifactError, ReaderError

if TYPE_CHECKING:
    import keras


QUICK_EPOCHS = 3
REFINING_EPOCHS = 8  # of what has been trained already
INTERRUPTED = 130  # the shell's own code for Ctrl-C
_MEANINGLESS = {
    "softmax": ("ink", "start-from"),  # these learn from MNIST's digits as they are
    "svm": ("ink", "start-from", "epochs", "quick", "batch-size", "bfloat16", "resume", "checkpoints"),  # in one go
    "mlp": ("ink", "start-from"),
    "ensemble": ("start-from",),  # members that start alike would err alike
}


def main(arguments: list[str] | None = None) -> int:
    """Train, and put weights and report into the output folder; returns the exit code."""
    args = parse(arguments)
    try:
        train_and_save(args)
    except (ReaderError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        resumable = "Finished epochs are kept: go on with the same command and --resume."
        kept = "Nothing is kept." if args.model == "svm" else resumable
        print(f"\nStopped. {kept}", file=sys.stderr)
        return INTERRUPTED
    return 0


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line; refuse options that have no meaning for the model."""
    parser = _parser()
    args = parser.parse_args(arguments)
    given = [name for name in _MEANINGLESS.get(args.model, ()) if getattr(args, name.replace("-", "_"))]
    if given:
        parser.error(
            f"--{given[0]} means nothing to {args.model}. Expected {args.model} without it. Received: --{given[0]}."
        )
    return args


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Train a model on MNIST, and on ink files.")
    parser.add_argument("--model", choices=MODELS, default=SHIPPED, help="which one (default: %(default)s)")
    _add_settings(parser)
    _add_places(parser)
    parser.add_argument("--resume", action="store_true", help="go on after an interruption")
    parser.add_argument(
        "--force", action="store_true", help="replace weights in the output folder even if they are better"
    )
    return parser


def _add_settings(parser: argparse.ArgumentParser) -> None:
    counted = partial(whole_number, least=1)
    parser.add_argument("--epochs", type=counted, help="passes over the training digits (default: the model's)")
    parser.add_argument("--batch-size", type=counted, help="digits in a step (default: the model's)")
    parser.add_argument(
        "--seed",
        type=partial(whole_number, least=0),
        default=0,
        help="decides all that is random (default: %(default)s)",
    )
    parser.add_argument(
        "--quick", action="store_true", help=f"only {QUICK_EPOCHS} epochs: minutes, and a little less accurate"
    )
    parser.add_argument("--bfloat16", action="store_true", help="faster on CPUs with AVX512-BF16 or AMX")


def _add_places(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, help="MNIST as .npz (default: $MNIST_NPZ, else Keras's cache or download)")
    parser.add_argument(
        "--ink",
        type=Path,
        nargs="+",
        default=[],
        metavar="FILE",
        help="strokes to train on as well: JSON lines with label, writer, strokes; labels 0-9 are digits, others not",
    )
    parser.add_argument(
        "--start-from",
        type=Path,
        metavar="DIR",
        help="only refine the weights of a folder, with ink of your own perhaps",
    )
    parser.add_argument("--output", type=Path, help="folder for weights and report (default: the model's own)")
    parser.add_argument(
        "--checkpoints", type=Path, help="folder for a run's state (default: .checkpoints/ and the model's name)"
    )
    parser.add_argument("--tensorboard", type=Path, metavar="DIR", help="folder for TensorBoard's logs")


def whole_number(text: str, least: int) -> int:
    """A whole number, `least` or more, for argparse."""
    if not text.isdecimal() or not least <= int(text) < 2**32:
        raise argparse.ArgumentTypeError(f"not a whole number. Expected {least} or more. Received: {text}")
    return int(text)


def train_and_save(args: argparse.Namespace) -> None:
    """Load the data, train, refuse to replace what is better, save, and say what came out."""
    output = args.output or folder(args.model)
    for needed in filter(None, (output, args.tensorboard)):
        needed.mkdir(parents=True, exist_ok=True)  # now, not after hours, it shows that nothing can be saved there
    mnist, ink = load_mnist(args.data), load_pen_strokes(args.ink)
    if not args.force:
        refuse_other_data(mnist, ink, output)  # likewise
    network, report = _train(args, mnist, ink)
    if not args.force:
        refuse_worse(report, output)
    save(network, report, output)
    test = report["test"]
    low, high = test["accuracy_95"]
    print(
        f"Test accuracy {test['accuracy']:.2%} ({low:.2%} to {high:.2%}, n = {test['n']:,}), {test['errors']} errors, "
        f"{report['settings']['epochs']} epochs, {report['seconds'] / 60:.0f} min. Saved to {output}."
    )


def _train(args: argparse.Namespace, mnist: Mnist, ink: PenStrokes) -> tuple[keras.Model, Report]:
    from model.training.trainer import RunFiles, Settings, train

    entry = MODELS[args.model]
    usual = QUICK_EPOCHS if args.quick else REFINING_EPOCHS if args.start_from else entry.epochs
    settings = Settings(args.epochs or usual, args.batch_size or entry.batch_size, args.seed, args.bfloat16)
    checkpoints = args.checkpoints or Path(".checkpoints") / args.model
    records = RunFiles(checkpoints, args.resume, args.tensorboard, args.start_from)
    if args.model == "svm":
        from model.training.svm import train_svm

        return train_svm(mnist, ink, settings, records)
    if args.model == "ensemble":
        from model.training.ensemble import train_ensemble

        return train_ensemble(mnist, ink, settings, records)
    return train(mnist, ink, settings, records, args.model)


def refuse_other_data(mnist: Mnist, ink: PenStrokes, output: Path) -> None:
    """Keep sound weights in the output folder that saw other data: nothing could tell whether the new ones are better.

    Raises:
        ArtifactError: they are kept.
    """
    if not (old := _sound_report(output)):
        return
    before, now = (old["data"]["sha256"], old["data"]["strokes_sha256"]), (mnist.sha256, ink.files)
    if before != now:
        raise ArtifactError(
            f"The weights in {output} were trained on other data. Expected the same, to compare them: "
            f"{_in_words(*before)}. Received: {_in_words(*now)}. --output saves elsewhere, --force replaces them."
        )


def refuse_worse(report: Report, output: Path) -> None:
    """Keep sound weights in the output folder if they do better on the held-out digits; the test set never decides.

    Raises:
        ArtifactError: they are kept.
    """
    if not (old := _sound_report(output)):
        return
    before, now = (each["held_out"]["held_out_errors"] for each in (old, report))
    if before < now:
        raise ArtifactError(
            f"The new weights are worse than those in {output}. Expected at most {before:.2%} held-out errors. "
            f"Received: {now:.2%}. Nothing was replaced; --resume --force replaces them, --output saves elsewhere."
        )


def _in_words(mnist: str, ink: dict[str, str]) -> str:
    """Data sets by name and the beginning of their checksums."""
    return ", ".join(f"{name} {sha256[:8]}…" for name, sha256 in ({"MNIST": mnist} | ink).items())


def _sound_report(output: Path) -> Report | None:
    """The report of weights that could be used; None if there are none, or it lacks what they are compared by."""
    try:
        load_classifier(output)
        report = load_report(output)
        float(report["held_out"]["held_out_errors"])
        dict(report["data"]["strokes_sha256"])
        str(report["data"]["sha256"])
    except (ArtifactError, KeyError, TypeError, ValueError):
        return None
    return report


if __name__ == "__main__":
    sys.exit(main())
