"""Invented applications to leave orders out of the assessment: who asks, for which reason, and what is decided."""

from dataclasses import dataclass

import numpy as np

from data.sample.moments import DAY, HOUR
from data.sample.sizes import stream

APPLICANTS = ("张工", "周主管", "陈专员", "吴网格长")
JUDGES = ("李主任", "沈副主任")
REASONS = (
    ("outside", "考核办法 3.2", "地点属邻近街道管辖，已转告来电人"),
    ("repeat", "考核办法 3.4", "同一诉求已在先前工单中办结"),
    ("unreasonable", "考核办法 3.5", "诉求无政策依据，已当面解释"),
    ("force", "考核办法 3.1", "暴雨期间无法施工，已说明"),
    ("incomplete", "考核办法 3.3", "未留地点，多次联系未接通"),
)
NOTES = {"approved": "情况属实", "refused": "依据不足", "withdrawn": "补充材料后再报"}
SHARES = {"applied": 0.34, "approved": 0.42, "refused": 0.16, "withdrawn": 0.08}


@dataclass(frozen=True)
class Application:
    """One application: number of the order, seconds from the day it was closed to the application and the decision."""

    id: str
    reason: str
    clause: str
    text: str
    applicant: str
    judge: str
    state: str
    note: str
    asked: int
    decided: int


def applications(ids: list[str], *, seed: int) -> list[Application]:
    """One application for each of some orders."""
    draw = stream(seed, "exclusions", 0)
    states, chances = list(SHARES), list(SHARES.values())
    found = []
    for number in ids:
        state = str(draw.choice(states, p=chances))
        reason, clause, text = REASONS[int(draw.integers(len(REASONS)))]
        day, later = int(draw.integers(1, 4)), int(draw.integers(1, 4))
        asked, decided = (days * DAY + int(draw.integers(9 * HOUR, 17 * HOUR)) for days in (day, day + later))
        found.append(
            Application(
                number, reason, clause, text, str(draw.choice(APPLICANTS)), str(draw.choice(JUDGES)), state,
                NOTES.get(state, ""), asked, decided,
            )
        )  # fmt: skip
    return found


def chosen(ids: list[str], *, seed: int, most: int) -> list[str]:
    """Some of the numbers, in their order."""
    draw = stream(seed, "exclusions", 1)
    if len(ids) <= most:
        return list(ids)
    return [ids[at] for at in np.sort(draw.choice(len(ids), size=most, replace=False))]
