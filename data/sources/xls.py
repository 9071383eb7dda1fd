"""XLS (Excel 97 to 2003, BIFF8): the rows of a sheet, after a look at the file's streams."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from data.sources import dense
from data.sources.ole import check_compound


@contextmanager
def opened(path: Path) -> Iterator[tuple[tuple[str, ...], Callable[[str], dense.Rows]]]:
    """See `dense.opened`. Raises SourceError for what is no plain workbook, CalamineError for a damaged one."""
    with path.open("rb") as file:
        check_compound(file, name=path.name)
    with dense.opened(path) as found:
        yield found
