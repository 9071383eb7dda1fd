"""Every indicator the product knows: one entry is all a new metric needs.

Map, cards, rankings, files, glossary and commands all iterate `INDICATORS`; what an entry says stands in
`data.defining`, the entries with their subjects.
"""

from data.case_indicators import CASES
from data.defining import Indicator
from data.order_indicators import ORDERS
from data.street_indicators import ALERTS, PARKING, STAYS

INDICATORS: dict[str, Indicator] = {
    entry.name: entry for entry in (*CASES, *ORDERS, *PARKING, *STAYS, *ALERTS)
}


def of_subject(subject: str) -> tuple[Indicator, ...]:
    """Indicators counted from the facts of one subject, in declared order."""
    return tuple(entry for entry in INDICATORS.values() if entry.subject == subject)
