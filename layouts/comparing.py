"""What a change is compared with, in words: which earlier period, and by which rule it was matched."""

from data.comparable import Comparable, Comparison
from data.defining import Indicator
from layouts import values
from layouts.words import Words


def before(found: Comparison, words: Words) -> str:
    """The label of a change: "较上月同期（同 15 个工作日）"."""
    return _label("month" if found.month else "days", found, found.before, words)


def brief(found: Comparison, words: Words) -> str:
    """The label where there is no room for the rule: "较上月同期"."""
    return words(f"fair.{'month' if found.month else 'days'}.brief")


def year_before(found: Comparison, words: Words) -> str:
    """The same of last year: "较去年同期（按春节对齐）"."""
    return _label("year", found, found.year, words)


def lines(found: Comparison, indicator: Indicator, row: dict | None, words: Words) -> list[str]:
    """Both comparisons of a value with their dates and changes, for the card behind it."""
    answer = []
    pairs = (
        (before(found, words), found.before, "previous", "change"),
        (year_before(found, words), found.year, "year_before", "year_change"),
    )
    for label, earlier, old, moved in pairs:
        was = values.known(row.get(old)) if row else None
        # A volume of nothing, of a time the sources may not reach back to, is not told apart from nothing known.
        missing = was is None or (was == 0 and indicator.kind in ("count", "stock"))
        change = None if missing or row is None else values.known(row.get(moved))
        text, _ = values.change(indicator, change, words)
        dates = words.period(earlier.period.start, earlier.period.end)
        answer.append(words("fair.compared", label=label, dates=dates, change=text))
    return answer


def _label(which: str, found: Comparison, earlier: Comparable, words: Words) -> str:
    mine, theirs = earlier.working
    short = earlier.rule == "working-days" and mine != theirs
    n = mine if earlier.rule == "working-days" else found.now.days
    return words(
        f"fair.{which}.{'short' if short else earlier.rule}", n=words.number(n), m=words.number(theirs)
    )
