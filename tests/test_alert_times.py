"""When alerts were acknowledged and resolved: read from columns or a log, open ones not left out."""

import json
from datetime import date

import numpy as np
import pandas as pd
import pytest
from grove import ALERTS, ask, totals
from source_files import declare, read, write
from world import SIX, declared, local, same_by_shares_and_facts, stored

from data.histograms import BINS, quantile
from data.query import Period
from data.verify import verify

MEDIAN, NINTH = "alert_acknowledge_minutes_median", "alert_acknowledge_minutes_p90"
LOGGED = declared(
    "alert",
    {
        "id": "id",
        "kind": '{ value = "wall" }',
        "device": "id",
        "occurred_at": "at",
        "state": "state",
        "state_log": "log",
    },
    more='[values.state]\n"已确认" = "acknowledged"\n"已处置" = "resolved"\n',
).replace('lon = "lon"\nlat = "lat"\n', "")
TIMES = ("2026-03-01 08:10", "2026-03-01 10:00")
LOGS = {
    "list": json.dumps([{"state": "acknowledged", "at": TIMES[0]}, {"state": "resolved", "at": TIMES[1]}]),
    "other keys": json.dumps([{"status": "已确认", "time": TIMES[0]}, {"to": "已处置", "when": TIMES[1]}]),
    "object": json.dumps({"acknowledged": TIMES[0], "resolved": TIMES[1]}),
    "text": f"acknowledged={TIMES[0]}; resolved={TIMES[1]}",
    "lines": f"已确认 = {TIMES[0]}\n已处置 = {TIMES[1]}",
    "again": json.dumps([{"state": "acknowledged", "at": TIMES[0]}, {"state": "acknowledged", "at": TIMES[1]},
                         {"state": "resolved", "at": TIMES[1]}]),
}  # fmt: skip


def logged(folder, log: str, *, text: str = LOGGED) -> pd.DataFrame:
    quoted = log.replace('"', '""')
    body = f'id,at,ack,state,log\nA1,2026-03-01 08:00,2026-03-01 08:05,已确认,"{quoted}"\n'
    frame, rejects, _ = read(declare(folder, text, name="alerts"), write(folder, body, name="alerts.csv"))
    assert not rejects
    return frame


def told(frame: pd.DataFrame, name: str) -> str | None:
    value = frame[name][0]
    return None if pd.isna(value) else f"{value.tz_convert('Asia/Shanghai'):%Y-%m-%d %H:%M}"


@pytest.mark.parametrize("shape", LOGS)
def test_a_log_tells_the_first_time_of_each_state(tmp_path, shape):
    frame = logged(tmp_path, LOGS[shape])
    names = ("acknowledged_at", "resolved_at", "verified_at", "closed_at")
    assert [told(frame, name) for name in names] == [*TIMES, None, None]
    assert frame["state_log"][0] == LOGS[shape]


@pytest.mark.parametrize("log", ["", "seen by 张工", "[1, 2]", '{"state": ', "[]", "acknowledged=soon"])
def test_a_log_of_another_shape_tells_nothing_and_refuses_nothing(tmp_path, log):
    assert told(logged(tmp_path, log), "acknowledged_at") is None


def test_a_column_of_its_own_goes_before_the_log(tmp_path):
    text = LOGGED.replace('occurred_at = "at"', 'occurred_at = "at"\nacknowledged_at = "ack"')
    frame = logged(tmp_path, LOGS["list"], text=text)
    assert (told(frame, "acknowledged_at"), told(frame, "resolved_at")) == ("2026-03-01 08:05", TIMES[1])


def test_a_quantile_among_what_has_not_ended_is_not_told():
    counts = np.zeros(BINS, dtype=np.int64)
    counts[[50, BINS - 1]] = 2
    assert quantile(counts, 0.5) > 0 and np.isnan(quantile(counts, 0.51))


def alert(number: int, at: float, acknowledged: float | None = None, resolved: float | None = None) -> tuple:
    """A row of `ALERTS`; times in quarter days since 2026-02-01."""
    times = [local(at), *("" if one is None else local(one) for one in (acknowledged, resolved))]
    return (f"D{number}", "", "wall", *times, 121.005, 31.005, "")


def test_open_alerts_stay_in_the_base_and_in_the_stock(world):
    """As they are acknowledged one after another, the quantiles become known, by every way of counting."""
    world.publish(SIX)
    rows = [alert(number, 4) for number in range(10)]
    period = Period(date(2026, 2, 1), date(2026, 3, 1))
    seen = []
    for done in (4, 5, 10):
        rows[:done] = [alert(number, 4, 4 + number / 24) for number in range(done)]
        world.load(rows, name="alerts", text=ALERTS)
        world.refresh()
        found = totals(world.reader(), ask(MEDIAN, NINTH, period=period))
        assert found[MEDIAN][3] == found[NINTH][3] == 10  # n: all of them, ended or not
        seen.append([found[name][2] for name in (MEDIAN, NINTH)])
        assert verify(world.store) == []
    assert seen[0] == [-1, -1] and seen[1][1] == -1
    assert seen[1][0] == pytest.approx(60, rel=0.05) == seen[2][0]
    assert seen[2][1] == pytest.approx(8 * 15, rel=0.05)
    before = stored(world, "alerts")
    world.refresh(full=True)
    assert (stored(world, "alerts") == before).all()


def test_the_stock_of_open_alerts_falls_on_the_day_they_are_resolved(world):
    world.publish(SIX)
    world.load([alert(1, 4, 4.1, 10), alert(2, 4, 4.1), alert(3, 9, 9.1, 9.5)], name="alerts", text=ALERTS)
    world.refresh()
    ends = {}
    for day in range(1, 6):
        found = totals(
            world.reader(), ask("alerts_open", period=Period(date(2026, 2, day), date(2026, 2, day + 1)))
        )
        ends[day] = found["alerts_open"][0]
    assert ends == {1: 0, 2: 2, 3: 1, 4: 1, 5: 1}
    mean = totals(world.reader(), ask("alert_resolve_minutes_mean"))["alert_resolve_minutes_mean"]
    assert mean[:2] == (6 * 360 + 0.5 * 360, 2)
    same_by_shares_and_facts(world, every=4)


def test_a_source_that_never_tells_the_time_is_in_no_base(world):
    world.publish(SIX)
    silent = ALERTS.replace('acknowledged_at = "due_at"\n', "")
    world.load([alert(1, 4, 4.1, 5)], name="alerts", text=silent)
    world.refresh()
    found = totals(world.reader(), ask(MEDIAN, "alert_resolve_minutes_mean"))
    assert found[MEDIAN][3] == 0 and found["alert_resolve_minutes_mean"][1] == 1
