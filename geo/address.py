"""Addresses as people write them, taken apart: 延吉中路75弄12号302室, 松风苑3号楼, 青藤路12-16号双号, 350 Fifth Avenue.

A text becomes phrases: words, and the door numbers that follow them. Which words are a road and which are an estate
is not decided here; a gazetteer knows. Every number is given a part (lane, door, building, room …); one that has no
part stays loose, so that nobody mistakes "路边2辆车" for a door.

Absent on purpose: any list of names, and any guess.
"""

import re
import unicodedata
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

NUMERALS = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
TENS = {"十": 10, "百": 100, "千": 1000}
_NUMERAL = "[零〇一二三四五六七八九十百千两廿卅]{1,9}"
# Where a Chinese numeral is a number and not part of a name: before a part of an address, or at the end after one.
_SPELT = re.compile(
    rf"(?:{_NUMERAL}[-~至到、,])*{_NUMERAL}(?=支?弄|号|幢|栋|座|室|单元|楼|层|村|街坊|期)|(?<=[路街道弄号楼幢])(?:{_NUMERAL}-)?{_NUMERAL}$"
    r"|[一二三四五六七八九](?:百|十)[零一二三四五六七八九十]+"
)
_ONE = re.compile(_NUMERAL)
_WIDE = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_SPACES = re.compile(r"\s+")
_SIGNS = str.maketrans({"—": "-", "–": "-", "−": "-", "~": "-", "〜": "-", "#": "号", "（": "(", "）": ")",
                        "。": ",", ";": ",", ":": ",", "【": "(", "】": ")", "[": "(", "]": ")",
                        "“": "", "”": ""})  # fmt: skip
_RANGE = re.compile(
    r"(?<=\d)号?[-至到、,和及](?=\d+[-至到、,和及\d]*(?:号|弄))|(?<=\d)弄[-至到、,和及](?=\d+弄)"
)
_PART = re.compile(
    r"(?P<low>\d{1,6})(?P<more>(?:-\d{1,6})*)(?P<tail>[a-z](?![a-z]))?"
    r"(?P<part>号楼|支弄|弄|号院|号(?!线)|幢|栋|座|楼|层|室|单元|户|房|米|m(?![a-z])|公里|[个辆只条处次天年月日点分元人家棵根盏件块路期村届级型]|街坊)?"
    r"[甲乙丙丁]?(?:\(?(?P<side>单|双)号?\)?)?"
)
PARTS = {"弄": "lane", "支弄": "branch", "号": "door", "号院": "door", "号楼": "building", "幢": "building",
         "栋": "building", "座": "building", "楼": "floor", "层": "floor", "室": "room", "单元": "room",
         "户": "room", "房": "room", "米": "distance", "m": "distance", "公里": "distance"}  # fmt: skip
IN_NAMES = frozenset(
    {"村", "街坊", "期", "路", "届", "级", "型"}
)  # 长白2村, 彩虹3期: the number belongs to the name
_EDGE = " ,.()-/\\、的在于|_'\""
_QUALIFIERS = (
    ("opposite", re.compile(r"(?:斜?对面|对过|对马路).{0,8}$")),
    ("crossing", re.compile(r"(?:十字路口|交叉路?口|交汇处|交界处|路口|交口|转角处?)$")),
    (
        "near",
        re.compile(
            r"(?:附近|旁边|旁|边上|周边|周围|一带|门口|大门口?|门前|门外|隔壁|楼下|路边|以?[东南西北]{1,2}[侧角边])$"
        ),
    ),
    ("inside", re.compile(r"(?:处|内|里面)$")),
)
LONGEST_QUALIFIER = 12
LONGEST = 200  # characters of a text that are read: no address is longer
_SIGN_ALONE = re.compile(r"(?:号楼|幢|栋)$")  # its number was left out
_LATIN_DOOR = re.compile(r"(?P<low>\d{1,6})(?:-(?P<high>\d{1,6}))?[a-z]?\s+(?P<rest>.+)")


class Doors(NamedTuple):
    """Door numbers low..high; side 1 odd only, 0 even only, -1 both."""

    low: int
    high: int
    side: int


class Phrase(NamedTuple):
    """Words and the numbers after them.

    head      folded words, without qualifiers; may hold districts, a road, an estate, or chatter
    lane, branch, doors, building   0 or None where absent; `weak` says that the building may be a floor
    part      the second number of 128-7号: a part of door 128, or door 7 of lane 128
    loose     numbers without a part, each with what stands where its part should be
    """

    head: str
    lane: int = 0
    branch: int = 0
    doors: Doors | None = None
    part: int = 0
    building: int = 0
    weak: bool = False
    loose: tuple[tuple[int, str], ...] = ()

    @property
    def numbered(self) -> bool:
        """Whether any number says where on a road or in an estate."""
        return bool(self.lane or self.doors or self.building or self.loose)


class Address(NamedTuple):
    """A parsed address: phrases in order, how the last one is meant ("", near, opposite, crossing), and the text
    folded as a whole, in which a name is looked up before it is taken apart; empty for addresses with numbers."""

    phrases: tuple[Phrase, ...]
    relation: str
    name: str


def fold_name(text: str) -> str:
    """Spelling under which names are compared: half width, lower case, no spaces among wide characters, 二村 as 2村."""
    plain = unicodedata.normalize("NFKC", text).casefold().translate(_SIGNS)
    if not plain.isalnum():
        plain = _SPACES.sub(" ", plain).strip()
    if not _WIDE.search(plain):
        return plain.replace(".", "").replace("'", "")
    return _SPELT.sub(_in_digits, plain.replace(" ", ""))


def _in_digits(match: re.Match[str]) -> str:
    return _ONE.sub(lambda one: str(numeral(one[0])), match[0])


@lru_cache(maxsize=4096)
def numeral(text: str) -> int:
    """The number a Chinese numeral says: 六十六, 一百零八, 廿三, or digit by digit 一二八."""
    text = text.replace("廿", "二十").replace("卅", "三十")
    if not any(char in TENS for char in text):
        return int("".join(str(NUMERALS[char]) for char in text))
    total, digit, unit, read = 0, 0, 1, ""
    for char in text:
        if char in TENS:
            total, digit, unit = total + (digit or 1) * TENS[char], 0, TENS[char]
        elif digit:  # 三百七十四一: two numbers whose sign between them is lost, written beside each other
            read, total, digit, unit = f"{read}{total + digit}", 0, NUMERALS[char], 1
        else:
            digit, unit = NUMERALS[char], unit if NUMERALS[char] else 1
    return int(f"{read}{total + digit * (unit // 10 or 1)}")  # 三百二 is 320, 三百零二 is 302


def parse(text: str, *, folded: bool = False) -> Address:
    """Take one address apart (`folded`: it is spelt as `fold_name` does). Never raises; without any words it gives
    no phrases."""
    return _parse(text[:LONGEST] if folded else fold_name(text[:LONGEST]))


def _parse(folded: str) -> Address:
    if not _WIDE.search(folded):
        return _latin(folded)
    folded, relation = _relation(_RANGE.sub("-", folded))
    phrases = _joined(_phrases(folded))
    if phrases and not relation:
        last = phrases[-1]
        head, relation = _relation(last.head)
        if relation:
            phrases[-1] = last._replace(head=head)
    kept = tuple(phrase for phrase in phrases if phrase.head or phrase.numbered)
    return Address(kept, relation, folded.strip(_EDGE))


def _relation(text: str) -> tuple[str, str]:
    """The text without the qualifier at its end, and what it says of the place."""
    text = text.rstrip(_EDGE)
    tail = max(len(text) - LONGEST_QUALIFIER, 0)
    for relation, pattern in _QUALIFIERS:
        found = pattern.search(text, tail)
        if found and (found.start() or relation != "crossing"):
            rest = text[: found.start()]
            if found[0] == "路口" and not rest.endswith("路"):
                rest += "路"  # of 鹤鸣路口 the road stays
            return rest.rstrip(_EDGE), "" if relation == "inside" else relation
    return text, ""


def _phrases(folded: str) -> list[Phrase]:
    """Words up to each run of numbers, with those numbers."""
    found: list[Phrase] = []
    parts: list[re.Match[str]] = []
    start = head_from = 0
    head = ""
    for match in _PART.finditer(folded):
        if match["part"] in IN_NAMES:
            continue  # stays among the words
        between = folded[start : match.start()].strip(_EDGE)
        if between and parts and not _slip(between, parts[-1]):
            found.append(_phrase(head, parts, folded))
            parts, head_from = [], start
        if not parts:
            head = folded[head_from : match.start()].strip(_EDGE)
        parts.append(match)
        start = match.end()
    if parts:
        found.append(_phrase(head, parts, folded))
    tail = folded[start:].strip(_EDGE)
    if not parts:
        tail = _SIGN_ALONE.sub("", tail)
    if tail and not (parts and _slip(tail, parts[-1])):
        found.append(Phrase(tail))
    return found


def _slip(between: str, before: re.Match[str]) -> bool:
    """Whether one character stands where the part of the number before it should: 66好, 128奔7号."""
    return len(between) == 1 and before["part"] is None


def _phrase(head: str, parts: list[re.Match[str]], folded: str) -> Phrase:
    found: dict = {"head": head}
    loose: list[tuple[int, str]] = []
    for match in parts:
        low = int(match["low"])
        part = PARTS.get(match["part"] or "")
        if part == "floor" and not found.keys() & {"doors", "building"} and low:
            found |= {"building": low, "weak": True}
        elif part in ("lane", "branch"):
            name = "branch" if part == "branch" or "lane" in found else "lane"
            found.setdefault(name, low)
        elif part == "door":
            found.setdefault("doors", _doors(match))
            found.setdefault("part", _part_of(match))
        elif part == "building":
            found.setdefault("building", low)
        elif match["part"] is None and not (_may_have_rooms(found, loose) and _is_room(match, folded)):
            loose.append((low, folded[match.end() : match.end() + 1]))
    return Phrase(**found, loose=tuple(loose))


def _may_have_rooms(found: dict, loose: list[tuple[int, str]]) -> bool:
    return bool(found.keys() & {"doors", "building"} or ("lane" in found and loose))


def _is_room(match: re.Match[str], folded: str) -> bool:
    """Whether a number without a part is a room: it stands after a dash or has three digits."""
    return len(match["low"]) >= 3 or folded[match.start() - 1 : match.start()] == "-"


def _doors(match: re.Match[str]) -> Doors:
    """The numbers of a match; equal parity at both ends means that side of the road."""
    numbers = [int(match["low"]), *map(int, match["more"].split("-")[1:])]
    rising = all(low < high for low, high in pairwise(numbers))
    low, high = numbers[0], numbers[-1] if rising else numbers[0]
    side = {"单": 1, "双": 0}.get(match["side"] or "", -1)
    if side < 0 and low < high and low % 2 == high % 2:
        side = low % 2
    return Doors(low, high, side)


def _part_of(match: re.Match[str]) -> int:
    """The second number where it is the smaller one."""
    more = match["more"].split("-")[1:]
    return int(more[0]) if len(more) == 1 and int(more[0]) < int(match["low"]) else 0


def _joined(phrases: list[Phrase]) -> list[Phrase]:
    """Numbers that stand before their words go to them: 128弄沧浪路7号."""
    if len(phrases) > 1 and not phrases[0].head and phrases[0].numbered:
        first, second = phrases[0], phrases[1]
        both = (first.lane and second.lane) or (first.doors and second.doors) or first.building
        if not both:
            loose = tuple((number, "") for number, _ in first.loose)  # what follows them are the words
            merged = second._replace(
                lane=first.lane or second.lane,
                branch=first.branch or second.branch,
                doors=first.doors or second.doors,
                loose=loose + second.loose,
            )
            return [merged, *phrases[2:]]
    return phrases


def _latin(folded: str) -> Address:
    """An address in Latin script: a plain name, or a number and the road after it, up to the first comma."""
    street = folded.partition(",")[0].strip(_EDGE)
    match = _LATIN_DOOR.fullmatch(street)
    if match is None:
        return Address((Phrase(street),) if street else (), "", folded.strip(_EDGE))
    low = int(match["low"])
    high = int(match["high"] or low)
    doors = Doors(low, high, low % 2 if low % 2 == high % 2 and low < high else -1)
    if high < low:
        doors = Doors(low, low, -1)
    return Address((Phrase(match["rest"].strip(_EDGE), doors=doors),), "", folded.strip(_EDGE))
