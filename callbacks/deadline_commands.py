"""Commands of the deadlines: the list in force, recording one from a file, and the versions there are."""

from argparse import Namespace
from collections.abc import Callable
from datetime import date, datetime

from callbacks.commands import BY, open_store, say
from data import deadlines
from data.deadline_files import read_list
from data.deadlines import KINDS, Deadline, DeadlineList
from data.instants import moment, utc_now
from data.limits import clock_of
from data.query import parse_date, parse_instant
from data.settings import EPOCH_DAY, Settings


def show(options: Namespace) -> int:
    """The lists in force on a day."""
    store = open_store(options)
    today = utc_now().astimezone(store.settings.timezone).date()
    on = parse_date(options.on, "--on") if options.on else today
    as_of = parse_instant(options.as_of) if options.as_of else None
    found_lists: list[dict] = []
    lines: list[str] = []
    with store.read() as connection:
        for kind in KINDS:
            found = deadlines.lists(connection, kind, as_of=as_of).on((on - EPOCH_DAY).days)
            if found is not None:
                rows = [_row(row) for row in found.rows]
                found_lists.append(_head(found, store.settings) | {"deadlines": rows})
                lines += [_title(found, store.settings), *map(_line, found.rows)]
    document = {"on": on.isoformat(), "lists": found_lists}
    return say(
        options, document, lines or [f"{on}: no list of deadlines; record one with 'linli deadlines import'"]
    )


def import_list(options: Namespace) -> int:
    """Record the list of a CSV or a workbook: a table of limits, or published standards for filing cases."""
    store = open_store(options)
    day = (parse_date(options.valid_from, "--valid-from") - EPOCH_DAY).days if options.valid_from else None
    found = read_list(options.file, store.settings, kind=options.kind)
    counts = {}
    for kind, rows in found.items():
        deadlines.record(
            store,
            kind,
            rows,
            now=utc_now(),
            by=BY,
            valid_from_on=day,
            remark=options.note or options.file.name,
        )
        counts[kind] = len(rows)
    lines = [f"{options.file}: {count} deadlines of {kind}s recorded" for kind, count in counts.items()]
    return say(options, {"recorded": counts}, lines)


def versions(options: Namespace) -> int:
    """Every list recorded, newest first."""
    store = open_store(options)
    with store.read() as connection:
        found = deadlines.versions(connection)
    heads = [_head(one, store.settings) for one in found]
    return say(options, {"versions": heads}, [_title(one, store.settings) for one in found] or ["none yet"])


def _head(one: DeadlineList, settings: Settings) -> dict:
    return {
        "number": one.number, "kind": one.kind, "valid_from": one.valid_from and one.valid_from.isoformat(),
        "recorded_at": _local(one, settings).isoformat(), "recorded_by": one.recorded_by, "note": one.note,
    }  # fmt: skip


def _row(row: Deadline) -> dict:
    return {
        "category": row.category, "condition": row.condition, "channel": row.channel, "type": row.type,
        "limit": row.limit, "amount": row.length.amount, "unit": row.length.unit, "clock": clock_of(row.length),
        "starts": row.starts,
    }  # fmt: skip


def _title(one: DeadlineList, settings: Settings) -> str:
    since: date | str = one.valid_from or "the beginning"
    told = f"{one.number}  {one.kind}s from {since}, recorded {_local(one, settings):%Y-%m-%d %H:%M}"
    return f"{told} by {one.recorded_by}  {one.note}".rstrip()


def _line(row: Deadline) -> str:
    told = "  ".join(part for part in (row.category or "*", row.condition, row.channel, row.type) if part)
    return f"  {row.limit:12} {clock_of(row.length):10} {row.starts:10} {told}"


def _local(one: DeadlineList, settings: Settings) -> datetime:
    return moment(one.recorded_at).astimezone(settings.timezone)


COMMANDS: dict[str, Callable[[Namespace], int]] = {
    "deadlines": show,
    "deadlines_import": import_list,
    "deadlines_versions": versions,
}
