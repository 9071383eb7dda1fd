"""Parsing in a child process that can be killed: limits on memory, processor, time and disk; nothing but frames back.

The parent reads headers only (`gates`), then one frame after another, so its memory does not grow with the file. The
child is a fork of a process that has seen no file (`template`), and its files are handles that were opened here: what
is swapped for a link meanwhile is not read.
"""

import logging
import os
import select
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import asdict
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa

from data.sources.batch import Batch, SourceError
from data.sources.definition import Source
from data.sources.delivered import READING
from data.sources.frames import LARGEST_BODY, LARGEST_HEADER, LENGTHS, Frame, read_batch, unpack
from data.sources.gates import MB, Limits, check_head, open_plain
from data.sources.template import template

LONGEST_NAME = 200  # bytes of a file's name in messages
LONGEST_START = 60.0  # seconds, however busy the machine; no file's fault
FILES_AT_ONCE = 64  # handles that one child is given
_READ = 1 << 20

logger = logging.getLogger("linli.sources")


def batches_apart(
    source: Source, files: Sequence[Path], *, now: datetime, limit: int, limits: Limits, follow: bool
) -> Iterator[Batch]:
    """Batches of some files, parsed in a child; see `reading.read_batches`.

    limits   what the child may use
    follow   links may lead to the files
    returns  batches, some of them parts of what the child read at once; a child whose batches nobody takes is ended
    Raises   SourceError, one line; before this returns for what headers and the first rows show
    """
    order = {
        "job": "batches",
        "source": {"name": source.name, "text": source.text},
        "reading": {name: getattr(source, name) for name in READING},
        "now": now.isoformat(),
        "limit": limit,
    }

    def opened(part: Sequence[Path]) -> Iterator[Batch]:
        child = Child(order, part, form=source.format, limits=limits, follow=follow)
        frames = child.frames()
        next(frames, None)  # ready: the headers were read
        return (read_batch_of(child, frame) for frame in frames)

    parts = [files[start : start + FILES_AT_ONCE] for start in range(0, len(files), FILES_AT_ONCE)]
    first = opened(parts[0]) if parts else iter(())
    return chain(first, chain.from_iterable(map(opened, parts[1:])))


def read_batch_of(child: "Child", frame: Frame) -> Batch:
    """A batch from a frame; a child that sends nonsense is broken. Raises SourceError."""
    try:
        return read_batch(frame)
    except (pa.ArrowInvalid, ValueError, TypeError) as error:
        raise child.broken(f"{type(error).__name__} in a frame") from error


class Child:
    """One run of `data.sources.child`. `frames` is read to its end, or closed; either ends the process.

    Raises SourceError for what the headers of a file show; OSError where the machine has no process, handle or disk
    """

    def __init__(
        self,
        order: dict[str, Any],
        files: Sequence[Path],
        *,
        form: str | None,
        limits: Limits,
        follow: bool,
    ) -> None:
        self.limits = limits
        self.names = [short_name(path.name) for path in files]
        self.form = form
        with ExitStack() as opened:  # the child has its own copies
            handles = []
            for path, name in zip(files, self.names, strict=True):
                handle = open_plain(path, follow=follow)
                opened.callback(os.close, handle)
                check_head(handle, name=name, form=form, limits=limits)
                handles.append(handle)
            self._folder = tempfile.mkdtemp(prefix="linli-")
            self._fork = template().fork(handles)
        self._left = 0.0
        told = {"form": form, "limits": asdict(limits), "files": self.names, "folder": self._folder}
        with suppress(BrokenPipeError, ConnectionResetError):  # its end tells what was wrong
            self._fork.stream.sendall(Frame("order", order | told).pack())

    def frames(self) -> Iterator[Frame]:
        """Everything the child says, without its last word. Raises SourceError where it refuses, fails or dies."""
        try:
            self._start()
            while (frame := self._next()).kind != "done":
                if frame.kind == "refused":
                    raise SourceError(str(frame.header.get("text", "")))
                if frame.kind == "failed":
                    raise self._failed(str(frame.header.get("text", "")))
                yield frame
        finally:
            self.end()

    def _start(self) -> None:
        """Wait until it has imported what it needs. Raises OSError where it cannot: that is no fault of a file."""
        self._left = LONGEST_START
        try:
            self._next()
        except SourceError as error:
            status = self._fork.wait(0.0)
            if status == -signal.SIGXCPU:
                raise
            found = "no start" if status is None else f"status {status}"
            raise OSError(f"the process that parses files: got {found}; expected it to start") from error
        self._left = float(self.limits.wall)

    def end(self) -> None:
        """Kill what is left of it and remove what it wrote."""
        self._fork.end()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _next(self) -> Frame:
        head, body = LENGTHS.unpack(self._read(LENGTHS.size))
        if head > LARGEST_HEADER or body > LARGEST_BODY:
            raise self.broken("a frame too large")
        try:
            return unpack(self._read(head), self._read(body))
        except ValueError as error:
            raise self.broken("a frame that is no JSON") from error

    def _read(self, size: int) -> bytes:
        """Exactly `size` bytes; only the time spent waiting counts. Raises SourceError."""
        parts = bytearray()
        while len(parts) < size:
            started = time.monotonic()
            ready, _, _ = select.select([self._fork.stream], [], [], max(0.0, self._left))
            self._left -= time.monotonic() - started
            if not ready:
                raise self._slow()
            try:
                chunk = self._fork.stream.recv(min(_READ, size - len(parts)))
            except ConnectionResetError:  # it died with a part of its order unread
                chunk = b""
            if not chunk:
                raise self._dead()
            parts += chunk
        return bytes(parts)

    def _dead(self) -> SourceError:
        status = self._fork.wait()
        if status == -signal.SIGXCPU or status == -signal.SIGKILL:
            return self._slow()
        if status == -signal.SIGABRT:  # how a library in another language ends when memory does
            return self._failed("memory")
        return self.broken(f"ended with {status}")

    def _slow(self) -> SourceError:
        limit = f"{self.limits.processor} s"
        return SourceError(
            f"{self._file}: got a file that takes more than {limit} to read; expected a smaller one"
        )

    def _failed(self, text: str) -> SourceError:
        if text == "memory":
            limit = f"{self.limits.memory // MB:,} MB"
            return SourceError(
                f"{self._file}: got a file that takes more than {limit} of memory to read; expected a smaller one"
            )
        return self.broken(text)

    def broken(self, text: str) -> SourceError:
        """The error of a child that did not end as it should; what it was is for the log."""
        logger.error("a file of format %s broke its reader: %s", self.form, text)
        expected = f"{self.form} that others can read" if self.form else "a file that others can read"
        return SourceError(f"{self._file}: got a file that breaks its reader; expected {expected}")

    @property
    def _file(self) -> str:
        return ", ".join(self.names)


def short_name(name: str) -> str:
    """A file's name as it may stand in a message and be given to a link: printable, not too long."""
    text = os.fsencode(name).decode("utf-8", "replace")
    shown = "".join(letter if letter.isprintable() else "_" for letter in text)
    return shown.encode()[-LONGEST_NAME:].decode("utf-8", "ignore")
