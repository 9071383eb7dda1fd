"""Complete copies of an instance and their way back.

A copy is a tar of a database snapshot and the instance's files, written under a temporary name and complete when it
appears. The key is not in it: who holds a copy alone reads no sealed field.
"""

import json
import os
import sqlite3
import tarfile
import tempfile
import zlib
from pathlib import Path

from data.settings import SettingsError, make_folders
from data.store import Store

KEPT = ("linli.toml", "sources", "background", "boundaries")
DATABASE = "linli.db"


def backup(store: Store, target: Path) -> int:
    """Write a copy; answers its size in bytes. Raises SettingsError for a database outside the folder.

    The snapshot is made in one step by the database itself: a copied file would lack what lies in the log.
    """
    if store.settings.database_url:
        raise SettingsError(
            f"{store.settings.folder}: got a database elsewhere ({store.dialect}); expected linli.db in the folder "
            "(use the database's own tool)"
        )
    folder = store.settings.folder
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".backup-") as name:
        work = Path(name)
        snapshot, draft = work / DATABASE, work / "copy.tar.gz"
        with sqlite3.connect(folder / DATABASE) as connection:
            connection.execute("VACUUM INTO ?", (str(snapshot),))
        _check(snapshot)
        with tarfile.open(draft, "w:gz", compresslevel=6) as archive:
            archive.add(snapshot, DATABASE)
            for part in KEPT:
                if (folder / part).exists():
                    archive.add(folder / part, part)
        with draft.open("rb") as handle:
            os.fsync(handle.fileno())
        size = draft.stat().st_size
        draft.replace(target)
    return size


def _check(snapshot: Path) -> None:
    with sqlite3.connect(snapshot) as connection:
        verdict = connection.execute("PRAGMA integrity_check").fetchone()[0]
    if verdict != "ok":
        raise SettingsError(f"{snapshot.name}: got {json.dumps(verdict)}; expected a sound database")


def restore(source: Path, folder: Path) -> None:
    """Unpack a copy into a folder that holds no instance yet, whole or not at all. Raises SettingsError."""
    if folder.exists() and any(folder.iterdir()):
        raise SettingsError(f"{folder}: got a folder in use; expected an empty or new one")
    if not source.is_file():
        raise SettingsError(f"{source}: got no such file; expected a copy made by 'linli backup'")
    is_new = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(dir=folder, prefix=".restore-") as name:
            _unpack(source, Path(name))
            for part in Path(name).iterdir():
                part.rename(folder / part.name)
    except BaseException:
        if is_new:
            folder.rmdir()
        raise
    make_folders(folder)


def _unpack(source: Path, folder: Path) -> None:
    try:
        with tarfile.open(source, "r:gz") as archive:
            names = {member.name.split("/")[0] for member in archive.getmembers()}
            if not names >= {DATABASE, "linli.toml"}:
                raise SettingsError(
                    f"{source}: got no linli.db and linli.toml inside; expected a copy made by 'linli backup'"
                )
            archive.extractall(folder, filter="data")
        _check(folder / DATABASE)
    except (OSError, EOFError, zlib.error, tarfile.TarError, sqlite3.DatabaseError) as error:
        raise SettingsError(f"{source}: got {error}; expected a copy made by 'linli backup'") from None
