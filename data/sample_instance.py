"""The sample city as an instance: its files go through the same doors as anybody's."""

import tomllib
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import select

from data import boundaries, departments, exclusions
from data.deadline_files import read_list
from data.deadlines import record
from data.gazetteer import import_file
from data.instants import micros, moment
from data.ledger import ingest
from data.migrate import migrate
from data.people import ensure_sample_accounts
from data.query import Period
from data.reader import Reader
from data.refreshing import refresh_all
from data.releases import Wanted, make
from data.sample import deadline_lists, write_sample
from data.sample.exclusions import Application, applications, chosen
from data.sample.sizes import SizeName
from data.sample_bulletins import publish_bulletins
from data.sample_judging import record_judging
from data.schema import FACTS, FOREVER
from data.scope import whole_scope
from data.settings import EPOCH_DAY, FIRST_TREE, SettingsError, load_settings, make_folders
from data.sources.definition import load_source
from data.store import Store

SIZES = ("subdistrict", "district", "city")
EXCLUDED, EXCLUDED_DAYS = 40, 45  # orders applied for, and how many days back they were closed
RELEASED_DAY, RELEASED_AT = 3, time(9)  # of the month after
ACCEPTED = ("gap", "overlap", "sliver", "child-outside-parent")


def build_sample(
    folder: Path,
    *,
    size: SizeName,
    days: int,
    seed: int,
    until: date,
    clock: Callable[[], datetime],
    progress: Callable[[int], None] = lambda rows: None,
) -> dict[str, int]:
    """Write the sample's files, publish its boundaries, load its history in order, refresh.

    Each delivery is recorded at the instant it would have arrived, so that as-of questions have a past to ask.
    Answers counts: units, versions, facts.
    """
    if (folder / "linli.toml").exists():
        raise SettingsError(f"{folder / 'linli.toml'}: exists already; expected a new folder")
    write_sample(folder, size=size, days=days, seed=seed, until=until)
    make_folders(folder)
    store = Store(load_settings(folder))
    migrate(store)
    history = _listed(folder / "history" / "manifest.toml", "deliveries")
    start = _instant(history[0]["delivered_at"]) - timedelta(days=1)
    units = _publish(store, begun=start)
    before = partial(_same, start)
    import_file(store, folder / "sample" / "gazetteer.csv", clock=before, by="sample city")
    _record_deadlines(store, before=before(), until=until, days=days)
    facts = 0
    for entry in history:
        origin = load_source(folder / "sources" / f"{entry['source']}.toml")
        at = _instant(entry["delivered_at"])
        done = ingest(store, origin, [folder / "history" / entry["file"]], clock=partial(_same, at))
        facts += done.accepted
        progress(facts)
    departments.record(
        store, departments.read_list(folder / "sample" / "departments.csv"), now=start, by="sample city"
    )
    _judge(store, since=start, days=days, seed=seed, until=until, clock=clock)
    ensure_sample_accounts(store, store.settings, now=clock())
    return {"units": units, "facts": facts}


def _judge(
    store: Store, *, since: datetime, days: int, seed: int, until: date, clock: Callable[[], datetime]
) -> None:
    """What the city is judged by, the rollups, and what was published of them."""
    record_judging(store, since=since, now=clock(), until=until)
    _leave_out(store, seed=seed, until=until)
    refresh_all(store, clock=clock, full=True, rescale=True)
    publish_bulletins(store, store.settings.folder, seed=seed, until=until)
    _release(store, begun=since, first_day=until - timedelta(days=days), until=until)


def _record_deadlines(store: Store, *, before: datetime, until: date, days: int) -> None:
    """Record the lists of limits: the first before any delivery, the second some days before it holds."""
    start = (until - EPOCH_DAY).days - min(deadline_lists.LATER_DAYS, days // 2)
    told = moment(store.settings.day_start(start)) - timedelta(days=5)
    when = ((before, None), (max(told, before + timedelta(hours=1)), start))
    for name, remark, (now, day) in zip(deadline_lists.NAMES, deadline_lists.NOTES, when, strict=True):
        for kind, rows in read_list(store.settings.folder / "sample" / name, store.settings).items():
            record(store, kind, rows, now=now, by="考核办 张工", valid_from_on=day, remark=remark)


def _release(store: Store, *, begun: datetime, first_day: date, until: date) -> None:
    """The figures of the last full month, as they were known on the morning of the third day after it; nothing where
    the history holds less."""
    end = until.replace(day=1)
    if until.day <= RELEASED_DAY:
        end = (end - timedelta(days=1)).replace(day=1)
    first = (end - timedelta(days=1)).replace(day=1)
    at = datetime.combine(end.replace(day=RELEASED_DAY), RELEASED_AT, store.settings.timezone)
    if first < first_day or at <= begun + timedelta(days=1):
        return
    reader = Reader(store, whole_scope(), clock=partial(_same, at))
    wanted = Wanted(
        f"{first:%Y-%m}", Period(first, end), title=f"{first.year}年{first.month}月月报", note="月度考核"
    )
    make(reader, wanted, by="leader")


def _publish(store: Store, *, begun: datetime) -> int:
    """Publish every version: the first before the history begins, later ones a week before they hold."""
    folder = store.settings.folder / "boundaries"
    count = 0
    for entry in _listed(folder / "versions.toml", "versions"):
        start = entry.get("valid_from")
        day = (date.fromisoformat(str(start)) - EPOCH_DAY).days if start else None
        tree = store.settings.tree(entry.get("tree", FIRST_TREE))
        for level in tree.levels:
            path = next(
                path for path in (folder / entry["folder"]).iterdir() if path.name.split(".")[0] == level.name
            )
            parent = "parent" if level.depth else None
            boundaries.stage(
                store, path, level, code="code", name="name", parent=parent, valid_from_on=day, tree=tree.name
            )
        known = begun if day is None else max(begun, _known_before(day))
        version, _ = boundaries.publish(store, accept=ACCEPTED, clock=partial(_same, known), tree=tree.name)
        count = len(version.units) if tree.name == FIRST_TREE else count
    return count


def _leave_out(store: Store, *, seed: int, until: date) -> None:
    """Apply for some orders closed lately, and decide on what was asked long enough ago, in order of time."""
    end = datetime.combine(until, time(), store.settings.timezone)
    table = FACTS["orders"].c
    query = select(table.source_id, table.key, table.closed_at).where(
        table.superseded == FOREVER, ~table.withdrawn, table.excluded.is_(None),
        table.closed_at >= micros(end - timedelta(days=EXCLUDED_DAYS)), table.closed_at < micros(end),
    )  # fmt: skip
    with store.read() as connection:
        closed = {row.key: row for row in connection.execute(query.order_by(table.key))}
    acts: list[tuple[datetime, bool, exclusions.Fact, Application]] = []
    for one in applications(chosen(list(closed), seed=seed, most=EXCLUDED), seed=seed):
        row = closed[one.id]
        fact = exclusions.Fact("orders", row.source_id, row.key)
        at = moment(store.settings.day_start(store.settings.epoch_day(moment(row.closed_at))))
        acts.append((at + timedelta(seconds=one.asked), False, fact, one))
        if one.state != "applied":
            acts.append((at + timedelta(seconds=one.decided), True, fact, one))
    for at, decided, fact, one in sorted(acts, key=lambda act: act[0]):
        clock = partial(_same, at)
        if at < end and not decided:
            exclusions.apply(
                store,
                fact,
                reason=one.reason,
                clause=one.clause,
                text=one.text,
                by=one.applicant,
                clock=clock,
            )
        elif at < end:
            by = one.applicant if one.state == "withdrawn" else one.judge
            exclusions.decide(store, fact, one.state, note=one.note, by=by, clock=clock, judge=True)


def _known_before(day: int) -> datetime:
    """A week before a day, in which a version that holds from it is known already."""
    return datetime.combine(EPOCH_DAY + timedelta(days=day - 7), time(1), UTC)


def _same(instant: datetime) -> datetime:
    """A clock that stands."""
    return instant


def _listed(path: Path, name: str) -> list[dict]:
    return tomllib.loads(path.read_text(encoding="utf-8"))[name]


def _instant(value: datetime | str) -> datetime:
    instant = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
