"""Raw columns of text to a batch of facts: every row ends in the frame or among the rejects, never in neither."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pandas import DataFrame

from data.fields import IDENTITY, START, ColumnSpec
from data.sources.batch import Batch, Raw
from data.sources.cells import gather
from data.sources.declared import listed
from data.sources.definition import Source
from data.sources.draft import Draft
from data.sources.mapping import FieldMap
from data.sources.places import GIVEN, locate
from data.sources.ranges import apply_rules
from data.sources.rows import drop_furniture
from data.sources.spells import RULES, SPELLS, read_spells
from data.sources.state_log import INSTANTS, LOG, read_log
from data.sources.times import NAT, read_times
from data.sources.values import LARGEST_COUNT, half_width, read_choices, read_numbers, read_yesno
from data.sources.whole_stays import check_stays

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
PAST_SLACK = timedelta(days=1)  # of clocks ahead of ours
FUTURE_SLACK = timedelta(days=3653)  # the farthest deadline
LONGEST_KEY = 200
LONGEST_WORD = 500
LONGEST_TEXT = 100_000
_NOT_FINITE = pa.array(["nan", "inf", "-inf", "infinity", "-infinity"], pa.string())
CLOSED_BEFORE = {  # flag -> (later, earlier): a fact that ends before it begins is kept and flagged
    "case": (("closed_before_reported", "closed_at", "reported_at"),),
    "order": (
        ("closed_before_reported", "closed_at", "accepted_at"),
        ("finished_before_accepted", "finished_at", "accepted_at"),
    ),
}


def normalise(raw: Raw, source: Source, *, now: datetime) -> Batch:
    """Give raw rows their meaning.

    raw      columns of text as a format's reader found them
    now      the present (aware): an instant later than a day from now is refused, a deadline after ten years
    returns  a batch in canonical form; `read` = rows of the frame + rejects
    """
    raw = drop_furniture(raw, source)
    draft = Draft(raw, source)
    for mapped in source.fields:
        draft.texts[mapped.name] = gather(raw, mapped, source)
    for column in source.extra:
        draft.texts[column] = raw.columns.get(column, pa.nulls(len(raw.rows), pa.string()))
        _read_text(draft, column, LONGEST_TEXT)
    for mapped in source.fields:
        _READERS[mapped.spec.type](draft, mapped)
        if mapped.spec.required or mapped.name == "vacant":
            empty = ~np.asarray(pc.is_valid(draft.texts[mapped.name]))
            draft.refuse(mapped.name, empty, f"a value; every {source.kind} has one")
    read_log(draft)
    if source.kind == "stay":
        check_stays(draft)
    _check_instants(draft, now)
    _finish_numbers(draft)
    locate(draft)
    _flag_order(draft)
    frame = _frame(draft)
    rejects = tuple(sorted((*raw.rejects, *draft.rejects()), key=lambda reject: reject.row))
    refused, unread = _refused(draft)
    return Batch(
        frame, rejects, len(frame) + len(rejects), draft.counted(), refused, unread + len(raw.rejects)
    )


def _read_text(draft: Draft, name: str, longest: int) -> None:
    texts = draft.texts[name]
    if draft.raw.suspect:
        spoiled = pc.fill_null(pc.match_substring(texts, "\0"), False)
        draft.refuse(name, np.asarray(spoiled), "text without NUL characters")
    long = pc.fill_null(pc.greater(pc.binary_length(texts), longest), False)
    draft.refuse(name, np.asarray(long), f"at most {longest:,} bytes")
    draft.columns[name] = texts


def _read_field_text(draft: Draft, mapped: FieldMap) -> None:
    identity = mapped.name in ("id", IDENTITY[draft.source.kind])
    if identity:
        draft.texts[mapped.name] = half_width(draft.texts[mapped.name])
    longest = LONGEST_KEY if identity else LONGEST_WORD if mapped.spec.type == "word" else LONGEST_TEXT
    _read_text(draft, mapped.name, longest)


def _read_choice(draft: Draft, mapped: FieldMap) -> None:
    found, bad = read_choices(draft.texts[mapped.name], mapped.spec.choices)
    draft.refuse(mapped.name, bad, "one of " + listed(mapped.spec.choices))
    draft.columns[mapped.name] = found


def _read_yesno(draft: Draft, mapped: FieldMap) -> None:
    answers, empty, bad = read_yesno(draft.texts[mapped.name])
    draft.refuse(mapped.name, bad, "yes or no")
    draft.columns[mapped.name] = pd.arrays.BooleanArray(answers & ~empty, empty)


def _read_number(draft: Draft, mapped: FieldMap) -> None:
    if mapped.name in SPELLS:
        _take_spells(draft, mapped.name)
    numbers, bad = read_numbers(draft.texts[mapped.name], decimal=draft.source.decimal)
    if mapped.spec.type == "coordinate":  # "NaN" is how some programs write no place at all
        bad &= ~np.asarray(pc.is_in(pc.utf8_lower(draft.texts[mapped.name]), value_set=_NOT_FINITE))
    draft.refuse(mapped.name, bad, "a number")
    draft.numbers[mapped.name] = numbers


def _take_spells(draft: Draft, name: str) -> None:
    """Suspensions or extensions told one by one become their count, and what was told of them beside it."""
    zone, fold = draft.source.timezone, draft.source.fold
    counts, told, bad = read_spells(draft.texts[name], name, zone=zone, fold=fold)
    draft.refuse(name, bad, RULES[name])
    if told.null_count < len(told):
        draft.columns[SPELLS[name]] = told
    draft.texts[name] = counts


def _read_instant(draft: Draft, mapped: FieldMap) -> None:
    source = draft.source
    times = read_times(draft.texts[mapped.name], zone=source.timezone, form=mapped.format, fold=source.fold)
    draft.refuse(mapped.name, times.bad, _time_rule(mapped.format))
    draft.note("time_folds", times.folds)
    draft.note("time_gaps", times.gaps)
    draft.instants[mapped.name] = times.at


def _time_rule(form: str | None) -> str:
    return "a time such as 2025-01-31 09:05" if form is None else f"a time in the declared format {form}"


def _read_version(draft: Draft, mapped: FieldMap) -> None:
    """A whole number as it is, a time as microseconds since 1970 UTC."""
    texts, source = draft.texts[mapped.name], draft.source
    whole = np.asarray(pc.fill_null(pc.match_substring_regex(texts, r"^[+-]?\d{1,18}$"), False))
    whole &= mapped.format is None
    null = pa.scalar(None, pa.string())
    numbers = pc.cast(pc.if_else(pa.array(whole), texts, null), pa.int64())
    times = read_times(
        pc.if_else(pa.array(~whole), texts, null), zone=source.timezone, form=mapped.format, fold=source.fold
    )
    draft.refuse(mapped.name, times.bad, "a whole number or a time")
    version = np.where(whole, np.asarray(numbers.fill_null(0)), times.at)
    draft.columns[mapped.name] = _whole(version, ~whole & (times.at == NAT))


_READERS: dict[str, Callable[[Draft, FieldMap], None]] = {
    "text": _read_field_text,
    "word": _read_field_text,
    "choice": _read_choice,
    "yesno": _read_yesno,
    "count": _read_number,
    "number": _read_number,
    "coordinate": _read_number,
    "instant": _read_instant,
    "version": _read_version,
}


def _check_instants(draft: Draft, now: datetime) -> None:
    earliest = _microseconds(EARLIEST)
    for name, at in draft.instants.items():
        ahead = name in draft.source.by_field and draft.source.spec(name).future
        latest = now + (FUTURE_SLACK if ahead else PAST_SLACK)
        outside = (at != NAT) & ((at < earliest) | (at > _microseconds(latest)))
        draft.refuse(name, outside, f"a time from {EARLIEST:%Y-%m-%d} to {latest:%Y-%m-%d}")


def _microseconds(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def _finish_numbers(draft: Draft) -> None:
    """Occupied from vacant, then the declared rules, then what a count is by nature."""
    numbers, source = draft.numbers, draft.source
    if "vacant" in numbers:
        numbers["occupied"] = numbers["capacity"] - numbers.pop("vacant")
        draft.texts["occupied"] = draft.texts["vacant"]
    if source.kind == "parking":
        draft.refuse("occupied", np.isnan(numbers["occupied"]), "a value; every parking reading has one")
    apply_rules(draft.numbers, draft.flags, source, refuse=draft.refuse)
    for name, values in numbers.items():
        spec = _spec(source, name)
        if spec.type == "count":
            _check_count(draft, spec, values)
            draft.columns[name] = _whole(values, np.isnan(values) | ~draft.good)
        elif spec.type == "number":
            draft.columns[name] = values


def _spec(source: Source, name: str) -> ColumnSpec:
    return ColumnSpec("occupied", "count") if name == "occupied" else source.spec(name)


def _check_count(draft: Draft, spec: ColumnSpec, values: np.ndarray) -> None:
    filled = ~np.isnan(values)
    fractional = filled & ((values != np.floor(values)) | (np.abs(values) > LARGEST_COUNT))
    draft.refuse(spec.name, fractional, f"a whole number up to {LARGEST_COUNT:,}")
    if not spec.signed and spec.name not in draft.source.rules:
        draft.refuse(spec.name, filled & (values < 0), "a whole number, 0 or more")


def _whole(values: np.ndarray, empty: np.ndarray) -> pd.arrays.IntegerArray:
    return pd.arrays.IntegerArray(np.where(empty, 0, values).astype(np.int64), empty)


def _flag_order(draft: Draft) -> None:
    for flag, later, earlier in CLOSED_BEFORE.get(draft.source.kind, ()):
        if later in draft.instants:
            ends = draft.instants[later]
            draft.flags[flag] = (ends != NAT) & (ends < draft.instants[earlier])


def _frame(draft: Draft) -> DataFrame:
    """The accepted rows in canonical columns."""
    source, raw = draft.source, draft.raw
    columns: dict[str, Any] = {"key": _keys(draft)}
    names = [m.name for m in source.fields if m.name not in ("id", "vacant")] + list(source.extra)
    if "vacant" in source.by_field:
        names.append("occupied")
    if LOG in source.by_field:
        names += [name for name in INSTANTS if name not in source.by_field]
    for name in names:
        columns[name] = draft.instants[name] if name in draft.instants else draft.columns[name]
    more = (*GIVEN, *SPELLS.values())
    columns |= {name: draft.columns[name] for name in more if name in draft.columns}
    columns["flags"] = _flag_texts(draft)
    columns["file"] = pa.repeat(pa.scalar(raw.file, pa.string()), len(raw.rows))
    columns["row"] = raw.rows
    keep = None if draft.good.all() else np.flatnonzero(draft.good)
    return DataFrame(
        {name: _column(value, keep, instant=name in draft.instants) for name, value in columns.items()},
        copy=False,
    )


def _column(value: Any, keep: np.ndarray | None, *, instant: bool) -> Any:
    """A column of the frame from what was read: text as str, instants as UTC, the rest as it is."""
    if isinstance(value, (pa.Array, pa.ChunkedArray)):
        kept = value if keep is None else value.take(pa.array(keep))
        return kept.cast(pa.large_string()).to_pandas()  # "str", without a copy
    kept = value if keep is None else value[keep]
    return pd.DatetimeIndex(kept.view("M8[us]"), tz="UTC") if instant else kept


def _keys(draft: Draft) -> pa.StringArray:
    """The natural key: the id; of a reading, or a stay without one, the lot and the instant,
    `lot@2016-10-04T06:59:42Z`."""
    kind = draft.source.kind
    if kind == "stay" and "id" in draft.columns:
        return draft.columns["id"]
    identity = draft.columns[IDENTITY[kind]]
    if kind not in ("parking", "stay"):
        return identity
    at = draft.instants[START[kind]]
    stamps = np.datetime_as_string((at // 1_000_000).view("M8[s]")).astype(object)
    for place in np.flatnonzero(at % 1_000_000):
        stamps[place] += f".{at[place] % 1_000_000:06d}"
    stamps = stamps + "Z"
    stamps[at == NAT] = None
    return pc.binary_join_element_wise(identity, pa.array(stamps, pa.string()), "@")


def _refused(draft: Draft) -> tuple[tuple[str, ...], int]:
    """Keys of the refused rows; and how many have an id that makes no key (a reading without its instant)."""
    if draft.good.all():
        return (), 0
    if draft.source.kind == "stay" and "id" not in draft.columns:  # the plate is a part of their key
        return (), int((~draft.good).sum())
    bad = pa.array(np.flatnonzero(~draft.good))
    keys = _keys(draft).take(bad)
    named = draft.columns["id" if "id" in draft.columns else IDENTITY[draft.source.kind]].take(bad)
    return tuple(keys.drop_null().to_pylist()), keys.null_count - named.null_count


def _flag_texts(draft: Draft) -> pa.StringArray:
    """Names of a row's flags joined by commas, empty where it has none."""
    texts = np.full(len(draft.raw.rows), "", dtype=object)
    for name, mask in draft.flags.items():
        flagged = np.flatnonzero(mask & draft.good)
        if len(flagged):
            texts[flagged] = [f"{text},{name}" if text else name for text in texts[flagged]]
    return pa.array(texts, pa.string()) if draft.flags else pa.repeat(pa.scalar("", pa.string()), len(texts))
