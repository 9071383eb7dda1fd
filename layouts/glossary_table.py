"""The catalogue of indicators as one table in Markdown, for the documents: it cannot drift from the definitions."""

from collections.abc import Iterable, Mapping

from data.indicators import INDICATORS
from layouts.words import Words

HEADS = ("name", "title", "formula", "counts on", "left out", "after")
LEAD = """# Indicators

Every indicator with its formula, the day a fact counts on, what is left out and the practice it follows; made by
`linli indicators --markdown`. A rate is Σ numerator / Σ denominator at every level, never a mean of rates. Facts of a
source that never delivers a field an indicator needs are left out above and below. Below a base of 20 a unit is shown
and not ranked. The page `/glossary` shows the same with a worked example of each.
"""


def catalogue(words: Mapping[str, Words]) -> str:
    """The whole document; `words` by language."""
    own = words["en"]
    rows = [
        (
            f"`{entry.name}`",
            "; ".join(each(f"indicator.{entry.name}") for each in words.values()),
            entry.formula,
            own(f"day.{entry.counted_on}"),
            own(f"indicator.{entry.name}.excluded"),
            entry.basis,
        )
        for entry in INDICATORS.values()
    ]
    return "\n".join([LEAD, _line(HEADS), _line("---" for _ in HEADS), *map(_line, rows)]) + "\n"


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"
