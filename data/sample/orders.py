"""12345 orders: acceptance, first contact, handling, call-back, judgement, span by span."""

import numpy as np
import pandas as pd

from data.sample.cases import day_factor, numbered, office_hours, pick, time_share
from data.sample.catalogue import (
    COMMITTEE,
    HOTLINE_SPELLING,
    HOURS,
    ORDER_CHANNELS,
    ORDER_TYPES,
    TOPICS,
)
from data.sample.days import workday_after
from data.sample.moments import DAY, HOUR, LONGEST_LIFE, NEVER, as_known
from data.sample.sizes import stream
from data.sample.world import SPAN, World, draw_places

EVENTS = ("accepted", "dispatched", "contacted", "finished", "called_back", "closed", "returned")
SHORT, LONG = 1, 5  # working days allowed for questions and suggestions, for help and complaints
DUE_HOUR = 18
JUDGEMENTS = np.array(["solved", "explained", "unrated"], dtype=object)
LEVELS = np.array(["satisfied", "mostly", "neutral", "dissatisfied", "unrated"], dtype=object)
# Satisfaction by judgement: those whose matter was solved are content, those who got an explanation less so.
_CONTENT = np.cumsum(
    [(0.63, 0.19, 0.08, 0.03, 0.07), (0.26, 0.27, 0.21, 0.15, 0.11), (0.20, 0.15, 0.1, 0.05, 0.5)], axis=1
)
_SOLVED = np.cumsum([(0.84, 0.08, 0.08), (0.42, 0.44, 0.14), (0.2, 0.1, 0.7)], axis=1)
_RESOLUTIONS = np.array(["solved", "unsolved", "unrated"], dtype=object)
_HOURS = np.cumsum([HOURS[2]], axis=1) / sum(HOURS[2])
_TYPES = np.cumsum([topic.shares for topic in TOPICS], axis=1)
PATHS = np.array([topic.path for topic in TOPICS], dtype=object)
DEPARTMENTS = np.array([topic.department for topic in TOPICS], dtype=object)
SURNAMES = np.array(list("赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨"), dtype=object)
EXCLUSIONS = np.array(["不属本辖区", "无理诉求", "重复工单", "政策原因"], dtype=object)


def _topic_weights(calendar: pd.DataFrame) -> np.ndarray:
    month = calendar["month"].to_numpy()
    season = np.column_stack([np.where(np.isin(month, topic.months), topic.more, 1.0) for topic in TOPICS])
    weight = season * [topic.weight for topic in TOPICS]
    weight = np.where(
        calendar["storm"].to_numpy()[:, None], weight * [topic.storm for topic in TOPICS], weight
    )
    return np.cumsum(weight, axis=1) / weight.sum(axis=1, keepdims=True)


def _handling(world: World, frame: pd.DataFrame, draw: np.random.Generator) -> pd.DataFrame:
    """Add contact, limit, finish, call-back and closing."""
    count, accepted = len(frame), frame["accepted"].to_numpy()
    dispatched = accepted + (60 * draw.lognormal(3.0, 0.7, count)).astype(np.int64)
    contacted = dispatched + (HOUR * draw.lognormal(0.9, 0.9, count).clip(0.05, 144)).astype(np.int64)
    short = np.isin(frame["type"], (0, 3))
    due = workday_after(frame["day"].to_numpy(), np.where(short, SHORT, LONG)) * DAY + DUE_HOUR * HOUR
    chance = np.clip(world.quality[frame["plot"].to_numpy()] + 0.035, 0.6, 0.985)
    taken = ((due - dispatched) * time_share(chance, draw.uniform(0.0005, 0.9995, count))).astype(np.int64)
    finished = dispatched + np.clip(taken, 20 * 60, (LONGEST_LIFE - 8) * DAY)
    finished = office_hours(finished, dispatched, (due - dispatched) // HOUR)
    called = (finished // DAY + draw.integers(1, 3, count)) * DAY + draw.integers(9 * HOUR, 18 * HOUR, count)
    contact = np.where(
        draw.random(count) < 0.07, "unrated", np.where(contacted - accepted < 8 * HOUR, "yes", "no")
    )
    returned = draw.random(count) < 0.03
    return frame.assign(
        dispatched=dispatched, contacted=np.minimum(contacted, finished), due=due, finished=finished,
        called_back=called, closed=called + draw.integers(600, 4 * HOUR, count),
        first_contact=contact.astype(object), returned=np.where(returned, dispatched + HOUR, NEVER),
        extensions=(draw.random(count) < 0.02).astype(int),
        excluded=np.where(draw.random(count) < 0.008, draw.choice(EXCLUSIONS, count), ""),
    )  # fmt: skip


def _verdicts(frame: pd.DataFrame, draw: np.random.Generator) -> pd.DataFrame:
    """Add judgement, resolution, satisfaction, repeats and the caller."""
    count = len(frame)
    judged = draw.choice(3, size=count, p=(0.69, 0.25, 0.06))
    repeat = np.flatnonzero((draw.random(count) < 0.035) & (np.arange(count) > 20))
    earlier = np.full(count, -1)
    earlier[repeat] = repeat - draw.integers(1, 20, len(repeat))
    polite = draw.choice(np.array(["先生", "女士"], dtype=object), count)
    return frame.assign(
        judgement=JUDGEMENTS[judged],
        satisfaction=LEVELS[pick(_CONTENT, judged, draw)],
        resolution=_RESOLUTIONS[pick(_SOLVED, judged, draw)],
        repeat_row=earlier,
        caller=draw.choice(SURNAMES, count) + polite,
        phone=np.char.add("1990000", np.char.zfill(draw.integers(0, 10_000, count).astype(str), 4)),
    )


def _span(world: World, span: int) -> pd.DataFrame:
    draw = stream(world.seed, "orders", span)
    calendar = world.calendar(span)
    counts = draw.poisson(world.size.orders * world.streets * day_factor(calendar))
    place = np.repeat(np.arange(SPAN), counts)
    topic = pick(_topic_weights(calendar), place, draw)
    day = calendar["day"].to_numpy()[place]
    second = pick(_HOURS, np.zeros(len(place), dtype=int), draw) * HOUR + draw.integers(0, HOUR, len(place))
    frame = pd.DataFrame(
        {"day": day, "accepted": day * DAY + second, "topic": topic, "type": pick(_TYPES, topic, draw),
         "channel": draw.choice(4, size=len(place), p=(0.66, 0.2, 0.06, 0.08))}
    )  # fmt: skip
    frame = pd.concat([frame, draw_places(world, day, draw)], axis=1)
    frame = frame.sort_values("accepted", kind="stable", ignore_index=True)
    frame = _verdicts(_handling(world, frame, draw), draw)
    codes = numbered(frame["day"].to_numpy(), prefix="SH", digits=5)
    row = frame["repeat_row"].to_numpy()
    return frame.assign(id=codes, repeat_of=np.where(row >= 0, codes[row] if len(codes) else "", ""))


def make_orders(world: World, spans: range) -> pd.DataFrame:
    """All orders accepted in some spans of days, with everything that will ever happen to them.

    returns  id, day, the instants of EVENTS and due, topic, type, channel (numbers), first_contact, judgement,
             resolution, satisfaction, repeat_of, excluded, caller, phone, counts, and the columns of `draw_places`
    """
    return pd.concat([_span(world, span) for span in spans], ignore_index=True)


def _departments(frame: pd.DataFrame) -> np.ndarray:
    """Who deals with each order, as the hotline writes it: a neighbour's matter goes to the committee of the place."""
    usual = DEPARTMENTS[frame["topic"]]
    own = np.where(usual == COMMITTEE, frame["committee"], usual)
    return np.array([HOTLINE_SPELLING.get(name, name) for name in own], dtype=object)


def known_orders(frame: pd.DataFrame, at: int) -> pd.DataFrame:
    """Orders as they stood at an instant; verdicts are empty until they are given."""
    instants = {name: as_known(frame[name], at) for name in EVENTS}
    closed, called = instants["closed"] < NEVER, instants["called_back"] < NEVER
    return frame.assign(
        **instants,
        due=np.where(instants["dispatched"] < NEVER, frame["due"], NEVER),
        path=PATHS[frame["topic"]],
        department=_departments(frame),
        type_name=np.array(ORDER_TYPES, dtype=object)[frame["type"]],
        channel_name=np.array(ORDER_CHANNELS, dtype=object)[frame["channel"]],
        first_contact=np.where(instants["contacted"] < NEVER, frame["first_contact"], ""),
        judgement=np.where(closed, frame["judgement"], ""),
        resolution=np.where(called, frame["resolution"], ""),
        satisfaction=np.where(called, frame["satisfaction"], ""),
        excluded=np.where(closed, frame["excluded"], ""),
        returns=(instants["returned"] < NEVER).astype(int),
    )
