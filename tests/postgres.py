"""A throw-away PostgreSQL: a cluster in a temporary folder, reached by a Unix socket only.

PostgreSQL refuses to run as root; started by root, the server runs as `postgres`, or `nobody` where there is none.
Nothing is synced to disk: the cluster lives as long as the tests.
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from tools import environment, postgres_folder

ROLE = "linli"
TEMPLATE = "linli_template"
SPEED = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "120",
    "shared_buffers": "256MB",
    "autovacuum_naptime": "10s",
}


@dataclass
class Cluster:
    """One running server and the databases made in it."""

    socket: Path
    made: int = 0
    templates: set[str] = field(default_factory=set)

    def url(self, database: str) -> str:
        """Address of a database, for SQLAlchemy."""
        return f"postgresql+psycopg://{ROLE}@/{database}?host={self.socket}"

    def create(self, *, template: str = "template1") -> str:
        """A fresh database copied from `template`; returns its address."""
        self.made += 1
        name = f"linli_{self.made}"
        self._run(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return self.url(name)

    def make_template(self, name: str, *, template: str = "template1") -> str:
        """A database to be filled once and copied often, a copy of `template` at first; returns its address."""
        self._run(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        self.templates.add(name)
        return self.url(name)

    def drop(self, url: str) -> None:
        """Remove a database, closing whatever is still connected to it."""
        name = url.split("@/", 1)[1].split("?", 1)[0]
        self._run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def _run(self, statement: str) -> None:
        with psycopg.connect(
            host=str(self.socket), user=ROLE, dbname="postgres", autocommit=True
        ) as connection:
            connection.execute(statement)  # type: ignore[arg-type]  # names are ours


def _account() -> dict:
    """Popen's arguments for the account the server runs as."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    raise RuntimeError(
        "accounts: got neither 'postgres' nor 'nobody'; expected one that the server can run as"
    )


@contextmanager
def running() -> Iterator[Cluster]:
    """Start a cluster, yield it, stop it and remove its folder. Raises FileNotFoundError without PostgreSQL."""
    programs = postgres_folder()
    if programs is None:
        raise FileNotFoundError("PostgreSQL's initdb")
    home = Path(tempfile.mkdtemp(prefix="linli-pg-", dir="/tmp"))  # a socket's path has at most 107 bytes
    account = _account()
    if account:
        os.chown(home, account["user"], account["group"])
    options = {"cwd": home, "env": {**environment(), "LC_ALL": "C.UTF-8"}, **account}
    server = None
    try:
        subprocess.run(
            [programs / "initdb", "-D", home / "data", "-U", ROLE, "--auth=trust", "--no-sync",
             "--encoding=UTF8", "--locale=C.UTF-8"],
            check=True, stdout=subprocess.DEVNULL, **options,
        )  # fmt: skip
        settings = [part for name, value in SPEED.items() for part in ("-c", f"{name}={value}")]
        with open(home / "log", "wb") as log:
            server = subprocess.Popen(
                [programs / "postgres", "-D", home / "data", "-k", home, *settings],
                stdout=log, stderr=log, **options,
            )  # fmt: skip
        _wait(home, server)
        yield Cluster(home)
    finally:
        if server is not None and server.poll() is None:
            server.send_signal(signal.SIGINT)  # fast shutdown: open sessions are ended
            server.wait(timeout=30)
        shutil.rmtree(home, ignore_errors=True)


def _wait(home: Path, server: subprocess.Popen) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            psycopg.connect(host=str(home), user=ROLE, dbname="postgres", connect_timeout=2).close()
            return
        except psycopg.OperationalError as error:
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL: {error}\n{(home / 'log').read_text()}") from None
            time.sleep(0.05)
