"""Which words a gazetteer knows, and which doors lie on a road, in a lane or in an estate: the tables a match reads."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from pandas import DataFrame
from rapidfuzz import process
from rapidfuzz.distance import OSA

from geo.address import Doors, fold_name, parse

ROAD, PLACE, REGION = "road", "place", "region"
ROAD_ENDS = ("大道", "大街", "公路", "路", "街", "道", "巷")
REGION_ENDS = ("街道", "省", "市", "区", "县", "镇", "乡")
SHORTEST_STEM = 2
MOST_ALIKE = 30
SWAPPED = 0.5
SHORT_NAME = 4
CROWDED = 1.5
# Characters that tell one name from another on purpose: a spelling that differs in one of them is another name.
TELLING = frozenset("东西南北中前后上下新老大小内外左右甲乙丙丁一二三四五六七八九十0123456789")


class Hit(NamedTuple):
    """A place an address may mean: a position in the version, and the entry that says so."""

    pos: int
    entry: int


@dataclass
class Street:
    """Doors of one road, lane or estate: single numbers, ranges (low, high, side), and entries for the whole."""

    single: dict[int, list[Hit]] = field(default_factory=lambda: defaultdict(list))
    ranges: list[tuple[Doors, Hit]] = field(default_factory=list)
    whole: list[Hit] = field(default_factory=list)

    def add(self, doors: Doors | None, hit: Hit) -> None:
        """Take one entry."""
        if doors is None:
            self.whole.append(hit)
        elif doors.low == doors.high:
            self.single[doors.low].append(hit)
        else:
            self.ranges.append((doors, hit))

    def find(self, doors: Doors) -> tuple[list[Hit], str]:
        """What holds the numbers asked for, and how: exact for a single number, else range; nothing when unknown."""
        if doors.low == doors.high:
            if doors.low in self.single:
                return self.single[doors.low], "exact"
            return [hit for known, hit in self.ranges if _holds(known, doors.low)], "range"
        wanted = [number for number in self.single if _holds(doors, number)]
        hits = [hit for number in wanted for hit in self.single[number]]
        return hits + [hit for known, hit in self.ranges if _meets(known, doors)], "range"

    def all(self) -> list[Hit]:
        """Every entry."""
        hits = [hit for known in self.single.values() for hit in known]
        return self.whole or hits + [hit for _, hit in self.ranges]

    def nearest(self, number: int, *, most: int) -> list[Hit]:
        """Entries of the numbers next to one that is unknown, on its own side of the road."""
        same = [known for known in self.single if known % 2 == number % 2]
        near = sorted(same, key=lambda known: abs(known - number))[:most]
        return [hit for known in near for hit in self.single[known]]


def _holds(doors: Doors, number: int) -> bool:
    return doors.low <= number <= doors.high and doors.side in (-1, number % 2)


def _meets(known: Doors, asked: Doors) -> bool:
    other_side = known.side >= 0 and asked.side >= 0 and known.side != asked.side
    return known.low <= asked.high and asked.low <= known.high and not other_side


class Tree:
    """Positions of one version: what holds what."""

    def __init__(self, units: DataFrame):
        self.end = np.r_[len(units), units["end"].to_numpy()].astype(int).tolist()
        self.parent = np.r_[0, units["parent_pos"].to_numpy()].astype(int).tolist()
        self.level = np.r_[-1, units["level"].to_numpy()].astype(int).tolist()
        self.finest = max(self.level)

    def holds(self, outer: int, inner: int) -> bool:
        """Whether a position is another or lies below it."""
        return outer <= inner <= self.end[outer]

    def closest(self, positions: Iterable[int]) -> int:
        """The lowest position that holds all of them, if no more than one level above the finest; else 0."""
        found = sorted(set(positions))
        top = found[-1]
        while not self.holds(top, found[0]):
            top = self.parent[top]
        deepest = max(self.level[pos] for pos in found)
        return top if top and self.level[top] >= deepest - 1 else 0


class PlaceIndex:
    """The entries valid at one time, by the words they are looked up under.

    entries  index-aligned columns kind, name, road, lane, branch, low, high, side, pos; text folded or not, numbers
             0 where absent, side -1 for both; rows whose pos is 0 are left out, except regions
    """

    def __init__(self, entries: DataFrame, units: DataFrame):
        self.tree = Tree(units)
        self.words: dict[str, dict[str, str]] = defaultdict(
            dict
        )  # folded word -> kind -> the name it stands for
        self.streets: dict[tuple[str, int, int], Street] = defaultdict(Street)
        self.estates: dict[str, Street] = defaultdict(Street)
        self.names: dict[str, list[Hit]] = defaultdict(list)
        self.regions: dict[str, list[int]] = defaultdict(list)
        self._take_units(units)
        for row in entries.itertuples():
            self._take(row)
        self.stems = self._shorten_roads()
        self.spellings = [word for word, kinds in self.words.items() if kinds.keys() & {ROAD, PLACE}
                          and word in kinds.values()]  # fmt: skip
        self.region_words = list(self.regions)
        self._neighbours: dict[str, frozenset[int]] = {}

    def _take_units(self, units: DataFrame) -> None:
        """Names of units above the finest level may stand before an address and bound it."""
        upper = units[units["level"] < self.tree.finest]
        for pos, name in zip(upper["pos"].tolist(), upper["name"].tolist(), strict=True):
            self._region(fold_name(str(name)), pos)

    def _region(self, name: str, pos: int) -> None:
        """A district under its name, and without its 街道 or 区; 0 is the whole: it bounds nothing."""
        stem = next((name.removesuffix(end) for end in REGION_ENDS if name.endswith(end)), name)
        for word in {name, stem}:
            if len(word) >= SHORTEST_STEM:
                self.words[word][REGION] = word
                self.regions[word].append(pos)

    def _take(self, row) -> None:
        hit = Hit(int(row.pos), int(row.Index))
        name, road = fold_name(row.name or ""), fold_name(row.road or "")
        if row.kind == REGION:
            self._region(name, 0)
            return
        if row.kind == ROAD and road:
            self.words[road][ROAD] = road  # known, wherever it runs: no slip of another
        if not hit.pos:
            return
        doors = Doors(int(row.low), int(row.high or row.low), int(row.side)) if row.low else None
        if road:
            self.words[road][ROAD] = road
            self.streets[road, int(row.lane), int(row.branch)].add(doors, hit)
        for alias in filter(None, name.split("|")):
            self._name(alias, hit)

    def _name(self, name: str, hit: Hit) -> None:
        """A name as a whole, and where it says so as a building of an estate: 松风苑3号楼."""
        self.names[name].append(hit)
        phrases = parse(name).phrases
        first = phrases[0] if len(phrases) == 1 else None
        number = (first.building or (first.doors.low if first.doors else 0)) if first else 0
        if first is not None and number and not first.lane:
            self.words[first.head][PLACE] = first.head
            self.estates[first.head].add(Doors(number, number, -1), hit)
        else:
            self.words[name][PLACE] = name
            self.estates[name].add(None, hit)

    def _shorten_roads(self) -> dict[str, str]:
        """青藤路 is also known as 青藤 where no other road and no place is called so."""
        stems: dict[str, str] = {}
        for road in [word for word, kinds in self.words.items() if ROAD in kinds]:
            stem = road.removesuffix(road_end(road))
            if stem != road and len(stem) >= SHORTEST_STEM and PLACE not in self.words.get(stem, {}):
                stems[stem] = "" if stem in stems else road
        stems = {stem: road for stem, road in stems.items() if road}
        for stem, road in stems.items():
            self.words[stem].setdefault(ROAD, road)
        return stems

    def street(self, road: str, lane: int, branch: int) -> Street | None:
        """Doors of a road (lane 0) or of one of its lanes."""
        return self.streets.get((road, lane, branch))

    def crossing(self, roads: Iterable[str]) -> list[Hit]:
        """Entries named for the crossing of two roads, in either order."""
        first, second = sorted(set(roads))
        return self.names.get(f"{first}/{second}", []) or self.names.get(f"{second}/{first}", [])

    def alike(self, typed: str, *, in_lane: bool = False) -> list[tuple[str, float]]:
        """Known roads and places that a word may be a slip of, with the number of slips; two characters changed
        with each other are half a one, since nothing is lost. Of a road's two characters without its end one may
        be wrong only where a lane and a door can vouch for it."""
        if len(typed) == SHORTEST_STEM and not road_end(typed):
            turned = self.stems.get(typed[::-1])
            if turned:
                return [(turned, SWAPPED)]
            if in_lane:
                near = process.extract(
                    typed, list(self.stems), scorer=OSA.distance, score_cutoff=1, limit=MOST_ALIKE
                )
                return [(self.stems[stem], 1.0) for stem, _, _ in near if a_slip(typed, stem)]
        most = 2 if len(typed) >= 6 else 1
        found = process.extract(
            typed, self.spellings, scorer=OSA.distance, score_cutoff=most, limit=MOST_ALIKE
        )
        return [
            (word, self._weight(typed, word, int(slips)))
            for word, slips, _ in found
            if len(word) > SHORTEST_STEM and a_slip(typed, word) and road_end(typed) in ("", road_end(word))
        ]

    def _weight(self, typed: str, known: str, slips: int) -> float:
        """What the slips between two spellings count."""
        if slips == 1 and sorted(known) == sorted(typed):
            return SWAPPED
        crowded = len(known) == len(typed) and any(
            one != two and at in self._crowded(known)
            for at, (one, two) in enumerate(zip(typed, known, strict=True))
        )
        return slips * (CROWDED if crowded else 1.0)

    def _crowded(self, known: str) -> frozenset[int]:
        """Characters of a name in which other names here differ from it: there one that is not listed may, too.
        Of a short name all characters, once one tells it apart."""
        if known not in self._neighbours:
            near = process.extract(known, self.spellings, scorer=OSA.distance, score_cutoff=1, limit=None)
            others = [word for word, _, _ in near if len(word) == len(known) and word != known]
            told_apart = (at for word in others for at, char in enumerate(word) if char != known[at])
            short = len(known) <= SHORT_NAME and others
            self._neighbours[known] = frozenset(range(len(known)) if short else told_apart)
        return self._neighbours[known]

    def region_alike(self, typed: str, *, least: int = 4) -> str | None:
        """The one region that a word is; from a length on, also the one that it is one slip away from."""
        if typed in self.regions:
            return typed
        if len(typed) < least:
            return None
        found = process.extract(typed, self.region_words, scorer=OSA.distance, score_cutoff=1)
        end = next((end for end in REGION_ENDS if typed.endswith(end)), "")
        slips = [word for word, _, _ in found if a_slip(typed, word) and word.endswith(end)]
        return slips[0] if len(slips) == 1 else None


def a_slip(typed: str, known: str) -> bool:
    """Whether two spellings can be one name: no character that tells names apart is added, left out or exchanged
    for another such; 映林区 is 映林小区 all the same."""
    if typed == known.replace("小区", "区"):
        return True
    extra, lacking = list(typed), []
    for char in known:
        if char in extra:
            extra.remove(char)
        else:
            lacking.append(char)
    told, untold = TELLING & set(extra), TELLING & set(lacking)
    if len(extra) == len(lacking):
        return not (told and untold)
    return not (told or untold)


def road_end(name: str) -> str:
    """What says that a name is a road's: 路, 大道 …; empty for other names."""
    return next((end for end in ROAD_ENDS if name.endswith(end)), "")
