"""Limits as people write them: 2紧急工作时, 4工作时, 5工作日, 3 working days, 24 h, 30 min.

Invariants: a text is read whole or not at all; a season before the number (种植季节15工作日) is kept as written and
changes nothing of the amount. Urgent hours run day and night. Deliberately absent: what a limit counts from.
"""

import re
import unicodedata
from typing import Literal, get_args

from data.calendar import Limit, Unit

Clock = Literal["continuous", "working"]
COUNTING = {  # how working days are counted -> the unit that counts them so
    "end of day": "working days",
    "hours": "working days in hours",
}
WORDS: dict[Unit, str] = {
    "minutes": r"分钟?|min(?:s|ute|utes)?\.?",
    "working hours": r"工作(?:小时|时)|(?:working|business) ?hours?",
    "working days": r"工作日|(?:working|business) ?days?",
    "hours": r"紧急工作(?:小时|时)|小时|时|hours?|hrs?|h",
    "days": r"(?:自然|日历)?[日天]|(?:calendar )?days?|d",
}
MOST = {"minutes": 527_040, "hours": 8_784, "days": 366, "working hours": 2_928, "working days": 366}
CLOCKS: dict[Clock, tuple[Unit, ...]] = {
    "continuous": ("minutes", "hours", "days"),
    "working": ("working hours", "working days", "working days in hours"),
}
_OTHER_CLOCK: dict[tuple[Unit, Clock], Unit] = {
    ("hours", "working"): "working hours",
    ("days", "working"): "working days",
}
_LIMIT = re.compile(r"(?:[^\W\d_]{1,20}季节? ?)?(?P<amount>\d{1,6}(?:\.\d{1,2})?) ?个?(?P<unit>.+)\Z")
_UNITS = {unit: re.compile(rf"(?:{words})\Z") for unit, words in WORDS.items()}


class LimitError(ValueError):
    """A text that is no limit: got value; expected rule."""


def read_limit(text: str, *, clock: Clock | None = None, by_hours: bool = False) -> Limit:
    """The limit a text writes.

    clock     continuous or working where a list says it beside the number: 4小时 on the working clock are working hours
    by_hours  working days are counted as their hours from the minute, not to the end of the last of them
    Raises    LimitError
    """
    plain = re.sub(r"\s+", " ", unicodedata.normalize("NFKC", text)).strip().casefold()
    found = _LIMIT.match(plain)
    unit = _unit(found["unit"].strip()) if found else None
    wrong = LimitError(
        f"got '{text[:40]}'; expected a limit such as 2紧急工作时, 4工作时, 5工作日, 24 h, 30 min"
    )
    if found is None or unit is None:
        raise wrong
    amount = float(found["amount"])
    if not 0 < amount <= MOST[unit] or (unit in ("days", "working days") and amount % 1):
        raise wrong
    if clock and unit not in CLOCKS[clock]:
        other = _OTHER_CLOCK.get((unit, clock))
        if other is None:
            raise LimitError(f"got '{text[:40]}' on the {clock} clock; expected a limit of that clock")
        unit = other
    if unit == "working days" and by_hours:
        unit = "working days in hours"
    return Limit(amount, unit)


def clock_of(limit: Limit) -> Clock:
    """The clock a limit runs on."""
    return "working" if limit.unit in CLOCKS["working"] else "continuous"


def _unit(text: str) -> Unit | None:
    return next((unit for unit in get_args(Unit) if unit in _UNITS and _UNITS[unit].match(text)), None)
