"""The specification of every indicator as a small table of facts and the sums they must give.

One file an indicator, `data/specs/NAME.txt`: two tables with a blank line between, the facts with a remark in each
language and the sums by local day; a line `every` before both tells the rhythm of readings. Days and times are of the
year 2026 at the zone of the sample city. The tests run the facts through `data.facts.prepare` and the indicator, the
glossary shows the same tables, so that the two cannot drift apart.
"""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "specs"
YEAR = 2026
ZONE = "Asia/Shanghai"
REMARKS = ("zh", "en")
Row = dict[str, str]


class SpecError(ValueError):
    """A specification is missing or is no table."""


@dataclass(frozen=True)
class Spec:
    """One specification, every cell as its text.

    facts    a row a fact: our own field names, `id`, `withdrawn`; empty where not known
    remarks  language to one remark a fact
    sums     a row a day: day with numerator, denominator; of a quantile n and value
    every    minutes between readings, where the facts are readings
    """

    name: str
    facts: tuple[Row, ...]
    remarks: dict[str, tuple[str, ...]]
    sums: tuple[Row, ...]
    every: float | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the facts' columns, in the order of the file."""
        return tuple(self.facts[0])


@cache
def load_spec(name: str) -> Spec:
    """Read the specification of an indicator, once. Raises SpecError."""
    path = FOLDER / f"{name}.txt"
    if not path.is_file():
        raise SpecError(f"{path.name}: got no file; expected a specification of every indicator")
    blocks = path.read_text(encoding="utf-8").strip().split("\n\n")
    every = None
    if blocks[0].startswith("every"):
        every = float(blocks.pop(0).split("|")[1].split()[0])
    if len(blocks) != 2:
        raise SpecError(f"{path.name}: got {len(blocks)} tables; expected facts and sums")
    rows, sums = (_rows(block, path.name) for block in blocks)
    facts = tuple({key: cell for key, cell in row.items() if key not in REMARKS} for row in rows)
    remarks = {language: tuple(row[language] for row in rows) for language in REMARKS}
    return Spec(name, facts, remarks, tuple(sums), every)


def _rows(block: str, where: str) -> list[Row]:
    head, *body = ([cell.strip() for cell in line.split("|")] for line in block.splitlines())
    for line in body:
        if len(line) != len(head):
            raise SpecError(f"{where}: got {len(line)} cells in '{line[0]}'; expected {len(head)}")
    return [dict(zip(head, line, strict=True)) for line in body]


def moment(text: str) -> datetime:
    """The local time a cell names: "11-01 08:00"."""
    return datetime.strptime(f"{YEAR}-{text}", "%Y-%m-%d %H:%M")


def day(text: str) -> date:
    """The local day a cell names: "11-01"."""
    return datetime.strptime(f"{YEAR}-{text}", "%Y-%m-%d").date()
