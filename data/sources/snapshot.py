"""The table `[snapshot]` of a declaration: what a delivery that holds everything speaks for, and in which order."""

from dataclasses import dataclass

from data.fields import START
from data.sources.declared import Section, listed
from data.sources.mapping import FieldMap

WINDOWS = ("file", "all", "day", "month", "year")
ORDERS = ("version", "delivery")


@dataclass(frozen=True)
class Snapshot:
    """What a source that delivers snapshots promises.

    by       the instant that places a fact in time; one that does not change
    window   the span a file holds in full: file (from its first to its last instant), all, the local days, months or
             years it touches, or a length: so much time up to its last instant
    minutes  that length; None for the others
    order    what makes one snapshot newer than another: the newest version in it, or that it came later
    shrink   percent of the facts in its span that may vanish unconfirmed
    """

    by: str
    window: str
    minutes: int | None
    order: str
    shrink: int


def read_snapshot(top: Section, kind: str, fields: tuple[FieldMap, ...], delivery: str) -> Snapshot | None:
    """The table `[snapshot]`; None for a source that delivers changes. Raises SourceError."""
    section = top.sub("snapshot")
    if delivery != "snapshot":
        if section.values:
            raise top.refuse("delivery", delivery, "snapshot where a table [snapshot] stands")
        return None
    instants = [mapped.name for mapped in fields if mapped.spec.type == "instant"]
    versioned = any(mapped.name == "version" for mapped in fields)
    order = section.choice("order", ORDERS, "version" if versioned else "delivery")
    if order == "version" and not versioned:
        raise section.refuse("order", order, "delivery, or a version among the fields")
    window, minutes = _window(section)
    found = Snapshot(
        by=section.choice("by", instants, START[kind]),
        window=window,
        minutes=minutes,
        order=order,
        shrink=section.whole("shrink", 0, 100, 50),
    )
    section.finish()
    return found


def _window(section: Section) -> tuple[str, int | None]:
    window = section.take("window", str, "file")
    if window in WINDOWS:
        return window, None
    if not any(letter.isdigit() for letter in window):
        raise section.refuse("window", window, f'one of {listed(WINDOWS)}, or a length such as "30 d"')
    return "length", section.minutes("window")
