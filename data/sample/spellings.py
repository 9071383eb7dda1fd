"""The ways people write one address: twelve of them, each right, and slips of the finger.

Used for records that carry an address and nothing else, and to measure how many addresses a gazetteer finds.
"""

import numpy as np
import pandas as pd

STYLES = (
    "full", "no road end", "chinese digits", "full width", "no sign", "room", "swapped", "estate", "typing error",
    "district", "landmark", "range",
)  # fmt: skip
_OTHERS = tuple(style for style in STYLES if style != "typing error")
REGIONS = ("汀洲市", "汀南区")
LANDMARKS = ("菜场", "幼儿园", "药房", "邮政所", "活动中心", "卫生站", "便民店")
_DIGITS = "零一二三四五六七八九"
_WRONG = (
    "的了在人有我他这中大来上国和地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事成方多经么去法学"
    "如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实"
)
_ROOMS = ("{floor}0{room}室", "{floor}楼{floor}0{room}室", "-{floor}0{room}", "{floor}0{room}")


def estate_of(name: str) -> tuple[str, str]:
    """Estate and number of a building's name: 听景里1号楼."""
    head = name.removesuffix("号楼")
    number = head[len(head.rstrip("0123456789")) :]
    return head.removesuffix(number), number


def landmark_of(estate: str, number: int) -> str:
    """The landmark of an estate: a name and a trade, 听景菜场."""
    return estate[:2] + LANDMARKS[number % len(LANDMARKS)]


def chinese(number: int) -> str:
    """A number below 1,000 as it is read aloud: 一百零八."""
    hundreds, tens, ones = number // 100, number // 10 % 10, number % 10
    text = f"{_DIGITS[hundreds]}百" if hundreds else ""
    if tens:
        text += ("" if tens == 1 and not hundreds else _DIGITS[tens]) + "十"
    elif hundreds and ones:
        text += "零"
    return text + (_DIGITS[ones] if ones else "")


def _parts(address: str) -> tuple[str, list[int]]:
    """Road, and its numbers: one door, or lane and door."""
    head = address.rstrip("0123456789弄号")
    return head, [int(part) for part in address[len(head) :].replace("弄", "号").split("号") if part]


def spelt(plot: pd.Series, style: str, draw: np.random.Generator, *, landmark: str) -> str:
    """The address of a plot (columns address, name, street_name) in one of STYLES."""
    road, numbers = _parts(plot["address"])
    lane, door = (numbers[0], numbers[1]) if len(numbers) == 2 else (None, numbers[0])
    tail = f"{lane}弄{door}号" if lane else f"{door}号"
    if style == "no road end":
        return road.removesuffix("路").removesuffix("大道") + tail
    if style == "chinese digits":
        return road + (f"{chinese(lane)}弄" if lane else "") + f"{chinese(door)}号"
    if style == "full width":
        return "".join(chr(ord(c) + 0xFEE0) if c.isascii() else c for c in road + tail)
    if style == "no sign":
        return (road + tail).removesuffix("号")
    if style == "room":
        room = _ROOMS[draw.integers(len(_ROOMS))]
        return road + tail + room.format(floor=draw.integers(1, 7), room=draw.integers(1, 5))
    if style == "swapped":
        return f"{road}{door}号{lane}弄" if lane else f"{door}号{road}"
    if style == "estate":
        estate, number = estate_of(plot["name"])
        return estate + number + ("号楼", "幢", "栋")[draw.integers(3)]
    if style == "typing error":
        other = _OTHERS[draw.integers(len(_OTHERS))]
        return mistyped(spelt(plot, other, draw, landmark=landmark), draw)
    if style == "district":
        return "".join([*REGIONS[draw.integers(3) :], plot["street_name"], road, tail])
    if style == "landmark":
        return landmark + ("旁", "附近", "旁边", "门口")[draw.integers(4)]
    if style == "range":
        low = max(door - 2 * int(draw.integers(2)), 1)
        return road + (f"{lane}弄" if lane else "") + f"{low}-{max(low + 2, door)}号"
    return road + tail


def mistyped(text: str, draw: np.random.Generator) -> str:
    """One character of a text replaced, left out, or changed with its neighbour; digits are no exception."""
    while True:
        at, kind = int(draw.integers(len(text))), int(draw.integers(3))
        if kind == 0:
            pool = "0123456789" if text[at].isdigit() else _WRONG
            changed = text[:at] + pool[int(draw.integers(len(pool)))] + text[at + 1 :]
        elif kind == 1:
            changed = text[:at] + text[at + 1 :]
        else:
            changed = text[:at] + text[at + 1 : at + 2] + text[at] + text[at + 2 :]
        if changed != text:
            return changed
