"""Published tables in the store, ours beside them: causes, next ranks, what may be seen, on both databases."""

from datetime import date
from fractions import Fraction
from unittest.mock import patch

import pytest
from hotline import FEBRUARY, MARCH, at, deliver, figure, order
from sqlalchemy import select

from data.bulletin_beside import compare, own_unit
from data.bulletin_causes import EXCLUDED, LATE, NOWHERE, UNRATED
from data.bulletin_columns import TOTAL
from data.bulletin_file import Listed
from data.bulletins import (
    BulletinError,
    Draft,
    bulletins,
    figures,
    record,
    spellings,
    with_codes,
    withdraw,
)
from data.district_standing import standing
from data.instants import micros
from data.reader import UnknownUnit
from data.schema_judging import bulletin

CONTACT, CONTENT = "order_first_contact_rate", "order_satisfaction"
PUBLISHED = date(2026, 3, 4)
TABLE = (
    figure(3, "云亭街道", CONTACT, 0.9), figure(3, "云亭街道", TOTAL, 91.5, rank=1),
    figure(4, "District A", CONTACT, 0.8), figure(4, "District A", TOTAL, 90.0, rank=2),
    figure(5, "汀泽镇", CONTACT, 0.7), figure(5, "汀泽镇", TOTAL, 90.0, rank=2),
    figure(6, "B街道", CONTACT, 0.6), figure(6, "B街道", TOTAL, 80.0, rank=4),
)  # fmt: skip


def draft(sha: str = "a", period=FEBRUARY, on: date = PUBLISHED) -> Draft:
    return Draft("二月通报", "区", on, period, sha)


def take(world, table=TABLE, **named) -> int:
    listed = with_codes(Listed(table), world.reader().version, "", "通报.csv")
    return record(world.store, draft(**named), listed, now=world.clock(), by="test")[0]


def known(world, **as_of) -> list:
    with world.store.read() as connection:
        return bulletins(connection, **as_of)


def test_a_file_is_taken_once_and_what_was_withdrawn_stays_known_as_of_then(world):
    number = take(world)
    before = micros(world.now)
    assert take(world) == number and len(known(world)) == 1, "the same file for the same period is there"
    assert take(world, sha="b") == number + 1 and take(world, period=MARCH) == number + 2
    withdraw(world.store, number, now=world.clock(), by="test")
    assert [one.number for one in known(world)] == [number + 2, number + 1], "the newest period first"
    (then,) = known(world, as_of=before)
    assert (then.number, then.title, then.period, then.published_on) == (
        number,
        "二月通报",
        FEBRUARY,
        PUBLISHED,
    )
    with world.store.read() as connection:
        assert len(connection.execute(select(bulletin)).all()) == 4, "a row more, none changed"
        assert [(each.name, each.rank) for each in figures(connection, then.id) if each.indicator == TOTAL] == [
            ("云亭街道", 1), ("District A", 2), ("汀泽镇", 2), ("B街道", 4),
        ]  # fmt: skip
    with pytest.raises(BulletinError, match="got 1; expected the number"):
        withdraw(world.store, number, now=world.clock(), by="test")
    assert take(world) == number + 3, "once withdrawn it may come again"


def test_names_are_ours_with_or_without_their_ending(world):
    for one, other in (("梧桐里街道", "梧桐里"), ("梧桐里街道办事处", "梧桐里街道"), ("Ａ", "a")):
        assert spellings(one) & spellings(other), one
    assert not spellings("梧桐里街道") & spellings("梧桐山街道")
    version = world.reader().version
    coded = with_codes(Listed(TABLE), version, "", "x.csv")
    assert {each.name: each.unit_code for each in coded} == {
        "云亭街道": None, "District A": "A", "汀泽镇": None, "B街道": "B",
    }  # fmt: skip
    for own in ("云亭", "nowhere"):  # there, but which of two units it is nobody can tell; not there
        with pytest.raises(BulletinError, match=rf"x\.csv: unit: got '{own}'; expected one of 云亭街道"):
            with_codes(Listed(TABLE), version, own, "x.csv")


def test_of_one_unit_alone_a_line_of_another_name_can_be_said_to_be_ours(lite):
    from world import World

    world = World(lite.settings.folder / "one", lite.settings.url)
    world.publish((("A", "A1", 1),))
    coded = with_codes(Listed(TABLE[:2]), world.reader().version, "云亭", "x.csv")
    assert {each.unit_code for each in coded} == {"A"}
    world.store.close()


def closed(number, contact="", **more):
    return order(number, **({"closed": "02-20 09:00", "contact": contact} | more))


def story(world) -> None:
    """Eight yes and two no known at publication; two no later; one excluded, three unrated, one nowhere, one of B."""
    at(world, "03-01 08:00")
    first = [closed(n, "yes") for n in range(8)] + [closed(n, "no") for n in (8, 9)]
    first += [closed(10, "yes", excluded="重复工单"), *(closed(n, "unrated") for n in (11, 12, 13))]
    deliver(world, [*first, closed(14, "yes", square=40), closed(15, "no", square=4.5)])
    at(world, "03-06 08:00")
    deliver(world, [closed(20, "no"), closed(21, "no"), closed(22, "yes", closed="03-02 09:00")])


def contact_of(compared):
    return next(each for each in compared.ours if each.figure.indicator == CONTACT)


def test_ours_beside_the_published_with_its_causes(world):
    story(world)
    take(world)
    ours = contact_of(compare(world.reader(), known(world)[0], unit="A"))
    assert (ours.then.numerator, ours.then.denominator, ours.then.value) == (8, 10, 0.8)
    assert (ours.now.numerator, ours.now.denominator) == (8, 12)
    assert ours.difference == pytest.approx(8 / 12 - 0.8)
    value = Fraction(8, 12)
    assert {cause.kind: (cause.count, cause.effect) for cause in ours.causes} == {
        LATE: (2, value - Fraction(8, 10)),
        EXCLUDED: (1, value - Fraction(9, 13)),
        UNRATED: (3, value - Fraction(8, 15)),
        NOWHERE: (1, value - Fraction(9, 13)),
    }
    assert ours.lost == pytest.approx(1 / 12)


def test_a_question_as_of_the_day_of_publication_knows_nothing_late(world):
    story(world)
    take(world)
    ours = contact_of(
        compare(world.reader(), known(world)[0], unit="A", as_of=micros(world.now.replace(day=3)))
    )
    assert ours.now == ours.then and LATE not in {cause.kind for cause in ours.causes}


def test_the_next_ranks_in_score_and_in_orders(world):
    story(world)
    take(world)
    compared = compare(world.reader(), known(world)[0], unit="A")
    ours = contact_of(compared)
    assert (ours.above.name, ours.above.gap, ours.above.orders) == (
        "云亭街道",
        pytest.approx(0.1),
        3,
    )  # 11 of 12
    assert (ours.below.name, ours.below.gap, ours.below.orders) == ("汀泽镇", pytest.approx(0.1), 0)
    total = next(each for each in compared.ours if each.figure.indicator == TOTAL)
    assert (total.above.gap, total.above.orders, total.below.name) == (1.5, None, "B街道"), (
        "equals are passed over"
    )
    assert total.now is None and total.difference is None


def test_orders_of_satisfaction_are_counted_by_level(world):
    at(world, "03-01 08:00")
    levels = ["satisfied"] * 5 + ["mostly"] * 3 + ["dissatisfied"] * 2
    deliver(world, [closed(n, satisfaction=level) for n, level in enumerate(levels)])
    take(
        world,
        (
            figure(3, "District A", CONTENT, 0.7),
            figure(4, "甲", CONTENT, 0.851),
            figure(5, "乙", CONTENT, 0.6),
        ),
    )
    (ours,) = compare(world.reader(), known(world)[0], unit="A").ours
    assert ours.now.value == pytest.approx(0.74) and ours.now.denominator == 10
    assert ours.above.orders == 2, "one of the bad gives 0.84, a second one passes 0.851"
    assert ours.below.orders == 2, "one of the best gone leaves 0.64"
    assert ours.lost == pytest.approx(0.1)


def test_nobody_sees_more_than_the_scope(world):
    story(world)
    take(world)
    (one,) = known(world)
    assert {cause.kind for cause in contact_of(compare(world.reader("A"), one)).causes} == {
        LATE,
        EXCLUDED,
        UNRATED,
    }
    partial = compare(world.reader("A1"), one)
    assert partial.unit is None and not partial.ours and len(partial.figures) == len(TABLE)
    assert compare(world.reader("B"), one).unit == "B"
    for unit in ("B", "nowhere"):
        with pytest.raises(UnknownUnit, match="expected a code of a unit you may see"):
            compare(world.reader("A"), one, unit=unit)
        with pytest.raises(UnknownUnit, match="expected a code of a unit you may see"):
            standing(world.reader("A"), unit=unit)
    assert standing(world.reader("A1")) is None


def test_the_standing_tells_the_rank_before_and_asks_no_fact(world):
    assert standing(world.reader()) is None
    take(world)
    alone = standing(world.reader(), unit="A")
    assert (alone.rank, alone.of, alone.total, alone.previous_rank) == (2, 4, 90.0, None)
    march = (figure(3, "District A", TOTAL, 95.0, rank=1), figure(4, "甲", TOTAL, 93.25, rank=2))
    take(world, march, sha="c", period=MARCH, on=date(2026, 4, 3))
    with patch("data.bulletin_beside.causes", side_effect=AssertionError("looked at facts")):
        found = standing(world.reader(), unit="A")
    assert (found.rank, found.of, found.previous_rank, found.previous.period) == (1, 2, 2, FEBRUARY)
    assert found.above is None and (found.below.name, found.below.gap) == ("甲", 1.75)
    assert own_unit(world.reader(), TABLE) is None, "names alone are no units"
