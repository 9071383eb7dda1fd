"""What the sources page is asked and what it was answered."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from urllib.parse import urlencode

from pandas import DataFrame

from data.mixups import MixUp


@dataclass(frozen=True)
class SourcesAsk:
    """What the address asks: the source whose rejects are shown, and whether only failed runs are listed."""

    source: str = ""
    failed: bool = False

    def href(self, **changes: str | bool) -> str:
        """Address of this page with another source or another list of runs."""
        asked = replace(self, **changes)  # type: ignore[arg-type]  # the two fields, by name
        pairs = {"source": asked.source, "runs": "failed" if asked.failed else ""}
        kept = urlencode({name: value for name, value in pairs.items() if value})
        return f"/sources?{kept}" if kept else "/sources"


@dataclass(frozen=True)
class SourcesAnswer:
    """What the store answered.

    sources  `Reader.sources`, with `title` where a source has a name for people
    rejects  `Reader.rejects`, `loads` `Reader.loads` and `withdrawn` `Reader.withdrawals` of the source shown
    runs     `Reader.runs`
    mixed, mixed_at   `Reader.mixups` of the source shown
    may_run, may_upload   whether the buttons are there
    """

    sources: DataFrame
    rejects: DataFrame
    loads: DataFrame
    runs: DataFrame
    withdrawn: DataFrame = field(default_factory=DataFrame)
    mixed: Sequence[MixUp] = ()
    mixed_at: int | None = None
    may_run: bool = False
    may_upload: bool = False
    when: Callable[[object], datetime | None] = lambda value: None


def chosen(ask: SourcesAsk, sources: DataFrame) -> str:
    """The source shown below: the one asked for, else the first that refused rows last, or ever, else the first."""
    names = sources["source"].tolist()
    if ask.source in names:
        return ask.source
    lately = sources.loc[sources["rejected"].fillna(0) > 0, "source"].tolist()
    ever = sources.loc[sources["refused_ever"], "source"].tolist()
    return (lately or ever or names or [""])[0]


def title_of(row: dict) -> str:
    """What people call a source: its title, else its name."""
    return str(row.get("title") or row["source"])


def called(sources: DataFrame, name: str) -> str:
    """The title of the source of that name."""
    return next((title_of(row) for row in sources.to_dict("records") if row["source"] == name), name)
