"""What was planted in the sample city, so that tests, the README and a curious reader can find it again.

Days count from `until`, the first day without history: -1 is the last day of history.
"""

from dataclasses import dataclass

BEHIND_GRID = "鹤鸣二"
BEHIND_DAYS = 56
LITTER_GRID = "柳浦"
LITTER_DAYS = 100
LITTER_HOURS = (22, 26)  # 22:00 to 02:00 of the next day
TYPHOON_FIRST, TYPHOON_DAYS = -75, 3
SILENT_HOURS = 30
REDRAWN_DAY = -120


@dataclass(frozen=True)
class Story:
    """One planted story.

    place       name of the grid or source it happens in
    first, end  days from `until`; the end is exclusive
    text        what is to be seen, and where
    """

    name: str
    place: str
    first: int
    end: int
    text: str


STORIES: tuple[Story, ...] = (
    Story(
        "falls_behind", BEHIND_GRID, -BEHIND_DAYS, 0,
        "On-time closure slides from 90 % to about 78 % over eight weeks; the grids around it do not.",
    ),
    Story(
        "too_few", "松间", -540, 0,
        "A small grid with about one case in three days: its rates are shown but never ranked.",
    ),
    Story(
        "night_littering", LITTER_GRID, -LITTER_DAYS, 0,
        "One building throws things between 22 and 02 h, several nights a week.",
    ),
    Story(
        "typhoon", "facade", TYPHOON_FIRST, TYPHOON_FIRST + TYPHOON_DAYS,
        "Three days of storm: façade alerts, fallen trees and blocked drains many times the usual.",
    ),
    Story(
        "silent_source", "littering", -2, 0,
        "The cameras' platform delivers nothing in the last 30 hours of the history, and later only now and then: "
        "its age shows, its counts are not zero.",
    ),
    Story(
        "typed_by_hand", "hotline_12345", -540, 0,
        "Each export of the hotline ends with a few lines typed by hand that no intake may take, and its total.",
    ),
    Story(
        "redrawn", "青藤", REDRAWN_DAY, 0,
        "A micro-grid moves from 桂堂 to 青藤 and one of 采薇 becomes two: boundary version 2.",
    ),
)  # fmt: skip
