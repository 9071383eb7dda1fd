"""What the columns of a district's table are: names, and of each figure its value, base, rank, score and weight."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

from data.sources.batch import SourceError, shorten
from data.sources.header import SEARCHED_ROWS, Names

TOTAL = "total"  # the score of everything together, by which the district ranks
UNIT, IGNORED = "unit", "ignored"
UNITS = (
    "街道", "镇", "街镇", "街道镇", "镇街", "街镇名称", "街道名称", "乡镇街道", "街道乡镇", "单位", "单位名称",
    "被考核单位", "考核单位", "承办单位", "责任单位", "名称",
    "subdistrict", "unit", "name",
)  # fmt: skip
NOT_READ = ("序号", "编号", "备注", "说明", "no", "note")
INDICATOR_NAMES = {
    "order_first_contact_rate": ("先行联系率", "先行联系", "firstcontact"),
    "order_on_time_rate": ("按时办结率", "按期办结率", "及时办结率", "按时办结", "ontime", "ontimecompletion"),
    "order_resolution_rate": ("实际解决率", "实际解决", "解决率", "resolution"),
    "order_callback_resolution_rate": ("诉求解决率", "诉求解决"),
    "order_satisfaction": ("满意度", "满意率", "市民满意率", "市民满意度", "综合满意度", "群众满意度", "satisfaction"),
    "order_callback_validity_rate": ("回访有效率", "有效回访率"),
    "order_return_rate": ("退单率",),
    "order_repeat_rate": ("重复投诉率", "重办率", "重复率"),
    "orders_accepted": ("受理数", "受理量", "受理件数", "工单数", "工单量", "工单总量", "orders"),
    "case_closure_rate": ("结案率",),
    "case_on_time_closure_rate": ("按期结案率", "及时结案率"),
    TOTAL: ("", "总", "综合", "总体", "合计", "考核", "总评", "overall", "total"),
}  # fmt: skip
# Ends of a column's name and the part of the figure they name; the longest is tried first.
PARTS = {
    "rank": ("排名", "名次", "位次", "排序", "rank"),
    "score": ("得分", "分值", "评分", "分数", "分", "score"),
    "weight": ("权重", "weight"),
    "numerator": ("分子",),
    "denominator": ("分母", "基数", "样本数"),
    "value": ("完成值", "完成率", "数值", "值", "百分比"),
}


@dataclass(frozen=True)
class Figured:
    """A column: where it stands, its figure (an indicator, TOTAL or "" with a title of its own), the part it tells.

    percent  its name says that it is per cent
    """

    place: int
    indicator: str
    title: str
    part: str
    percent: bool = False


@dataclass(frozen=True)
class Head:
    """The header of a table: the row after it (from 0), where the names stand, the columns of figures."""

    below: int
    unit: int
    columns: tuple[Figured, ...]


def bare(text: str) -> str:
    """A name as it is compared: letters, digits and characters only, of usual width, without case."""
    return "".join(each for each in unicodedata.normalize("NFKC", text).casefold() if each.isalnum())


def find_head(rows: Sequence[Sequence[str]], file: str) -> Head:
    """The header among the first rows, in one or two of them: the one that tells most. Raises SourceError."""
    ends = range(min(len(rows), SEARCHED_ROWS))
    spans = [(end, end) for end in ends] + [(end - 1, end) for end in ends if end]
    found = [(last, Names.of(rows[first : last + 1])) for first, last in spans]
    best, most = None, 0
    for last, names in found:
        columns = [_column(place, names) for place in range(len(names.own))]
        known = sum(each.indicator not in ("", UNIT, IGNORED) for each in columns)
        if known > most and any(each.indicator == UNIT for each in columns):
            best, most = (last, columns), known
    if best is None:
        there = ", ".join(shorten(cell) for cell in chain(*rows[:3]) if cell) or "nothing"
        raise SourceError(
            f"{file}: got {there[:200]}; expected a column of sub-districts (街道) and some of figures"
        )
    last, columns = best
    _check_once(columns, f"{file} row {last + 1}")
    unit = next(each.place for each in columns if each.indicator == UNIT)
    return Head(last + 1, unit, tuple(each for each in columns if each.indicator not in (UNIT, IGNORED)))


def _check_once(columns: Sequence[Figured], where: str) -> None:
    seen: set[tuple[str, str, str]] = set()
    for each in columns:
        named = (each.indicator, each.title if not each.indicator else "", each.part)
        if each.indicator not in (UNIT, IGNORED) and named in seen:
            raise SourceError(f"{where}: got the column '{shorten(each.title)}' twice; expected it once")
        seen.add(named)


def _column(place: int, names: Names) -> Figured:
    """What a column is by both cells of its head together, else by its own."""
    own, joined = names.own[place], names.joined[place]
    if not own:
        return Figured(place, IGNORED, "", "value")
    found = [meaning(place, name) for name in dict.fromkeys((joined, own))]
    return next((each for each in found if each.indicator), found[-1])


def meaning(place: int, name: str) -> Figured:
    """What a column of a name is."""
    plain, percent = bare(name), "%" in unicodedata.normalize("NFKC", name)
    if plain in UNITS:
        return Figured(place, UNIT, name, "value")
    if plain in NOT_READ:
        return Figured(place, IGNORED, name, "value")
    whole = _indicator(plain)
    if whole:
        return Figured(place, whole, name, "value", percent)
    for ending, part in sorted(_ENDINGS.items(), key=lambda pair: -len(pair[0])):
        rest = plain.removesuffix(ending)
        if rest != plain and _indicator(rest):
            indicator = _indicator(rest)
            told = "value" if indicator == TOTAL and part == "score" else part
            return Figured(place, indicator, name, told, percent)
    return Figured(place, "", name, "value", percent)


def _indicator(plain: str) -> str:
    return _KNOWN.get(plain, "")


_KNOWN = {text: name for name, texts in INDICATOR_NAMES.items() for text in texts}
_ENDINGS = {ending: part for part, endings in PARTS.items() for ending in endings}
