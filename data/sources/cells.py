"""One field of ours out of raw columns: tried in turn, joined, cut, constant, or only when another column says so."""

from functools import partial, reduce

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data.sources.batch import Raw
from data.sources.definition import Source
from data.sources.mapping import MORE_HINTS, FieldMap
from data.sources.values import half_width, take_part, tidy, without_prefix

FEW = ("word", "choice", "yesno")
_NULL = pa.scalar(None, pa.string())


def gather(raw: Raw, mapped: FieldMap, source: Source) -> pa.StringArray:
    """Texts of one field, tidied: null where empty or declared missing, declared values replaced."""
    count = len(raw.rows)
    if mapped.value is not None:
        return pa.repeat(pa.scalar(mapped.value, pa.string()), count)
    name = "unit_hint" if MORE_HINTS.match(mapped.name) else mapped.name
    missing = source.missing.get(name, frozenset()) | source.missing.get("*", frozenset())
    values = source.values.get(name)
    few = mapped.spec.type in FEW
    columns = [raw.columns[column] for column in mapped.columns if column in raw.columns]
    if not columns:
        return pa.nulls(count, pa.string())
    if mapped.join is not None:
        joined = reduce(
            partial(_join, mapped.join), (tidy(column, missing=missing, few=few) for column in columns)
        )
        texts = tidy(joined, values=values, few=few)
    elif mapped.part is not None:
        cut = take_part(columns[0], mapped.part, mapped.split)
        texts = tidy(cut, missing=missing, values=values, few=few)
    else:
        tidied = [tidy(column, missing=missing, values=values, few=few) for column in columns]
        texts = tidied[0] if len(tidied) == 1 else pc.coalesce(*tidied)
    if mapped.strip:
        texts = without_prefix(half_width(texts), mapped.strip)
    return pc.if_else(_holds(raw, mapped), texts, _NULL) if mapped.when else texts


def _join(mark: str, first: pa.StringArray, second: pa.StringArray) -> pa.StringArray:
    """Two texts with a mark between them; one alone where the other is null.

    Arrow's own way of passing over nulls loses a row in which all are null.
    """
    return pc.coalesce(pc.binary_join_element_wise(first, second, mark), first, second)


def _holds(raw: Raw, mapped: FieldMap) -> pa.BooleanArray:
    holds = pa.array(np.ones(len(raw.rows), dtype=bool))
    for column, texts in mapped.when:
        said = raw.columns.get(column, pa.nulls(len(raw.rows), pa.string()))
        holds = pc.and_(holds, pc.is_in(tidy(said, few=True), value_set=pa.array(texts, pa.string())))
    return holds
