"""What the pages of the gazetteer are asked and what they were answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from data.gazetteer_file import PLAIN, Refused
from data.gazetteer_import import PlaceTrial
from data.place_list import PlaceEntry
from data.query import tree_part
from data.settings import FIRST_TREE, Tree
from geo.gazetteer import KINDS
from layouts.sketch import View
from layouts.tree_switch import Way

PATH = "/sources/gazetteer"
VIEWS = ("entries", "proposals", "import")
ENTRY = f"{PATH}/entry"
JUDGED = f"{PATH}/proposals"
EXPORT = f"{PATH}/entries.csv"
PAGE = 50
FIELD = "f."  # what the names of an entry's fields begin with
UNIT = "unit:"
LONGEST = 200  # characters of a field
LEAST = 5  # facts an address needs to be proposed
DONE = ("saved", "ended", "judged", "grown")


@dataclass(frozen=True)
class GazetteerAsk:
    """What an address asks.

    entry    number of the entry that is mended, 0: a new one, None: none
    given    fields of an entry as they were filled in, by their names in a file
    address  one that is tried; done, count: what became of the last form
    """

    view: str = VIEWS[0]
    text: str = ""
    kind: str = ""
    start: int = 0
    entry: int | None = None
    given: Mapping[str, str] = field(default_factory=dict)
    address: str = ""
    done: str = ""
    count: int = 0
    tree: str = FIRST_TREE

    @property
    def pairs(self) -> dict[str, str]:
        """The question as it stands in an address or a form."""
        named = {
            "view": self.view if self.view != VIEWS[0] else "", "text": self.text, "kind": self.kind,
            "start": str(self.start or ""), "entry": "" if self.entry is None else str(self.entry),
            "address": self.address, "done": self.done, "count": str(self.count or ""), **tree_part(self.tree),
        }  # fmt: skip
        named |= {f"{FIELD}{name}": value for name, value in self.given.items()}
        return {name: value for name, value in named.items() if value}

    def kept(self, *names: str) -> dict[str, str]:
        """Some of the pairs, for a form that asks the rest."""
        return {name: value for name, value in self.pairs.items() if name in names}

    def href(self, **changes: Any) -> str:
        """Address of the page with something else asked; what became of a form is told once."""
        told: dict[str, Any] = {"done": "", "count": 0, "given": {}}
        asked = replace(self, **(told | changes))
        kept = urlencode(asked.pairs)
        return f"{PATH}?{kept}" if kept else PATH


def read_ask(params: Mapping[str, str], *, tree: str) -> GazetteerAsk:
    """What an address or a form asks; what cannot be read counts as not said."""
    texts = {name: " ".join(value.split())[:LONGEST] for name, value in params.items()}
    view, kind, done = (texts.get(name, "") for name in ("view", "kind", "done"))
    entry = texts.get("entry", "")
    return GazetteerAsk(
        view=view if view in VIEWS else VIEWS[0],
        text=texts.get("text", ""),
        kind=kind if kind in KINDS else "",
        start=_number(texts.get("start", "")),
        entry=_number(entry) if entry else None,
        given=fields_of(texts),
        address=texts.get("address", ""),
        done=done if done in DONE else "",
        count=_number(texts.get("count", "")),
        tree=tree,
    )


def fields_of(texts: Mapping[str, str]) -> dict[str, str]:
    """The fields of an entry in an address or a form, by their names in a file."""
    named = {name.removeprefix(FIELD): text for name, text in texts.items() if name.startswith(FIELD)}
    return {name: text for name, text in named.items() if name in PLAIN or name.startswith(UNIT)}


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 10 else 0


@dataclass(frozen=True)
class GazetteerAnswer:
    """The page's own answer.

    counts  entries by kind; under "proposed" the proposals that wait
    rows    a page of entries or proposals, of `total`
    values  the fields of the entry that is mended or new; refused: what is wrong with them
    tried   what the gazetteer says of the address that is tried (`data.unplaced.said`)
    whole   where the small map stands when the entry names no point
    """

    counts: Mapping[str, int]
    rows: Sequence[PlaceEntry]
    total: int
    csrf: str
    whole: View
    trees: Sequence[Tree]
    chosen: PlaceEntry | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    refused: Refused | None = None
    tried: Mapping[str, Any] | None = None
    ways: Sequence[Way] = ()
    theme: str = "light"
    when: Any = None

    @property
    def entries(self) -> int:
        """Entries that hold."""
        return sum(count for kind, count in self.counts.items() if kind != "proposed")

    def moment(self, instant: int) -> datetime:
        """Local time of an instant."""
        return self.when(instant)


@dataclass(frozen=True)
class ImportAnswer:
    """A file of place names and what taking it would do, or did (`result`)."""

    name: str
    token: str
    csrf: str
    replace: bool
    trial: PlaceTrial | None = None
    result: Mapping[str, Any] | None = None
