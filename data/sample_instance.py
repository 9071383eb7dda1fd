"""The sample city as an instance: its files go through the same doors as anybody's."""

import tomllib
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from pathlib import Path

from data import boundaries, departments
from data.gazetteer import import_file
from data.ledger import ingest
from data.migrate import migrate
from data.people import ensure_sample_accounts
from data.query import Period
from data.reader import Reader
from data.refreshing import refresh_all
from data.releases import Wanted, make
from data.sample import write_sample
from data.sample.sizes import SizeName
from data.scope import whole_scope
from data.settings import EPOCH_DAY, FIRST_TREE, SettingsError, load_settings, make_folders
from data.sources.definition import load_source
from data.store import Store

SIZES = ("subdistrict", "district", "city")
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
    refresh_all(store, clock=clock, full=True, rescale=True)
    _release(store, begun=start, first_day=until - timedelta(days=days), until=until)
    ensure_sample_accounts(store, store.settings, now=clock())
    return {"units": units, "facts": facts}


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
