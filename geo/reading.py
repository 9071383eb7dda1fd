"""Reading the words of an address with an index at hand: road, estate, the districts before them, and chatter."""

import re
from itertools import pairwise
from typing import NamedTuple

from geo.address import Doors, Phrase
from geo.place_index import PLACE, REGION, ROAD, PlaceIndex, road_end

SIGNS = "号弄幢栋"
_LONG_NUMBER = re.compile(r"\d{3,8}")
_MARKS = " ,.()-/\\、&|+'\""
_LINKS = _MARKS + "的与和及近靠"
_DISTRICT = re.compile(
    r".+?(?:特别行政区|自治[区州县]|街道|省|(?<![超菜花夜集])市|(?<![小园社校库片街景])区|县|镇|乡)"
)
_COMMITTEE = re.compile(r".{1,8}?(?:居民委员会|社区居委会|居委会|居委|社区|村委会)$")
# What people write before an address; it names nothing.
_CHATTER = re.compile(
    r"(?:.*(?:反映|投诉|来电|咨询|关于|表示|举报|称|位于|地址|住址|地点|发生在|家住|住在|在|本市|我市|我区)|[,.()\s]*)$"
)


class Reading(NamedTuple):
    """What the words of a phrase say.

    words     known roads and places, the last one said first: (kind, name, whether the road's end was left out)
    regions   positions one of which must hold the place, per district named; empty: any
    typed     what is not known, in one or two cuts, as it may be a slip; none where everything is known
    foreign   a district that is not known here: the address may lie in another city
    """

    words: tuple[tuple[str, str, bool], ...] = ()
    regions: tuple[tuple[int, ...], ...] = ()
    typed: tuple[str, ...] = ()
    foreign: str = ""


def read(head: str, index: PlaceIndex, *, numbered: bool) -> Reading:
    """Read the words of a phrase; `numbered` whether doors follow, without which a shortened road says nothing."""
    words: list[tuple[str, str, bool]] = []
    regions: list[tuple[int, ...]] = []
    rest = head.rstrip(_LINKS)
    while rest:
        found = _last_known(rest, index, numbered=numbered and not words)
        if found is None:
            break
        start, kind, name = found
        if kind == REGION:
            regions.append(tuple(index.regions[name]))
        else:
            words.append((kind, name, rest[start:] != name))
        said, rest = rest[start:], rest[:start]
        shut = rest.rstrip(_LINKS)
        if rest and shut == rest and not _separate(rest, index) and words:
            typed = "" if kind == REGION else rest + said
            return _unread(rest, words, regions, typed, index)
        rest = shut
    if rest:
        return _unread(rest, words, regions, "" if words else rest, index)
    return Reading(tuple(words), tuple(regions))


def _last_known(rest: str, index: PlaceIndex, *, numbered: bool) -> tuple[int, str, str] | None:
    """The longest known word at the end: where it begins, its kind, the name it stands for."""
    for start in range(max(len(rest) - 1, 1)):
        kinds = index.words.get(rest[start:])
        if not kinds:
            continue
        for kind in (ROAD, PLACE, REGION):
            name = kinds.get(kind)
            short = kind == ROAD and name != rest[start:]
            if name and (numbered or not short):
                return start, kind, name
    return None


def _separate(rest: str, index: PlaceIndex) -> bool:
    """Whether what stands before a known word is none of its own: another known word, a district, or chatter."""
    return _last_known(rest, index, numbered=False) is not None or bool(
        _CHATTER.fullmatch(rest) or _COMMITTEE.fullmatch(rest) or _DISTRICT.fullmatch(rest)
    )


def _unread(
    rest: str,
    words: list[tuple[str, str, bool]],
    regions: list[tuple[int, ...]],
    typed: str,
    index: PlaceIndex,
) -> Reading:
    """Take districts off the front of what is not known; the remainder may be a name with a slip in it."""
    at, foreign = 0, ""
    while (match := _DISTRICT.match(rest, at)) is not None:
        known = index.region_alike(match[0], least=2 if regions else 4)
        several = [] if known else _regions_of(match[0], index)
        if known or several:
            regions += [tuple(index.regions[name]) for name in ([known] if known else several)]
        elif match.end() == len(rest) and not words:
            break  # the last word is the place itself
        else:
            foreign = foreign or match[0]
        at = match.end()
    past, named = at, []
    if known := index.region_alike(rest[at:]):
        named.append(tuple(index.regions[known]))
        at = len(rest)
    while at < len(rest) and (known := _first_region(rest[at:], index)):
        named.append(tuple(index.regions[known]))
        at += len(known)
    left = rest[at:].strip(_LINKS)
    if _COMMITTEE.fullmatch(left) or _CHATTER.fullmatch(left):
        left = ""
    if not left:
        return Reading(tuple(words), (*regions, *named), (), foreign)
    if words and not typed:  # a comma stands between: chatter
        return Reading(tuple(words), (*regions, *named), (), foreign)
    if words:  # 新延吉路 is not 延吉路: the word is read anew, whole
        return Reading(tuple(words[:-1]), tuple(regions), _cuts(typed, past, at), foreign)
    return Reading(tuple(words), tuple(regions), _cuts(rest, past, at), foreign)


def _cuts(text: str, past: int, at: int) -> tuple[str, ...]:
    """What remains after the districts; and whole, as a grid's name may begin a road's: 桂堂 and 桂堂路."""
    return tuple(dict.fromkeys(part for part in (text[past:].strip(_MARKS), text[at:].strip(_MARKS)) if part))


def _regions_of(text: str, index: PlaceIndex) -> list[str]:
    """The known districts a text consists of; none where a part of it is not known."""
    found = []
    while text:
        first = _first_region(text, index)
        if first is None:
            return []
        found.append(first)
        text = text[len(first) :]
    return found


def without_districts(head: str, index: PlaceIndex) -> str:
    """The words of a phrase without the known districts at their front, unless nothing would remain."""
    rest = head
    while (known := _first_region(rest, index)) and rest != known and known + road_end(rest) != rest:
        rest = rest.removeprefix(known)
    return rest.strip(_MARKS)


def _first_region(text: str, index: PlaceIndex) -> str | None:
    for end in range(min(len(text), 12), 1, -1):
        if text[:end] in index.regions:
            return text[:end]
    return None


def number_readings(phrase: Phrase) -> list[tuple[int, Doors | None, int]]:
    """Ways to read the numbers of a phrase on a road: lane, doors, and how many signs had to be supplied."""
    doors = phrase.doors
    if doors is None and phrase.building:
        doors = Doors(phrase.building, phrase.building, -1)
    loose = list(phrase.loose)
    if not loose:
        plain: list[tuple[int, Doors | None, int]] = [(phrase.lane, doors, 0)]
        if phrase.part and not phrase.lane and phrase.doors:  # 128-7号 may be door 7 of lane 128
            plain.append((phrase.doors.low, Doors(phrase.part, phrase.part, -1), 1))
        return plain
    number, sign = loose[0]
    if len(loose) == 2 and doors is None and not phrase.lane and sign.isalpha():
        return [(number, Doors(loose[1][0], loose[1][0], -1), 1)]  # 358动3: the sign of a lane is mistyped
    if len(loose) > 1:
        return []
    if doors is None:
        return [(phrase.lane, Doors(number, number, -1), 1 if sign.isalnum() else 0)]
    return [] if phrase.lane else [(number, doors, 1)]


def signs_moved(text: str) -> list[str]:
    """Spellings of an address with a digit or sign and its neighbour changed over, a sign put where none is, or a
    last character too many left out."""
    moved = [f"{text}弄"] if text[-1:].isdigit() and "弄" not in text else []
    if text and not text[-1].isdigit():
        moved.append(text[:-1])
    for at, (one, two) in enumerate(pairwise(text)):
        if one.isdigit() != two.isdigit() or (one in SIGNS) != (two in SIGNS):
            moved.append(text[:at] + two + one + text[at + 2 :])
    for run in _LONG_NUMBER.finditer(text):
        signs = "弄号" if len(run[0]) >= 5 else "弄"
        for sign in (sign for sign in signs if sign not in text):
            moved += [f"{text[:at]}{sign}{text[at:]}" for at in range(run.start() + 1, run.end())]
    return moved
