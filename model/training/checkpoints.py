"""Checkpoints: the state of a run after each epoch, from which it goes on after an interruption.

    FOLDER/state.json              identity and history of the run, one row an epoch; written last
    FOLDER/epoch-0007/last.keras   the network after the last epoch of the history, with its optimizer
    FOLDER/epoch-0007/best.keras   the averaged network of the best epoch so far

The history says which epoch's folder belongs to the run. Every other one is left over from a crash or from an earlier
run: it is never read, and it is removed.

Keras's callbacks cannot keep these three consistent. `BackupAndRestore` writes weights and epoch number in place, one
after the other: a run that is killed in between goes on from the wrong epoch; and it knows neither history nor phases.
`ModelCheckpoint(save_best_only=True)` overwrites the best network in place, `CSVLogger` adds the row of an epoch whose
network may never be saved.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from model.classifiers.report import CurveRow
from model.classifiers.schema import check
from model.errors import ArtifactError
from model.files import write_atomically

if TYPE_CHECKING:
    import keras

STATE_FILE = "state.json"


@dataclass(slots=True)
class CheckpointStore:
    """The checkpoints of one run; the folder must be locked.

    Attributes:
        folder: where they are.
        identity: all that decides the history, as plain JSON types; `epochs` is how many the run has.
        history: what was measured after each epoch, as `held_out_errors`, `augmentation` and more.
    """

    folder: Path
    identity: dict[str, Any]
    history: list[CurveRow] = field(default_factory=list)

    @classmethod
    def open(cls, folder: Path, identity: dict[str, Any], resume: bool) -> CheckpointStore:
        """Go on with the run in the folder, or begin a new one in place of a finished one.

        Args:
            folder: where the checkpoints are; it exists.
            identity: of the run that wants to go on or begin.
            resume: go on, if there is a run to go on with.

        Raises:
            ArtifactError: the state is damaged or another run's, or a new run would discard an unfinished one.
        """
        old = cls._read(folder)
        if old and resume:
            if old.identity != identity:
                raise ArtifactError(
                    f"The checkpoint in {old.path} is of another run. Expected {identity}. Received: {old.identity}."
                )
            store = old
        else:
            if old and old.epoch < old.identity["epochs"]:
                raise ArtifactError(
                    f"{folder} holds an unfinished run. Expected --resume, or another folder by --checkpoints. "
                    f"Received: neither, and {old.epoch} of {old.identity['epochs']} epochs done in {old.path}."
                )
            (folder / STATE_FILE).unlink(missing_ok=True)  # first, or a crash would leave it naming a removed folder
            store = cls(folder, identity)
        store._remove_other_epochs()
        return store

    @classmethod
    def _read(cls, folder: Path) -> CheckpointStore | None:
        path = folder / STATE_FILE
        try:
            state = json.loads(path.read_text(encoding="utf-8"))
            int(state["identity"]["epochs"])
            check(state["history"], list[CurveRow], "history")
            return cls(folder, state["identity"], cast("list[CurveRow]", state["history"]))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            message = f"The checkpoint is damaged. Expected a run's state in {path}. Received: {error!r:.120}."
            raise ArtifactError(message) from error

    @property
    def epoch(self) -> int:
        """Epochs done."""
        return len(self.history)

    @property
    def path(self) -> Path:
        """Where the networks after the last epoch are."""
        return self._path(self.epoch)

    def _path(self, epoch: int) -> Path:
        return self.folder / f"epoch-{epoch:04d}"

    def load(self, name: str) -> keras.Model:
        """Load the `last` network, with its optimizer, or the `best` one so far.

        Raises:
            ArtifactError: its file is missing or damaged.
        """
        import keras

        path = self.path / f"{name}.keras"
        try:
            return keras.models.load_model(path)
        except Exception as error:  # Keras raises many kinds for a file that it cannot read
            message = f"The checkpoint is damaged. Expected a network in {path}. Received: {error!r:.120}."
            raise ArtifactError(message) from error

    @property
    def best_epoch(self) -> int:
        """The epoch with the fewest held-out errors, 1 or more: the last of equals, of the last phase alone.

        Epochs of the first phase do not count: one may be ahead by luck, but it has not been fine-tuned.
        """
        augmentation = self.history[-1]["augmentation"]  # each phase has its own
        errors = [row["held_out_errors"] for row in self.history if row["augmentation"] == augmentation]
        return self.epoch - errors[::-1].index(min(errors))

    def save(self, network: keras.Model, averaged: keras.Model, row: CurveRow) -> None:
        """Write the state after one more epoch.

        Args:
            network: as it is trained on, with its optimizer.
            averaged: the same with the moving average of its weights, from which the best one is chosen.
            row: what was measured of the averaged one.
        """
        after = CheckpointStore(self.folder, self.identity, [*self.history, row])
        with write_atomically(after.path) as partial:
            partial.mkdir()
            network.save(partial / "last.keras")
            if after.best_epoch == after.epoch:
                averaged.save(partial / "best.keras")
            else:
                shutil.copy(self.path / "best.keras", partial)
        with write_atomically(self.folder / STATE_FILE) as partial:
            partial.write_text(json.dumps({"identity": self.identity, "history": after.history}, indent=1), "utf-8")
        self.history = after.history
        self._remove_other_epochs()

    def _remove_other_epochs(self) -> None:
        """Remove what crashes and earlier runs left, so that it neither blocks a name nor fills the disk."""
        for path in [*self.folder.glob("epoch-[0-9]*"), *self.folder.glob(".half-epoch-[0-9]*")]:
            if path == self.path:
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
