"""The child process that parses: `python -m data.sources.child`, started by `sandbox` and by nobody else.

It is told on standard input what to do, has its files as open handles, answers in frames (`frames`) on standard
output, and ends. Its limits are set before a parser is imported; when it breaks one it dies alone.
"""

import json
import os
import resource
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any


def main() -> int:
    """Read the order, obey the limits, do the work, write the frames."""
    order = json.load(sys.stdin)
    _limit(order["limits"])
    # Only now: a parser is imported under the limits, and none that the job does not need.
    if order["job"] == "batches":
        from data.sources import reading  # noqa: F401
    else:
        from data.sources import recognise  # noqa: F401
    from data.sources.batch import SourceError
    from data.sources.frames import Frame

    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=0)
    out.write(Frame("started", {}).pack())
    try:
        for frame in _work(order):
            out.write(frame.pack())
        last = Frame("done", {})
    except SourceError as error:
        last = Frame("refused", {"text": str(error)})
    except MemoryError:
        last = Frame("failed", {"text": "memory"})
    except (
        Exception
    ) as error:  # what no reader foresaw: told by its kind and place alone, its text may be personal
        last = Frame("failed", {"text": f"{type(error).__name__} at {_place(error)}"})
    out.write(last.pack())
    return 0


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


def _work(order: dict[str, Any]) -> Iterator[Any]:
    paths = [_place_of(name, handle, order["form"]) for name, handle in order["files"]]
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
