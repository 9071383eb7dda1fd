"""What the pages of the district's table are asked and what they were answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from data.bulletin_beside import Beside, Compared
from data.bulletin_file import Figure, Listed
from data.bulletins import Bulletin
from data.district_standing import Standing
from data.instants import moment
from data.recoverable import Prospect
from layouts import assessment
from layouts.words import Words

PATH = assessment.address("district")
WITHDRAW = f"{PATH}/withdraw"
LONGEST = 120  # characters of a title
FIELDS = ("title", "issuer", "published", "from", "last", "own")
DONE = ("taken", "there", "withdrawn")


@dataclass(frozen=True)
class DistrictAsk:
    """What an address asks: a table by its number (0: the newest), the indicator whose causes are shown."""

    number: int = 0
    indicator: str = ""
    bring: bool = False
    done: str = ""

    def href(self, **changes: Any) -> str:
        """Address of the page with something else asked; what became of a form is told once."""
        told: dict[str, Any] = {"bring": False, "done": ""}
        new = replace(self, **(told | changes))
        pairs = {"bulletin": str(new.number or ""), "indicator": new.indicator,
                 "view": "import" if new.bring else "", "done": new.done}  # fmt: skip
        kept = urlencode({name: text for name, text in pairs.items() if text})
        return f"{PATH}?{kept}" if kept else PATH


def read_ask(params: Mapping[str, str]) -> DistrictAsk:
    """What an address asks; what cannot be read counts as not said."""
    number, done = params.get("bulletin", ""), params.get("done", "")
    return DistrictAsk(
        number=int(number) if number.isdecimal() and len(number) < 9 else 0,
        indicator=params.get("indicator", "")[:60],
        bring=params.get("view") == "import",
        done=done if done in DONE else "",
    )


@dataclass(frozen=True)
class DistrictAnswer:
    """What the page shows.

    bulletins  all tables; compared: the one that is shown, None before the first
    prospect   of the running month; None where the reader sees no unit
    judges     whether the reader may take and withdraw tables
    sees_whole whether a whole sub-district is in the scope
    """

    bulletins: Sequence[Bulletin]
    csrf: str
    zone: ZoneInfo
    compared: Compared | None = None
    standing: Standing | None = None
    prospect: Prospect | None = None
    targets: Mapping[str, float] = field(default_factory=dict)
    judges: bool = False
    sees_whole: bool = False

    def chosen(self, ask: DistrictAsk) -> Beside | None:
        """The figure of ours whose causes are shown: the one asked for, else the first that has any."""
        ours = self.compared.ours if self.compared else ()
        asked = next(
            (each for each in ours if ask.indicator and each.figure.indicator == ask.indicator), None
        )
        return asked or next((each for each in ours if each.causes), None)


@dataclass(frozen=True)
class CheckAnswer:
    """A file before it is taken: what it says, what is said of it, what is wrong with that."""

    name: str
    token: str
    csrf: str
    given: Mapping[str, str]
    listed: Listed | None = None
    figures: Sequence[Figure] = ()
    fault: str = ""


def usual_fields(name: str, today: date) -> dict[str, str]:
    """What a table most likely is: the month before, published today, called as its file."""
    end = today.replace(day=1)
    last = end - timedelta(days=1)
    return {"title": name.rsplit(".", 1)[0][:LONGEST], "issuer": "", "published": today.isoformat(),
            "from": last.replace(day=1).isoformat(), "last": last.isoformat(), "own": ""}  # fmt: skip


def due_text(instant: float | None, zone: ZoneInfo, words: Words) -> str:
    """A limit as tables show it; a dash for none."""
    known = instant is not None and instant == instant
    return words.stamp(local(int(instant or 0), zone)) if known else words.number(None)


def local(instant: int, zone: ZoneInfo) -> datetime:
    """A local time of microseconds UTC."""
    return moment(instant).astimezone(zone)
