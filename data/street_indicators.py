"""Indicators of what stands in the street: parking, and alerts of high-rise littering and of shedding walls."""

from pandas import DataFrame, Series

from data.defining import Column, Indicator, held, word

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
ALERTS = (
    *_of_alerts("littering", "littering", "Civil Code art. 1254: 高空抛物", "camera"),
    *_of_alerts("wall", "wall", "Civil Code art. 1253: 外墙脱落", "sensor"),
)
