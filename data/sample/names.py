"""Invented names: no sub-district, road, estate or person that exists is meant.

The home sub-district 梧桐里 is named by hand, since the planted stories happen there; every other name is
put together from two short lists of characters, each pair used once.
"""

from collections.abc import Iterator

from data.sample.sizes import stream

HOME = "梧桐里街道"
# The five areas of the home sub-district and the grids of each.
HOME_AREAS: dict[str, tuple[str, ...]] = {
    "北苑": ("北苑一", "北苑二", "竹影", "松间"),
    "望江": ("望江一", "望江二", "渡口", "柳浦"),
    "砚池": ("砚池一", "砚池二", "沧浪", "采石"),
    "鹤鸣": ("鹤鸣一", "鹤鸣二", "青藤", "桂堂"),
    "南塘": ("南塘一", "南塘二", "采薇", "汀溪"),
}
# Where each of those grids lies: (column, row) of the home patch, rows counted from the north.
HOME_CELLS: dict[tuple[int, int], str] = {
    (0, 0): "北苑一", (1, 0): "北苑二", (2, 0): "望江一", (3, 0): "望江二", (4, 0): "渡口",
    (0, 1): "竹影", (1, 1): "松间", (2, 1): "鹤鸣一", (3, 1): "鹤鸣二", (4, 1): "柳浦",
    (0, 2): "砚池一", (1, 2): "砚池二", (2, 2): "青藤", (3, 2): "桂堂", (4, 2): "南塘一",
    (1, 3): "采石", (2, 3): "采薇", (3, 3): "汀溪", (4, 3): "南塘二",
    (1, 4): "沧浪",
}  # fmt: skip
HOME_ROADS_EAST = ("北苑路", "柳浦路", "沧浪路", "青藤路", "鹤鸣路", "南塘路")
HOME_ROADS_NORTH = ("砚池路", "竹影路", "松间路", "桂堂路", "望江路")
AVENUE, RIVER, CANAL = "梧桐大道", "汀溪", "砚浜"

_FIRST = "云霞霁岚兰芷蕙荷菱榴杏棠槿榆柏枫槐楠樟檀苇芦蒲萍"
_SECOND = "亭台轩榭桥渡湾浦洲汀渚泽塘池泉涧谷屿坞溪"
_ESTATE_FIRST = "松听晓锦瑞春秋清静怡和康丰乐安永朝映翠碧丹素紫金玉"
_ESTATE_SECOND = "风栖雨月霞竹华林澜湖畔庭舍景虹舟帆烟"
_ESTATE_END = ("苑", "新村", "花园", "公寓", "里", "小区", "家园", "坊")


def _pairs(first: str, second: str, *, seed: int, purpose: str) -> Iterator[str]:
    """Every pair of one character of each list, in an order drawn from the seed."""
    order = stream(seed, "names", purpose).permutation(len(first) * len(second))
    return (first[k // len(second)] + second[k % len(second)] for k in order)


def place_stems(seed: int, purpose: str) -> Iterator[str]:
    """Two-character stems for sub-districts, areas and roads: 480 of them."""
    return _pairs(_FIRST, _SECOND, seed=seed, purpose=purpose)


def committee_names(seed: int, purpose: str, count: int) -> list[str]:
    """Names of `count` residents' committees (居委会), all different, at most 400."""
    stems = _pairs(_ESTATE_FIRST, _ESTATE_SECOND, seed=seed, purpose=purpose)
    return [next(stems) + "居委会" for _ in range(count)]


def estate_names(seed: int, purpose: str, count: int) -> list[str]:
    """Names of `count` housing estates (小区), all different, at most 3,600."""
    stems = list(_pairs(_ESTATE_FIRST, _ESTATE_SECOND, seed=seed, purpose=purpose))
    draw = stream(seed, "estate ends", purpose)
    ends = draw.permuted([list(range(len(_ESTATE_END)))] * len(stems), axis=1)
    return [stems[k % len(stems)] + _ESTATE_END[ends[k % len(stems)][k // len(stems)]] for k in range(count)]
