"""What the pages of an upload are asked and what they were answered."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlencode

from data.intake import Ledger
from data.matching import Asked
from data.sources.gates import UPLOAD
from data.uploads import Checked

PATH = "/sources/upload"
LARGEST = UPLOAD.size
COLUMN = "c"  # what the names of fields of single columns begin with; their place follows
MOST_COLUMNS = 2000
WORD = "w"  # what the names of fields of single words begin with; our field and the word follow
MOST_WORDS = 40
LONGEST = 80  # characters of a choice


@dataclass(frozen=True)
class UploadAsk:
    """What an address asks: the file of a token, read with these choices."""

    token: str = ""
    asked: Asked = field(default_factory=Asked)

    @property
    def address(self) -> str:
        """Where the file is shown, as proposed."""
        return f"{PATH}/{self.token}" if self.token else PATH

    @property
    def pairs(self) -> dict[str, str]:
        """The choices as they stand in an address or a form."""
        asked = self.asked
        named = {name: getattr(asked, name) for name in ("source", "name", "kind", "every", "crs")}
        named |= {"zone": asked.timezone}
        named |= {f"{COLUMN}{place}": means for place, means in sorted(asked.columns.items())}
        named |= {word_field(field, word): ours for (field, word), ours in sorted(asked.words.items())}
        return {name: value for name, value in named.items() if value}

    def href(self, **changes: str) -> str:
        """The address with some choices changed; an empty one is taken back."""
        kept = urlencode({name: value for name, value in (self.pairs | changes).items() if value})
        return f"{self.address}?{kept}" if kept else self.address


def read_ask(token: str, params: Mapping[str, str]) -> UploadAsk:
    """What an address or a form asks; what cannot be read counts as not said."""
    texts = {name: value.strip()[:LONGEST] for name, value in params.items()}
    columns = {
        int(name[1:]): value
        for name, value in texts.items()
        if value and name[:1] == COLUMN and name[1:].isdecimal() and name.isascii() and len(name) < 6
        and int(name[1:]) < MOST_COLUMNS
    }  # fmt: skip
    named = {name: texts.get(name, "") for name in ("source", "name", "kind", "every", "crs")}
    return UploadAsk(
        token, Asked(**named, timezone=texts.get("zone", ""), columns=columns, words=_words(texts))
    )


def word_field(field: str, word: str) -> str:
    """The name under which a form says what a word means."""
    return f"{WORD}.{field}.{word}"


def _words(texts: Mapping[str, str]) -> dict[tuple[str, str], str]:
    told = [
        (name.split(".", 2), ours) for name, ours in texts.items() if ours and name.startswith(f"{WORD}.")
    ]
    return {(parts[1], parts[2]): ours for parts, ours in told[:MOST_WORDS] if len(parts) == 3 and parts[2]}


@dataclass(frozen=True)
class Candidate:
    """A declared source a file may be for: what people call it, and the share of its columns the file has."""

    name: str
    title: str
    share: float


@dataclass(frozen=True)
class UploadAnswer:
    """What was found out about a file that is not stored yet.

    candidates  declared sources, the likeliest first
    systems     coordinate systems to choose from, beside the one in use
    zone        time zone of the instance
    csrf        token of the session's forms
    """

    name: str
    checked: Checked
    candidates: Sequence[Candidate] = ()
    systems: Sequence[str] = ()
    zone: str = ""
    csrf: str = ""


@dataclass(frozen=True)
class StoredAnswer:
    """What became of a file: its ledger, what its source is called, and its kind."""

    name: str
    ledger: Ledger
    title: str
    kind: str
    when: Callable[[object], datetime | None] = lambda value: None
