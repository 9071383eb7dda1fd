"""Commands of the calendar: the days of a year, and entering days from a file."""

from argparse import Namespace
from collections.abc import Callable

from callbacks.commands import BY, open_store, say
from data.calendar_days import CalendarError, Day, days, list_of, record
from data.holidays import WORKING
from data.instants import utc_now
from data.query import parse_instant
from data.sources.batch import SourceError
from data.sources.tables import read_table

LAST_YEAR = 2999


def show(options: Namespace) -> int:
    """The days of a year that are not as the week has them, and how many working days it has."""
    store = open_store(options)
    year = utc_now().astimezone(store.settings.timezone).year if options.year is None else options.year
    if not 1970 <= year <= LAST_YEAR:
        raise CalendarError(f"--year: got {year}; expected 1970 to {LAST_YEAR}")
    as_of = parse_instant(options.as_of) if options.as_of else None
    with store.read() as connection:
        found = days(connection, store.settings, year, as_of=as_of)
    week = store.settings.working_time.week
    odd = [day for day in found if day.working != int(day.on.isoweekday() in week) or day.name]
    known = all(day.working >= 0 for day in found)
    count = sum(day.working == WORKING for day in found) if known else None
    listed = [{"day": day.on.isoformat(), "working": bool(day.working), "name": day.name} for day in odd]
    document = {"year": year, "known": known, "working_days": count, "days": listed if known else []}
    if not known:
        return say(
            options, document, [f"{year}: not known yet; enter its days with 'linli calendar import FILE'"]
        )
    return say(options, document, [f"{year}: {count} working days", *map(_line, odd)])


def _line(day: Day) -> str:
    return f"{day.on}  {'working' if day.working else 'free':7}  {day.name}".rstrip()


def import_days(options: Namespace) -> int:
    """Enter the days of a CSV or a workbook."""
    store = open_store(options)
    try:
        listed = list_of(read_table(options.file), options.file.name, store.settings)
    except SourceError as error:
        raise CalendarError(str(error)) from None
    count = record(store, listed, now=utc_now(), by=BY)
    years = sorted({day.on.year for day in listed})
    text = f"{options.file}: {count} days entered of {', '.join(map(str, years)) or 'no year'}"
    return say(options, {"entered": count, "years": years}, [text])


COMMANDS: dict[str, Callable[[Namespace], int]] = {"calendar": show, "calendar_import": import_days}
