"""Commands of the past: what changed since an instant, and releases: make, list, show, check, diff, withdraw."""

import json
import sys
from argparse import Namespace
from collections.abc import Callable

from pandas import DataFrame

from callbacks.commands import BY, open_store, question, reader_of, say
from data import release_check, releases
from data.indicators import INDICATORS
from data.instants import moment, utc_now
from data.query import Period, QueryError, parse_date, parse_instant
from data.releases import FIGURE, Release, Wanted
from data.settings import Settings

REFUSED = 1


def changes(options: Namespace) -> int:
    """The facts behind the difference between a number as known then and as known later."""
    store = open_store(options)
    for name in options.indicators:
        if name not in INDICATORS:
            raise QueryError(f"changes: got '{name}'; expected one of {', '.join(INDICATORS)}")
    query = question(options, store, tuple(options.indicators))
    found = reader_of(store, tree=options.tree).changes(query, since=parse_instant(options.since))
    rows = _timed(found.rows, store.settings)
    if options.json or options.format == "json":
        print(json.dumps({"totals": _records(found.totals), "facts": _records(rows)}, ensure_ascii=False))
    else:
        _csv(rows)
    return 0


def make(options: Namespace) -> int:
    """Freeze the figures of a period."""
    store = open_store(options)
    period = Period(parse_date(options.start, "--from"), parse_date(options.end, "--to"))
    if period.days < 1:
        raise QueryError(f"--to: got '{period.end}'; expected a day after {period.start}")
    wanted = Wanted(
        options.name, period, parse_instant(options.as_of) if options.as_of else None, options.title, options.note,
        _names(options.indicators), _names(options.levels), options.boundaries,
    )  # fmt: skip
    one = releases.make(reader_of(store, tree=options.tree), wanted, by=BY)
    return say(options, _about(one, store.settings), [_line(one, store.settings)])


def listed(options: Namespace) -> int:
    """Every release, also those withdrawn."""
    store = open_store(options)
    with store.read() as connection:
        found = releases.releases(connection)
    document = {"releases": [_about(one, store.settings) for one in found]}
    return say(options, document, [_line(one, store.settings) for one in found] or ["no release yet"])


def show(options: Namespace) -> int:
    """The figures of a release, or all that it froze."""
    store = open_store(options)
    with store.read() as connection:
        one = releases.find(connection, options.name)
        kept = releases.document(connection, options.name)
    if options.json or options.format == "json":
        document = _about(one, store.settings) | kept.content
        print(json.dumps(document, ensure_ascii=False, indent=1))
    else:
        _csv(DataFrame(kept.figures, columns=list(FIGURE)))
    return 0


def check(options: Namespace) -> int:
    """Make a release again as of its instant and compare it byte for byte."""
    store = open_store(options)
    with store.read() as connection:
        one = releases.find(connection, options.name)
    found = release_check.replay(reader_of(store, tree=one.tree), one)
    document = {"release": one.name, "same": not found, "differences": found}
    say(options, document, found or [f"{one.name}: the same bytes, sha256 {one.sha256}"])
    return REFUSED if found else 0


def diff(options: Namespace) -> int:
    """Figures of now that differ from a release; with an indicator, the facts behind."""
    store = open_store(options)
    with store.read() as connection:
        one = releases.find(connection, options.name)
        kept = releases.document(connection, options.name)
    reader = reader_of(store, tree=one.tree)
    if options.indicator:
        if options.indicator not in INDICATORS:
            raise QueryError(f"--indicator: got '{options.indicator}'; expected the name of an indicator")
        query = release_check.asked(one, kept).asking(indicators=(options.indicator,), within=options.unit)
        rows = _timed(reader.changes(query, since=one.as_of).rows, store.settings)
    else:
        both = release_check.beside(reader, one)
        rows = both[both["differs"]].drop(columns="differs")
        rows = rows if options.unit is None else rows[rows["unit_code"] == options.unit]
    if options.json:
        print(json.dumps({"release": one.name, "differences": _records(rows)}, ensure_ascii=False))
    else:
        _csv(rows)
    return 0


def withdraw(options: Namespace) -> int:
    """Say that a release no longer holds."""
    store = open_store(options)
    releases.withdraw(store, options.name, options.reason, by=BY, now=utc_now())
    return say(options, {"withdrawn": options.name}, [f"{options.name}: withdrawn"])


def _names(text: str) -> tuple[str, ...]:
    return tuple(part for part in text.split(",") if part)


def _about(one: Release, settings: Settings) -> dict:
    zone = settings.timezone
    told = {
        "name": one.name, "title": one.title, "from": one.period.start.isoformat(), "to": one.period.end.isoformat(),
        "as_of": moment(one.as_of).astimezone(zone).isoformat(), "tree": one.tree, "boundaries": one.boundaries,
        "note": one.note, "program_version": one.program, "sha256": one.sha256,
        "recorded_at": moment(one.recorded_at).astimezone(zone).isoformat(), "recorded_by": one.recorded_by,
    }  # fmt: skip
    return told | {"withdrawn": one.reason if one.withdrawn_at is not None else None}


def _line(one: Release, settings: Settings) -> str:
    as_of = moment(one.as_of).astimezone(settings.timezone)
    state = f"  withdrawn: {one.reason}" if one.withdrawn_at is not None else ""
    period = f"{one.period.start} to {one.period.end}"
    return f"{one.name:24} {period}  as of {as_of:%Y-%m-%d %H:%M}  {one.title}{state}".rstrip()


def _timed(rows: DataFrame, settings: Settings) -> DataFrame:
    """Rows with instants as local text."""
    texts = [
        "" if at != at else moment(int(at)).astimezone(settings.timezone).isoformat()
        for at in rows["recorded_at"]
    ]
    return rows.assign(recorded_at=texts)


def _records(rows: DataFrame) -> list[dict]:
    return json.loads(rows.to_json(orient="records", force_ascii=False))


def _csv(rows: DataFrame) -> None:
    rows.to_csv(sys.stdout, index=False, lineterminator="\n", float_format=lambda value: f"{value:.12g}")


COMMANDS: dict[str, Callable[[Namespace], int]] = {
    "changes": changes,
    "release_make": make,
    "release_list": listed,
    "release_show": show,
    "release_check": check,
    "release_diff": diff,
    "release_withdraw": withdraw,
}
