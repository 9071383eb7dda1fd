"""What the page of releases is asked and what it was answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from pandas import DataFrame

from data.indicators import INDICATORS
from data.query import Period
from data.releases import Release
from layouts.assessment import address

PATH = address("releases")
EDIT = f"{PATH}/edit"
FILE = f"{PATH}/figures.csv"
FIELDS = ("name", "title", "note", "reason")
LONGEST = 200
MOST = 200  # facts listed behind a difference
DONE = ("made", "withdrawn")
REFUSED = ("name", "period", "as-of", "reason", "release")  # what a form can be refused for
USUAL = "case_on_time_closure_rate"


@dataclass(frozen=True)
class ReleasesAsk:
    """What an address asks: a release, an indicator and a level of it, a unit whose difference is looked into.

    unit    "" is no unit, "-" the whole
    given   fields of a form as they were filled in, to be mended
    """

    name: str = ""
    indicator: str = ""
    level: str = ""
    unit: str = ""
    new: bool = False
    done: str = ""
    refused: str = ""
    given: Mapping[str, str] = field(default_factory=dict)

    @property
    def pairs(self) -> dict[str, str]:
        """The question as it stands in an address."""
        named = {"release": self.name, "indicator": self.indicator, "level": self.level, "behind": self.unit,
                 "new": "yes" if self.new else "", "done": self.done, "refused": self.refused}  # fmt: skip
        named |= {f"f.{name}": text for name, text in self.given.items()}
        return {name: text for name, text in named.items() if text}

    def href(self, **changes: Any) -> str:
        """Address of the page with something else asked; what became of a form is told once."""
        told: dict[str, Any] = {"done": "", "refused": "", "given": {}, "new": False}
        kept = urlencode(replace(self, **(told | changes)).pairs)
        return f"{PATH}?{kept}" if kept else PATH


def read_ask(params: Mapping[str, str]) -> ReleasesAsk:
    """What an address or a form asks; what cannot be read counts as not said."""
    texts = {name: " ".join(value.split())[:LONGEST] for name, value in params.items()}
    done, refused, indicator = (texts.get(name, "") for name in ("done", "refused", "indicator"))
    return ReleasesAsk(
        name=texts.get("release", ""),
        indicator=indicator if indicator in INDICATORS else "",
        level=texts.get("level", ""),
        unit=texts.get("behind", ""),
        new=texts.get("new") == "yes",
        done=done if done in DONE else "",
        refused=refused if refused in REFUSED else "",
        given={name: texts[f"f.{name}"] for name in FIELDS if texts.get(f"f.{name}")},
    )


@dataclass(frozen=True)
class Shown:
    """One release as it is shown: figures of an indicator at a level beside those of now.

    rows    unit_code, unit_name, kind (unit, unassigned, total), and value, numerator, denominator as `…_then` and
            `…_now`, differs, opens (whether the facts behind can be asked for)
    facts   `data.changes.Changes.rows` behind the difference of the unit asked for, None where none is
    """

    release: Release
    indicator: str
    indicators: Sequence[str]
    level: str
    levels: Sequence[tuple[str, str]]
    rows: DataFrame
    rules: Mapping[str, Any]
    figures: int
    facts: DataFrame | None = None
    unit: str = ""


@dataclass(frozen=True)
class ReleasesAnswer:
    """Every release, the one shown, and what the form is filled in with.

    times   local time of an instant in microseconds
    judge   whether this person may make and withdraw releases; `whole` whether the whole is seen
    """

    releases: Sequence[Release]
    csrf: str
    judge: bool
    whole: bool
    period: Period
    today: date
    times: Mapping[int, datetime]
    shown: Shown | None = None
