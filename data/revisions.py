"""Telling new rows from changed and equal ones, and writing revisions."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pandas import DataFrame, Series
from sqlalchemy import Connection, bindparam, func, insert, select, update

from data import secrets
from data.bulk import any_of, ensure_indexes, insert_rows
from data.places import HINT_SEPARATOR
from data.placing import placeable
from data.schema import FACT_COLUMNS, FACTS, FOREVER, sealed, term
from data.schema_judging import due_change
from data.sources.definition import Source
from data.sources.spells import SPELLS
from data.store import Store
from data.terms import term_kind, terms

HINTS = ("unit_hint", "unit_hint_2", "unit_hint_3", "unit_hint_4")


@dataclass(frozen=True)
class Sorted:
    """A round of rows told apart: the frame, the same as stored, two masks, and the revisions to be closed."""

    frame: DataFrame
    rows: DataFrame
    fresh: np.ndarray
    changed: np.ndarray
    replaced: np.ndarray


class Revisions:
    """The revisions of one source during one load."""

    def __init__(self, store: Store, origin: Source, *, source_id: int, subject: str, load_id: int):
        self.store, self.origin, self.subject, self.load_id = store, origin, subject, load_id
        self.source_id = source_id
        self.table = FACTS[subject]
        self.kinds = FACT_COLUMNS[subject]
        self._vocabulary: dict[str, dict[str, int]] = {}
        self._seen: set[int] = set()
        with store.read() as connection:
            stored = select(self.table.c.rev).where(self.table.c.source_id == self.source_id)
            self._blank = connection.execute(stored.limit(1)).first() is None
            self._next = (connection.scalar(select(func.max(self.table.c.rev))) or 0) + 1
        key = secrets.ensure_key(store.settings.folder) if origin.sealed else None
        self._sealer = secrets.Sealer(key) if key else None
        self._digest_key = secrets.derive(key, "linli digest").hex()[:16] if key else None

    def rounds(self, frame: DataFrame) -> Iterator[DataFrame]:
        """Rows in rounds in which every key stands once, in order of delivery."""
        if frame.empty:
            return
        if frame["key"].is_unique:
            yield frame
            return
        turn = frame.groupby("key", sort=False).cumcount().to_numpy()
        for number in range(int(turn.max()) + 1):
            yield frame[turn == number]

    def last_of_repeated(self, frame: DataFrame) -> DataFrame:
        """The last row of each key that stands several times; none where nothing is known, or versions decide."""
        if self._blank or frame.empty or "version" in frame:
            return frame[:0]
        return frame[frame["key"].duplicated(keep=False) & ~frame["key"].duplicated(keep="last")]

    def sort_out(self, connection: Connection, frame: DataFrame) -> "Sorted":
        """Tell new rows from changed and equal ones; a row older than what is known counts as equal."""
        rows = self._stored(connection, frame)
        known = self._known(connection, rows["key"][self._maybe_known(rows["key"])])
        index = known.index.get_indexer(pd.Index(rows["key"])) if len(known) else np.full(len(rows), -1)
        fresh = index < 0
        current = known.iloc[index[~fresh]]
        differs = current["digest"].to_numpy() != rows["digest"].to_numpy()[~fresh]
        if "version" in rows:
            before = current["version"].astype("Int64")
            older = rows["version"][~fresh].reset_index(drop=True) < before.reset_index(drop=True)
            differs &= ~older.fillna(False).to_numpy(dtype=bool)
        changed = np.zeros(len(rows), dtype=bool)
        changed[~fresh] = differs
        return Sorted(frame, rows, fresh, changed, replaced=current["rev"].to_numpy()[differs])

    def _maybe_known(self, keys: Series) -> np.ndarray:
        """Whether each key can have been stored: in a first load, only what this load itself brought before."""
        if not self._blank:
            return np.ones(len(keys), dtype=bool)
        hashes = [*map(hash, keys.tolist())]
        maybe = np.zeros(len(hashes), dtype=bool)
        if not self._seen.isdisjoint(hashes):
            maybe[:] = [value in self._seen for value in hashes]
        self._seen.update(hashes)
        return maybe

    def _known(self, connection: Connection, keys: Series) -> DataFrame:
        """Current revision of those keys that have one: rev, digest, version by key."""
        table, names = self.table, ["key", "rev", "digest", "version"]
        if keys.empty:
            return DataFrame(columns=names).set_index("key")
        if self._blank:
            ensure_indexes(connection, table)  # a first load has taken them away until a key comes twice
        query = select(*(table.c[name] for name in names)).where(
            table.c.source_id == self.source_id,
            table.c.key.in_(any_of(connection, keys.tolist())),
            table.c.superseded == FOREVER,
        )
        return DataFrame(connection.execute(query).all(), columns=names).set_index("key")

    def add(self, connection: Connection, found: "Sorted") -> DataFrame:
        """Write new revisions, close those they replace; answers rev and what `data.placing` asks for of each."""
        take = found.fresh | found.changed
        rows = found.rows[take].copy()
        rows["rev"] = np.arange(self._next, self._next + len(rows), dtype=np.int64)
        self._next += len(rows)
        if len(found.replaced):
            closing = (
                update(self.table).where(self.table.c.rev == bindparam("old")).values(superseded=self.load_id)
            )
            connection.execute(closing, [{"old": rev} for rev in found.replaced.tolist()])
        names = [name for name in rows.columns if name != "hint_text" and rows[name].notna().any()]
        lines = zip(*(_native(rows[name]) for name in names), strict=True)
        same = {"source_id": self.source_id, "load": self.load_id, "superseded": FOREVER}
        insert_rows(connection, self.table, names, lines, same=same)
        if self._sealer is not None:
            self._seal(connection, self._sealer, found.frame[take], rows["rev"].tolist())
        self._keep_spells(connection, found.frame[take], rows["rev"].tolist())
        found_at = {"rev": rows["rev"], "lon": rows["lon"], "lat": rows["lat"], "hint": rows["hint_text"]}
        return placeable(rows, self.subject, source_id=self.source_id).assign(**found_at)

    def _stored(self, connection: Connection, frame: DataFrame) -> DataFrame:
        """The batch as it lies in the table: instants and words as integers, with a digest of the content."""
        columns: dict[str, Series] = {"key": frame["key"]}
        if "version" in frame:
            columns["version"] = frame["version"]
        for name, kind in self.kinds.items():
            if name in frame and name not in self.origin.sealed:
                columns[name] = self._column(connection, frame[name], kind, term_kind(self.subject, name))
        for name in ("lon", "lat"):
            columns[name] = frame[name] if name in frame else Series(np.nan, index=frame.index)
        hint = _joined(frame)
        columns["hint"] = self._column(connection, hint, "word", "hint")
        flags = (
            frame["flags"].where(frame["flags"] != "")
            if "flags" in frame
            else Series(np.nan, index=frame.index)
        )
        columns["flags"] = self._column(connection, flags.astype("str"), "word", "flags")
        rows = DataFrame(columns)
        rows["digest"] = self._digest(rows, frame)
        rows["hint_text"] = hint
        rows["withdrawn"] = frame["withdrawn"].astype(bool) if "withdrawn" in frame else False
        return rows

    def _column(self, connection: Connection, values: Series, kind: str, words: str) -> Series:
        if kind == "at":
            return values.astype("int64").where(values.notna()).astype("Int64")
        if kind == "word":
            return self._ids(connection, values, words)
        if kind == "yes":
            return values.astype("boolean")
        if kind == "count":
            return values.astype("Int64")
        return values

    def _ids(self, connection: Connection, values: Series, kind: str) -> Series:
        """Numbers of words, adding those the vocabulary lacks."""
        known = self._vocabulary.get(kind)
        if known is None:
            known = self._vocabulary[kind] = {
                text: number for number, text in terms(connection, kind).items()
            }
        codes, texts = pd.factorize(values)
        fresh = [text for text in texts if text not in known]
        if fresh:
            known.update(self._new_words(connection, fresh, kind))
        numbers = np.array([known[text] for text in texts] + [-1], dtype=np.int64)
        ids = Series(numbers[codes], index=values.index)
        return ids.where(ids >= 0).astype("Int64")

    def _new_words(self, connection: Connection, texts: list[str], kind: str) -> dict[str, int]:
        """Add words to the vocabulary; answers their numbers."""
        start = (connection.scalar(select(func.max(term.c.id))) or 0) + 1
        numbers = {text: start + index for index, text in enumerate(texts)}
        connection.execute(
            insert(term), [{"id": number, "kind": kind, "text": text} for text, number in numbers.items()]
        )
        return numbers

    def _digest(self, rows: DataFrame, frame: DataFrame) -> Series:
        """64 bits over everything a row says; sealed fields go in under the instance's key."""
        total = np.zeros(len(rows), dtype=np.uint64)
        for name in rows.columns:
            if name != "key":
                total += _hashed(name, rows[name], None)
        for name in self.origin.sealed:
            total += _hashed(name, frame[name], self._digest_key)
        for name in SPELLS.values():
            if name in frame:
                total += _hashed(name, frame[name], None)
        return Series(total.view(np.int64), index=rows.index)

    def _keep_spells(self, connection: Connection, frame: DataFrame, revs: list[int]) -> None:
        """What the new revisions tell of suspensions and extensions beside their count."""
        rows = [
            (self.subject, rev, field, text)
            for field, name in SPELLS.items()
            if name in frame
            for rev, text in zip(revs, frame[name], strict=True)
            if isinstance(text, str)
        ]
        if rows:
            insert_rows(connection, due_change, ("subject", "rev", "field", "text"), rows)

    def _seal(
        self, connection: Connection, sealer: secrets.Sealer, frame: DataFrame, revs: list[int]
    ) -> None:
        rows = []
        for name in self.origin.sealed:
            for rev, text in zip(revs, frame[name], strict=True):
                if isinstance(text, str):
                    box = sealer.seal(text, context=f"{self.subject}/{rev}/{name}")
                    rows.append((self.subject, rev, name, box))
        insert_rows(connection, sealed, ("subject", "rev", "field", "box"), rows)


def _joined(frame: DataFrame) -> Series:
    """The hints of each row in the order they are to be tried."""
    present = [frame[name] for name in HINTS if name in frame]
    if not present:
        return Series(np.nan, index=frame.index, dtype="str")
    joined = present[0]
    for other in present[1:]:
        both = joined.notna() & other.notna()
        joined = joined.fillna(other).where(~both, joined + HINT_SEPARATOR + other)
    return joined


def _hashed(name: str, values: Series, key: str | None) -> np.ndarray:
    """Hash of each value of a column, 0 where absent, so that a new empty column changes nothing."""
    if values.dtype in ("Int64", "boolean"):
        plain = values.astype("Int64").fillna(0).to_numpy(dtype=np.int64)
    else:
        plain = values.to_numpy(dtype=object if values.dtype == "str" else None)
    hashed = pd.util.hash_array(plain, hash_key=key) if key else pd.util.hash_array(plain)
    salt = np.uint64((zlib.crc32(name.encode()) * 2 + 1) * 0x9E3779B97F4A7C15 % 2**64)
    mixed = (hashed ^ (hashed >> np.uint64(31))) * salt
    return np.where(values.notna().to_numpy(), mixed, np.uint64(0))


def _native(values: Series) -> list:
    """Python values with None where absent, as drivers want them."""
    absent = values.isna().to_numpy()
    if values.dtype in ("Int64", "boolean"):
        plain = values.to_numpy(dtype=np.int64 if values.dtype == "Int64" else bool, na_value=0)
    else:
        plain = values.to_numpy()
    if not absent.any():
        return plain.tolist()
    cells = plain.astype(object)
    cells[absent] = None
    return cells.tolist()
