"""Merged cells of a hierarchy: a blank cell means the one above it, in the columns a source declares and no others."""

from collections.abc import Iterator
from dataclasses import replace

import pyarrow as pa

from data.sources.batch import Raw
from data.sources.definition import Source
from data.sources.rows import drop_furniture


def fill_down(raws: Iterator[Raw], source: Source) -> Iterator[Raw]:
    """The rows of one file with the cells of `source.fill` filled from above, over all its parts.

    A new cell in an upper column ends what stood in the lower ones. Totals and blank rows are dropped first, or
    their words would be carried on.
    """
    last: dict[str, str | None] = dict.fromkeys(source.fill)
    for raw in raws:
        records = drop_furniture(raw, source)
        names = [name for name in source.fill if name in records.columns]
        rows = zip(*(records.columns[name].to_pylist() for name in names), strict=True)
        filled: list[list[str | None]] = []
        for row in rows:
            for depth, (name, cell) in enumerate(zip(names, row, strict=True)):
                if cell is not None and cell.strip() and cell != last[name]:
                    last[name] = cell
                    last.update(dict.fromkeys(names[depth + 1 :]))
            filled.append([last[name] for name in names])
        columns = {
            name: pa.array([row[place] for row in filled], pa.string()) for place, name in enumerate(names)
        }
        yield replace(records, columns=records.columns | columns)
