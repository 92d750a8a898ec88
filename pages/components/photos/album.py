"""The pictures of one visitor: what was read on each, what was changed by hand, and how to undo it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Protocol

from model.transcript import Transcript
from pages.components.photos.preview import Preview

MAX_BYTES = 200_000_000
"""Of all pictures of a session: they stay in the server's memory."""


class Upload(Protocol):
    """What Streamlit hands over for one file."""

    file_id: str
    name: str

    def getvalue(self) -> bytes:
        """Content of the file."""


@dataclass(frozen=True, eq=False, slots=True)
class Photo:
    """One picture: waiting to be read, read, or with the reason why it cannot be.

    Attributes:
        key: its own, also among pictures of the same name or content.
        name: as the visitor knows it; unlike any other's in the album.
        data: the file.
        preview: what is shown of it; None until it is read.
        transcript: what it says; empty until it is read.
        problem: why it cannot be read.
        reader_of: name of the model that read it.
    """

    key: str
    name: str
    data: bytes
    preview: Preview | None = None
    transcript: Transcript = field(default_factory=Transcript)
    problem: str = ""
    reader_of: str = ""


@dataclass
class Album:
    """The pictures of a session, in the order they came.

    Attributes:
        photos: by key.
        shown: the key of the picture on the screen.
        revisions: of "canvas" and "table", the changes that each does not know of, because they were made elsewhere.
        past: the transcripts before each change, with the keys of their pictures.
        uploaded: keys of the files in the uploader, which forgets them when the visitor goes to another page.
        reader_of: name of the model that reads what is waiting.
        is_undo_asked: the visitor wants the last change back, which the canvas may still have to tell of.
    """

    photos: dict[str, Photo] = field(default_factory=dict)
    shown: str | None = None
    revisions: dict[str, int] = field(default_factory=lambda: {"canvas": 0, "table": 0})
    past: list[tuple[str, Transcript]] = field(default_factory=list)
    uploaded: frozenset[str] = frozenset()
    reader_of: str = ""
    is_undo_asked: bool = False

    @property
    def waiting(self) -> list[Photo]:
        """Pictures that are still to be read."""
        return [photo for photo in self.photos.values() if photo.preview is None and not photo.problem]

    @property
    def read(self) -> dict[str, Photo]:
        """Pictures that have been read, by key."""
        return {key: photo for key, photo in self.photos.items() if photo.preview}

    @property
    def problems(self) -> list[Photo]:
        """Pictures that cannot be read."""
        return [photo for photo in self.photos.values() if photo.problem]

    @property
    def pages(self) -> list[tuple[str, Transcript]]:
        """Names and transcripts of the pictures that have been read."""
        return [(photo.name, photo.transcript) for photo in self.read.values()]

    def sync_uploads(self, files: Iterable[Upload]) -> None:
        """Take what is in the uploader: what is new there is added, what is no longer there is removed."""
        uploads = {file.file_id: file for file in files}
        for key in self.uploaded - uploads.keys():
            self.remove(key)
        new = [key for key in uploads if key not in self.uploaded]
        for key in new:
            self.add(key, uploads[key].name, uploads[key].getvalue())
        self.shown = new[0] if new else self.shown
        self.uploaded = frozenset(uploads)

    def reopen(self) -> None:
        """Go on with an uploader that is empty, when the visitor comes back: what could be read stays."""
        self.uploaded = frozenset()
        self.photos = {key: photo for key, photo in self.photos.items() if not photo.problem}

    def add(self, key: str, name: str, data: bytes) -> None:
        """Add a picture, or show it if it is there already; one that goes beyond MAX_BYTES has a problem at once."""
        if key not in self.photos:
            self.photos[key] = Photo(key, self._free(name), data)
            if (together := sum(len(photo.data) for photo in self.photos.values())) > MAX_BYTES:
                self.photos[key] = Photo(key, self.photos[key].name, b"", problem=_too_much(together))
            self.renew()
        self.shown = key

    def remove(self, key: str) -> None:
        """Forget a picture, and what could be undone on it."""
        self.photos.pop(key, None)
        self.past = [(changed, transcript) for changed, transcript in self.past if changed != key]
        if self.shown == key:
            self.shown = next(reversed(self.photos), None)
        self.renew()

    def read_with(self, name: str) -> None:
        """Have another model read, also what was read already: who changes the model wants to see what it changes.

        Pictures that were changed by hand stay as they are, because that work is worth more than a second opinion,
        until the visitor asks for one.
        """
        self.reader_of = name
        changed = {key for key, _ in self.past}
        for key, photo in self.read.items():
            if photo.reader_of != name and key not in changed:
                self.read_again(key)

    def read_again(self, key: str) -> None:
        """Forget what was read on a picture and changed on it: it waits to be read."""
        self.photos[key] = replace(self.photos[key], transcript=Transcript(), preview=None)
        self.past = [(changed, transcript) for changed, transcript in self.past if changed != key]
        self.renew()

    def finish(self, key: str, transcript: Transcript, preview: Preview) -> None:
        """Keep what was read on a picture."""
        done = replace(self.photos[key], transcript=transcript, preview=preview, reader_of=self.reader_of)
        self.photos[key] = done
        self.renew()

    def fail(self, key: str, problem: str) -> None:
        """Keep why a picture cannot be read."""
        self.photos[key] = replace(self.photos[key], problem=problem)

    def change(self, key: str, transcript: Transcript, known_to: str = "") -> None:
        """Keep what was changed by hand on a picture; the canvas or table it was changed in knows of it."""
        if transcript is self.photos[key].transcript:
            return
        self.past.append((key, self.photos[key].transcript))
        self.photos[key] = replace(self.photos[key], transcript=transcript)
        self.renew(known_to)

    def ask_to_undo(self) -> None:
        """Have the last change taken back once the canvas has told of it."""
        self.is_undo_asked = True

    def undo(self) -> None:
        """Take the last change back, and show the picture it was made on."""
        self.is_undo_asked = False
        if self.past:
            key, transcript = self.past.pop()
            self.photos[key] = replace(self.photos[key], transcript=transcript)
            self.shown = key
            self.renew()

    def renew(self, known_to: str = "") -> None:
        """Have canvas and table show the album anew, without the one that knows."""
        self.revisions = {name: number + (name != known_to) for name, number in self.revisions.items()}

    def _free(self, name: str) -> str:
        """The name, numbered if there is one like it."""
        taken = {photo.name for photo in self.photos.values()}
        names = (name if number == 1 else f"{name} ({number})" for number in range(1, len(taken) + 2))
        return next(free for free in names if free not in taken)


def _too_much(together: int) -> str:
    expected = f"Expected at most {MAX_BYTES / 1e6:.0f} MB, so remove others first."
    return f"The pictures are too much together. {expected} Received: {together / 1e6:.0f} MB."
