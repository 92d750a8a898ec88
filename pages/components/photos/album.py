"""The photos of one visitor: what was read on each, what was corrected on it, and how to undo a correction."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Protocol

from model.transcript import Transcript
from model.vision.decoding import Gray
from pages.components.photos.preview import Preview
from pages.components.photos.reading import PhotoReading
from pages.components.shared.uploads import MAX_BYTES, too_much


class Upload(Protocol):
    """One file from Streamlit's uploader."""

    file_id: str
    name: str

    def getvalue(self) -> bytes:
        """Return the content of the file."""


@dataclass(frozen=True, eq=False, slots=True)
class Waiting:
    """A photo that is still to be read.

    Attributes:
        key: identifies the photo, also among photos of the same name or content.
        name: as the visitor knows it; unique in the album.
        data: the file.
    """

    key: str
    name: str
    data: bytes


@dataclass(frozen=True, eq=False, slots=True)
class Read:
    """A photo that was read.

    Attributes:
        key, name, data: as of a waiting one.
        preview: the picture on the screen.
        transcript: the reading with the visitor's corrections.
        model: name of the model that read it.
    """

    key: str
    name: str
    data: bytes
    preview: Preview
    transcript: Transcript
    model: str


@dataclass(frozen=True, eq=False, slots=True)
class Failed:
    """A photo that cannot be read; its file is not kept.

    Attributes:
        key, name: as of a waiting one.
        problem: why it cannot be read.
    """

    key: str
    name: str
    problem: str


Photo = Waiting | Read | Failed


@dataclass
class Album:
    """The photos of a session, in the order they came.

    Attributes:
        photos: by key.
        shown: the key of the photo on the screen.
        revisions: of the views "canvas" and "table": how often each had to be reloaded after a change made elsewhere.
        past: the transcripts before each correction, with the keys of their photos.
        uploaded: keys of the files in the uploader, which is empty again when the visitor comes from another page.
        model: name of the model that reads what is waiting.
        undo_requested: undo the last correction, once the canvas has reported the corrections that were made on it.
        decoded: the key and the gray pixels of one photo, see `gray_of`.
        readings: of photos that are being read or queued for it, by key and model.
    """

    photos: dict[str, Photo] = field(default_factory=dict)
    shown: str | None = None
    revisions: dict[str, int] = field(default_factory=lambda: {"canvas": 0, "table": 0})
    past: list[tuple[str, Transcript]] = field(default_factory=list)
    uploaded: frozenset[str] = frozenset()
    model: str = ""
    undo_requested: bool = False
    decoded: tuple[str, Gray] | None = None
    readings: dict[tuple[str, str], Future[PhotoReading]] = field(default_factory=dict)

    @property
    def waiting(self) -> list[Waiting]:
        """Return the photos that are still to be read."""
        return [photo for photo in self.photos.values() if isinstance(photo, Waiting)]

    @property
    def read(self) -> dict[str, Read]:
        """Return the photos that were read, by key."""
        return {key: photo for key, photo in self.photos.items() if isinstance(photo, Read)}

    @property
    def failed(self) -> list[Failed]:
        """Return the photos that cannot be read."""
        return [photo for photo in self.photos.values() if isinstance(photo, Failed)]

    @property
    def pages(self) -> list[tuple[str, Transcript]]:
        """Return the names and transcripts of the photos that were read."""
        return [(photo.name, photo.transcript) for photo in self.read.values()]

    def sync_uploads(self, files: Iterable[Upload]) -> None:
        """Add the files that are new in the uploader, and remove the photos whose files it no longer has."""
        uploads = {file.file_id: file for file in files}
        for key in self.uploaded - uploads.keys():
            self.remove(key)
        new = [key for key in uploads if key not in self.uploaded]
        for key in new:
            self.add(key, uploads[key].name, uploads[key].getvalue())
        self.shown = new[0] if new else self.shown
        self.uploaded = frozenset(uploads)

    def reopen(self) -> None:
        """Continue with an empty uploader, when the visitor comes back: keep the photos, except the failed ones."""
        self.uploaded = frozenset()
        self.photos = {key: photo for key, photo in self.photos.items() if not isinstance(photo, Failed)}

    def add(self, key: str, name: str, data: bytes) -> None:
        """Add a photo, or show it if the album has it already; one that exceeds MAX_BYTES fails at once."""
        if key not in self.photos:
            waiting = Waiting(key, self._unique(name), data)
            total = len(data) + sum(len(photo.data) for photo in self.photos.values() if not isinstance(photo, Failed))
            self.photos[key] = waiting if total <= MAX_BYTES else Failed(key, waiting.name, too_much(total))
            self.invalidate_views()
        self.shown = key

    def remove(self, key: str) -> None:
        """Remove a photo, with the corrections that could be undone on it."""
        self.photos.pop(key, None)
        self.past = [(changed, transcript) for changed, transcript in self.past if changed != key]
        if self.decoded and self.decoded[0] == key:
            self.decoded = None
        if self.shown == key:
            self.shown = next(reversed(self.photos), None)
        self.invalidate_views()

    def set_model(self, name: str) -> None:
        """Choose the model, and have it read again every photo without corrections that another one has read.

        Photos with corrections keep their transcripts, whose work would be lost, until the visitor calls `read_again`.
        """
        self.model = name
        corrected = {key for key, _ in self.past}
        for key, photo in self.read.items():
            if photo.model != name and key not in corrected:
                self.read_again(key)

    def read_again(self, key: str) -> None:
        """Discard a photo's transcript and corrections, so that it waits to be read."""
        photo = self.read[key]
        self.photos[key] = Waiting(key, photo.name, photo.data)
        self.past = [(changed, transcript) for changed, transcript in self.past if changed != key]
        self.invalidate_views()

    def finish(self, photo: Waiting, reading: PhotoReading) -> None:
        """Keep what was read on a photo, and the pixels if it is the one on the screen."""
        self.photos[photo.key] = Read(
            photo.key, photo.name, photo.data, reading.preview, reading.transcript, self.model
        )
        if photo.key == self.shown:
            self.decoded = photo.key, reading.gray
        self.invalidate_views()

    def leave_queue(self) -> None:
        """Give up the places of photos that are still queued; what a worker is reading is kept for the next run."""
        self.readings = {key: future for key, future in self.readings.items() if not future.cancel()}

    def fail(self, photo: Photo, problem: str) -> None:
        """Keep why a photo cannot be read."""
        self.photos[photo.key] = Failed(photo.key, photo.name, problem)

    def gray_of(self, photo: Read, decode: Callable[[bytes], Gray]) -> Gray:
        """Return a photo's gray pixels, (h, w) uint8, decoded at most once while it stays on the screen.

        Only one photo's pixels are kept: those of 100 megapixels, the largest that are read, take 100 MB, so that the
        pixels of all photos would have no bound worth the name, while only the photo on the screen needs them.
        """
        if self.decoded is None or self.decoded[0] != photo.key:
            self.decoded = photo.key, decode(photo.data)
        return self.decoded[1]

    def change(self, key: str, transcript: Transcript, view: str = "") -> None:
        """Keep a correction; the view that it was made in, if it was one of `revisions`, shows it already."""
        photo = self.read[key]
        if transcript is photo.transcript:
            return
        self.past.append((key, photo.transcript))
        self.photos[key] = replace(photo, transcript=transcript)
        self.invalidate_views(except_=view)

    def request_undo(self) -> None:
        """Undo the last correction once the canvas has reported the corrections that were made on it."""
        self.undo_requested = True

    def undo(self) -> None:
        """Undo the last correction, and show the photo that it was made on."""
        self.undo_requested = False
        if self.past:
            key, transcript = self.past.pop()
            self.photos[key] = replace(self.read[key], transcript=transcript)
            self.shown = key
            self.invalidate_views()

    def invalidate_views(self, except_: str = "") -> None:
        """Reload every view except the one that made the change."""
        self.revisions = {name: number + (name != except_) for name, number in self.revisions.items()}

    def _unique(self, name: str) -> str:
        """Return the name, with a number if another photo has it."""
        taken = {photo.name for photo in self.photos.values()}
        names = (name if number == 1 else f"{name} ({number})" for number in range(1, len(taken) + 2))
        return next(free for free in names if free not in taken)
