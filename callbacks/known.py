"""As of when a page is read: what a form says of it, and the instants worth asking for, releases first."""

from datetime import date, datetime

from data.instants import moment
from data.query import Query, as_of_part
from data.reader import Reader
from data.releases import Release, releases
from data.settings import EPOCH_DAY, Settings
from layouts.as_of import Known, Past


def until_midnight(params: dict[str, str], settings: Settings) -> dict[str, str]:
    """The address with the day of a form (`known`) as the last instant of that day (`as-of`); no day is as it was."""
    day = params.pop("known", "")
    try:
        after = (date.fromisoformat(day) - EPOCH_DAY).days + 1
        return params | as_of_part(settings.day_start(after) - 1)
    except (ValueError, OverflowError):
        return params


def past_of(reader: Reader, query: Query) -> Past:
    """The instant of a question, and the releases that hold, of the tree read in."""
    with reader.read() as connection:
        listed = [one for one in releases(connection, tree=reader.tree) if one.withdrawn_at is None]
    offered = [_known(one, reader) for one in listed]
    if query.as_of is None:
        return Past(offered)
    same = next((one for one in offered if one.as_of == query.as_of), None)
    return Past(offered, same or Known(query.as_of, local(reader, query.as_of)))


def local(reader: Reader, instant: int) -> datetime:
    """Local time of an instant in microseconds."""
    return moment(instant).astimezone(reader.settings.timezone)


def _known(one: Release, reader: Reader) -> Known:
    return Known(one.as_of, local(reader, one.as_of), one.shown, one.period)
