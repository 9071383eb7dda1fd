"""Commands of the office: sample city, files out, verification, accounts, copies, jobs, a look for faults."""

import getpass
import json
import sys
from argparse import Namespace
from collections.abc import Callable
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from callbacks.commands import BY, open_store, progress_bar, question, reader_of, say
from data import copies, departments, people, sourcebook
from data.department_uses import uses
from data.indicators import INDICATORS
from data.instants import utc_now
from data.locks import one_at_a_time
from data.migrate import is_current
from data.query import parse_date
from data.sample_instance import build_sample
from data.schema import load
from data.settings import SettingsError, load_settings
from data.sources.batch import SourceError
from data.sources.definition import load_source
from data.store import Store
from data.verify import verify as find_differences

SHOWN = 20


def sample(options: Namespace) -> int:
    """Make a sample city: files, boundaries, history, rollups, accounts."""
    if options.days < 1 or options.days > 3660:
        raise SettingsError(f"--days: got {options.days}; expected 1 to 3660")
    until = parse_date(options.until, "--until") if options.until else None
    with progress_bar("sample") as progress:
        counts = build_sample(
            options.folder, size=options.size, days=options.days, seed=options.seed, until=until or _today(),
            clock=utc_now, progress=progress,
        )  # fmt: skip
    text = ", ".join(f"{count} {name}" for name, count in counts.items())
    return say(options, {"instance": str(options.folder), **counts}, [f"{options.folder}: {text}"])


def _today() -> date:
    """Local day in the sample city."""
    return utc_now().astimezone(ZoneInfo("Asia/Shanghai")).date()


def export(options: Namespace) -> int:
    """Write rows to a file with its manifest."""
    from data.export import write_export  # its formats are slow to import and only wanted here

    store = open_store(options)
    query = question(options, store, tuple(INDICATORS))
    with progress_bar(options.subject) as progress:
        manifest = write_export(
            reader_of(store, tree=query.tree),
            options.subject,
            query,
            options.output,
            flavour=options.flavour,
            progress=progress,
        )
    return say(
        options, manifest.as_json(), [f"{options.output}: {manifest.rows} rows, sha256 {manifest.sha256}"]
    )


def verify(options: Namespace) -> int:
    """Recompute everything another way; status 1 with the first differences."""
    store = open_store(options)
    found = find_differences(store)
    document = {"differences": len(found), "first": [str(entry) for entry in found[:SHOWN]]}
    say(
        options, document, [str(entry) for entry in found[:SHOWN]] or ["every rollup and every ledger agrees"]
    )
    if found:
        print(f"linli: verify: got {len(found)} differences; expected none", file=sys.stderr)
    return 1 if found else 0


def users_add(options: Namespace) -> int:
    """Make an account; the password comes from standard input or a prompt."""
    store = open_store(options)
    secret = sys.stdin.readline().rstrip("\n") if options.password_stdin else getpass.getpass("Password: ")
    person = people.add_person(
        store, options.name, password=secret, role=options.role, units=tuple(options.unit), tree=options.tree,
        now=utc_now(),
    )  # fmt: skip
    return say(options, {"name": person.name, "role": person.role}, [f"{person.name}: {person.role}"])


def users_disable(options: Namespace) -> int:
    """Close an account and its sessions."""
    people.disable_person(open_store(options), options.name, now=utc_now())
    return say(options, {"name": options.name, "disabled": True}, [f"{options.name}: closed"])


def users_list(options: Namespace) -> int:
    """List the accounts."""
    rows = people.list_people(open_store(options))
    document = [
        {
            "name": row.name,
            "role": row.role,
            "units": list(row.units),
            "tree": row.tree,
            "disabled": row.disabled,
        }
        for row in rows
    ]
    lines = [
        f"{row.name:24} {row.role:14} {row.tree if row.units else '':8} {', '.join(row.units)}"
        f"{' (closed)' if row.disabled else ''}"
        for row in rows
    ]
    return say(options, {"users": document}, lines)


def backup(options: Namespace) -> int:
    """Write a complete copy of the instance, without its key."""
    size = copies.backup(open_store(options), options.file)
    return say(
        options,
        {"file": str(options.file), "bytes": size},
        [f"{options.file}: {size} bytes; keep secret.key apart"],
    )


def restore(options: Namespace) -> int:
    """Put a copy back where no instance is."""
    copies.restore(options.file, options.instance)
    return say(
        options, {"instance": str(options.instance)}, [f"{options.instance}: restored from {options.file}"]
    )


def jobs(options: Namespace) -> int:
    """List the newest runs."""
    frame = sourcebook.runs(reader_of(open_store(options)), limit=SHOWN, failed=False)
    document = json.loads(frame.to_json(orient="records", force_ascii=False))
    lines = [f"{row['job']:14} {row['slot']:28} {row['state']:9} {row['error'] or ''}" for row in document]
    return say(options, {"runs": document}, lines or ["no runs yet"])


def jobs_run(options: Namespace) -> int:
    """Run a job now and wait for it: by the worker that leads, or here where none does."""
    from data.schedule import job_table  # the scheduler and its clients, wanted by this command only
    from data.worker import run_now

    store = open_store(options)
    table = job_table(store.settings)
    number, summary = run_now(store, table, options.job, by=BY, clock=utc_now)
    document = {"job": options.job, "run": number, "summary": summary}
    return say(
        options, document, [f"{options.job}: run {number} done", *(f"  {k}: {v}" for k, v in summary.items())]
    )


def doctor(options: Namespace) -> int:
    """Look for what is wrong: settings, tables, sources, loads that broke off, rollups behind the facts."""
    settings = load_settings(options.instance)
    store = Store(settings)
    found = (
        []
        if is_current(store)
        else ["database: got older tables; expected 'linli refresh' or any other command"]
    )
    for path in sorted((settings.folder / "sources").glob("*.toml")):
        try:
            load_source(path)
        except SourceError as error:
            found.append(str(error))
    if not found:
        with one_at_a_time(store, "load", wait=1.0), store.read() as connection:
            broken = connection.scalar(select(func.count()).where(load.c.state == "running")) or 0
            state = sourcebook.state(reader_of(store))
            newest = connection.scalar(select(func.max(load.c.id)).where(load.c.state == "done")) or 0
        if broken:
            found.append(f"loads: got {broken} broken off; expected none (the next load takes them back)")
        if (state["load"] or 0) < newest:
            found.append(f"rollups: got load {state['load']}; expected {newest}: run 'linli refresh'")
    say(options, {"faults": found}, found or ["nothing found"])
    return 1 if found else 0


def list_departments(options: Namespace) -> int:
    """List the departments by name: kind, other spellings, and those in use that no list names."""
    with open_store(options).read() as connection:
        found = uses(connection)
    document: list[dict] = [
        {"name": use.department.name, "kind": use.department.kind, "aliases": list(use.department.aliases),
         "listed": use.listed, "used": use.facts > 0, "facts": use.facts}
        for use in found
    ]  # fmt: skip
    lines = [
        f"{row['name']:24} {row['kind']:14} {'、'.join(row['aliases'])}{'' if row['listed'] else '(not listed)'}"
        for row in document
    ]
    return say(options, {"departments": document}, lines or ["no departments yet"])


def import_departments(options: Namespace) -> int:
    """Make a list the one that counts from now on, for the past too."""
    store = open_store(options)
    entries = departments.read_list(options.file)
    departments.record(store, entries, now=utc_now(), by=BY)
    aliases = sum(len(entry.aliases) for entry in entries)
    document = {"departments": len(entries), "aliases": aliases}
    return say(
        options, document, [f"{options.file.name}: {len(entries)} departments, {aliases} other spellings"]
    )


COMMANDS: dict[str, Callable[[Namespace], int]] = {
    "sample": sample,
    "export": export,
    "verify": verify,
    "departments": list_departments,
    "departments_import": import_departments,
    "users_add": users_add,
    "users_disable": users_disable,
    "users_list": users_list,
    "backup": backup,
    "restore": restore,
    "jobs": jobs,
    "jobs_run": jobs_run,
    "doctor": doctor,
}
