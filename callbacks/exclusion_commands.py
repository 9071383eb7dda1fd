"""Commands of exclusions: what is left out of the assessment or waits for it, and decisions taken elsewhere."""

from argparse import Namespace
from collections.abc import Callable
from datetime import tzinfo

from callbacks.commands import BY, open_store, reader_of, say
from data.exclusion_file import take
from data.exclusion_list import Listed
from data.exclusions import STATES, Event, ExclusionError
from data.instants import moment, utc_now
from data.query import parse_instant
from data.sources.batch import SourceError
from data.sources.tables import read_table

SHOWN_REJECTS = 20


def show(options: Namespace) -> int:
    """Every application, or those in a state."""
    if options.state and options.state not in STATES:
        raise ExclusionError(f"--state: got '{options.state}'; expected one of {', '.join(STATES)}")
    store = open_store(options)
    as_of = parse_instant(options.as_of) if options.as_of else None
    listed, zone = reader_of(store).exclusions(as_of=as_of), store.settings.timezone
    rows = [_told(one, one.event, zone) for one in listed if one.event is not None]
    rows = [row for row in rows if options.state in (None, row["state"])]
    lines = [
        f"{row['state']:10} {row['id']:24} {row['reason']:12} {row['applicant']} {row['applied_at'] or ''}"
        f" {row['decided_by']} {row['decided_at'] or ''}".rstrip()
        for row in rows
    ]
    return say(options, {"exclusions": rows}, lines or ["no application"])


def _told(one: Listed, event: Event, zone: tzinfo) -> dict:
    said = {name: getattr(event, name) for name in ("state", "reason", "clause", "text", "applicant")}
    times = {
        name: at and moment(at).astimezone(zone).isoformat(timespec="seconds")
        for name, at in (("applied_at", event.applied_at), ("decided_at", event.decided_at))
    }
    where = {"source": one.source, "id": one.fact.key, "category": one.category, "unit_code": one.unit_code}
    return where | said | times | {"decided_by": event.decided_by, "note": event.note}


def import_file(options: Namespace) -> int:
    """Record the approvals of a CSV or a workbook and print the account."""
    store = open_store(options)
    try:
        found = take(store, read_table(options.file), options.file.name, clock=utc_now, by=BY)
    except SourceError as error:
        raise ExclusionError(str(error)) from None
    counts = " ".join(f"{name} {n}" for name, n in found.counts.items())
    rejects = found.rejects[:SHOWN_REJECTS]
    document = found.counts | {"rejects": [vars(one) for one in rejects]}
    return say(options, document, [f"{options.file}: {counts}", *(f"  {one}" for one in rejects)])


COMMANDS: dict[str, Callable[[Namespace], int]] = {"exclusions": show, "exclusions_import": import_file}
