"""Commands of the gazetteer: import, export, propose, accept, refuse, find, report."""

import sys
from argparse import Namespace
from collections.abc import Callable
from datetime import timedelta

from callbacks.commands import BY, first_day, open_store, reader_of, say
from data import gazetteer
from data.instants import utc_now
from data.placing import HOWS
from data.query import Period, QueryError, parse_date, parse_instant
from data.refreshing import refresh_all
from data.unplaced import said
from geo.gazetteer import Entry


def import_entries(options: Namespace) -> int:
    """Take the entries of a file and move the facts they concern."""
    store = open_store(options)
    done = gazetteer.import_file(store, options.file, clock=utc_now, by=BY, replace=options.replace)
    refresh_all(store, clock=utc_now)
    counts = {name: getattr(done, name) for name in ("added", "replaced", "unchanged", "closed")}
    document = {**counts, "moved": done.moved.facts, "located": done.moved.how}
    text = ", ".join(f"{count} {name}" for name, count in counts.items())
    return say(options, document, [f"{options.file}: {text}; {done.moved.facts} facts moved"])


def export_entries(options: Namespace) -> int:
    """Print the entries as CSV."""
    as_of = parse_instant(options.as_of) if options.as_of else None
    sys.stdout.write(gazetteer.export_file(open_store(options), as_of=as_of))
    return 0


def propose(options: Namespace) -> int:
    """Grow proposals and list those that nobody has judged."""
    if options.least < 1:
        raise QueryError(f"--least: got {options.least}; expected 1 or more")
    store = open_store(options)
    made = gazetteer.propose(store, clock=utc_now, by=BY, least=options.least)
    rows = gazetteer.proposals(store).reset_index()
    rows["words"] = [Entry(*row).written for row in rows[list(Entry._fields)].itertuples(index=False)]
    listed = rows[["id", "words", *Entry._fields, "level", "lon", "lat", "note"]].to_dict("records")
    document = {"made": made, "proposals": listed}
    lines = [f"{row['id']:6d}  {row['words']}  {row['level']}  {row['note']}" for row in listed]
    return say(options, document, [f"{made} new proposals", *lines])


def accept(options: Namespace) -> int:
    """Let proposals count."""
    return _judge(options, accepted=True)


def refuse(options: Namespace) -> int:
    """Let proposals never come again."""
    return _judge(options, accepted=False)


def _judge(options: Namespace, *, accepted: bool) -> int:
    store = open_store(options)
    moved = gazetteer.judge(store, options.numbers or None, accepted=accepted, clock=utc_now, by=BY)
    refresh_all(store, clock=utc_now)
    return say(options, {"moved": moved.facts, "located": moved.how}, [f"{moved.facts} facts moved"])


def find(options: Namespace) -> int:
    """Say what the gazetteer answers for one address."""
    document = said(reader_of(open_store(options)), options.address)
    lines = [
        f"{document['how']}: {document['unit_code'] or 'open'} {document['unit_name']} ({document['reason']})"
    ]
    lines += [
        f"  {one['score']:.2f}  {one['unit_code']} {one['unit_name']}  {one['reason']}"
        for one in document["proposals"]
    ]
    return say(options, document, lines)


def report(options: Namespace) -> int:
    """Count how the facts of each source were located."""
    store = open_store(options)
    today = utc_now().astimezone(store.settings.timezone).date()
    end = parse_date(options.end, "--to") if options.end else today + timedelta(days=1)
    start = parse_date(options.start, "--from") if options.start else first_day(store, end)
    if start >= end:
        raise QueryError(f"--to: got '{end}'; expected a day after {start}")
    rows = reader_of(store).located(Period(start, end)).to_dict("records")
    lines = [
        f"{row['source']:20} " + "  ".join(f"{name} {row[name]}" for name in HOWS if row[name])
        for row in rows
    ]
    return say(options, {"from": str(start), "to": str(end), "sources": rows}, lines or ["no facts"])


COMMANDS: dict[str, Callable[[Namespace], int]] = {
    "gazetteer_import": import_entries,
    "gazetteer_export": export_entries,
    "gazetteer_propose": propose,
    "gazetteer_accept": accept,
    "gazetteer_refuse": refuse,
    "gazetteer_find": find,
    "gazetteer_report": report,
}
