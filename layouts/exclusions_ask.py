"""What the page of exclusions is asked and what it was answered."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from data.exclusion_list import Listed
from data.exclusion_preview import Change
from data.exclusions import STATES, Event
from data.query import Period
from layouts.assessment import address

PATH = address("exclusions")
APPLY, DECIDE, WITHDRAW = f"{PATH}/apply", f"{PATH}/decide", f"{PATH}/withdraw"
DAYS = (30, 90, 365)
DONE = ("applied", "approved", "refused", "withdrawn", "own", "moved")
LONGEST = 200  # characters of a part of an address


@dataclass(frozen=True)
class ExclusionsAsk:
    """What an address asks.

    state  of the applications listed; "" is all
    unit   that their facts lie in; "" is all the reader sees
    days   how far back they were made; 0 is all
    fact   "subject/source/number" of the one that is looked at
    number  what a fact is looked for by
    done   what became of a form
    """

    state: str = "applied"
    unit: str = ""
    days: int = 0
    fact: str = ""
    number: str = ""
    done: str = ""

    def href(self, **changes: Any) -> str:
        """Address of the page with something else asked; what became of a form is told once."""
        new = replace(self, **({"done": ""} | changes))
        pairs = {"state": new.state or "all", "unit": new.unit, "days": str(new.days) if new.days else "",
                 "fact": new.fact, "number": new.number, "done": new.done}  # fmt: skip
        kept = urlencode(
            {name: text for name, text in pairs.items() if text and (name, text) != ("state", "applied")}
        )
        return f"{PATH}?{kept}" if kept else PATH

    @property
    def named(self) -> tuple[str, str, str] | None:
        """Subject, source and number of the fact looked at."""
        parts = self.fact.split("/", 2)
        return (parts[0], parts[1], parts[2]) if len(parts) == 3 else None


def read_ask(params: Mapping[str, str]) -> ExclusionsAsk:
    """What an address or a form asks; what cannot be read counts as not said."""
    texts = {name: value.strip()[:LONGEST] for name, value in params.items()}
    state, days, done = (texts.get(name, "") for name in ("state", "days", "done"))
    return ExclusionsAsk(
        state=state if state in STATES else "" if state == "all" else "applied",
        unit=texts.get("unit", ""),
        days=int(days) if days in map(str, DAYS) else 0,
        fact=texts.get("fact", ""),
        number=texts.get("number", ""),
        done=done if done in DONE else "",
    )


def written(one: Listed) -> str:
    """A fact as an address names it."""
    return f"{one.fact.subject}/{one.source}/{one.fact.key}"


@dataclass(frozen=True)
class ExclusionsAnswer:
    """What the page shows.

    rows     applications in the state, unit and time asked for; `counts` of all states
    chosen   the fact looked at, with its `history`, and what its exclusion changes in `where` and `period`
    found    facts by the number looked for
    units    codes and names to choose from
    titles   of categories and reasons
    may      permissions of who reads: "propose", "judge"
    """

    rows: Sequence[Listed]
    counts: Mapping[str, int]
    csrf: str
    person: str
    when: Callable[[int], datetime]
    category: Callable[[str], str]
    reasons: Mapping[str, str]
    may: frozenset[str] = frozenset()
    units: Sequence[tuple[str, str]] = ()
    found: Sequence[Listed] | None = None
    chosen: Listed | None = None
    history: Sequence[Event] = ()
    changes: Sequence[Change] = ()
    period: Period | None = None
    where: str = ""

    def reason(self, code: str) -> str:
        """Title of a reason; of one no longer in use its code."""
        return self.reasons.get(code, code)
