"""Commands of composites: what they are made of, and the scores of one."""

from argparse import Namespace
from collections.abc import Callable

from callbacks.commands import open_store, question, reader_of, say
from data.composite_edits import CompositeError
from data.composites import Composite
from data.measure_table import parse_parts
from data.query import QueryError
from data.reader import Reader
from data.targets import deciding_day


def show(options: Namespace) -> int:
    """The scores of one composite with all that is behind them; without a name all composites in force."""
    store = open_store(options)
    reader = reader_of(store, tree=options.tree)
    if not options.name:
        return _listed(options, reader)
    parts = parse_parts(options.by, levels=store.settings.tree(options.tree).names)
    if parts.time or parts.words:
        raise QueryError(f"by: got '{options.by}'; expected level:L alone")
    query = question(options, store, ())
    known = reader.composites(as_of=query.as_of)
    found = known.of(options.name, deciding_day(query.period, reader.today))
    if found is None:
        names = ", ".join(sorted({row.name for row in known.rows})) or "none yet"
        raise CompositeError(f"composite: got '{options.name[:40]}'; expected one in force, of: {names}")
    own = reader.unit(query.within).level if query.within else None
    table = reader.scores(query.asking(level=parts.level or own), found)
    table = table if parts.level else table[table["kind"] == "total"]
    table = table.drop(columns=[name for name in map(str, table) if name.endswith(".state")])
    if options.json or options.format == "json":
        print(table.to_json(orient="records", force_ascii=False))
    else:
        print(table.to_csv(index=False, lineterminator="\n", float_format="%.12g"), end="")
    return 0


def _listed(options: Namespace, reader: Reader) -> int:
    found = reader.composites().on(reader.today)
    document = [
        {
            "name": one.name, "titles": dict(one.titles), "weights": one.ceiling, "missing": one.missing,
            "parts": [{"indicator": part.indicator, "weight": part.weight, "scale": part.scale} for part in one.parts],
        }
        for one in found
    ]  # fmt: skip
    lines = [_line(one, reader.settings.locale) for one in found] or ["no composite is in force"]
    return say(options, {"composites": document}, lines)


def _line(one: Composite, locale: str) -> str:
    parts = " + ".join(f"{part.weight:g} {part.indicator}" for part in one.parts)
    odd = "" if one.ceiling == 100 else f" (weights sum to {one.ceiling:g}, not 100)"
    return f"{one.name}  {one.title(locale)}: {parts}{odd}"


COMMANDS: dict[str, Callable[[Namespace], int]] = {"composite": show}
