"""Small made-up answers shaped as `Reader` gives them, for tests of pages without a store."""

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import numpy as np
import pandas as pd
from pandas import DataFrame

from data.aims import Aims
from data.calendar_days import Day
from data.comparable import Comparison, comparison
from data.defining import Indicator
from data.indicators import INDICATORS
from data.judge import judged
from data.measures import elapsed
from data.query import Period, Query, parse_query
from data.settings import EPOCH_DAY, Level

TODAY = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 6, 35, tzinfo=UTC)
LEVELS = (
    Level("subdistrict", 0, {"zh": "街道", "en": "Sub-district"}),
    Level("area", 1, {"zh": "片区", "en": "Area"}),
    Level("grid", 2, {"zh": "网格", "en": "Grid"}),
)
GRIDS = [
    "北苑一",
    "北苑二",
    "竹影",
    "松间",
    "望江一",
    "望江二",
    "渡口",
    "柳浦",
    "砚池一",
    "砚池二",
    "沧浪",
    "采石",
    "鹤鸣一",
    "鹤鸣二",
    "青藤",
    "桂堂",
    "南塘一",
    "南塘二",
    "采薇",
    "汀溪",
]
TARGETS = {
    "order_first_contact_rate": 0.98,
    "order_on_time_rate": 0.95,
    "order_resolution_rate": 0.82,
    "order_satisfaction": 0.92,
    "case_on_time_closure_rate": 0.9,
    "cases_overdue_open": 60,
}
AIMS = Aims(TARGETS, {name: aim for name, aim in TARGETS.items() if name != "cases_overdue_open"})
COLUMNS = [
    "indicator", "unit_code", "unit_name", "pos", "kind", "numerator", "denominator", "value", "low", "high", "n",
    "previous", "change", "year_before", "year_change", "position", "rank_low", "rank_high", "state",
]  # fmt: skip


def query(**params: str) -> Query:
    """A question with the usual defaults on the fixed day."""
    return parse_query(params, level=params.get("level", "grid"), within="WT", today=TODAY)


def compared(asked: Query, *, by: str = "working-days") -> Comparison:
    """What `Reader.compared` answers where every Monday to Friday is a working day."""

    def known(on: date) -> Day:
        return Day((on - EPOCH_DAY).days, int(on.isoweekday() <= 5))

    return comparison(elapsed(asked.period, TODAY), known, by=by)


def unit(code: str = "WT", name: str = "梧桐里街道", level: str = "subdistrict") -> SimpleNamespace:
    """A place as `Reader.unit` answers it."""
    return SimpleNamespace(code=code, name=name, level=level, depth=0, pos=1, end=21)


def measures(names: tuple[str, ...] = tuple(INDICATORS), *, seed: int = 5, few: str = "松间") -> DataFrame:
    """One row per indicator and grid, an unassigned row and the total, as `Reader.measures` gives them."""
    random = np.random.default_rng(seed)
    return pd.concat([_indicator(INDICATORS[name], random, few) for name in names], ignore_index=True)


def _indicator(entry: Indicator, random: np.random.Generator, few: str) -> DataFrame:
    names = [*GRIDS, "梧桐里街道", ""]
    base = np.append(random.integers(62, 148, len(GRIDS)), 26).astype(float)
    base[[place for place, name in enumerate(GRIDS) if name == few]] = 9
    base = np.append(base, base.sum())
    if judged(entry):
        centre = {"order_satisfaction": 0.9, "order_resolution_rate": 0.83}.get(entry.name, 0.95)
        share = np.clip(random.normal(centre, 0.03, len(base)), 0, 1)
        top = np.round(base * share)
        top[-1] = top[:-1].sum()
        value = top / base
        low, high = (
            np.clip(value - 2 / np.sqrt(base) * 0.3, 0, 1),
            np.clip(value + 2 / np.sqrt(base) * 0.3, 0, 1),
        )
        if entry.kind == "quantile":
            value, low, high, top = value * 18, low * 17, high * 20, np.full(len(base), np.nan)
    else:
        value = top = n = np.append(random.integers(0, 14, len(names) - 1), 0).astype(float)
        top[-1] = top[:-1].sum()
        low = high = np.full(len(names), np.nan)
        base = n
    frame = DataFrame(
        {
            "indicator": entry.name,
            "unit_code": [*(f"G{place:02d}" for place in range(len(GRIDS))), "WT/-", ""],
            "unit_name": names,
            "pos": pd.array([*range(2, 22), None, None], dtype="Int64"),
            "kind": [*["unit"] * 20, "unassigned", "total"],
            "numerator": top, "denominator": base if judged(entry) else np.nan, "value": value,
            "low": low, "high": high, "n": base,
        }
    )  # fmt: skip
    frame["previous"] = value - random.normal(0, 0.012, len(names)) * (1 if judged(entry) else 300)
    frame["change"] = frame["value"] - frame["previous"]
    frame["year_before"] = frame["value"] * 0.98
    frame["year_change"] = frame["value"] - frame["year_before"]
    few = judged(entry) & (frame["n"] < entry.min_base)
    frame["state"] = np.where(few, "few", "ok")
    ranked = (frame["kind"] == "unit") & ~few
    rising = judged(entry) and entry.better == "low"
    frame["position"] = frame["value"].where(ranked).rank(method="min", ascending=rising).astype("Int64")
    frame["rank_low"], frame["rank_high"] = frame["position"], (frame["position"] + 3).clip(upper=19)
    return frame[COLUMNS]


def series(names: tuple[str, ...], periods: list[Period], *, seed: int = 3) -> DataFrame:
    """Values of one unit over many periods, as `Reader.series` gives them."""
    random = np.random.default_rng(seed)
    rows = []
    for name in names:
        judged_one = judged(INDICATORS[name])
        walk = np.cumsum(random.normal(0, 0.006 if judged_one else 6, len(periods)))
        for period, step in zip(periods, walk, strict=True):
            value = 0.93 + step if judged_one else 90 + step
            value = value * 18 if INDICATORS[name].kind == "quantile" else value
            half = 0.02 if judged_one else np.nan
            rows.append(
                (name, period.start, period.end, np.nan, np.nan, value, value - half, value + half, 800.0)
            )
    names_ = [
        "indicator", "period_start", "period_end", "numerator", "denominator", "value", "low", "high", "n",
    ]  # fmt: skip
    return DataFrame(rows, columns=names_)


def sources() -> DataFrame:
    """Six sources in every state, as `Reader.sources` gives them."""
    at = int(NOW.timestamp() * 1e6)
    minute = 60_000_000
    rows = [
        ("网格案件", "case", "csv", 15.0, 12, "fresh", 1284, 40, 17, 1224, 3),
        ("12345工单", "order", "xlsx", 30.0, 47, "due", 612, 41, 0, 566, 5),
        ("停车余位", "parking", "json", 5.0, 4, "fresh", 1872, 1866, 0, 0, 6),
        ("视频告警", "alert", "json", 10.0, 1810, "stale", 0, 0, 0, 0, 0),
        ("公众上报", "case", "open311", 30.0, 15, "fresh", 88, 12, 0, 76, 0),
        ("回访评价", "order", "xlsx", 1440.0, 3240, "failed", 402, 371, 0, 0, 31),
        ("小区与路名", "case", "csv", np.nan, 64000, "unknown", 3106, 0, 0, 3106, 0),
    ]  # fmt: skip
    names = [
        "source", "kind", "format", "every_minutes", "age_minutes", "state", "read", "accepted", "updated",
        "unchanged", "rejected",
    ]  # fmt: skip
    frame = DataFrame(rows, columns=names)
    frame["last_good_at"] = (at - frame["age_minutes"] * minute).astype("Int64")
    return frame.assign(
        files=[["回访_1120.xlsx"]] * 7,
        seconds=1.8,
        refused_ever=frame["rejected"] > 0,
        notes=[{} for _ in rows],
    )


def loads(count: int = 3) -> DataFrame:
    """Loads of one source, newest first, as `Reader.loads` gives them."""
    at = int(NOW.timestamp() * 1e6)
    rows = [
        (9 - place, at - place * 3_600_000_000, 1.8, [f"案件_{place}.csv"], 100, 40, 17, 40, 3, 57, 0, 0)
        for place in range(count)
    ]
    names = [
        "load_id", "at", "seconds", "files", "read", "accepted", "updated", "unchanged", "rejected", "located",
        "outside", "no_location",
    ]  # fmt: skip
    return DataFrame(rows, columns=names)


def rejects() -> DataFrame:
    """Refused rows with their reasons, as `Reader.rejects` gives them."""
    rows = [
        (4, "closed_at", "2062/11/20", "expected a date from 1990 to 2100"),
        (17, "satisfaction", "较满意", "expected satisfied, mostly, neutral, dissatisfied or unrated"),
        (18, "satisfaction", "较满意", "expected satisfied, mostly, neutral, dissatisfied or unrated"),
        (52, "id", "", "expected a value"),
        (76, "id", "12345-0X88", "expected a key that occurs once"),
        (131, "closed_at", "11/19 25:10", "expected a time of day"),
    ]
    frame = DataFrame(rows, columns=["row", "field", "value", "rule"])
    return frame.assign(file="回访_1120.xlsx", load_id=7, at=int(NOW.timestamp() * 1e6))


def withdrawals() -> DataFrame:
    """What the newest snapshot no longer held, as `Reader.withdrawals` gives it."""
    at = int(NOW.timestamp() * 1e6)
    rows = [("C-0417", at - 90 * 3_600_000_000), ("C-0388", at - 140 * 3_600_000_000)]
    return DataFrame(rows, columns=["id", "started_at"]).assign(load_id=8, at=at, all=57)


def runs() -> DataFrame:
    """Job runs, one failed, as `Reader.runs` gives them."""
    at = int(NOW.timestamp() * 1e6)
    rows = [
        (9, "collect", "done", 0.9, {"files": 1, "read": 1872, "accepted": 1866, "rejected": 6}, None),
        (8, "refresh", "done", 3.1, {"mode": "days", "rows": 11, "generation": 3918, "load": 7}, None),
        (7, "collect", "failed", 30.0, {"failed": {"视频": "timeout"}}, "视频: got no answer in 30 s; expected one"),
        (6, "housekeeping", "done", 4.4, {"sessions": 0, "runs": 0, "gathered": 0}, None),
        (5, "collect", "requested", np.nan, {}, None),
    ]  # fmt: skip
    frame = DataFrame(rows, columns=["id", "job", "state", "seconds", "summary", "error"])
    started = [at - 60_000_000 * place for place in range(len(frame))]
    return frame.assign(started_at=started, slot="2026-11-22T06:35", attempt=1, requested_by="")


def cases(count: int = 50) -> DataFrame:
    """A page of cases as `Reader.facts` gives it."""
    random = np.random.default_rng(8)
    kinds = (
        "市容环境/暴露垃圾",
        "街面秩序/占道经营",
        "公用设施/井盖松动",
        "园林绿化/绿化缺株",
        "施工管理/占道施工",
    )
    roads = ["沧浪路", "鹤鸣路", "青藤路", "采薇路", "南塘路", "桂堂路"]
    rows = []
    for place in range(count):
        reported = NOW - timedelta(minutes=53 * place + 11)
        done = place % 3 and reported + timedelta(minutes=int(random.integers(20, 50)))
        due = reported + timedelta(minutes=int(random.choice([30, 480, 2880])))
        rows.append(
            {
                "id": f"WT26112204{187 - place:03d}", "source": "网格案件",
                "category": kinds[random.integers(5)], "channel": ["居民上报", "网格巡查", "12345"][place % 3],
                "status": "closed" if done else "open",
                "reported_at": _micros(reported), "due_at": _micros(due),
                "closed_at": _micros(done) if done else pd.NA,
                "address": f"{roads[random.integers(6)]} {random.integers(3, 240)} 号",
                "unit_code": "G01-02", "unit_name": GRIDS[random.integers(20)] + "-02", "lon": 121.5, "lat": 31.3,
                "on_time": True, "reworks": 0, "flags": "",
            }
        )  # fmt: skip
    return DataFrame(rows)


def _micros(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000)


def text_of(component) -> str:
    """Every visible text of a component, in order."""
    if component is None:
        return ""
    if isinstance(component, str | int | float):
        return str(component)
    if isinstance(component, list | tuple):
        return "".join(text_of(child) for child in component)
    return text_of(getattr(component, "children", None))


def find(component, name: str) -> list:
    """Every component inside that has the class `name`."""
    if isinstance(component, list | tuple):
        return [found for child in component for found in find(child, name)]
    if not hasattr(component, "to_plotly_json"):
        return []
    own = [component] if name in (getattr(component, "className", "") or "").split() else []
    return own + find(getattr(component, "children", None), name)


def links(component) -> list[str]:
    """Every address a component leads to, in order."""
    if isinstance(component, list | tuple):
        return [link for child in component for link in links(child)]
    if not hasattr(component, "to_plotly_json"):
        return []
    own = [component.href] if getattr(component, "href", None) else []
    return own + links(getattr(component, "children", None))
