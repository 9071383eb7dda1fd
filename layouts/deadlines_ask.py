"""What the page of deadlines is asked and what it was answered."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from data.deadline_steps import Steps
from data.deadline_uses import Uncovered
from data.deadlines import KINDS, Change, Deadline, DeadlineList
from data.limits import COUNTING
from layouts.assessment import address

PATH = address("deadlines")
LONGEST = 60  # characters of a field


@dataclass(frozen=True)
class DeadlinesAsk:
    """What an address asks: kind of fact, a text rows must hold, a version (0: the one in force), a limit to count.

    start     local time as filled in, empty: now
    counting  how working days are counted, a key of `data.limits.COUNTING`; empty: as the instance has it
    """

    kind: str = KINDS[0]
    text: str = ""
    version: int = 0
    start: str = ""
    limit: str = ""
    counting: str = ""

    @property
    def pairs(self) -> dict[str, str]:
        """The question as it stands in an address."""
        named = {
            "kind": "" if self.kind == KINDS[0] else self.kind, "q": self.text,
            "version": str(self.version) if self.version else "", "start": self.start, "limit": self.limit,
            "counting": self.counting,
        }  # fmt: skip
        return {name: text for name, text in named.items() if text}

    def href(self, **changes: Any) -> str:
        """Address of the page with something else asked."""
        kept = urlencode(replace(self, **changes).pairs)
        return f"{PATH}?{kept}" if kept else PATH

    def without(self, *names: str) -> dict[str, str]:
        """What a form keeps of the question beside its own fields."""
        return {name: text for name, text in self.pairs.items() if name not in names}


def read_ask(params: Mapping[str, str]) -> DeadlinesAsk:
    """What an address asks; what cannot be read counts as not said."""
    texts = {name: " ".join(value.split())[:LONGEST] for name, value in params.items()}
    kind, number, counting = texts.get("kind", ""), texts.get("version", ""), texts.get("counting", "")
    return DeadlinesAsk(
        kind=kind if kind in KINDS else KINDS[0],
        text=texts.get("q", ""),
        version=int(number) if number.isascii() and number.isdecimal() and len(number) < 9 else 0,
        start=texts.get("start", ""),
        limit=texts.get("limit", ""),
        counting=counting if counting in COUNTING else "",
    )


@dataclass(frozen=True)
class DeadlinesAnswer:
    """Everything the page shows.

    shown      the list asked for, else the one in force; None where there is none
    rows       its rows that hold the text
    versions   every list of the kind, newest first
    before     the version before the one shown; `changes` what differs, as `data.deadlines.changes` has it
    uncovered  None where nothing is counted yet
    fault      why the limit to count cannot be: start or limit
    word       a category in the reader's language
    """

    shown: DeadlineList | None
    in_force: DeadlineList | None
    rows: Sequence[Deadline]
    versions: Sequence[DeadlineList]
    before: DeadlineList | None
    changes: Sequence[Change]
    uncovered: Sequence[Uncovered] | None
    tried: Steps | None
    fault: str
    start: str
    local: Callable[[int], datetime]
    word: Callable[[str], str]
