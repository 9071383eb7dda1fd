"""All rows of a question as a stream of frames: what files are written from.

Memory is that of a chunk whatever the number of rows: places come with the rows by one join, words and units are
looked up by index in arrays made once, and columns go from the driver's tuples to typed arrays without an object a
cell.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
from pandas import DataFrame
from sqlalchemy import Connection, Select, and_, func, select

from data.bulk import raw_rows
from data.factlist import GIVEN, FactColumn, conditions, fact_columns
from data.query import Query
from data.schema import FACTS, PLACES, STARTS, source
from data.terms import read_terms, term_kind, terms

if TYPE_CHECKING:
    from data.reader import Reader

TEXT = pd.StringDtype("pyarrow", na_value=np.nan)
ARROW = {"at": pa.int64(), "count": pa.int64(), "number": pa.float64(), "point": pa.float64()}
Lookup = tuple[np.ndarray, pa.Array]  # sorted numbers and their texts


def chunks(
    reader: Reader, subject: str, query: Query, *, filters: Mapping[str, str], chunk: int
) -> Iterator[DataFrame]:
    """All rows of the period, oldest first, in one snapshot: the columns of `data.factlist.fact_columns`."""
    with reader.store.read() as connection:
        where = conditions(connection, reader, subject, query, filters)
        if where is None:
            return
        columns = fact_columns(subject)
        lookups = _lookups(connection, reader, subject, as_of=query.as_of)
        statement = _statement(reader, subject, columns).where(*where)
        for rows in _parts(connection, statement, chunk):
            yield _frame(rows, columns, lookups)


def _statement(reader: Reader, subject: str, columns: Sequence[FactColumn]) -> Select:
    """One column for each of the file's, the place in today's boundaries for those of the unit; oldest first."""
    table, place = FACTS[subject], PLACES[subject]
    pos = func.coalesce(place.c.place, 0)
    own = {**table.c, GIVEN: table.c["department"]} if "department" in table.c else dict(table.c)
    held = {"id": table.c.key, "source": table.c.source_id, "unit_code": pos, "unit_name": pos, **own}
    wanted = [held[column.name].label(f"c{at}") for at, column in enumerate(columns)]
    placed = and_(place.c.version_id == reader.version.id, place.c.rev == table.c.rev)
    joined = table.outerjoin(place, placed)
    order = (table.c[STARTS[subject]], table.c.source_id, table.c.key)
    return select(*wanted).select_from(joined).order_by(*order)


def _parts(connection: Connection, statement: Select, size: int) -> Iterator[Sequence]:
    """Rows in parts that are fetched as they are asked for, on either store."""
    if connection.dialect.name == "sqlite":
        yield from raw_rows(connection, statement, size=size)
    else:
        yield from connection.execute(statement, execution_options={"yield_per": size}).partitions()


def _lookups(connection: Connection, reader: Reader, subject: str, *, as_of: int | None) -> dict[str, Lookup]:
    """By column: the numbers it is stored as, and what they stand for."""
    found = {}
    for column in fact_columns(subject):
        if column.kind == "word":
            kind = "flags" if column.name == "flags" else term_kind(subject, column.name)
            found[column.name] = _lookup(read_terms(connection, kind, as_of=as_of))
    if "department" in found:
        found[GIVEN] = _lookup(terms(connection, "department"))
    known = connection.execute(select(source.c.id, source.c.name))
    found["source"] = _lookup({row.id: row.name for row in known})
    version = reader.version
    for name, texts in (("unit_code", version.code_at), ("unit_name", version.name_at)):
        found[name] = (np.arange(len(texts)), pa.array(texts, pa.large_string()))
    return found


def _lookup(texts: Mapping[int, str]) -> Lookup:
    numbers = sorted(texts)
    return np.array(numbers, dtype=np.int64), pa.array([texts[one] for one in numbers], pa.large_string())


def _frame(rows: Sequence, columns: Sequence[FactColumn], lookups: Mapping[str, Lookup]) -> DataFrame:
    cells = zip(columns, zip(*rows, strict=True), strict=True)
    return DataFrame({column.name: _series(values, column, lookups) for column, values in cells}, copy=False)


def _series(values: Sequence, column: FactColumn, lookups: Mapping[str, Lookup]):
    """A column of the type a page of the same rows has."""
    if column.name in lookups:
        return _text(_texts(pa.array(values, pa.int64()), lookups[column.name]))
    if column.kind in ("id", "text"):
        return _text(pa.array(values, pa.large_string()))
    if column.kind == "yes":
        return pd.array(pa.array(values).cast(pa.bool_()), dtype="boolean")
    array = pa.array(values, ARROW[column.kind])
    if pa.types.is_floating(array.type):
        return array.to_numpy(zero_copy_only=False)
    absent = array.is_null().to_numpy(zero_copy_only=False)
    return pd.arrays.IntegerArray(array.fill_null(0).to_numpy(), absent)


def _texts(numbers: pa.Array, lookup: Lookup) -> pa.Array:
    known, texts = lookup
    if not len(known):
        return pa.nulls(len(numbers), pa.large_string())
    wanted = numbers.fill_null(int(known[0]) - 1).to_numpy()
    at = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    return texts.take(pa.array(at, mask=known[at] != wanted))


def _text(array: pa.Array):
    return pd.array(pa.chunked_array([array]), dtype=TEXT)
