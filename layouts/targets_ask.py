"""What the page of targets and composites is asked and what it was answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from urllib.parse import urlencode

from pandas import DataFrame

from data.assessment_year import YearStart
from data.composites import Composite
from data.query import Period, QueryError, parse_instant
from data.settings import Level
from data.standing import Standing
from data.targets import Target
from layouts.assessment import address

PATH = address("targets")
EDIT = f"{PATH}/edit"
WEIGH = f"{PATH}/composite"
FIELDS = ("indicator", "level", "unit", "value", "good", "warn", "first", "last", "note")
ROWS = 6  # parts a form of a composite offers at least
PART_FIELDS = ("indicator", "weight", "scale", "bands")
LONGEST = 300  # characters of a field
DONE = ("saved", "withdrawn", "outdated")
COMPOSITE_FIELDS = ("name", "title", "missing", "first", "last")


@dataclass(frozen=True)
class TargetsAsk:
    """What an address asks.

    view       "" for targets, else "composites"
    number     of the target that is changed, 0 for none; `new` a new target or composite
    composite  name of the one shown; level  whose units it is told of
    as_of      microseconds UTC: what was known then; None: now
    given      fields of a form that could not be saved, as they were filled in
    """

    view: str = ""
    number: int = 0
    new: bool = False
    every: bool = False
    composite: str = ""
    level: str = ""
    start: str = ""
    end: str = ""
    as_of: str = ""
    tree: str = ""
    done: str = ""
    given: Mapping[str, str] = field(default_factory=dict)

    @property
    def pairs(self) -> dict[str, str]:
        """The question as it stands in an address."""
        named = {
            "view": self.view, "target": str(self.number or ""), "new": "yes" if self.new else "",
            "every": "yes" if self.every else "", "composite": self.composite, "level": self.level,
            "from": self.start, "to": self.end, "as-of": self.as_of, "tree": self.tree, "done": self.done,
        }  # fmt: skip
        named |= {f"f.{name}": text for name, text in self.given.items()}
        return {name: text for name, text in named.items() if text}

    @property
    def instant(self) -> int | None:
        """As of when is asked. Raises QueryError."""
        return parse_instant(self.as_of) if self.as_of else None

    def href(self, **changes: Any) -> str:
        """Address of the page with something else asked; what became of a form is told once."""
        told: dict[str, Any] = {"done": "", "given": {}, "new": False}
        kept = urlencode(replace(self, **(told | changes)).pairs)
        return f"{PATH}?{kept}" if kept else PATH


def read_ask(params: Mapping[str, str]) -> TargetsAsk:
    """What an address or a form asks; what cannot be read counts as not said. Raises QueryError for an instant."""
    texts = {name: " ".join(value.split())[:LONGEST] for name, value in params.items()}
    number, done = texts.get("target", ""), texts.get("done", "")
    known = {*FIELDS, *COMPOSITE_FIELDS, *(f"{at}.{name}" for at in range(20) for name in PART_FIELDS)}
    given = {name: texts[f"f.{name}"] for name in sorted(known) if texts.get(f"f.{name}")}
    ask = TargetsAsk(
        view="composites" if texts.get("view") == "composites" or texts.get("composite") else "",
        number=int(number) if number.isdecimal() and len(number) < 9 else 0,
        new=texts.get("new") == "yes",
        every=texts.get("every") == "yes",
        composite=texts.get("composite", ""),
        level=texts.get("level", ""),
        start=texts.get("from", ""),
        end=texts.get("to", ""),
        as_of=texts.get("as-of", ""),
        tree=texts.get("tree", ""),
        done=done if done in DONE else "",
        given=given,
    )
    if ask.as_of and ask.instant is None:
        raise QueryError("as-of: got nothing; expected an instant")
    return ask


@dataclass(frozen=True)
class Frame:
    """What both views of the page show of the instance.

    year    the assessment year so far; its first day tells where it starts
    may     whether the reader may change anything here and now
    known   local time as of which is told, "" for now
    stamp   an instant in microseconds as a table writes it
    """

    today: date
    year: Period
    start: YearStart
    csrf: str
    may: bool
    known: str
    levels: Sequence[Level]
    stamp: Any


@dataclass(frozen=True)
class TargetsAnswer:
    """The targets that count, most specific last; of the chosen one all rows, newest first.

    usual     values of the settings by indicator, which stand below
    names     of units by code, as far as the reader may see them
    standing  how the chosen one is met in the assessment year so far
    values    fields of the form; fault  what is wrong with them
    """

    frame: Frame
    rows: Sequence[Target]
    usual: Mapping[str, float]
    names: Mapping[str, str]
    chosen: Target | None = None
    history: Sequence[Target] = ()
    standing: Standing | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    fault: str = ""


@dataclass(frozen=True)
class CompositesAnswer:
    """The composites in force; of the chosen one its scores and all rows of its name, newest first.

    scores  `Reader.scores`, None where there are no figures, or none the reader may see
    """

    frame: Frame
    listed: Sequence[Composite]
    chosen: Composite | None = None
    history: Sequence[Composite] = ()
    seen: int = 0
    level: Level | None = None
    levels: Sequence[Level] = ()
    period: Period | None = None
    scores: DataFrame | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    fault: str = ""
