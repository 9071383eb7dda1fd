"""Files that are lists and no records (place names, departments): sent by a person, read in a child, shown, then taken.

A list waits where every upload waits, for the same person and day. Its rows are kept beside it as text, a line each,
so that neither a long list nor a wide one is ever held by the process that took it in.
"""

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

from data.people import Person
from data.sources.batch import SourceError
from data.sources.tables import read_table
from data.staging import UnknownUpload, Upload
from data.uploads import Uploads

MOST_ROWS = 100_000
MOST_COLUMNS = 60
LONGEST = 500  # characters of a cell


@dataclass(frozen=True)
class ListFiles:
    """The lists of one instance that were sent for one purpose.

    what  names the purpose: a file sent for another is not found
    """

    uploads: Uploads
    what: str

    async def receive(self, person: Person, name: str, chunks: AsyncIterator[bytes]) -> Upload:
        """Write a file as it comes. Raises SourceError."""
        return await self.uploads.receive(person, name, chunks)

    def open(self, token: str, person: Person) -> Upload:
        """The file of a token. Raises UnknownUpload, also for one that was sent for something else."""
        upload = self.uploads.staging.find(token, person, now=self.uploads.clock())
        if (upload.kept("list") or {}).get("what") != self.what:
            raise UnknownUpload("no such list")
        return upload

    def discard(self, upload: Upload) -> None:
        """Throw a file away."""
        self.uploads.discard(upload)

    def admit(self, upload: Upload) -> None:
        """Have a child read a file and keep its rows. Raises SourceError, with the file gone."""
        try:
            with self.uploads.turns:
                count = _keep(upload)
            upload.keep("list", {"what": self.what, "rows": count})
        except BaseException:
            self.discard(upload)
            raise

    def rows(self, upload: Upload) -> Iterator[list[str]]:
        """The rows of a file, as texts."""
        with (upload.folder / "list.jsonl").open(encoding="ascii") as file:
            yield from map(json.loads, file)


def _keep(upload: Upload) -> int:
    """Write the rows beside the file; answers how many hold anything."""
    count = 0
    with (upload.folder / "list.jsonl").open("x", encoding="ascii") as file:
        for number, cells in enumerate(read_table(upload.path), 1):
            row = _trimmed(cells)
            if number > MOST_ROWS or len(row) > MOST_COLUMNS:
                got, most = (
                    (f"more than {MOST_ROWS:,} rows", f"{MOST_ROWS:,}")
                    if number > MOST_ROWS
                    else (f"{len(row):,} columns", f"{MOST_COLUMNS:,}")
                )
                raise SourceError(f"{upload.name}: got {got}; expected at most {most}")
            if any(len(cell) > LONGEST for cell in row):
                longest = max(map(len, row))
                raise SourceError(
                    f"{upload.name}: got {longest:,} characters in a cell; expected at most {LONGEST:,}"
                )
            file.write(json.dumps(row) + "\n")
            count += any(row)
    if not count:
        raise SourceError(f"{upload.name}: got blank rows only; expected a list")
    return count


def _trimmed(cells: list[str]) -> list[str]:
    """A row without the blank cells behind the last that holds anything."""
    last = max((at for at, cell in enumerate(cells, 1) if cell), default=0)
    return cells[:last]
