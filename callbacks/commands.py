"""The commands of `linli`: parse, call, print. One function a command, named as the command is."""

import importlib
import json
import sys
from argparse import Namespace
from collections.abc import Callable
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

from sqlalchemy import inspect
from sqlalchemy.exc import OperationalError
from tqdm import tqdm

from data import ledger
from data.assessment_periods import named, so_far
from data.bulletins import BulletinError
from data.calendar_days import CalendarError
from data.composite_edits import CompositeError
from data.deadline_files import DeadlineError
from data.departments import DepartmentError
from data.exclusions import ExclusionError
from data.gazetteer_file import GazetteerError
from data.indicators import INDICATORS
from data.instants import utc_now
from data.jobs import JobFailed, UnknownJob
from data.locks import Busy
from data.measure_table import measure_table, parse_parts
from data.measures import NotReady
from data.migrate import migrate
from data.people import PeopleError
from data.query import LONGEST_DAYS, Period, Query, QueryError, parse_date, parse_instant
from data.reader import Reader, UnknownUnit
from data.refreshing import refresh_all
from data.scope import whole_scope
from data.secrets import SecretError
from data.settings import EPOCH_DAY, FIRST_TREE, LOCALES, SettingsError, load_settings, write_settings
from data.sources.batch import SourceError
from data.sources.definition import load_source
from data.store import Store, StoreError
from geo.boundaries import BoundaryError

BY = "command line"  # who the audit trail names
ELSEWHERE = {
    **dict.fromkeys(("serve", "worker", "demo"), "callbacks.serving"),
    **dict.fromkeys(("units", "trees"), "callbacks.unit_commands"),
    "gazetteer": "callbacks.place_names",
    "calendar": "callbacks.calendar_commands",
    "deadlines": "callbacks.deadline_commands",
    "published": "callbacks.published_commands",
    "composite": "callbacks.composite_commands",
    "exclusions": "callbacks.exclusion_commands",
    **dict.fromkeys(("changes", "release"), "callbacks.release_commands"),
}
REFUSALS = (
    SettingsError, SourceError, BoundaryError, QueryError, UnknownUnit, StoreError, NotReady, Busy, PeopleError,
    DepartmentError, CalendarError, SecretError, GazetteerError, UnknownJob, JobFailed, OperationalError,
    OSError, DeadlineError, BulletinError, CompositeError, ExclusionError,
)  # fmt: skip


def one_line(error: BaseException) -> str:
    """The message of a refusal on one line; what a disk or a database refuses has no message of ours."""
    if isinstance(error, OperationalError):
        return f"database: got {' '.join(str(error.orig).split())}; expected one that can be read and written"
    if isinstance(error, OSError):
        got = error.strerror or error
        return f"{error.filename or 'system'}: got {got}; expected a place that can be used"
    return " ".join(str(error.args[0] if error.args else error).split())


def run(options: Namespace) -> int:
    """Hand the parsed options to the command's function."""
    name = f"{options.command}_{options.action}" if getattr(options, "action", None) else options.command
    if name in COMMANDS:
        return COMMANDS[name](options)
    module = ELSEWHERE.get(options.command, "callbacks.office")
    return importlib.import_module(module).COMMANDS[name](options)  # the web stack is slow to import


def open_store(options: Namespace) -> Store:
    """The store of the instance named, brought to this program's tables."""
    store = Store(load_settings(options.instance))
    migrate(store)
    return store


def reader_of(store: Store, *, tree: str = FIRST_TREE) -> Reader:
    """A reader of everything, for the person at the shell."""
    return Reader(store, whole_scope(), clock=utc_now, tree=tree)


def say(options: Namespace, document: object, lines: list[str]) -> int:
    """Print a JSON document or plain lines."""
    print(json.dumps(document, ensure_ascii=False, indent=1) if options.json else "\n".join(lines))
    return 0


@contextmanager
def progress_bar(title: str):
    """A bar of rows on a terminal, nothing when piped; yields what takes the count so far."""
    with tqdm(desc=title, unit=" rows", disable=not sys.stderr.isatty(), leave=False) as bar:
        yield lambda rows: bar.update(rows - bar.n)


def init(options: Namespace) -> int:
    """Make an empty instance."""
    levels = tuple(part.strip() for part in options.levels.split(",") if part.strip())
    settings = write_settings(options.folder, levels=levels, timezone=options.timezone, locale=options.locale)
    migrate(Store(settings))
    document = {"instance": str(options.folder), "levels": list(levels)}
    return say(options, document, [f"{options.folder}: {len(levels)} levels, ready for 'linli units import'"])


def ingest(options: Namespace) -> int:
    """Load files through a source and print the ledger."""
    store = open_store(options)
    path = store.settings.folder / "sources" / f"{options.source}.toml"
    if not path.is_file():
        known = sorted(item.stem for item in path.parent.glob("*.toml"))
        raise SourceError(
            f"{options.source}: got no {path}; expected one of {', '.join(known) or 'none yet'}"
        )
    with progress_bar(options.source) as progress:
        done = ledger.ingest(
            store, load_source(path), options.files, clock=utc_now, progress=progress,
            accept_shrink=options.accept_shrink,
        )  # fmt: skip
    counts = " ".join(f"{name} {getattr(done, name)}" for name in ledger.register.COUNTS)
    lines = [f"{done.source}: {counts} in {done.seconds} s"]
    lines += [f"  {name}: {n}" for name, n in sorted(done.notes.items())]
    lines += [f"  {text}" for text in (done.hint, done.gone) if text]
    lines += [f"  {entry}" for entry in done.rejects[: ledger.SHOWN_REJECTS]]
    return say(options, done.as_json(), lines)


def refresh(options: Namespace) -> int:
    """Refresh the rollups."""
    done = refresh_all(open_store(options), clock=utc_now, full=options.full, rescale=options.full)
    document = {"generation": done.generation, "load": done.load, "mode": done.mode, "rows": done.rows}
    text = f"generation {done.generation}: {done.mode}, {done.rows} rows in {done.seconds:.2f} s"
    return say(options, document | {"seconds": round(done.seconds, 3)}, [text])


def indicators(options: Namespace) -> int:
    """List every indicator."""
    from layouts.glossary_table import catalogue  # only this command speaks the languages
    from layouts.words import load_words

    words = {lang: load_words(lang) for lang in LOCALES}
    if options.markdown:
        print(catalogue(words), end="")
        return 0
    document: list[dict[str, Any]] = [
        {
            "name": entry.name,
            "titles": {locale: word(f"indicator.{entry.name}") for locale, word in words.items()},
            "subject": entry.subject,
            "kind": entry.kind,
            "formula": entry.formula,
            "numerator": _definition(entry.formula, 0),
            "denominator": _definition(entry.formula, 1),
            "counted_on": entry.counted_on,
            "direction": entry.better,
            "min_base": entry.min_base,
            "exclusions": entry.exclusions,
            "source": entry.basis,
        }
        for entry in INDICATORS.values()
    ]
    lines = [
        f"{item['name']:28} {item['titles']['zh']} | {item['titles']['en']} | {item['formula']}"
        for item in document
    ]
    return say(options, {"indicators": document}, lines)


def _definition(formula: str, side: int) -> str | None:
    parts = [part.strip() for part in formula.split(";")[0].split(" / ", 1)]
    return parts[side] if side < len(parts) else None


def question(options: Namespace, store: Store, names: tuple[str, ...]) -> Query:
    """The query of `measure` and `export`; without dates everything there is, up to the end of today."""
    today = utc_now().astimezone(store.settings.timezone).date()
    end = parse_date(options.end, "--to") if options.end else today + timedelta(days=1)
    start = parse_date(options.start, "--from") if options.start else first_day(store, end)
    if options.period:
        start, end = named_days(options, store, today)
    if not 1 <= (end - start).days <= LONGEST_DAYS * 4:
        raise QueryError(f"--to: got '{end}'; expected a day after {start}")
    return Query(
        level=None, within=options.unit, indicators=names, period=Period(start, end), boundaries=options.boundaries,
        as_of=parse_instant(options.as_of) if options.as_of else None, tree=options.tree,
    )  # fmt: skip


def named_days(options: Namespace, store: Store, today: date) -> tuple[date, date]:
    """First day and end of the period named by `--period`: that of `--on`, else of today, which it ends with."""
    if options.start or options.end:
        raise QueryError(f"--period: got '{options.period}' with --from or --to; expected one or the other")
    if options.on:
        found = named(options.period, parse_date(options.on, "--on"), store.settings.year_start)
    else:
        found = so_far(options.period, today, store.settings.year_start)
    return found.start, found.end


def first_day(store: Store, end: date) -> date:
    """Earliest local day with a figure, at most the day before `end`."""
    from data.rollup import published

    with store.read() as connection:
        seen = published(connection) if inspect(connection).has_table("publication") else None
    if seen is None or seen.first_on >= (end - EPOCH_DAY).days:
        return end - timedelta(days=1)
    return EPOCH_DAY + timedelta(days=seen.first_on)


def measure(options: Namespace) -> int:
    """Print numbers."""
    store = open_store(options)
    for name in options.indicators:
        if name not in INDICATORS:
            raise QueryError(f"measure: got '{name}'; expected one of {', '.join(INDICATORS)}")
    parts = parse_parts(options.by, levels=store.settings.tree(options.tree).names)
    query = question(options, store, tuple(options.indicators))
    reader = reader_of(store, tree=options.tree)
    table = measure_table(reader, query, parts, before=options.before_exclusions)
    if options.json or options.format == "json":
        print(table.to_json(orient="records", force_ascii=False))
    else:
        print(table.to_csv(index=False, lineterminator="\n", float_format=_plain), end="")
    return 0


def _plain(value: Any) -> str:
    """Twelve digits: sums of parts read back equal the whole."""
    return f"{value:.0f}" if float(value).is_integer() else f"{value:.12g}"


COMMANDS: dict[str, Callable[[Namespace], int]] = {
    "init": init,
    "ingest": ingest,
    "refresh": refresh,
    "indicators": indicators,
    "measure": measure,
}
