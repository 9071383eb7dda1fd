"""Indicators of what stands in the street: parking, and alerts of high-rise littering and of shedding walls."""

from pandas import DataFrame, Series

from data.defining import MINUTE, NEVER, Column, Indicator, held, ones, word

DECIDED = ("confirmed", "assigned", "resolved", "closed")  # states of an alert that was found to be true


def _vacant(facts: DataFrame) -> Series:
    return (facts["available_seconds"] - facts["occupied_seconds"]).clip(lower=0).astype("int64")


def _state(kind: str, *states: str) -> Column:
    """1 of every alert of a kind in one of some states, also where it repeats another."""

    def column(facts: DataFrame) -> Series:
        found = (facts["withdrawn"] == 0) & facts["kind"].isin([kind]) & facts["state"].isin(states)
        return found.astype("int64")

    return column


def _confirmed(kind: str) -> Column:
    def column(facts: DataFrame) -> Series:
        return word("kind", kind)(facts) * facts["state"].isin(DECIDED)

    return column


def _of_alerts(name: str, kind: str, basis: str, repeats: str) -> tuple[Indicator, ...]:
    return (
        Indicator(
            f"{name}_episodes", "alerts", "count", word("kind", kind), counted_on="occurred_on", better="low",
            formula="count(episodes)", exclusions=f"false alarms, repeats of one {repeats} within 10 minutes",
            basis=basis,
        ),
        Indicator(
            f"{name}_confirmed", "alerts", "count", _confirmed(kind), counted_on="occurred_on", better="low",
            formula="count(episodes found to be true)",
            exclusions=f"false alarms, undecided, repeats of one {repeats} within 10 minutes", basis=basis,
        ),
        Indicator(
            f"{name}_false_alarm_rate", "alerts", "rate", _state(kind, "false_alarm"),
            _state(kind, "false_alarm", *DECIDED), counted_on="occurred_on", better="low",
            formula="false alarms / (true + false alarms)", exclusions="undecided, duplicates, withdrawn",
            basis=f"{basis}; 误报率 = 误报 / (属实 + 误报)",
        ),
    )  # fmt: skip


def _told(name: str) -> Column:
    """What a part of a stay is worth where the spaces of its lot are known."""

    def column(facts: DataFrame) -> Series:
        return facts[name].astype("int64") * facts["told"]

    return column


def _stood(facts: DataFrame) -> Series:
    return facts["told"].astype("int64")


def _stay_minutes(facts: DataFrame) -> Series:
    return (facts["stay_seconds"] / 60).where(facts["completed"] == 1, -1.0)


def _waited(end: str) -> Column:
    """Minutes from the receipt of an episode to an instant; without end where it has not come."""

    def column(facts: DataFrame) -> Series:
        found = ((facts[end] - facts["told_at"]) / MINUTE).where(facts[end] >= 0, NEVER)
        return found.where(facts["valid"] & (found >= 0), -1.0)

    return column


def _ended(end: str) -> Column:
    """1 of every episode that came to an instant, not before its receipt."""

    def column(facts: DataFrame) -> Series:
        return (facts["valid"] & (facts[end] >= 0) & (facts[end] >= facts["told_at"])).astype("int64")

    return column


def _seconds(end: str) -> Column:
    def column(facts: DataFrame) -> Series:
        return ((facts[end] - facts["told_at"]) // 1_000_000 * _ended(end)(facts)).astype("int64")

    return column


def _response(step: str, end: str, needs: str, basis: str) -> tuple[Indicator, ...]:
    """Median, ninth tenth and mean of the minutes to a step; counted on the day of the alert."""
    name = f"alert_{step}_minutes"
    quantiles = tuple(
        Indicator(
            f"{name}_{suffix}", "alerts", "quantile", _waited(end), counted_on="occurred_on", better="low",
            quantile=share, histogram=name, time="minutes", needs=(needs,),
            formula=f"{suffix}({needs} − received_at), open ones as longer than any",
            exclusions="false alarms, repeats of one device within 10 minutes; open ones stay in the base, and no "
            "value is told where it would lie among them",
            basis=basis,
        )
        for suffix, share in (("median", 0.5), ("p90", 0.9))
    )  # fmt: skip
    mean = Indicator(
        f"{name}_mean", "alerts", "mean", _seconds(end), _ended(end), counted_on="occurred_on", better="low",
        scale=60, time="minutes", needs=(needs,), formula=f"Σ({needs} − received_at) / ended",
        exclusions="false alarms, repeats of one device within 10 minutes, open ones: a mean cannot hold what has "
        "not ended",
        basis=basis,
    )  # fmt: skip
    return (*quantiles, mean)


_TELLING = "lots whose spaces are not known, days without any stay"
STAYS = (
    Indicator(
        "parking_utilisation", "stays", "rate", _told("parked_seconds"), held("space_seconds"),
        counted_on="parked_on", min_base=1, scale=60, base_scale=60, lasts=True,
        formula="Σ parked minutes / Σ (spaces × minutes of the day)",
        exclusions=f"{_TELLING}; what lies beyond 72 hours of one stay", basis="泊位利用率 = Σ停放时间 / (泊位数 × T)",
    ),
    Indicator(
        "parking_turnover", "stays", "mean", _stood, held("spaces"), counted_on="parked_on", time="times",
        formula="vehicles that stood in the lot / spaces, by day", exclusions=_TELLING,
        basis="周转率 = 停放车辆数 / 泊位数",
    ),
    Indicator(
        "parking_parked_minutes_mean", "stays", "mean", _told("parked_seconds"), _stood, counted_on="parked_on",
        scale=60, time="minutes", lasts=True, formula="Σ parked minutes / vehicles that stood in the lot, by day",
        exclusions=f"{_TELLING}; what lies beyond 72 hours of one stay", basis="利用率 = 周转率 × 平均停放时间 / T",
    ),
    Indicator(
        "parking_stay_minutes_mean", "stays", "mean", held("stay_seconds"), held("completed"),
        counted_on="exit_on", scale=60, time="minutes", formula="Σ (exit_at − entry_at) / stays that ended",
        exclusions="open stays, stays longer than 72 hours", basis="平均停放时长 = Σ停放时长 / 停放次数",
    ),
    Indicator(
        "parking_stay_minutes_median", "stays", "quantile", _stay_minutes, counted_on="exit_on", quantile=0.5,
        histogram="parking_stay_minutes", time="minutes", formula="median(exit_at − entry_at)",
        exclusions="open stays, stays longer than 72 hours", basis="停放时长中位数",
    ),
    Indicator(
        "parking_overstay_rate", "stays", "rate", held("overstayed"), held("judged"), counted_on="exit_on",
        better="low", formula="stays longer than allowed / stays that ended",
        exclusions="open stays, stays longer than 72 hours, stays with no time allowed", basis="超时停放率",
    ),
)  # fmt: skip
PARKING = (
    Indicator(
        "parking_occupancy", "parking", "rate", held("occupied_seconds"), held("available_seconds"),
        counted_on="observed_on", min_base=1, scale=60, base_scale=60, formula="occupied / available space-minutes",
        exclusions="spaces out of service, readings older than twice their rhythm",
        basis="GA/T 1302-2016: 泊位占有率",
    ),
    Indicator(
        "parking_availability", "parking", "rate", _vacant, held("available_seconds"),
        counted_on="observed_on", min_base=1, scale=60, base_scale=60, formula="vacant / available space-minutes",
        exclusions="spaces out of service, readings older than twice their rhythm",
        basis="GA/T 1302-2016: 余位率",
    ),
)  # fmt: skip
_ACKNOWLEDGED = "平均确认时长 = mean(确认 − 接收)"
_RESOLVED = "平均处置时长 = mean(处置 − 接收)"
ALERTS = (
    *_of_alerts("littering", "littering", "Civil Code art. 1254: 高空抛物", "camera"),
    *_of_alerts("wall", "wall", "Civil Code art. 1253: 外墙脱落", "sensor"),
    *_response("acknowledge", "acknowledged_at", "acknowledged_at", _ACKNOWLEDGED),
    *_response("resolve", "settled_at", "resolved_at", _RESOLVED),
    Indicator(
        "alerts_open", "alerts", "stock", ones, counted_on="occurred_on", leaves_on="settled_on", better="low",
        needs=("resolved_at",), formula="count(episodes neither resolved nor closed), end of day",
        exclusions="false alarms, repeats of one device within 10 minutes", basis=_RESOLVED,
    ),
)  # fmt: skip
