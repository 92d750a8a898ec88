"""The command line, python -m model."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from model.classifiers.registry import MODELS, SHIPPED, SHIPPED_RESULTS, Input, weights_folder
from model.errors import DatasetError, ReaderError

if TYPE_CHECKING:
    from model.batch import Workers
    from model.evaluation.unseen_writers import ReadDrawing
    from model.reader import Reader


_FORMATS = {
    "keras": "Keras's own format",
    "h5": "its older HDF5 file",
    "json": "architecture with weights beside it",
    "savedmodel": "TensorFlow's folder",
    "tflite": "TensorFlow Lite, in floats and in eight-bit integers",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: words after `python -m model`; those of the process by default.

    Returns:
        Exit code: 0, 2 after an error, which is printed to stderr as one line, or 130 after Ctrl-C.
    """
    options = build_parser().parse_args(arguments)
    try:
        code: int = options.command(options)
    except (ReaderError, OSError) as error:
        _complain(str(error))
        return 2
    except KeyboardInterrupt:
        return 130  # the shell's own code for Ctrl-C
    return code


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of all commands; `command` of the parsed options is the function to call."""
    parser = argparse.ArgumentParser(prog="python -m model", description="Recognize handwritten digits.")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_read(commands)
    _add_evaluate(commands)
    _add_report(commands)
    _add_export(commands)
    return parser


def _add_read(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    summary = "read the digits of pictures"
    read = commands.add_parser("read", help=summary, description=f"{summary.capitalize()}: text, or JSON, or CSV.")
    read.add_argument("files", nargs="+", metavar="FILE", help="a PNG, JPEG, WebP, BMP, GIF, TIFF or HEIC file")
    form = read.add_mutually_exclusive_group()
    form.add_argument("--json", dest="form", action="store_const", const="to_json", help="everything known")
    form.add_argument("--csv", dest="form", action="store_const", const="to_digits_csv", help="one row for each digit")
    read.add_argument(
        "--output", type=Path, metavar="FILE", help="write there; the same command goes on after an interruption"
    )
    read.add_argument("--scheduler", metavar="ADDRESS", help="read on the workers of this Dask scheduler")
    read.set_defaults(command=_read, form="to_text")


def _add_evaluate(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    summary = "measure a model on MNIST's test set, on writers it has never seen, or on pictures"
    evaluate = commands.add_parser(
        "evaluate",
        help=summary,
        description=f"{_sentence(summary)} Nothing is kept without --keep.",
    )
    sets = evaluate.add_subparsers(title="what to measure on", metavar="SET", required=True)
    _add_evaluate_mnist(sets)
    _add_evaluate_writers(sets)
    _add_evaluate_pictures(sets)


def _add_evaluate_mnist(sets: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    summary = "measure a model on MNIST's test set, and its speed"
    mnist = sets.add_parser("mnist", help=summary, description=_sentence(summary))
    _add_model(mnist)
    _add_data(mnist)
    _add_json(mnist)
    mnist.add_argument("--predictions", type=Path, metavar="FILE", help="write what it reads in every digit, as CSV")
    mnist.add_argument("--figures", type=Path, metavar="DIR", help="draw what was measured, as PNG")
    mnist.add_argument("--keep", action="store_true", help="keep the results beside the weights, for the pages")
    mnist.set_defaults(command=_evaluate_mnist)


def _add_evaluate_writers(sets: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    summary = "measure a model on pen strokes of writers it has never seen"
    writers = sets.add_parser("writers", help=summary, description=_sentence(summary))
    writers.add_argument("strokes", type=Path, metavar="DIR", help="folder of *.jsonl files of digits, read as drawn")
    writers.add_argument("--non-digits", type=Path, metavar="DIR", help="folder of *.jsonl files of other characters")
    _add_model(writers).add_argument(
        "--baseline", action="store_true", help="measure the usual way: train Keras's example, shrink the whole canvas"
    )
    _add_data(writers, "for --baseline, ")
    _add_json(writers)
    _add_keep(writers)
    writers.set_defaults(command=_evaluate_writers)


def _add_evaluate_pictures(sets: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    summary = "measure a model on pictures whose digits are known"
    pictures = sets.add_parser("pictures", help=summary, description=_sentence(summary))
    pictures.add_argument(
        "pictures", type=Path, metavar="DIR", help="folder of *.csv files with the columns file and label (digits)"
    )
    _add_model(pictures)
    _add_json(pictures)
    _add_keep(pictures)
    pictures.set_defaults(command=_evaluate_pictures, baseline=False)


def _add_report(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    summary = "measure all that the pages show: every model, what the shipped one sees, and the data"
    report = commands.add_parser("report", help=summary, description=f"{_sentence(summary)} Takes some minutes.")
    _add_data(report)
    report.set_defaults(command=_report)


def _sentence(summary: str) -> str:
    return f"{summary[0].upper()}{summary[1:]}."


def _add_model(command: argparse.ArgumentParser) -> argparse._MutuallyExclusiveGroup:
    which = command.add_mutually_exclusive_group()
    names = [name for name, spec in MODELS.items() if spec.input is Input.FRAME]
    which.add_argument("--model", choices=names, default=SHIPPED, help="a registered one (default: %(default)s)")
    which.add_argument("--weights", type=Path, metavar="DIR", help="weights and report in any folder")
    return which


def _add_data(command: argparse.ArgumentParser, purpose: str = "") -> None:
    command.add_argument(
        "--data", type=Path, help=f"{purpose}MNIST as .npz (default: $MNIST_NPZ, else Keras's cache or download)"
    )


def _add_json(command: argparse.ArgumentParser) -> None:
    command.add_argument("--json", action="store_true", help="print all metrics as JSON")


def _add_keep(command: argparse.ArgumentParser) -> None:
    command.add_argument("--keep", metavar="NAME", help="keep the figures in the shipped model's report by this name")


def _add_export(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    summary = "export a network for other programs"
    export = commands.add_parser("export", help=summary, description=f"{summary.capitalize()}, and compare it.")
    export.add_argument("--format", dest="form", choices=_FORMATS, required=True, help=", ".join(_FORMATS.values()))
    export.add_argument("--model", choices=MODELS, default=SHIPPED, help="which one (default: %(default)s)")
    export.add_argument(
        "--output", type=Path, metavar="PATH", help="where to (default: the model's name, in this folder)"
    )
    export.set_defaults(command=_export)


def _read(options: argparse.Namespace) -> int:
    from model import transcript_export
    from model.batch import read_files

    if options.output:
        _check_file(options.output)
    with _workers(options.scheduler) as workers:
        unread = read_files(options.files, getattr(transcript_export, options.form), workers, options.output)
    return 2 if unread else 0


def _workers(scheduler: str | None) -> AbstractContextManager[Workers]:
    if scheduler:
        from model.cluster import dask_workers

        return dask_workers(scheduler)
    from model.batch import local_workers
    from model.reader import Reader

    with _quiet():
        reader = Reader.load()
    return local_workers(reader)


def _evaluate_mnist(options: argparse.Namespace) -> int:
    from model.data.mnist import load_mnist
    from model.evaluation.measure import draw_figures, keep, measure, write_predictions
    from model.evaluation.printing import mnist_text

    _check_outputs(options)
    _start_litert(_weights(options))
    mnist = load_mnist(options.data)
    evaluation = measure(options.weights.name if options.weights else options.model, _weights(options), mnist.test)
    if options.keep:
        keep(_weights(options), evaluation, mnist)
    if options.predictions:
        write_predictions(evaluation, options.predictions)
    if options.figures:
        draw_figures(evaluation, mnist.test.frames, options.figures)
    test, speed = evaluation.report["test"], evaluation.report["speed"]
    _print_metrics({**test, "speed": speed}, mnist_text(test, speed), options)
    return 0


def _check_outputs(options: argparse.Namespace) -> None:
    """Refuse paths that cannot be written, before minutes are spent on measuring."""
    figures = options.figures
    if options.predictions:
        _check_file(options.predictions)
    if figures and figures.exists() and not figures.is_dir():
        raise DatasetError(f"There is nowhere to draw to. Expected a folder. Received: {figures}, a file.")


def _check_file(file: Path) -> None:
    if (file.exists() and not file.is_file()) or not file.parent.is_dir():
        raise DatasetError(f"There is nowhere to write to. Expected a file in a folder. Received: {file}.")


def _evaluate_writers(options: argparse.Namespace) -> int:
    from model.classifiers.report import keep_writers, load_report
    from model.evaluation.printing import writers_table
    from model.evaluation.unseen_writers import measure_writers, reader_of

    _check_kept_name(options)
    read = _load_baseline(options) if options.baseline else reader_of(_load_reader(options))
    # The files that the shipped model was trained on, whichever model reads: so the figures of models can be compared.
    trained_on = load_report(weights_folder(SHIPPED))["data"]["strokes_sha256"].values()
    metrics = measure_writers(read, options.strokes, options.non_digits, trained_on)
    if options.keep:
        keep_writers(weights_folder(SHIPPED), options.keep, metrics)
    _print_metrics(metrics, writers_table(metrics), options)
    return 0


def _evaluate_pictures(options: argparse.Namespace) -> int:
    from model.classifiers.report import keep_pictures
    from model.evaluation.photos import accepted_digits, measure_photos
    from model.evaluation.printing import pictures_table

    _check_kept_name(options)
    metrics = measure_photos(accepted_digits(_load_reader(options)), options.pictures)
    if options.keep:
        keep_pictures(weights_folder(SHIPPED), options.keep, metrics)
    _print_metrics(metrics, pictures_table(metrics), options)
    return 0


def _check_kept_name(options: argparse.Namespace) -> None:
    if options.keep == SHIPPED_RESULTS and (options.baseline or options.weights or options.model != SHIPPED):
        raise DatasetError(f"Only {SHIPPED} is shipped. Expected it, or another name. Received: --keep {options.keep}.")


def _load_reader(options: argparse.Namespace) -> Reader:
    from model.reader import Reader

    with _quiet():
        return Reader.load(_weights(options))


def _load_baseline(options: argparse.Namespace) -> ReadDrawing:
    _start_tensorflow()
    from model.classifiers.networks import compile_predict
    from model.data.mnist import load_mnist
    from model.evaluation.unseen_writers import baseline_reader
    from model.training.trainer import train_baseline

    return baseline_reader(compile_predict(train_baseline(load_mnist(options.data))))


def _weights(options: argparse.Namespace) -> Path:
    return options.weights or weights_folder(options.model)


def _print_metrics(metrics: Mapping[str, object], text: str, options: argparse.Namespace) -> None:
    print(json.dumps(metrics, indent=1) if options.json else text)


def _report(options: argparse.Namespace) -> int:
    from model.data.mnist import load_mnist
    from model.evaluation.measure import rebuild

    _start_tensorflow()
    _start_litert(weights_folder(SHIPPED))
    for line in rebuild(load_mnist(options.data)):
        print(line, flush=True)
    return 0


def _export(options: argparse.Namespace) -> int:
    with _quiet():
        from model.classifiers.exporters import FORMATS, export
        from model.classifiers.networks import load_network

        network = load_network(weights_folder(options.model))
        output = options.output or Path(options.model + FORMATS[options.form].suffixes[0])
        comparisons = export(network, options.form, output)
    print(*comparisons, sep="\n")
    return 0


def _start_tensorflow() -> None:
    """Import TensorFlow and run its first operation: later ones write nothing to stderr (2.21)."""
    with _quiet():
        import tensorflow as tf

        tf.constant(0)


def _start_litert(weights: Path) -> None:
    """Load a network for the first time: LiteRT writes nothing to stderr at later ones (2.3)."""
    from model.classifiers.runtime import load_classifier

    with _quiet():
        load_classifier(weights)


@contextmanager
def _quiet() -> Iterator[None]:
    """Discard stderr, where native code reports its start whatever the log level (TensorFlow 2.21, LiteRT 2.3).

    Keep the block short: warnings, the progress of a download and the message of a native crash are discarded as well.
    """
    stderr = os.dup(2)
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)


def _complain(message: str) -> None:
    print(message, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
