"""What a column of an unknown file may be: by its name, by a name like it, by its values; with a reason and a doubt."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from functools import lru_cache

from data.fields import IDENTITY, KINDS, START, specs
from data.sources.aliases import Column, known_columns, plain
from data.sources.looks import Look

SURE = 0.6  # from here on a proposal is taken until somebody says otherwise
ALIKE = 0.75  # share of two names that agrees
SEVERAL = ("category", "unit_hint", "department")  # fields that may be made of several columns
_FITTING = {  # type of a field -> looks its values may have
    "instant": ("time", "day_order", ""),
    "version": ("time", "number", "code", ""),
    "coordinate": ("longitude", "latitude", "number", ""),
    "count": ("number", "yesno", ""),
    "number": ("number", "yesno", "longitude", "latitude", ""),
    "yesno": ("yesno", "words", ""),
    "choice": ("words", "yesno", ""),
}


@dataclass(frozen=True)
class Seen:
    """One column as it was seen: header as written, what its values look like, a few of them, masked if personal."""

    header: str
    look: Look
    samples: tuple[str, ...]
    personal: bool


@dataclass(frozen=True)
class Proposal:
    """What a column may be.

    field       ours, `drop`, or empty for none
    confidence  0 to 1
    why         alias (a name it is known under), alike (a name like one), values, or empty
    rank        among columns for one field the lowest comes first: hints the finest first
    """

    field: str
    confidence: float
    why: str
    rank: int = 0


NOTHING = Proposal("", 0.0, "")


def propose(columns: Sequence[Seen], kind: str) -> tuple[Proposal, ...]:
    """What each column may be in a source of a kind; a field of one column is proposed for one column only."""
    found = [_by_name(column, kind) for column in columns]
    found = [
        proposal if proposal.confidence >= SURE or proposal.why == "alias" else max(
            proposal, _by_values(column, kind), key=lambda one: one.confidence
        )
        for proposal, column in zip(found, columns, strict=True)
    ]  # fmt: skip
    named = {one.field for one in found if one.why == "alias"}
    found = [
        NOTHING if one.field in SEVERAL and one.field in named and one.why != "alias" else one
        for one in found
    ]
    taken: dict[str, int] = {}
    order = sorted(range(len(found)), key=lambda place: (-found[place].confidence, found[place].rank, place))
    for place in order:
        field = found[place].field
        if field in ("", "drop", *SEVERAL):
            continue
        if field in taken:
            found[place] = replace(NOTHING, why=found[place].why)
        taken.setdefault(field, place)
    return tuple(_identified(found, columns, kind))


def _identified(found: list[Proposal], columns: Sequence[Seen], kind: str) -> list[Proposal]:
    """The id and the time every fact must have, from the values where no name told."""
    for field, looks in ((IDENTITY[kind], ("code",)), (START[kind], ("time", "day_order"))):
        if any(proposal.field == field for proposal in found):
            continue
        for place, column in enumerate(columns):
            if not found[place].field and column.look.name in looks and column.look.filled == 1:
                found[place] = Proposal(field, 0.4, "values")
                break
    return found


def _by_name(column: Seen, kind: str) -> Proposal:
    name = plain(column.header)
    best = NOTHING
    for known in known_columns():
        if kind not in known.kinds or not name:
            continue
        alike = _alikeness(name, known)
        confidence = alike * _agreement(column.look, known.field, kind)
        if alike == 1:
            return Proposal(known.field, confidence, "alias", known.rank)
        if confidence > best.confidence and alike >= 0.5:
            best = Proposal(known.field, round(confidence, 2), "alike", known.rank)
    return best


@lru_cache(maxsize=4096)
def _alikeness(name: str, known: Column) -> float:
    """1 for a name it has; less for one that holds such a name, lies in one, or shares most letters with one."""
    names = [plain(other) for other in known.names]
    if name in names:
        return 1.0
    best = 0.0
    for other in names:
        short, long = sorted((name, other), key=len)
        if len(short) >= 2 and short in long:
            best = max(best, 0.5 + 0.4 * len(short) / len(long))
        ratio = SequenceMatcher(None, name, other).ratio()
        if ratio >= ALIKE:
            best = max(best, 0.9 * ratio)
    return min(best, 0.95)


def _agreement(look: Look, field: str, kind: str) -> float:
    """Below 1 where the values are not what the field would hold."""
    spec = specs(kind).get(field)
    if spec is None or spec.type not in _FITTING:
        return 1.0
    return 1.0 if look.name in _FITTING[spec.type] else 0.4


def _by_values(column: Seen, kind: str) -> Proposal:
    """What the values alone suggest: where to find a place, and what should not be stored."""
    look, fields = column.look.name, specs(kind)
    if look in ("person_id", "plate") or (look == "phone" and "caller_phone" not in fields):
        return Proposal("drop", 0.7, "values")
    guesses = {"phone": ("caller_phone", 0.7), "longitude": ("lon", 0.5), "latitude": ("lat", 0.5)}
    field, confidence = guesses.get(look, ("", 0.0))
    return Proposal(field, confidence, "values") if field in fields else NOTHING


def kind_scores(columns: Sequence[Seen]) -> dict[str, float]:
    """How well the names fit each kind, 0 to 1: half for what every fact must have, half for the columns known."""
    scores = {}
    for kind in KINDS:
        named = [_by_name(column, kind) for column in columns]
        sure = {one.field for one in named if one.why and one.confidence >= SURE}
        required = [name for name, spec in specs(kind).items() if spec.required]
        must = sum(name in sure for name in required) / len(required)
        filled = [one for one, column in zip(named, columns, strict=True) if column.header]
        known = sum(one.confidence for one in filled if one.why == "alias") / max(1, len(filled))
        own = len(sure & _own_fields(kind)) / 3  # what no other kind has tells most
        scores[kind] = round(0.4 * must + 0.3 * known + 0.3 * min(1.0, own), 2)
    return scores


@lru_cache(maxsize=8)
def _own_fields(kind: str) -> frozenset[str]:
    """Fields that no other kind has."""
    others = {name for other in KINDS if other != kind for name in specs(other)}
    return frozenset(set(specs(kind)) - others)
