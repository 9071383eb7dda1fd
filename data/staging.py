"""Files that people have sent and nobody has confirmed yet: kept apart, each for one person, for one day.

`instance/.uploads/` is closed to others (mode 0700) and in no backup. A file lies in a folder named by the hash of
its token, so that a listing opens nothing; who asks with another's token is answered as if there were none.
"""

import hashlib
import json
import os
import re
import secrets
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from typing import Any

from data.instants import micros
from data.people import Person
from data.sources.batch import SourceError
from data.sources.gates import MB, UPLOAD
from data.sources.sandbox import short_name

FOLDER = ".uploads"
KEPT = timedelta(days=1)
MOST_OF_ONE = 5  # files a person may have waiting; of more the oldest goes
TOKEN = re.compile(r"[A-Za-z0-9_-]{32}\Z")
STAGED, STORED = "staged", "stored"


class UnknownUpload(KeyError):
    """No such file for this person: never sent, another's, or over."""


class BeingStored(RuntimeError):
    """Somebody confirmed the same file a moment ago; what became of it is not known yet."""


@dataclass(frozen=True)
class Upload:
    """One file that was sent.

    name    what its sender called it, as it may be shown
    person  number of the account it belongs to
    state   staged, or stored once it was confirmed
    """

    token: str
    folder: Path
    name: str
    person: int
    sent_at: int
    size: int = 0
    state: str = STAGED

    @property
    def path(self) -> Path:
        """The file itself; gone once it is stored."""
        return self.folder / "file" / self.name

    def keep(self, what: str, document: Any) -> None:
        """Keep something that was found out about the file beside it, whole or not at all."""
        draft = self.folder / f".{what}.{secrets.token_hex(4)}"
        draft.write_text(json.dumps(document), encoding="ascii")  # rows given back may hold half a letter
        draft.replace(self.folder / f"{what}.json")

    def kept(self, what: str) -> Any:
        """What was kept under a name; None where nothing was."""
        try:
            return json.loads((self.folder / f"{what}.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None

    def stored(self) -> "Upload":
        """The same, confirmed: the file goes, what is known of it stays until the day is over."""
        done = replace(self, state=STORED)
        _write(done)
        shutil.rmtree(self.folder / "file", ignore_errors=True)
        return done

    def claimed(self) -> "_Claim":
        """A context in which nobody else stores it. Raises BeingStored."""
        return _Claim(self.folder)


class _Claim:
    def __init__(self, folder: Path):
        self.folder = folder

    def __enter__(self) -> None:
        self._handle = (self.folder / ".claim").open("a")
        try:
            flock(self._handle, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            self._handle.close()
            raise BeingStored("the same file is being stored") from None

    def __exit__(self, *_: object) -> None:
        self._handle.close()


class Staging:
    """The uploads of an instance."""

    def __init__(self, instance: Path):
        self.folder = instance / FOLDER

    async def receive(
        self,
        person: Person,
        name: str,
        chunks: AsyncIterator[bytes],
        *,
        now: datetime,
        largest: int = UPLOAD.size,
    ) -> Upload:
        """Write a file as it comes, never held whole in memory. Whatever ends it early leaves nothing behind.

        Raises SourceError for an empty or a too large one
        """
        upload = self._make_room(person, name, now)
        try:
            size = 0
            with upload.path.open("xb") as file:
                async for chunk in chunks:
                    size += len(chunk)
                    if size > largest:
                        raise SourceError(
                            f"{upload.name}: got more than {largest // MB:,} MB; expected at most {largest // MB:,} MB"
                        )
                    file.write(chunk)
            if not size:
                raise SourceError(
                    f"{upload.name}: got an empty file of 0 bytes; expected records, or at least a header"
                )
        except BaseException:
            self.discard(upload)
            raise
        upload = replace(upload, size=size)
        _write(upload)
        return upload

    def find(self, token: str, person: Person, *, now: datetime) -> Upload:
        """The file of a token, if it is this person's and not over. Raises UnknownUpload."""
        upload = self._read(self._place(token)) if TOKEN.match(token) else None
        if upload is None or upload.person != person.id or _over(upload, now):
            raise UnknownUpload("no such upload")
        return replace(upload, token=token)

    def discard(self, upload: Upload) -> None:
        """Remove a file and everything that is known of it."""
        shutil.rmtree(upload.folder, ignore_errors=True)

    def sweep(self, *, now: datetime) -> int:
        """Remove what is over, and what broke off while it was sent; returns how many. Part of the housekeeping."""
        gone = 0
        for folder in self._folders():
            upload = self._read(folder)
            begun = micros(now) - folder.stat().st_mtime_ns // 1000 if upload is None else 0
            if _over(upload, now) if upload else begun > KEPT // timedelta(microseconds=1):
                shutil.rmtree(folder, ignore_errors=True)
                gone += 1
        return gone

    def _make_room(self, person: Person, name: str, now: datetime) -> Upload:
        mine = [
            one for one in map(self._read, self._folders()) if one is not None and one.person == person.id
        ]
        for old in sorted(mine, key=lambda one: one.sent_at)[: max(0, len(mine) - MOST_OF_ONE + 1)]:
            self.discard(old)
        self.folder.mkdir(mode=0o700, exist_ok=True)
        token = secrets.token_urlsafe(24)
        upload = Upload(token, self._place(token), file_name(name), person.id, micros(now))
        (upload.folder / "file").mkdir(mode=0o700, parents=True)
        return upload

    def _place(self, token: str) -> Path:
        return self.folder / hashlib.sha256(token.encode()).hexdigest()[:40]

    def _folders(self) -> Iterator[Path]:
        with suppress(FileNotFoundError):
            yield from sorted(path for path in self.folder.iterdir() if path.is_dir())

    def _read(self, folder: Path) -> Upload | None:
        try:
            found = json.loads((folder / "upload.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        return Upload(token="", folder=folder, **found)


def file_name(name: str) -> str:
    """A name that can stand in a folder and on a page: the last part of a path, printable, not too long."""
    last = re.split(r"[/\\]", name)[-1].strip().lstrip(".")
    return short_name(last) or "file"


def _write(upload: Upload) -> None:
    values = {name: value for name, value in asdict(upload).items() if name not in ("token", "folder")}
    draft = upload.folder / ".upload"
    draft.write_text(json.dumps(values, ensure_ascii=False), encoding="utf-8")
    os.replace(draft, upload.folder / "upload.json")


def _over(upload: Upload | None, now: datetime) -> bool:
    return upload is None or micros(now) - upload.sent_at > KEPT // timedelta(microseconds=1)
