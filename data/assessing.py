"""How an instance compares and assesses: the table `assessment` of `linli.toml`."""

from collections.abc import Mapping
from dataclasses import dataclass

COMPARE = ("working-days", "days")


@dataclass(frozen=True)
class Assessment:
    """Settings of the table; `compare` says by what an elapsed part is matched with an earlier one."""

    compare: str = COMPARE[0]


def read_assessment(table: Mapping) -> Assessment:
    """The table `assessment`. Raises ValueError."""
    for name in table:
        if name != "compare":
            raise ValueError(f"assessment: got '{name}'; expected compare")
    return Assessment(_compare(table.get("compare", COMPARE[0])))


def _compare(given: object) -> str:
    if given not in COMPARE:
        raise ValueError(f"assessment.compare: got {given!r}; expected one of {', '.join(COMPARE)}")
    return str(given)
