"""The drop folder: files that other systems put into `inbox/`, taken whole or not at all.

Which source a file is for: `inbox/NAME/anything`, or `inbox/NAME.anything` and `inbox/NAME-anything`; of several
names that fit, the longest. Passed over: names that begin with a dot or end in .part or .tmp, links, folders.

When a file is complete: its size and time of change were equal at two looks at least 2 seconds apart, or it has
not been written to for 5 seconds; and no process holds it open for writing, where the system can tell. The name is
then taken away from its writer by a rename into `.claimed/`, where the same is asked again: whoever opened the
file just before the rename is waited for, and a file put under the same name later is another file. Only what is
claimed and at rest is read. Afterwards it lies in `done/DATE/`, or in `failed/` with `FILE.error.txt` beside it.
A claimed file that a dead worker left is read by the next: reading twice changes nothing.
"""

import errno
import fcntl
import os
import signal
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

CLAIMED, DONE, FAILED = ".claimed", "done", "failed"
UNFINISHED = (".part", ".tmp")
BETWEEN_LOOKS = timedelta(seconds=2)
AT_REST = timedelta(seconds=5)
LONGEST_NAME = 200  # bytes; what we add to a name must fit into 255


@dataclass(frozen=True)
class Look:
    """What was seen of a file: which one it is, its size and time of change, and when we looked."""

    inode: int
    size: int
    changed_ns: int
    at: datetime


@dataclass(frozen=True)
class Delivery:
    """A complete file, claimed for a source. `name` is what its sender called it."""

    source: str
    path: Path
    name: str


@dataclass
class Inbox:
    """The inbox of an instance; remembers its last look at each file. One process reads it at a time.

    sources   names of the declared sources
    at_rest   how long a file must be left alone that was seen once only
    """

    folder: Path
    sources: Iterable[str]
    at_rest: timedelta = AT_REST
    looks: dict[Path, Look] = field(default_factory=dict)

    def claim(self, *, now: datetime) -> list[Delivery]:
        """Claim every file that is complete; all claimed files at rest, the oldest delivery first."""
        seen: dict[Path, Look] = {}
        for source, path in self._dropped():
            look = _look(path, now)
            if look is None:
                continue
            first = self.looks.get(path)
            if first is not None and _same(first, look):
                look = first  # the interval counts from the first of equal looks
            if self._complete(look, now) and not being_written(path):
                self._take(source, path, look, now)
            else:
                seen[path] = look
        self.looks = seen
        return [each for each in self._claimed() if self._at_rest(each.path, now)]

    def waiting(self) -> int:
        """How many files were seen that are not complete yet."""
        return len(self.looks)

    def unknown(self) -> list[str]:
        """Names in the inbox that belong to no declared source: they are left where they are."""
        known = {path for _, path in self._dropped()}
        files = (entry for entry in _entries(self.folder) if entry.is_file(follow_symlinks=False))
        return sorted(entry.name for entry in files if Path(entry.path) not in known and _wanted(entry.name))

    def done(self, delivery: Delivery, *, on: str) -> Path:
        """Lay a delivery that was read under `done/`, in the folder of a day."""
        return _move(delivery.path, self.folder / DONE / on, delivery.name)

    def failed(self, delivery: Delivery, reason: str) -> Path:
        """Lay a delivery that was refused under `failed/`, with the reason beside it."""
        moved = _move(delivery.path, self.folder / FAILED, delivery.name)
        moved.with_name(moved.name + ".error.txt").write_text(reason + "\n", encoding="utf-8")
        return moved

    def _dropped(self) -> Iterator[tuple[str, Path]]:
        """Files in the inbox, each with the source it is for."""
        names = sorted(self.sources, key=len, reverse=True)
        for entry in _entries(self.folder):
            if entry.is_dir(follow_symlinks=False) and entry.name in names:
                yield from ((entry.name, Path(file.path)) for file in _entries(entry.path) if _fits(file))
            elif _fits(entry):
                for name in names:
                    if entry.name.startswith((f"{name}.", f"{name}-")):
                        yield name, Path(entry.path)
                        break

    def _complete(self, look: Look, now: datetime) -> bool:
        return now - look.at >= BETWEEN_LOOKS or self._left_alone(look.changed_ns, now)

    def _left_alone(self, changed_ns: int, now: datetime) -> bool:
        """Whether the last change lies far enough back; one in the future says nothing."""
        return now.timestamp() - changed_ns / 1e9 >= self.at_rest.total_seconds()

    def _take(self, source: str, path: Path, look: Look, now: datetime) -> None:
        """Rename into a folder of `.claimed/` whose name sorts by time of change."""
        folder = self.folder / CLAIMED / source / f"{max(look.changed_ns, 0):020d}"
        target = folder / _plain(path.name)
        if os.path.lexists(target):
            return  # the same name and time, claimed and not read yet: at a later look
        folder.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):  # taken back by its sender
            os.rename(path, target)
            _sync(folder)

    def _claimed(self) -> list[Delivery]:
        names = set(self.sources)
        sources = [entry for entry in _entries(self.folder / CLAIMED) if entry.name in names]
        times = [(source.name, entry) for source in sources for entry in _entries(source.path)]
        return [
            Delivery(source, Path(file.path), file.name)
            for source, entry in sorted(times, key=lambda pair: pair[1].name)
            for file in _entries(entry.path)
        ]

    def _at_rest(self, path: Path, now: datetime) -> bool:
        """Whether a claimed file is a plain file, the one that was looked at, and nobody writes to it any more."""
        look = _look(path, now)
        if look is None or being_written(path):
            return False
        return path.parent.name == f"{max(look.changed_ns, 0):020d}" or self._left_alone(look.changed_ns, now)


def being_written(path: Path) -> bool:
    """Whether a process holds the file open for writing.

    Asked by a read lease, which the kernel grants only where nobody does (Linux, local file systems, own files);
    somebody who opens the file in that instant waits until we give it back, and we are told by a signal that does
    nothing. Where it cannot be asked the answer is no, and the times of change must do.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.fcntl(handle, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError as error:
        return error.errno == errno.EAGAIN
    finally:
        os.close(handle)
    return False


def _entries(folder: Path | str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except (FileNotFoundError, NotADirectoryError):
        return []


def _fits(entry: os.DirEntry[str]) -> bool:
    return _wanted(entry.name) and entry.is_file(follow_symlinks=False)


def _wanted(name: str) -> bool:
    return not name.startswith(".") and not name.lower().endswith(UNFINISHED)


def _plain(name: str) -> str:
    """A name that can be stored and shown: valid Unicode, printable, not too long; its ending is kept."""
    text = os.fsencode(name).decode("utf-8", "replace")
    shown = "".join(letter if letter.isprintable() else "_" for letter in text)
    return shown.encode()[-LONGEST_NAME:].decode("utf-8", "ignore")


def _look(path: Path, now: datetime) -> Look | None:
    """What a plain file looks like; None where it is gone, a link or anything else."""
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(found.st_mode):
        return None
    return Look(found.st_ino, found.st_size, found.st_mtime_ns, now)


def _same(first: Look, second: Look) -> bool:
    return (first.inode, first.size, first.changed_ns) == (second.inode, second.size, second.changed_ns)


def _move(path: Path, folder: Path, name: str) -> Path:
    """Give a file its name in a folder; where that is taken, the next free number before its ending."""
    folder.mkdir(parents=True, exist_ok=True)
    stem, dot, ending = name.partition(".")
    target, number = folder / name, 1
    while os.path.lexists(target):
        number += 1
        target = folder / f"{stem}-{number}{dot}{ending}"
    os.rename(path, target)
    _sync(folder)
    with suppress(OSError):  # others of the same instant lie there still
        path.parent.rmdir()
    return target


def _sync(folder: Path) -> None:
    """Make a rename outlast a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
