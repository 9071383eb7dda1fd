"""Commands of the tables the district publishes: taking one, listing them, ours beside what was published."""

from argparse import Namespace
from collections.abc import Callable
from dataclasses import asdict

from callbacks.commands import BY, open_store, reader_of, say
from data.bulletin_beside import Beside, Step
from data.bulletin_file import figures_of
from data.bulletins import Bulletin, BulletinError, Draft, bulletins, file_hash, record, with_codes, withdraw
from data.instants import moment, utc_now
from data.query import Period, parse_date, parse_instant, parse_period
from data.sources.batch import SourceError
from data.sources.tables import read_table


def import_table(options: Namespace) -> int:
    """Take a table of a CSV or a workbook; cells that cannot be read are told and left out."""
    store = open_store(options)
    today = utc_now().astimezone(store.settings.timezone).date()
    usual = Period(today, today)  # both ends are given
    period = parse_period(options.start, options.end, usual=usual)
    on = parse_date(options.published_on, "--published-on") if options.published_on else today
    try:
        listed = figures_of(read_table(options.file), options.file.name)
    except SourceError as error:
        raise BulletinError(str(error)) from None
    figures = with_codes(listed, reader_of(store).version, options.unit, options.file.name)
    draft = Draft(
        options.title or options.file.stem, options.issuer, on, period, file_hash(options.file), options.unit
    )
    number, new = record(store, draft, figures, now=utc_now(), by=BY)
    ours = sorted({figure.unit_code for figure in figures if figure.unit_code})
    document = {
        "number": number, "new": new, "units": len(listed.names), "figures": len(figures), "ours": ours,
        "left_out": listed.left_out, "rejects": [asdict(reject) for reject in listed.rejects],
    }  # fmt: skip
    told = "taken" if new else "there already"
    lines = [
        f"{options.file}: {told} as {number}: {len(listed.names)} sub-districts, {len(figures)} figures, "
        f"{listed.left_out} lines of totals or notes left out, ours: {', '.join(ours) or 'none'}"
    ]
    return say(options, document, lines + [f"  {reject}" for reject in listed.rejects])


def list_tables(options: Namespace) -> int:
    """All tables that count."""
    store = open_store(options)
    as_of = parse_instant(options.as_of) if getattr(options, "as_of", None) else None
    with store.read() as connection:
        found = bulletins(connection, as_of=as_of)
    lines = [
        f"{one.number}  {one.period.start} to {one.period.end}  published {one.published_on}  {one.title}"
        for one in found
    ]
    return say(
        options, {"published": [_described(one) for one in found]}, lines or ["no published table yet"]
    )


def show(options: Namespace) -> int:
    """Ours in one table: published, our own, the difference with its causes, the next ranks."""
    reader = reader_of(open_store(options))
    as_of = parse_instant(options.as_of) if options.as_of else None
    found = reader.published_tables(as_of=as_of)
    one = next((each for each in found if options.number in (None, each.number)), None)
    if one is None:
        known = ", ".join(str(each.number) for each in found) or "none yet"
        raise BulletinError(f"published: got {options.number or 'no table'}; expected one of {known}")
    compared = reader.beside(one, as_of=as_of)
    document = _described(one) | {"unit": compared.unit, "figures": [_beside(each) for each in compared.ours]}
    lines = [
        f"{one.number}  {one.period.start} to {one.period.end}  {one.title}  unit {compared.unit or 'none'}"
    ]
    return say(options, document, lines + [line for each in compared.ours for line in _lines(each)])


def _described(one: Bulletin) -> dict:
    return {
        "number": one.number, "title": one.title, "issuer": one.issuer, "published_on": one.published_on.isoformat(),
        "from": one.period.start.isoformat(), "to": one.period.end.isoformat(), "sha256": one.sha256,
        "recorded_at": moment(one.recorded_at).isoformat(), "recorded_by": one.recorded_by,
    }  # fmt: skip


def _beside(each: Beside) -> dict:
    figure = each.figure
    return {
        "indicator": figure.indicator, "title": figure.title, "published": figure.value, "rank": figure.rank,
        "then": each.then and asdict(each.then), "now": each.now and asdict(each.now), "difference": each.difference,
        "causes": [
            {"kind": cause.kind, "count": cause.count, "effect": None if cause.effect is None else float(cause.effect)}
            for cause in each.causes
        ],
        "above": each.above and asdict(each.above), "below": each.below and asdict(each.below), "one_bad": each.lost,
    }  # fmt: skip


def _lines(each: Beside) -> list[str]:
    figure, own = each.figure, each.now
    lines = [
        f"{figure.indicator or figure.title}: published {_number(figure.value)}, rank {figure.rank or '–'}; "
        f"ours {_number(own.value if own else None)}"
    ]
    lines += [
        f"  {cause.kind}: {cause.count} orders, effect {_number(cause.effect)}" for cause in each.causes
    ]
    return lines + [
        _step(side, step) for side, step in (("above", each.above), ("below", each.below)) if step
    ]


def _step(side: str, step: Step) -> str:
    orders = "–" if step.orders is None else step.orders
    return f"  next {side}: {step.name} {_number(step.value)}, {_number(step.gap)} away, {orders} orders"


def _number(value) -> str:
    return "–" if value is None else f"{float(value):.6g}"


def take_back(options: Namespace) -> int:
    """Let a table count no longer."""
    withdraw(open_store(options), options.number, now=utc_now(), by=BY)
    return say(options, {"withdrawn": options.number}, [f"published table {options.number}: withdrawn"])


COMMANDS: dict[str, Callable[[Namespace], int]] = {
    "published": list_tables,
    "published_import": import_table,
    "published_list": list_tables,
    "published_show": show,
    "published_withdraw": take_back,
}
