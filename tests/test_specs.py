"""Every indicator against its specification: the table the glossary shows, run through the definition itself."""

from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data import spec_tables
from data.defining import Indicator
from data.facts import Promises, prepare
from data.factstore import COUNTED
from data.histograms import BINS, quantile
from data.indicators import INDICATORS
from data.instants import micros
from data.schema import FACT_COLUMNS
from data.settings import EPOCH_DAY, parse_settings
from data.spec_tables import REMARKS, Spec, SpecError, load_spec
from data.tally import Cells, tally

CITY = parse_settings(
    {"name": "x", "timezone": spec_tables.ZONE, "levels": [{"name": "grid"}]}, folder=Path("x")
)
BIN = 1.05  # a duration is exact to one bin of the histogram


def cell(subject: str, column: str, text: str):
    """A cell as it is read: instants in microseconds, yes 1, no 0, counts, texts 1, all -1 where absent; words None."""
    if column in ("withdrawn", "elsewhere"):
        return int(text == "yes")
    kind = FACT_COLUMNS[subject][column]
    if kind == "at":
        return micros(spec_tables.moment(text).replace(tzinfo=CITY.timezone)) if text else -1
    if kind == "yes":
        return {"yes": 1, "no": 0, "": -1}[text]
    if kind == "count":
        return int(text or -1)
    return (text or None) if kind == "word" else 1 if text else -1


def prepared(spec: Spec, subject: str) -> pd.DataFrame:
    """The facts of a specification as the indicators see them."""
    rows = pd.DataFrame({"rev": range(len(spec.facts)), "source_id": 1, "withdrawn": 0, "flags": -1})
    rows["key"] = [fact.get("id", fact.get("lot")) for fact in spec.facts]
    for column in ("withdrawn", "elsewhere", *COUNTED[subject]):
        rows[column] = [cell(subject, column, fact.get(column, "")) for fact in spec.facts]
        if FACT_COLUMNS[subject].get(column) == "word":
            rows[column] = rows[column].astype("category")
    promises = Promises({} if spec.every is None else {1: spec.every})
    return prepare(rows, subject, CITY, promises=promises)


def given_sums(entry: Indicator, cells: Cells) -> dict:
    """What the definition gives on each day: numerator and denominator in the units of the value; n and value."""
    days = [EPOCH_DAY + timedelta(days=int(day)) for day in cells.day]
    if entry.kind == "quantile":
        cell_of, bins, counts = next(iter(cells.pairs.values()))
        found = {}
        for at, day in enumerate(days):
            mine = np.bincount(bins[cell_of == at], counts[cell_of == at], minlength=BINS)
            if mine.sum():
                found[day] = (
                    float(mine.sum()),
                    quantile(mine, entry.quantile) * (60 if entry.time == "minutes" else 1),
                )
        return found
    column = cells.sums[:, cells.names.index(f"n_{entry.name}")] / entry.scale
    if entry.kind == "stock":
        column = np.cumsum(column)
        return dict(zip(days, [(value,) for value in column], strict=True))
    if entry.denominator is None:
        return {day: (value,) for day, value in zip(days, column, strict=True) if value}
    below = cells.sums[:, cells.names.index(f"d_{entry.name}")] / entry.base_scale
    return {day: pair for day, *pair in zip(days, column, below, strict=True) if any(pair)}


@pytest.mark.parametrize("entry", INDICATORS.values(), ids=INDICATORS)
def test_the_definition_gives_the_sums_of_its_specification(entry):
    spec = load_spec(entry.name)
    facts = prepared(spec, entry.subject)
    found = given_sums(entry, tally(facts, np.zeros(len(facts), dtype=int), (entry,)))
    expected = {
        spec_tables.day(row["day"]): tuple(float(row[name] or "nan") for name in row if name != "day")
        for row in spec.sums
    }
    assert found.keys() == expected.keys()
    for day, sums in expected.items():
        if entry.kind == "quantile":
            n, value = found[day]
            near = np.isnan(value) if np.isnan(sums[1]) else sums[1] / BIN < value < sums[1] * BIN
            assert n == sums[0] and near, day
        else:
            assert tuple(found[day]) == pytest.approx(sums), day


@pytest.mark.parametrize("name", INDICATORS)
def test_a_specification_teaches_something(name):
    spec = load_spec(name)
    ids = [row["id"] for row in spec.facts if "id" in row]
    assert len(spec.facts) >= 5 and len(set(ids)) == len(ids)
    for language in REMARKS:
        assert all(spec.remarks[language]) and len(spec.remarks[language]) == len(spec.facts)
    known = {"id", "withdrawn", "repeat_of", "linked_case", "elsewhere", *COUNTED[INDICATORS[name].subject]}
    assert set(spec.columns) <= known


def test_no_specification_is_left_over():
    assert {path.stem for path in spec_tables.FOLDER.glob("*.txt")} == set(INDICATORS)


def test_a_table_out_of_shape_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(spec_tables, "FOLDER", tmp_path)
    for text, message in {
        "id | zh | en\nC1 | x\n\nday | numerator\n11-01 | 1": "got 2 cells in 'C1'; expected 3",
        "id | zh | en\nC1 | x | y": "got 1 tables; expected facts and sums",
    }.items():
        (tmp_path / "odd.txt").write_text(text, encoding="utf-8")
        with pytest.raises(SpecError, match=message):
            load_spec("odd")
    with pytest.raises(SpecError, match="got no file"):
        load_spec("none")
