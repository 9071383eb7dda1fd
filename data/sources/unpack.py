"""Zip archives that hold exactly one readable file: inflated into a folder of the child, read like any other."""

import zipfile
import zlib
from pathlib import Path

from data.sources.archive import MAGIC, entries_of, is_workbook, only_file
from data.sources.batch import SourceError
from data.sources.text import CHUNK


def unpacked(path: Path, folder: Path, *, form: str | None) -> Path:
    """The file itself, or what a zip archive holds, under the name of the archive. Raises SourceError."""
    with path.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            return path
        file.seek(0)
        entries = entries_of(file, name=path.name, expected="one file in it")
        if is_workbook(entries):
            return path
        entry = only_file(entries, name=path.name, form=form)
        target = folder / path.name
        try:
            with zipfile.ZipFile(file) as archive, archive.open(entry) as part, target.open("xb") as out:
                while chunk := part.read(CHUNK):
                    out.write(chunk)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError) as error:
            raise SourceError(
                f"{path.name}: got an archive that cannot be unpacked; expected a whole one"
            ) from error
    return target
