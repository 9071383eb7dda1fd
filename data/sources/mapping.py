"""How a source's columns become our fields: the tables `[fields]`, `[values]`, `[missing]`, `[rules]`.

id = "unique_key"                                            one column
category = ["complaint_type", "descriptor"]                  the first that is not blank
category = { columns = ["大类", "小类"], join = "/" }          all of them, joined
reported_at = { column = "created", format = "%d.%m.%Y" }    ISO, excel, epoch, epoch_ms or a strptime format
lat = { column = "Location", part = 1 }                      the first part of "-37.8, 144.9"; split = ","
id = { column = "工单编号", strip = ["12345", "SH"] }          without what some systems put before it
kind = { value = "littering" }                               the same for every row
closed_at = { column = "updated", when = { status = "closed" } }   only where their column says so
"""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from data.fields import ColumnSpec
from data.sources.declared import Section, listed

TIME_FORMATS = ("iso", "excel", "epoch", "epoch_ms")
NUMERIC = ("count", "number", "coordinate")
MORE_HINTS = re.compile(r"unit_hint_\d+\Z")


@dataclass(frozen=True)
class FieldMap:
    """Where one field of ours comes from.

    columns  their columns: tried in turn, or all joined by `join`
    format   of an instant: one of TIME_FORMATS or a strptime format; None: recognised
    part     1-based part of a cell that holds several, cut at `split`
    value    the same for every row, instead of columns
    when     (their column, texts): elsewhere the field is empty
    strip    texts that may stand before the value and are no part of it
    """

    name: str
    spec: ColumnSpec
    columns: tuple[str, ...] = ()
    join: str | None = None
    format: str | None = None
    part: int | None = None
    split: str = ","
    value: str | None = None
    when: tuple[tuple[str, tuple[str, ...]], ...] = ()
    strip: tuple[str, ...] = ()

    @property
    def reads(self) -> tuple[str, ...]:
        """Every column of theirs it looks at."""
        return self.columns + tuple(column for column, _ in self.when)


@dataclass(frozen=True)
class Rule:
    """The range of a number and what to do outside it: reject | flag | clip. A bound may be another field."""

    field: str
    minimum: float | str | None
    maximum: float | str | None
    otherwise: str


def read_fields(section: Section, known: tuple[ColumnSpec, ...]) -> tuple[FieldMap, ...]:
    """The table `[fields]`, in the order of `known`. Raises SourceError."""
    found: list[FieldMap] = []
    for spec in known:
        value = section.values.get(spec.name)
        if value is None:
            continue
        mapped = _field(section, spec, value)
        if spec.name == "unit_hint" and mapped.join is None and len(mapped.columns) > 1:
            found += [
                replace(mapped, name="unit_hint" + (f"_{turn}" if turn > 1 else ""), columns=(column,))
                for turn, column in enumerate(mapped.columns, 1)
            ]
        else:
            found.append(mapped)
    Section(section.where, section.values, expected=[spec.name for spec in known]).finish()
    return tuple(found)


def _field(section: Section, spec: ColumnSpec, value: Any) -> FieldMap:
    if not isinstance(value, dict):
        columns = section.texts(spec.name)
        if not columns:
            raise section.refuse(spec.name, value, "the name of a column, a list of names or a table")
        return FieldMap(spec.name, spec, columns)
    table = section.sub(spec.name)
    one, several = table.texts("column"), table.texts("columns")
    constant = _scalar(table, "value") if "value" in table.values else None
    if sum(map(bool, (one, several, constant is not None))) != 1:
        raise section.refuse(spec.name, value, "exactly one of column, columns and value")
    mapped = FieldMap(
        name=spec.name,
        spec=spec,
        columns=one or several,
        join=table.take("join", str, "/" if several else None),
        format=_time_format(table, spec),
        part=table.whole("part", 1, 9, 1) if "part" in table.values else None,
        split=table.take("split", str, ","),
        value=constant,
        when=_when(table.sub("when")),
        strip=_strip(table, spec),
    )
    if "value" in table.values:
        table.take("value", type(table.values["value"]))
    table.finish()
    return mapped


def _strip(table: Section, spec: ColumnSpec) -> tuple[str, ...]:
    texts = table.texts("strip")
    if texts and spec.type not in ("text", "word"):
        raise table.refuse("strip", list(texts), f"nothing to strip: {spec.name} is no text")
    return texts


def _scalar(table: Section, key: str) -> str:
    value = table.values[key]
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, (str, int, float)) or not str(value).strip():
        raise table.refuse(key, value, "a text or a number")
    return str(value)


def _when(table: Section) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple((column, table.texts(column)) for column in table.values)


def _time_format(table: Section, spec: ColumnSpec) -> str | None:
    text = table.take("format", str)
    if text is None:
        return None
    if spec.type not in ("instant", "version"):
        raise table.refuse("format", text, f"no format: {spec.name} is no time")
    if text.lower() in TIME_FORMATS:
        return text.lower()
    try:
        datetime.strptime("", text)
    except ValueError as error:
        if "%" not in text or "directive" in str(error) or "stray" in str(error):
            expected = f"one of {listed(TIME_FORMATS)} or a strptime format such as %d.%m.%Y %H:%M"
            raise table.refuse("format", text, expected) from error
    return text


def _mapped(section: Section, fields: tuple[FieldMap, ...], *, also: tuple[str, ...] = ()) -> list[str]:
    """Keys of a table about fields; each must be mapped, else it does nothing and hides a slip."""
    names = [mapped.name for mapped in fields if not MORE_HINTS.match(mapped.name)]
    for key, value in section.values.items():
        if key not in names and key not in also:
            raise section.refuse(key, value, "one of the mapped fields " + listed([*names, *also]))
    return list(section.values)


def read_values(section: Section, fields: tuple[FieldMap, ...]) -> dict[str, dict[str, str]]:
    """The tables `[values.FIELD]`: their value -> ours. Raises SourceError."""
    found = {}
    by_name = {mapped.name: mapped.spec for mapped in fields}
    for name in _mapped(section, fields):
        table = section.sub(name)
        found[name] = {theirs.strip(): _scalar(table, theirs) for theirs in table.values}
        choices = by_name[name].choices
        for theirs, ours in found[name].items():
            if choices and ours not in choices:
                raise table.refuse(theirs, ours, "one of " + listed(choices))
    return found


def read_missing(section: Section, fields: tuple[FieldMap, ...]) -> dict[str, frozenset[str]]:
    """The table `[missing]`: our field, or "*" for all, -> texts that mean not known. Raises SourceError."""
    return {
        name: frozenset(map(str.strip, section.texts(name))) for name in _mapped(section, fields, also=("*",))
    }


def read_rules(section: Section, fields: tuple[FieldMap, ...]) -> dict[str, Rule]:
    """The table `[rules]`. A bound is a number, a numeric field, or the column such a field is read from."""
    numeric = {mapped.name: mapped.name for mapped in fields if mapped.spec.type in NUMERIC}
    if "vacant" in numeric:
        numeric["occupied"] = "occupied"  # computed from vacant
    columns = {m.columns[0]: m.name for m in fields if m.spec.type in NUMERIC and len(m.columns) == 1}
    found = {}
    for name in section.values:
        if name not in numeric:
            raise section.refuse(name, section.values[name], "one of the mapped numbers " + listed(numeric))
        table = section.sub(name)
        bounds = [_bound(table, key, {**columns, **numeric}) for key in ("min", "max")]
        if bounds == [None, None]:
            raise section.refuse(name, section.values[name], "min, max or both")
        found[name] = Rule(
            name, bounds[0], bounds[1], table.choice("else", ("reject", "flag", "clip"), "reject")
        )
        Section(table.where, table.values, expected=("min", "max", "else")).finish()
    return found


def _bound(table: Section, key: str, names: dict[str, str]) -> float | str | None:
    value = table.values.get(key)
    if value is None or (isinstance(value, (int, float)) and not isinstance(value, bool)):
        return value
    if value not in names:
        raise table.refuse(key, value, "a number or one of " + listed(names))
    return names[value]
