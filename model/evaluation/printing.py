"""Format metrics as text for the terminal."""

from __future__ import annotations

from collections.abc import Mapping

from model.classifiers.report import PictureMetrics, Speed, TestMetrics, WritersMetrics

_WRITERS_COLUMNS = {
    "n": "n",
    "writers": "writers",
    "right": "accuracy",
    "worst": "worst_writer",
    "accepted": "coverage",
    "then right": "selective_accuracy",
    "ECE": "ece",
    "AUROC": "auroc",
}
"""Titles of columns, and the metrics in them."""
_PICTURES_COLUMNS = {
    "pictures": "pictures",
    "digits": "digits",
    "right": "accuracy",
    "no error": "exact",
    "without": "without",
    "seen there": "seen_there",
    "seconds": "seconds",
}


def mnist_text(metrics: TestMetrics, speed: Speed) -> str:
    """Format metrics of the test set and the speed: summary, scores by digit, confusion matrix."""
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


def writers_table(metrics: WritersMetrics) -> str:
    """Format the metrics of `measure_writers`: rows for digits, for writers left out of training, for non-digits."""
    left_out = {f"{name}, left out": row for name, row in metrics["left_out"].items()}
    non_digits = {
        f"{name} (non-digits)" if name in metrics["digits"] else name: {**row, "coverage": row["false_accept_rate"]}
        for name, row in metrics["non_digits"].items()
    }
    return _table({**metrics["digits"], **left_out, **non_digits}, _WRITERS_COLUMNS)


def pictures_table(metrics: dict[str, PictureMetrics]) -> str:
    """Format the metrics of `measure_photos`: one row for each list of pictures."""
    return _table(metrics, _PICTURES_COLUMNS)


def _table(rows: Mapping[str, Mapping[str, object]], columns: dict[str, str]) -> str:
    width = max(map(len, rows))
    head = " " * width + "".join(f"{title:>12}" for title in columns)
    lines = (f"{name:{width}}" + "".join(map(_cell, map(row.get, columns.values()))) for name, row in rows.items())
    return "\n".join([head, *lines])


def _cell(value: object) -> str:
    if value is None:
        return f"{'-':>12}"
    return f"{value:12,}" if isinstance(value, int) else f"{value:12.4f}"
