"""What the pages of boundaries are asked and what they were answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from urllib.parse import urlencode

from data.boundary_files import BoundaryAsked
from data.boundary_proposals import Fields
from data.boundary_trials import Trial
from data.query import tree_part
from data.settings import Tree
from data.versions import Entry
from layouts.sketch import View

PATH = "/sources/boundaries"
LONGEST = 200  # characters of a choice, and of a reason
NAMES = ("level", "code", "name", "parent")
WIDEST = 40.0  # degrees


@dataclass(frozen=True)
class BoundaryAsk:
    """What an address asks: the file of a token read with these choices, and where the picture stands.

    fault  number of a fault the picture shows; unit: code of a unit it shows; view: where else it stands
    near   a place in the picture that was clicked (WGS84 degrees), to find the fault there
    side   old and new beside each other instead of one over the other
    """

    token: str = ""
    asked: BoundaryAsked = field(default_factory=BoundaryAsked)
    fault: int | None = None
    unit: str = ""
    view: View | None = None
    side: bool = False
    near: tuple[float, float] | None = None

    @property
    def address(self) -> str:
        """Where the file is shown, as proposed."""
        return f"{PATH}/{self.token}"

    @property
    def pairs(self) -> dict[str, str]:
        """The choices as they stand in an address or a form."""
        asked = self.asked
        named = {name: getattr(asked.fields, name) for name in NAMES}
        named |= {"crs": asked.crs, "dissolve": "yes" if asked.dissolve else "", **tree_part(asked.tree)}
        return {name: value for name, value in named.items() if value}

    @property
    def shown(self) -> dict[str, str]:
        """Where the picture stands, as it stands in an address."""
        at = self.view
        named = {"fault": "" if self.fault is None else str(self.fault), "unit": self.unit,
                 "side": "yes" if self.side else ""}  # fmt: skip
        if at is not None:
            named |= {"lon": f"{at.lon:.6f}", "lat": f"{at.lat:.6f}", "span": f"{at.span:.6f}"}
        return {name: value for name, value in named.items() if value}

    def href(self, **changes) -> str:
        """The address with the picture elsewhere."""
        asked = replace(self, **changes)
        kept = urlencode(asked.pairs | asked.shown)
        return f"{self.address}?{kept}" if kept else self.address

    def picture(self, view: View, *, theme: str, which: str) -> str:
        """The address of a picture: `which` outlines (old, new, both) in a view."""
        asked = replace(self, view=view)
        return f"{self.address}/map.svg?{urlencode(asked.pairs | asked.shown | {'theme': theme, 'which': which})}"


def read_ask(
    token: str, params: Mapping[str, str], *, trees: Sequence[Tree], systems: Sequence[str]
) -> BoundaryAsk:
    """What an address or a form asks; what cannot be read counts as not said."""
    texts = {name: value.strip()[:LONGEST] for name, value in params.items()}
    tree = next((tree for tree in trees if tree.name == texts.get("tree")), trees[0])
    fields = Fields(**{name: texts.get(name, "") for name in NAMES})
    if fields.level not in tree.names:
        fields = replace(fields, level="")
    crs = texts.get("crs", "")
    asked = BoundaryAsked(tree.name, fields, crs if crs in systems else "", texts.get("dissolve") == "yes")
    fault = texts.get("fault", "")
    number = int(fault) if fault.isdecimal() and len(fault) < 6 else None
    side = texts.get("side") == "yes"
    return BoundaryAsk(token, asked, number, texts.get("unit", ""), _view(texts), side, _near(texts))


def _view(texts: Mapping[str, str]) -> View | None:
    try:
        lon, lat, span = (float(texts.get(name, "")) for name in ("lon", "lat", "span"))
    except ValueError:
        return None
    return View(lon, lat, span) if abs(lon) <= 180 and abs(lat) <= 85 and 0 < span <= WIDEST else None


def _near(texts: Mapping[str, str]) -> tuple[float, float] | None:
    try:
        lon, lat = (float(part) for part in texts.get("near", "").split(","))
    except ValueError:
        return None
    return (lon, lat) if abs(lon) <= 180 and abs(lat) <= 90 else None


@dataclass(frozen=True)
class TrialAnswer:
    """What was found out about a file of boundaries.

    view     where the picture stands; systems: coordinate systems to choose from
    today    the day that is proposed; csrf: token of the session's forms
    changed  whether what was decided had other grounds than are there now
    """

    name: str
    trial: Trial
    view: View
    trees: Sequence[Tree]
    systems: Sequence[str]
    theme: str
    today: date
    csrf: str
    changed: bool = False


@dataclass(frozen=True)
class VersionsAnswer:
    """Trees with their versions, the newest first; whether one that was to be taken back has stayed."""

    trees: Sequence[tuple[Tree, Sequence[Entry]]]
    csrf: str
    stayed: bool = False
