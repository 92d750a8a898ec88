"""The command line, python -m model."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from model.classifiers.registry import MODELS, SHIPPED, SHIPPED_RESULTS, weights_folder
from model.errors import DatasetError, ImageError, ReaderError

if TYPE_CHECKING:
    from model.classifiers.report import PictureMetrics, Report, WritersMetrics
    from model.reader import Reader
    from model.transcript import Transcript


_HANDS_COLUMNS = {
    "n": "n",
    "writers": "writers",
    "right": "accuracy",
    "worst": "worst_writer",
    "accepted": "coverage",
    "then right": "selective_accuracy",
    "ECE": "ece",
    "AUROC": "auroc",
}
_PICTURES_COLUMNS = {
    "pictures": "pictures",
    "digits": "digits",
    "right": "accuracy",
    "no error": "exact",
    "without": "without",
    "seen there": "seen_there",
    "seconds": "seconds",
}

_FORMATS = {
    "keras": "Keras's own format",
    "h5": "its older HDF5 file",
    "json": "architecture with weights beside it",
    "savedmodel": "TensorFlow's folder",
    "tflite": "TensorFlow Lite, in floats and in eight-bit integers",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code is 0, or 2 if something could not be done, which stderr says in one line."""
    options = _parser().parse_args(arguments)
    try:
        code: int = options.command(options)
    except (ReaderError, OSError) as error:
        _complain(str(error))
        return 2
    except KeyboardInterrupt:
        return 130  # the shell's own code for Ctrl-C
    return code


def _parser() -> argparse.ArgumentParser:
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
    read.set_defaults(command=_read, form="to_text")


def _add_evaluate(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    summary = "measure a model on MNIST's test set, on hands it has never seen, or on pictures"
    evaluate = commands.add_parser(
        "evaluate",
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}. "
        "What a registered model does on MNIST is kept beside its weights.",
    )
    which = evaluate.add_mutually_exclusive_group()
    which.add_argument("--model", choices=MODELS, default=SHIPPED, help="a registered one (default: %(default)s)")
    which.add_argument("--weights", type=Path, metavar="DIR", help="weights and report in any folder; nothing is kept")
    which.add_argument(
        "--usual", action="store_true", help="on hands, the usual way: train Keras's example, shrink the whole canvas"
    )
    evaluate.add_argument("--json", action="store_true", help="all metrics as JSON")
    _add_data(evaluate)
    mnist = evaluate.add_argument_group("on MNIST")
    mnist.add_argument("--predictions", type=Path, metavar="FILE", help="write what it reads in every digit, as CSV")
    mnist.add_argument("--figures", type=Path, metavar="DIR", help="draw what was measured, as PNG")
    hands = evaluate.add_argument_group("on hands")
    hands.add_argument("--ink", type=Path, metavar="DIR", help="folder of *.jsonl files of digits, to be read as drawn")
    hands.add_argument("--not-digits", type=Path, metavar="DIR", help="likewise, of what is no digit")
    pictures = evaluate.add_argument_group("on pictures")
    pictures.add_argument(
        "--pictures", type=Path, metavar="DIR", help="folder of *.csv files with the columns file and label (digits)"
    )
    unseen = evaluate.add_argument_group("on hands or pictures")
    unseen.add_argument("--keep", metavar="NAME", help="keep the figures in the shipped model's report by this name")
    evaluate.set_defaults(command=_evaluate)


def _add_report(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    summary = "measure all that the pages show: every model, what the shipped one sees, and the data"
    report = commands.add_parser("report", help=summary, description=f"{summary.capitalize()}. Takes some minutes.")
    _add_data(report)
    report.set_defaults(command=_report)


def _add_data(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--data", type=Path, help="MNIST as .npz (default: $MNIST_NPZ, else Keras's cache or download)"
    )


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
    from model.reader import Reader

    with _quiet():
        reader = Reader.load()
    pages = list(_read_files(reader, options.files))
    sys.stdout.write(getattr(transcript_export, options.form)(pages))
    return 0 if len(pages) == len(options.files) else 2


def _read_files(reader: Reader, files: Sequence[str]) -> Iterator[tuple[str, Transcript]]:
    """Transcripts of the files that can be read; stderr says why the others cannot."""
    from model.transcript import Transcript

    for file in files:
        try:
            yield file, Transcript.of(reader.read_photo(file))
        except ImageError as error:
            _complain(f"{file}: {error}")


def _evaluate(options: argparse.Namespace) -> int:
    on_hands = bool(options.ink or options.not_digits)
    _check_evaluate(options, on_hands)
    if on_hands:
        writers = _evaluate_hands(options)
        _print(options, writers, _as_table(_rows_of_writers(writers), _HANDS_COLUMNS))
    elif options.pictures:
        pictures = _evaluate_pictures(options)
        _print(options, pictures, _as_table(pictures, _PICTURES_COLUMNS))
    else:
        report = _evaluate_mnist(options)
        _print(options, {**report["test"], "speed": report["speed"]}, _as_text(report))
    return 0


def _print(options: argparse.Namespace, metrics: Mapping[str, object], text: str) -> None:
    print(json.dumps(metrics, indent=1) if options.json else text)


def _check_evaluate(options: argparse.Namespace, on_hands: bool) -> None:
    """Refuse options that do not go together, before anything is measured."""
    if on_hands and options.pictures:
        raise DatasetError("One thing is measured at a time. Expected hands or pictures. Received: both.")
    if options.keep and not (on_hands or options.pictures):
        raise DatasetError(
            "There is nothing to keep. Expected --ink, --not-digits or --pictures. Received: --keep alone."
        )
    if options.usual and not on_hands:
        raise DatasetError("There are no hands to measure. Expected --ink or --not-digits. Received: neither.")
    if (on_hands or options.pictures) and (options.predictions or options.figures):
        raise DatasetError(
            "Only MNIST has such files. Expected --predictions and --figures without hands or pictures. Received: both."
        )
    if options.keep == SHIPPED_RESULTS and (options.usual or options.weights or options.model != SHIPPED):
        raise DatasetError(f"Only {SHIPPED} is shipped. Expected it, or another name. Received: --keep {options.keep}.")
    if options.predictions and (options.predictions.is_dir() or not options.predictions.parent.is_dir()):
        raise DatasetError(
            f"There is nowhere to write to. Expected a file in a folder. Received: {options.predictions}."
        )
    if options.figures and options.figures.exists() and not options.figures.is_dir():
        raise DatasetError(f"There is nowhere to draw to. Expected a folder. Received: {options.figures}, a file.")


def _evaluate_mnist(options: argparse.Namespace) -> Report:
    with _quiet():
        from model.data.mnist import load_mnist
        from model.evaluation.measure import draw_figures, keep, measure
        from model.evaluation.results import to_predictions_csv

        mnist = load_mnist(options.data)
        if options.weights:
            evaluation = measure(options.weights.name, options.weights, mnist.test)
        else:
            evaluation = measure(options.model, weights_folder(options.model), mnist.test)
            keep(evaluation, mnist)
    if options.predictions:
        options.predictions.write_text(to_predictions_csv(evaluation), encoding="utf-8")
    if options.figures:
        draw_figures(evaluation, mnist.test.frames, options.figures)
    return evaluation.report


def _evaluate_hands(options: argparse.Namespace) -> WritersMetrics:
    with _quiet():
        from model.classifiers.report import keep_writers, load_report
        from model.classifiers.runtime import compile_predict
        from model.data.mnist import load_mnist
        from model.evaluation.unseen_writers import baseline_reader, measure_writers, reader_of
        from model.reader import Reader

        data = load_report(weights_folder(SHIPPED))["data"]  # whichever model reads, so that figures compare
        if options.usual:
            from model.training.trainer import train_baseline

            read = baseline_reader(compile_predict(train_baseline(load_mnist(options.data))))
        else:
            read = reader_of(Reader.load(options.weights or weights_folder(options.model)))
    metrics = measure_writers(read, options.ink, options.not_digits, data["strokes_sha256"].values())
    if options.keep:
        keep_writers(weights_folder(SHIPPED), options.keep, metrics)
    return metrics


def _rows_of_writers(metrics: WritersMetrics) -> dict[str, Mapping[str, object]]:
    """One row for each file: digits, those of the writers left out of training, and non-digits."""
    left_out = {f"{name}, left out": row for name, row in metrics["left_out"].items()}
    non_digits = {
        f"{name} (non-digits)" if name in metrics["digits"] else name: {**row, "coverage": row["false_accept_rate"]}
        for name, row in metrics["non_digits"].items()
    }
    return {**metrics["digits"], **left_out, **non_digits}


def _evaluate_pictures(options: argparse.Namespace) -> dict[str, PictureMetrics]:
    with _quiet():
        from model.classifiers.report import keep_pictures
        from model.evaluation.photos import accepted_digits, measure_photos
        from model.reader import Reader

        read = accepted_digits(Reader.load(options.weights or weights_folder(options.model)))
    metrics = measure_photos(read, options.pictures)
    if options.keep:
        keep_pictures(weights_folder(SHIPPED), options.keep, metrics)
    return metrics


def _export(options: argparse.Namespace) -> int:
    with _quiet():
        from model.classifiers.exporters import FORMATS, export
        from model.classifiers.runtime import load_network

        network = load_network(weights_folder(options.model))
        output = options.output or Path(options.model + FORMATS[options.form].suffixes[0])
        comparisons = export(network, options.form, output)
    print(*comparisons, sep="\n")
    return 0


def _report(options: argparse.Namespace) -> int:
    with _quiet():
        from model.data.mnist import load_mnist
        from model.evaluation.measure import rebuild

        for line in rebuild(load_mnist(options.data)):
            print(line, flush=True)
    return 0


def _as_table(metrics: Mapping[str, Mapping[str, object]], columns: dict[str, str]) -> str:
    """A row for each set, by its name."""
    width = max(map(len, metrics))
    head = " " * width + "".join(f"{title:>12}" for title in columns)
    rows = (f"{name:{width}}" + "".join(map(_cell, map(row.get, columns.values()))) for name, row in metrics.items())
    return "\n".join([head, *rows])


def _cell(value: object) -> str:
    if value is None:
        return f"{'-':>12}"
    return f"{value:12,}" if isinstance(value, int) else f"{value:12.4f}"


def _as_text(report: Report) -> str:
    metrics, speed = report["test"], report["speed"]
    low, high = metrics["accuracy_95"]
    right = metrics["selective_accuracy"]
    return "\n".join(
        [
            f"accuracy  {metrics['accuracy']:.2%} (95 % interval {low:.2%} to {high:.2%}, n = {metrics['n']:,})",
            f"errors    {metrics['errors']}",
            f"log loss  {metrics['log_loss']:.4f}",
            f"ECE       {metrics['ece']:.4f} (15 bins)",
            f"accepted  {metrics['coverage']:.2%}, of them right {'-' if right is None else f'{right:.2%}'}",
            f"speed     {speed['ms_per_digit']:.2f} ms a digit, one by one (median of {speed['n']})",
            "",
            "digit  precision  recall      F1  support",
            *(
                f"{row['label']:5}  {row['precision']:9.4f}  {row['recall']:6.4f}  {row['f1']:6.4f}  {row['support']:7}"
                for row in metrics["per_class"]
            ),
            f"macro F1 {metrics['macro_f1']:.4f}",
            "",
            "confusion: rows true, columns read",
            *(f"{label}  " + " ".join(f"{n:5}" for n in row) for label, row in enumerate(metrics["confusion"])),
        ]
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """Discard what native code writes to stderr: TensorFlow's start-up notes heed no log level (2.21)."""
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
