"""The processes that parse: `python -m data.sources.child`, started by `template` and by nobody else.

The first imports every parser, reads no file and waits at the socket that is its standard input; asked, it forks. A
fork watches one child of its own and tells how it ended; that child reads its order, sets its limits, has its files as
open handles, answers in frames (`frames`) and ends. When it breaks a limit it dies alone.
"""

import gc
import os
import resource
import select
import signal
import socket
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any, NoReturn

from data.sources.template import LAST, MOST_HANDLES, NUMBER

LATER = ("open311", "geojson", "json", "recognise", "workbook")  # imported last to first


def main() -> int:
    """Be the template: fork for each word on the socket, until the process that started it lets go."""
    from data.sources import csv, reading  # noqa: F401  what most files need

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the forks
    later = list(LATER)
    with socket.socket(fileno=sys.stdin.fileno()) as control:
        while True:
            if later and not select.select([control], [], [], 0)[0]:  # while nobody waits
                import_module(f"data.sources.{later.pop()}")
                continue
            word, handles, _, _ = socket.recv_fds(control, 1, MOST_HANDLES)
            if not word:
                return 0
            gc.freeze()  # what is there is never looked at again: forks go on sharing it
            if os.fork() == 0:
                control.close()
                os.open(os.devnull, os.O_RDONLY)  # what is read from standard input from now on
                _watch(handles[0], handles[1], handles[2:])
            for handle in handles:
                os.close(handle)


def _watch(stream: int, told: int, files: Sequence[int]) -> NoReturn:
    """Have a child parse, tell its group and then its end, and stay until nobody asks after that group."""
    try:
        os.setsid()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.write(told, NUMBER.pack(os.getpid()))
        child = os.fork()
        if child == 0:
            _answer(stream, files)
        for handle in (stream, *files):
            os.close(handle)
        _, status, used = os.wait4(child, 0)
        os.write(told, LAST.pack(os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime))
        os.read(told, 1)
    finally:
        os._exit(0)


def _answer(stream: int, files: Sequence[int]) -> NoReturn:
    """Read the order, obey the limits, do the work, write the frames."""
    status = 1
    try:
        with os.fdopen(stream, "r+b", buffering=0) as pipe:
            _parse(pipe, files)
        status = 0
    finally:
        os._exit(status)


def _parse(pipe: Any, files: Sequence[int]) -> None:
    from data.sources.batch import SourceError
    from data.sources.frames import LENGTHS, Frame, unpack

    head, body = LENGTHS.unpack(_exactly(pipe, LENGTHS.size))
    order = unpack(_exactly(pipe, head), _exactly(pipe, body)).header
    os.chdir(order["folder"])
    tempfile.tempdir = order["folder"]
    _limit(order["limits"])

    def write(frame: Frame) -> None:
        rest = memoryview(frame.pack())
        while rest:
            rest = rest[pipe.write(rest) :]

    write(Frame("started", {}))
    try:
        for frame in _work(order, files):
            write(frame)
        last = Frame("done", {})
    except SourceError as error:
        last = Frame("refused", {"text": str(error)})
    except MemoryError:
        last = Frame("failed", {"text": "memory"})
    except (
        Exception
    ) as error:  # what no reader foresaw: told by its kind and place alone, its text may be personal
        last = Frame("failed", {"text": f"{type(error).__name__} at {_place(error)}"})
    write(last)


def _exactly(pipe: Any, size: int) -> bytes:
    """So many bytes. Raises EOFError where nobody sends them."""
    parts = bytearray()
    while len(parts) < size:
        chunk = pipe.read(size - len(parts))
        if not chunk:
            raise EOFError
        parts += chunk
    return bytes(parts)


def _limit(limits: dict[str, int]) -> None:
    soft = limits["processor"]
    for which, low, high in (
        (resource.RLIMIT_AS, limits["memory"], limits["memory"]),
        (resource.RLIMIT_CPU, soft, soft + 2),
        (resource.RLIMIT_FSIZE, limits["written"], limits["written"]),
        (resource.RLIMIT_CORE, 0, 0),
        (resource.RLIMIT_NOFILE, 128, 128),
    ):
        resource.setrlimit(which, (low, high))


def _work(order: dict[str, Any], files: Sequence[int]) -> Iterator[Any]:
    named = zip(order["files"], files, strict=True)
    paths = [_place_of(name, handle, order["form"]) for name, handle in named]
    if order["job"] == "batches":
        return _batches(order, paths)
    work = {"examine": _examination, "rows": _rows, "chosen": _chosen, "outlines": _outlines}
    return work[order["job"]](order, paths[0])


def _batches(order: dict[str, Any], paths: list[Path]) -> Iterator[Any]:
    from data.sources.definition import source_of
    from data.sources.frames import Frame, batch_frames
    from data.sources.reading import parse

    declared = source_of(order["source"]["name"], order["source"]["text"].encode("utf-8"))
    source = replace(declared, **order["reading"])
    batches = parse(source, paths, now=datetime.fromisoformat(order["now"]), limit=order["limit"])
    yield Frame("ready", {})
    for batch in batches:
        yield from batch_frames(batch)


def _examination(order: dict[str, Any], path: Path) -> Iterator[Any]:
    from data.sources.frames import Frame
    from data.sources.recognise import as_json, look

    yield Frame("answer", {"examination": as_json(look(path, order["sources"], sheet=order["sheet"]))})


def _rows(order: dict[str, Any], path: Path) -> Iterator[Any]:
    from data.sources.frames import Frame
    from data.sources.grid import every_row
    from data.sources.tables import ROWS_AT_ONCE

    rows = every_row(path, sheet=order["sheet"])
    while part := list(islice(rows, ROWS_AT_ONCE)):
        yield Frame("answer", {"rows": part})


def _chosen(order: dict[str, Any], path: Path) -> Iterator[Any]:
    from data.sources.chosen import ROWS_AT_ONCE, chosen_rows
    from data.sources.frames import Frame

    rows = chosen_rows(path, order["names"], frozenset(order["wanted"]), sheet=order["sheet"])
    while part := list(islice(rows, ROWS_AT_ONCE)):
        yield Frame("answer", {"rows": part})


def _outlines(order: dict[str, Any], path: Path) -> Iterator[Any]:
    from data.sources.outlines import outline_frames

    return outline_frames(path)


def _place_of(name: str, handle: int, form: str | None) -> Path:
    """A path under the file's own name that leads to an open handle; of a zip archive, to what it holds."""
    from data.sources.outlines import BOUNDARIES, unpacked_outlines
    from data.sources.unpack import unpacked

    folder = Path.cwd() / f"file-{handle}"
    (folder / "inner").mkdir(parents=True)
    link = folder / name
    link.symlink_to(f"/proc/self/fd/{handle}")
    if form == BOUNDARIES:
        return unpacked_outlines(link, folder / "inner")
    return unpacked(link, folder / "inner", form=form)


def _place(error: BaseException) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "" if trace is None else f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"


if __name__ == "__main__":
    sys.exit(main())
