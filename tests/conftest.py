"""Fixtures shared by the whole suite. What a test asks for is started at its first use and stopped at the end."""

import fcntl
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parent.parent
CHEAP = {"time_cost": 1, "memory_cost": 8, "parallelism": 1}  # of a password's hash
SOAK = bool(os.environ.get("LINLI_SOAK"))
UNTIL = "2026-11-01"  # the sample city of the tests ends here, so that every run sees the same records

slow = [HealthCheck.too_slow, HealthCheck.data_too_large]
settings.register_profile("suite", deadline=None, suppress_health_check=slow)
settings.register_profile("soak", deadline=None, suppress_health_check=list(HealthCheck), max_examples=5000)
settings.load_profile("soak" if SOAK else "suite")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Count the tests skipped, by reason, before pytest's own last line."""
    reports = terminalreporter.stats.get("skipped", [])
    reasons = Counter(_reason(report) for report in reports)
    terminalreporter.section("skipped tests")
    for reason, count in reasons.most_common():
        terminalreporter.line(f"{count:5d}  {reason}")
    terminalreporter.line(f"{len(reports):5d}  skipped in all")


def _reason(report: pytest.TestReport) -> str:
    text = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return text.removeprefix("Skipped: ")


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of real records; tests that need it skip, and are counted, when it is absent."""
    folder = Path(os.environ.get("LINLI_TEST_DATA", ROOT / "../shared/data")).resolve()
    if not (folder / "README.md").is_file():
        pytest.skip(f"no real records at LINLI_TEST_DATA={folder}")
    return folder


# Databases


@pytest.fixture(scope="session")
def postgres() -> Iterator:
    """A running throw-away PostgreSQL; skips where its programs are missing."""
    from postgres import running

    with ExitStack() as stack:
        try:
            cluster = stack.enter_context(running())
        except FileNotFoundError:
            pytest.skip("no PostgreSQL programs on this machine")
        yield cluster


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with every table of this program and no row."""
    path = tmp_path_factory.mktemp("template") / "linli.db"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def migrated_postgres(postgres) -> str:
    """Name of a PostgreSQL template with every table of this program and no row."""
    from postgres import TEMPLATE

    _migrate(postgres.make_template(TEMPLATE))
    return TEMPLATE


def _migrate(url: str) -> None:
    from data.migrate import migrate
    from data.settings import parse_settings
    from data.store import Store

    raw = {"database_url": url, "levels": [{"name": "grid"}]}
    store = Store(parse_settings(raw, folder=Path(".")))
    migrate(store)
    store.close()


@pytest.fixture(scope="session")
def published_sqlite(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with the small world of `world.py` published in it."""
    path = tmp_path_factory.mktemp("published") / "linli.db"
    shutil.copyfile(migrated_sqlite, path)
    _publish(f"sqlite:///{path}", path.parent)
    return path


@pytest.fixture(scope="session")
def published_postgres(migrated_postgres: str, postgres, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Name of a PostgreSQL template with the small world published in it."""
    name = "published"
    _publish(postgres.make_template(name, template=migrated_postgres), tmp_path_factory.mktemp("published"))
    return name


@pytest.fixture(scope="session")
def furnished_sqlite(published_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small world with the people of `offices.py`, whose passwords are cheap to check."""
    from offices import furnish

    from data import passwords

    path = tmp_path_factory.mktemp("furnished") / "linli.db"
    shutil.copyfile(published_sqlite, path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "COSTS", CHEAP)
        furnish(path.parent, f"sqlite:///{path}")
    return path


def _publish(url: str, folder: Path) -> None:
    from world import SETTLED, SIX, World

    made = World(folder, url)
    made.publish(SIX)
    assert made.now == SETTLED
    made.store.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def settled_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Address of a fresh database with the small world published in it, once on each store; removed at the end."""
    yield from _fresh(request, tmp_path, "published")


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Address of a fresh database with all tables, once on each store; removed at the end."""
    yield from _fresh(request, tmp_path, "migrated")


def _fresh(request: pytest.FixtureRequest, folder: Path, template: str) -> Iterator[str]:
    if request.param == "sqlite":
        path = folder / "store.db"
        shutil.copyfile(request.getfixturevalue(f"{template}_sqlite"), path)
        yield f"sqlite:///{path}"
        return
    name = request.getfixturevalue(f"{template}_postgres")
    cluster = request.getfixturevalue("postgres")
    url = cluster.create(template=name)
    yield url
    cluster.drop(url)


@pytest.fixture
def store(store_url: str, tmp_path: Path) -> Iterator:
    """A store with all tables and no row, once on each database; its folder is `tmp_path`."""
    from data.settings import parse_settings
    from data.store import Store

    made = Store(parse_settings({"levels": [{"name": "grid"}], "database_url": store_url}, folder=tmp_path))
    yield made
    made.close()


@pytest.fixture
def lite(migrated_sqlite: Path, tmp_path: Path) -> Iterator:
    """The same on SQLite only, under the name it has in an instance: for locks of files, and processes of their own."""
    from data.settings import parse_settings
    from data.store import Store

    shutil.copyfile(migrated_sqlite, tmp_path / "linli.db")
    made = Store(parse_settings({"levels": [{"name": "grid"}]}, folder=tmp_path))
    yield made
    made.close()


@pytest.fixture
def world(settled_url: str, tmp_path: Path) -> Iterator:
    """The small world of `world.py` with its two districts of three blocks published, once on each database."""
    from world import World

    made = World(tmp_path, settled_url, settled=True)
    yield made
    made.store.close()


# The sample city and servers


@pytest.fixture
def office(tmp_path: Path, furnished_sqlite: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator:
    """The server of `offices.py`, with passwords that are cheap to check."""
    from offices import Office

    from data import passwords

    monkeypatch.setattr(passwords, "COSTS", CHEAP)
    made = Office(tmp_path, furnished_sqlite)
    yield made
    made.world.store.close()


@pytest.fixture
def town(settled_url: str, tmp_path: Path) -> Iterator:
    """The small world with addresses of `addressed.py`, once on each database."""
    from addressed import Town

    made = Town(tmp_path, settled_url, settled=True)
    yield made
    made.store.close()


@pytest.fixture(scope="session")
def sampled(tmp_path_factory: pytest.TempPathFactory):
    """The files of a sample city with what they hold: for the tests of the sample. Only arrivals are added to them."""
    from sampled import Sampled

    return Sampled(tmp_path_factory.mktemp("sampled") / "city")


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with open(path, "w", encoding="utf-8") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session")
def sample_city(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The sample city, made once a session for all workers. To be read only: `sample_instance` is a copy."""
    from serving import run_linli

    base = tmp_path_factory.getbasetemp()
    base = base if worker_id == "master" else base.parent
    folder = base / "sample_city"
    with _locked(base / "sample_city.lock"):
        if not folder.exists():
            part = base / "sample_city.part"
            shutil.rmtree(part, ignore_errors=True)
            run_linli("sample", part, "--size", "subdistrict", "--until", UNTIL)
            part.rename(folder)
    return folder


@pytest.fixture
def sample_instance(sample_city: Path, tmp_path: Path) -> Path:
    """A copy of the sample city to do anything with."""
    return Path(shutil.copytree(sample_city, tmp_path / "instance"))


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Callable]:
    """Start servers: `served(folder, "serve"|"demo", *arguments)` gives a `Server`; all end with the test."""
    from serving import serving

    with ExitStack() as stack:
        count = iter(range(100))

        def start(instance: Path, command: str = "serve", *arguments: str):
            log = tmp_path / f"server-{next(count)}.log"
            return stack.enter_context(serving(instance, command, *arguments, log=log))

        yield start


# The browser


@pytest.fixture(scope="module")
def chromium() -> Iterator:
    """A running Chromium for one test module: Playwright's loop would break `asyncio.run` in the others."""
    from browsing import ARGUMENTS
    from playwright.sync_api import sync_playwright
    from tools import chromium as find
    from tools import environment

    path = find()
    if path is None:
        pytest.skip("no Chromium on this machine")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=str(path), args=ARGUMENTS, env=environment())
        yield browser
        browser.close()


@pytest.fixture
def faults() -> Iterator:
    """Faults of all pages of one test; the test fails at its end when one is left."""
    from browsing import Faults

    kept = Faults()
    yield kept
    assert kept.left() == []


@pytest.fixture
def pages(chromium, faults) -> Iterator[Callable]:
    """Open watched pages, each in a context of its own (another person): `pages(**context options)`."""
    from browsing import new_page

    opened = []

    def open_page(**options):
        opened.append(new_page(chromium, faults, **options))
        return opened[-1]

    yield open_page
    for page in opened:
        page.context.close()


@pytest.fixture
def page(pages):
    """One watched page."""
    return pages()
