"""Numbers before and after exclusions, in tables and for a single fact."""

import pytest
from excluding import ORDER_NAMES, apply, decide, fact, leave_out, numbers, orders, right
from grove import CASES, EVERY, ORDERS, STEPS, ask
from world import World, case

from data.exclusion_preview import preview
from data.measure_table import Parts, measure_table


def before(world: World, *names: str, **more) -> dict:
    found = world.reader().before_exclusions(ask(*names, **more))
    columns = found[["unit_code", "indicator", "numerator", "denominator", "value", "n_excluded"]].fillna(
        -1.0
    )
    return {row[:2]: row[2:] for row in columns.itertuples(index=False)}


def test_before_equals_after_where_nothing_is_left_out(world):
    orders(world, *(case(n, reported=n, due=n + 4, closed=n + 2) for n in range(6)))
    world.load([case(n, reported=n, due=n + 4, closed=n + 2) for n in range(6)], text=STEPS)
    world.refresh()
    names = (*CASES, *ORDER_NAMES)
    found = before(world, *names)
    assert {name: row[:3] for (_, name), row in found.items()} == {
        name: row[:3] for name, row in numbers(world, *names).items()
    }
    assert {row[3] for row in found.values()} == {0}


def test_before_is_what_it_was_before_anything_was_left_out(world):
    """Of every indicator, in every unit, delivered exclusions and recorded ones alike."""
    text = ORDERS.replace('unit_hint = "hint"', 'unit_hint = "hint"\nexcluded = "hint"')
    rows = [case(n, square=n % 6 + 0.5, reported=n, due=n + 4, closed=n + n % 7) for n in range(12)]
    world.load([(*row[:8], None) for row in rows], name="orders", text=text)
    world.load(rows, text=STEPS)
    world.refresh()
    names = (*CASES, *(name for name in EVERY if name.startswith("order")))
    places = [{}, {"level": "block"}, {"level": "block", "within": "A"}]
    whole = [before(world, *names, **where) for where in places]
    for n in (1, 4, 7):
        leave_out(world, f"C{n}")
        leave_out(world, f"C{n}", source="cases")
    world.load([(*row[:8], "重复") for row in rows[9:11]], name="orders", text=text)
    world.refresh()
    for where, expected in zip(places, whole, strict=True):
        found = before(world, *names, **where)
        assert {key: row[:3] for key, row in found.items()} == {key: row[:3] for key, row in expected.items()}
    counted = {name: int(row[3]) for (_, name), row in before(world, *names).items()}
    assert (counted["orders_accepted"], counted["cases_reported"], counted["case_filing_rate"]) == (5, 3, 0)
    after = numbers(world, *names)
    assert (after["orders_accepted"][0], after["cases_reported"][0], after["case_filing_rate"][1]) == (
        7,
        9,
        12,
    )


def test_an_order_that_repeats_one_left_out_tells_its_event_itself(world):
    text = ORDERS.replace('repeat_of = { value = "elsewhere" }', 'repeat_of = "category"')
    head = text.replace("[fields]", "[links]\nrepeat_of = []\n\n[fields]", 1)
    world.load(
        [case(1, reported=1, category=""), case(2, reported=2, category="C1")], name="orders", text=head
    )
    world.refresh()
    assert numbers(world, "order_events")["order_events"][0] == 1
    leave_out(world, "C1")
    assert right(world)
    assert numbers(world, "order_events")["order_events"][0] == 1
    assert before(world, "order_events")["", "order_events"][0] == 1


def test_the_table_shows_both_beside_each_other(world):
    orders(world, *(case(n, square=0.5 + n % 2, reported=n, due=n + 4, closed=n + 2) for n in range(6)))
    orders(world, case(9, square=0.5, reported=80))
    for n in (0, 2, 4, 9):
        leave_out(world, f"C{n}")
    world.refresh()
    asked = ask("orders_accepted", "order_on_time_rate", level=None)
    plain, both = (
        measure_table(world.reader(), asked, Parts(("unit_code",), "block"), before=flag)
        for flag in (False, True)
    )
    assert both[list(plain)].equals(plain)
    assert list(both)[len(list(plain)) :] == [
        "before_numerator",
        "before_denominator",
        "before_value",
        "excluded",
    ]
    lines = both.set_index(["indicator", "unit_code"])
    assert lines.loc[("orders_accepted", "A1"), ["numerator", "before_numerator", "excluded"]].tolist() == [
        0.0, 4.0, 4.0,
    ]  # fmt: skip
    assert lines.loc[("order_on_time_rate", "A1"), "before_value"] == 1.0
    daily, whole = (
        measure_table(world.reader(), asked, Parts(("day",), time="day"), before=flag)
        for flag in (False, True)
    )
    assert set(whole["day"]) - set(daily["day"]) == {"2026-02-21"}  # on which nothing else counts


def test_a_preview_says_what_an_approval_changes(world):
    orders(world, *(case(n, reported=n, due=n + 1 + n % 3, closed=n + 2) for n in range(6)))
    apply(world, "C0")
    world.refresh()
    asked, shown = ask(*ORDER_NAMES), fact(world, "C0")
    told = {one.indicator.name: one for one in preview(world.reader(), shown, "applied", asked)}
    decide(world, "C0", "approved")
    world.refresh()
    after = numbers(world, *told)
    assert "order_on_time_rate" in told
    for name, one in told.items():
        assert (one.less_value, one.less_n) == pytest.approx((after[name][2], after[name][3]))
    again = {one.indicator.name: one for one in preview(world.reader(), shown, "approved", asked)}
    assert again == told
