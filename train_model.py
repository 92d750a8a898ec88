"""Train a model, by default the one that the app reads with: python train_model.py [--model NAME] [--quick]."""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from model.classifiers.registry import MODELS, REPORT_FILE, SHIPPED, WEIGHTS_FILE, ModelSpec, weights_folder
from model.classifiers.report import Report, TrainingReport, verify
from model.data.mnist import Mnist, load_mnist
from model.data.pen_strokes import PenStrokes, load_pen_strokes
from model.errors import ArtifactError, ReaderError

if TYPE_CHECKING:
    from model.training.trainer import RunFiles, Settings

QUICK_EPOCHS = 3
REFINING_EPOCHS = 8  # with --start-from
INTERRUPTED = 130  # the shell's exit code for Ctrl-C


def main(arguments: list[str] | None = None) -> int:
    """Train a model, and save its weights and report in the output folder; returns the exit code."""
    args = parse(arguments)
    try:
        train_and_save(args)
    except (ReaderError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        resumable = "Finished epochs are kept: go on with the same command and --resume."
        kept = "Nothing is kept." if "resume" in MODELS[args.model].refuses else resumable
        print(f"\nStopped. {kept}", file=sys.stderr)
        return INTERRUPTED
    return 0


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line; refuse options that mean nothing to the model."""
    parser = _parser()
    args = parser.parse_args(arguments)
    given = [name for name in MODELS[args.model].refuses if getattr(args, name.replace("-", "_"))]
    if given:
        parser.error(
            f"--{given[0]} means nothing to {args.model}. Expected {args.model} without it. Received: --{given[0]}."
        )
    return args


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Train a model on MNIST, and on stroke files.")
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
        help="only refine the weights of a folder, with strokes of your own perhaps",
    )
    parser.add_argument("--output", type=Path, help="folder for weights and report (default: the model's own)")
    parser.add_argument(
        "--checkpoints", type=Path, help="folder for a run's state (default: .checkpoints/ and the model's name)"
    )
    parser.add_argument("--tensorboard", type=Path, metavar="DIR", help="folder for TensorBoard's logs")


def whole_number(text: str, least: int) -> int:
    """Read a whole number, `least` or more, for argparse."""
    if not text.isdecimal() or not least <= int(text) < 2**32:
        raise argparse.ArgumentTypeError(f"not a whole number. Expected {least} or more. Received: {text}")
    return int(text)


def train_and_save(args: argparse.Namespace) -> None:
    """Load the data, train, save, and print the result; better weights, or those of other data, are not replaced."""
    spec = MODELS[args.model]
    output = args.output or weights_folder(spec.name)
    for needed in filter(None, (output, args.tensorboard)):
        needed.mkdir(parents=True, exist_ok=True)  # a folder that cannot be written to is found now, not after hours
    mnist, strokes = load_mnist(args.data), load_pen_strokes(args.ink)
    if not args.force:
        refuse_other_data(mnist, strokes, output)

    from model.classifiers.saving import save  # Keras: --help need not wait for it
    from model.training.dispatch import train_by_spec

    network, report = train_by_spec(spec, mnist, strokes, settings_of(args, spec), files_of(args, spec))
    if not args.force:
        refuse_worse(report, output)
    save(network, report, output)
    print(f"{_summary(report)} Saved to {output}.")


def settings_of(args: argparse.Namespace, spec: ModelSpec) -> Settings:
    """Take the settings from the command line, else from the model's entry."""
    from model.training.trainer import Settings

    usual = QUICK_EPOCHS if args.quick else REFINING_EPOCHS if args.start_from else spec.epochs
    return Settings(args.epochs or usual, args.batch_size or spec.batch_size, args.seed, args.bfloat16)


def files_of(args: argparse.Namespace, spec: ModelSpec) -> RunFiles:
    """Take the folders of the run from the command line."""
    from model.training.trainer import RunFiles

    checkpoints = args.checkpoints or Path(".checkpoints") / spec.name
    return RunFiles(checkpoints, args.resume, args.tensorboard, args.start_from)


def _summary(report: TrainingReport) -> str:
    test = report["test"]
    low, high = test["accuracy_95"]
    return (
        f"Test accuracy {test['accuracy']:.2%} ({low:.2%} to {high:.2%}, n = {test['n']:,}), {test['errors']} errors, "
        f"{report['settings']['epochs']} epochs, {report['seconds'] / 60:.0f} min."
    )


def refuse_other_data(mnist: Mnist, strokes: PenStrokes, output: Path) -> None:
    """Keep sound weights that were trained on other data, with whose held-out errors new ones cannot be compared.

    Raises:
        ArtifactError: they are kept.
    """
    if not (old := _sound_report(output)):
        return
    before, now = (old["data"]["sha256"], old["data"]["strokes_sha256"]), (mnist.sha256, strokes.files)
    if before != now:
        raise ArtifactError(
            f"The weights in {output} were trained on other data. Expected the same, to compare them: "
            f"{_in_words(*before)}. Received: {_in_words(*now)}. --output saves elsewhere, --force replaces them."
        )


def refuse_worse(report: TrainingReport, output: Path) -> None:
    """Keep sound weights with fewer errors on the held-out digits; the test set never decides.

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


def _in_words(mnist: str, strokes: dict[str, str]) -> str:
    """Name data sets, each with the beginning of its checksum."""
    return ", ".join(f"{name} {sha256[:8]}…" for name, sha256 in ({"MNIST": mnist} | strokes).items())


def _sound_report(output: Path) -> Report | None:
    """Return the report of weights that can be used; None if there are none, or they are unsound, which stderr says."""
    if not any((output / file).exists() for file in (WEIGHTS_FILE, REPORT_FILE)):
        return None
    from model.classifiers.networks import load_network

    try:
        load_network(output)
        return verify(output)
    except ArtifactError as error:
        print(f"What is in {output} cannot be used and is replaced. {error}", file=sys.stderr)
        return None


if __name__ == "__main__":
    sys.exit(main())
