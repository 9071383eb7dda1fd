"""One address and one index: what is found, by which reading, and whether it may be answered."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from geo.address import Address, Doors, Phrase, parse
from geo.place_index import PLACE, ROAD, Hit, PlaceIndex, Street
from geo.reading import Reading, number_readings, read, signs_moved

THRESHOLD = 0.78
MARGIN = 0.08
HOWS = ("none", "exact", "range", "fuzzy")
NUMBER_WEIGHT = 3  # characters that a number found vouches for, of a name with a slip in it
WIDEST = 100  # numbers between the ends of a range; a wider one has a slip in it
VOUCHING = ("listed", "in-range", "floor-or-building")
SIGN_SCORE = 0.85
LONGEST_MOVED = 24  # characters of an address in which a sign is tried elsewhere
SHOWN = 3  # proposals


@dataclass(frozen=True)
class Proposal:
    """A place that an address may mean: position, entry (-1: several), how likely (0 to 1) and why."""

    pos: int
    entry: int
    score: float
    reason: str


@dataclass(frozen=True)
class Answer:
    """What the gazetteer says of one address.

    pos        position of the unit, 0 when the address is open
    entry      index of the entry it rests on, -1 where several do or none
    how        one of HOWS
    reason     listed, in-range, in-estate, in-lane, spelling, floor-or-building, odd-sign; of open addresses empty,
               unknown-name, unknown-number, no-number, unread-number, ambiguous, two-places, elsewhere,
               outside-district, opposite, crossing
    proposals  best first, at most three: of an open address what was considered, else the answer and its runner-up
    """

    pos: int
    entry: int
    how: str
    score: float
    reason: str
    proposals: tuple[Proposal, ...] = ()


@dataclass(frozen=True)
class Found:
    """Hits of one reading of a phrase; how is none where they are only near, or no answer."""

    hits: tuple[Hit, ...]
    how: str
    score: float
    reason: str

    @property
    def positions(self) -> list[int]:
        """Where the hits lie."""
        return [hit.pos for hit in self.hits]


def _nothing(reason: str) -> Found:
    return Found((), "none", 0.0, reason)


def _open(reason: str, proposals: Sequence[Proposal] = ()) -> Answer:
    return Answer(0, -1, "none", proposals[0].score if proposals else 0.0, reason, tuple(proposals[:SHOWN]))


EMPTY = _open("empty")


@dataclass(frozen=True)
class Question:
    """One address under way; `within` is a position that must hold the place, 0 for any."""

    index: PlaceIndex
    within: int
    threshold: float
    margin: float

    def is_name(self, address: Address) -> bool:
        """Whether the text as a whole is a listed name."""
        return address.name in self.index.names

    def may_have_slipped(self, found: Answer) -> bool:
        """Whether a misplaced sign could be why nothing was found."""
        return not found.pos and found.reason in ("unknown-number", "unread-number", "unknown-name")

    def with_a_sign_moved(self, address: Address) -> Answer | None:
        """The one answer of the spellings with a sign elsewhere; None where there is none, or several."""
        if len(address.name) > LONGEST_MOVED:
            return None
        moved = [self.as_it_stands(parse(text, folded=True)) for text in signs_moved(address.name)]
        sure = {one.pos: one for one in moved if one.pos and one.how != "fuzzy" and one.reason in VOUCHING}
        if len(sure) != 1:
            return None
        return replace(next(iter(sure.values())), how="fuzzy", score=SIGN_SCORE, reason="odd-sign")

    def as_it_stands(self, address: Address) -> Answer:
        """Phrases are answered one by one and must agree."""
        if not address.phrases:
            return EMPTY
        named = self.index.names.get(address.name)
        if named:
            return self._settle([Found(tuple(named), "exact", 1.0, "listed")], address, ())
        if address.relation == "crossing" and not any(phrase.doors for phrase in address.phrases):
            return self._crossing(address)
        readings = [(each, read(each.head, self.index, numbered=each.numbered)) for each in address.phrases]
        foreign = next((reading.foreign for _, reading in readings if reading.foreign), "")
        telling = (at for at, (_, reading) in enumerate(readings) if reading.words or reading.typed)
        first = next(telling, None)
        if first is None:
            return _open("elsewhere" if foreign else "unknown-name")
        found = self._with_rest(self._phrase(*readings[first]), readings[first + 1 :])
        regions = tuple(region for _, reading in readings for region in reading.regions)
        return self._settle(found, address, regions, foreign=foreign)

    def _crossing(self, address: Address) -> Answer:
        reading = read(address.phrases[0].head, self.index, numbered=False)
        roads = {name for kind, name, _ in reading.words if kind == ROAD}
        hits = self.index.crossing(roads) if len(roads) == 2 else []
        if not hits:
            return _open("crossing")
        return self._settle([Found(tuple(hits), "exact", 1.0, "listed")], address, reading.regions)

    # One phrase ------------------------------------------------------------------------------------------------

    def _phrase(self, phrase: Phrase, reading: Reading) -> list[Found]:
        """Every reading of a phrase that leads somewhere, else one that says why none does."""
        if not reading.words or reading.typed:
            return self._misspelt(phrase, reading.typed)
        kind, name, short = reading.words[0]
        found = self._places(phrase, kind, name)
        if short:
            found = [replace(one, score=one.score - 0.03) for one in found]
        estates = [name for kind, name, _ in reading.words[1:] if kind == PLACE]
        return [self._beside(one, estates) for one in found]

    def _beside(self, found: Found, estates: Sequence[str]) -> Found:
        """A second name in one phrase (松风苑青藤路66号) must hold the place."""
        for name in estates:
            around = [hit.pos for hit in self.index.estates[name].all()] if name in self.index.estates else []
            if found.hits and around and not self._agree(found.positions, around):
                return Found(found.hits, "none", 0.5, "two-places")
        return found

    def _with_rest(self, found: list[Found], rest: Sequence[tuple[Phrase, Reading]]) -> list[Found]:
        """Later phrases (青藤路66号松风苑3号楼) may be finer, must not contradict, and may be chatter."""
        for phrase, reading in rest:
            if not reading.words or reading.typed:
                continue
            kind, name, _ = reading.words[0]
            if kind == ROAD and not phrase.numbered:
                continue  # 青藤路66号近鹤鸣路
            more = next((one for one in self._places(phrase, kind, name) if one.how != "none"), None)
            first = next((one for one in found if one.how != "none"), None)
            if more is None or first is None:
                found = [more] if more else found
            elif not self._agree(first.positions, more.positions):
                return [Found(first.hits + more.hits, "none", 0.5, "two-places")]
            elif max(map(self._level, more.positions)) > max(map(self._level, first.positions)):
                found = [more]
        return found

    def _level(self, pos: int) -> int:
        return self.index.tree.level[pos]

    def _agree(self, one: Sequence[int], other: Sequence[int]) -> bool:
        """Whether some place of each is the same, or holds or lies in one of the other."""
        holds = self.index.tree.holds
        return any(holds(a, b) or holds(b, a) for a in one for b in other)

    def _places(self, phrase: Phrase, kind: str, name: str) -> list[Found]:
        if kind == PLACE:
            return [_in_estate(phrase, self.index.estates[name])]
        found = [self._door(phrase, name, *reading) for reading in number_readings(phrase)]
        return [one for one in found if one.how != "none"] or found[:1] or [_nothing("unread-number")]

    def _door(self, phrase: Phrase, road: str, lane: int, doors: Doors | None, slips: int) -> Found:
        """A lane and a door of a road; `slips` counts the signs that had to be supplied."""
        street = self.index.street(road, lane, phrase.branch)
        if street is None:
            return _nothing("unknown-number" if lane or doors else "no-number")
        if doors is None:
            hits = street.all() if lane else street.whole
            return Found(tuple(hits), "range", 0.95, "in-lane") if hits else _nothing("no-number")
        wide = doors.high - doors.low > WIDEST
        hits, how = ([], "none") if wide else street.find(doors)
        if hits:
            reason = "odd-sign" if slips else "listed" if how == "exact" else "in-range"
            score = 1.0 - 0.12 * slips - (0.02 if how == "range" else 0)
            return Found(tuple(hits), "fuzzy" if slips else how, score, reason)
        ends = [number for number in (doors.low, doors.high) if number in street.single]
        if wide and len(ends) == 1:
            return Found(tuple(street.single[ends[0]]), "fuzzy", SIGN_SCORE, "odd-sign")
        if lane and street.whole and not slips:
            return Found(tuple(street.whole), "range", 0.9, "in-lane")
        return Found(tuple(street.nearest(doors.low, most=SHOWN)), "none", 0.4, "unknown-number")

    def _misspelt(self, phrase: Phrase, typed: Sequence[str]) -> list[Found]:
        """Known names that a word may be a slip of, where they lead to a place."""
        lane = bool(phrase.lane and phrase.doors)
        alike = {
            word: (slips, len(cut)) for cut in typed for word, slips in self.index.alike(cut, in_lane=lane)
        }
        found = []
        for word, (slips, length) in alike.items():
            for kind in self.index.words[word].keys() & {ROAD, PLACE}:
                for one in self._places(phrase, kind, word):
                    vouching = phrase.numbered and one.reason in VOUCHING
                    weight = (len(word) if length > 2 else length) + vouching * NUMBER_WEIGHT * (1 + lane)
                    score = round(one.score * (1 - slips / weight), 3)
                    if one.how != "none":
                        found.append(Found(one.hits, "fuzzy", score, "spelling"))
        return found or [_nothing("unknown-name")]

    # All of it -------------------------------------------------------------------------------------------------

    def _settle(
        self,
        found: Sequence[Found],
        address: Address,
        regions: Sequence[tuple[int, ...]],
        *,
        foreign: str = "",
    ) -> Answer:
        """One answer out of all that was found, or none with the reason."""
        best = self._by_place(found, (*regions, (self.within,)) if self.within else regions)
        proposals = [proposal for proposal, _ in best]
        if not best:
            lost = [Proposal(hit.pos, hit.entry, 0.3, one.reason) for one in found for hit in one.hits]
            return _open("outside-district" if lost else found[0].reason, lost)
        top, how = best[0]
        reason = "elsewhere" if foreign else self._objection(top, how, address, proposals[1:])
        if reason:
            return _open(reason, proposals)
        pos = top.pos
        if address.relation == "near" and self._level(pos) == self.index.tree.finest:
            pos = self.index.tree.parent[pos]  # beside a building is not in it
        return Answer(pos, top.entry, how, top.score, top.reason, tuple(proposals[:SHOWN]))

    def _objection(self, top: Proposal, how: str, address: Address, others: Sequence[Proposal]) -> str:
        """Why the best of what was found is no answer; empty where it is one."""
        if address.relation == "opposite":
            return "opposite"
        if how == "none":
            return top.reason
        rivals = [other for other in others if top.score - other.score < self.margin]
        if any(not self._agree([top.pos], [other.pos]) for other in rivals):
            return "ambiguous"
        return "unknown-name" if top.score < self.threshold else ""

    def _by_place(
        self, found: Sequence[Found], regions: Sequence[tuple[int, ...]]
    ) -> list[tuple[Proposal, str]]:
        """Proposals with how, best first; hits of one reading are joined where one unit closely holds them."""
        best: dict[int, tuple[Proposal, str]] = {}
        for one in found:
            hits = [hit for hit in one.hits if self._bounded(hit.pos, regions)]
            pos = self.index.tree.closest([hit.pos for hit in hits]) if hits else 0
            if pos and one.how != "none":
                entry = hits[0].entry if len({hit.entry for hit in hits}) == 1 else -1
                if pos not in best or best[pos][0].score < one.score:
                    best[pos] = (Proposal(pos, entry, one.score, one.reason), one.how)
                continue
            for hit in hits:  # they lie apart: each is a proposal, none the answer
                why = one.reason if one.how == "none" else "ambiguous"
                best.setdefault(hit.pos, (Proposal(hit.pos, hit.entry, min(one.score, 0.6), why), "none"))
        return sorted(best.values(), key=lambda pair: (-pair[0].score, pair[0].pos))

    def _bounded(self, pos: int, regions: Sequence[tuple[int, ...]]) -> bool:
        """Whether a place lies in (or around) one unit of each district the address names."""
        holds = self.index.tree.holds
        return all(any(holds(unit, pos) or holds(pos, unit) for unit in units) for units in regions)


def _in_estate(phrase: Phrase, estate: Street) -> Found:
    """A building of an estate; one that is not listed still lies in the estate."""
    building = phrase.building or (phrase.doors.low if phrase.doors else 0)
    signed = not phrase.loose or all(not sign.isalnum() for _, sign in phrase.loose)
    if not building and len(phrase.loose) == 1:
        building = phrase.loose[0][0]
    hits = estate.find(Doors(building, building, -1))[0] if building and signed else []
    if hits:
        weak = phrase.weak or bool(phrase.loose)
        return Found(tuple(hits), "exact", 0.95 if weak else 1.0, "floor-or-building" if weak else "listed")
    if building and not estate.whole:
        return Found(tuple(estate.nearest(building, most=SHOWN)), "none", 0.4, "unknown-number")
    if building:
        return Found(tuple(estate.whole), "range", 0.9, "in-estate")
    return Found(tuple(estate.all()), "exact", 1.0, "listed")
