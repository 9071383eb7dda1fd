"""Words of a file that a closed list does not know, for a person to say what they mean, once."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from data.fields import specs
from data.sources.batch import Reject

MOST = 20
ANSWERS = ("yes", "no")


@dataclass(frozen=True)
class Unknown:
    """One word: our field, as written, in how many refused rows, what it may mean, and what was said it means."""

    field: str
    word: str
    rows: int
    choices: tuple[str, ...]
    means: str = ""


def closed(kind: str) -> dict[str, tuple[str, ...]]:
    """Fields of a subject that know a few words only -> these words."""
    found = {name: ANSWERS if spec.type == "yesno" else spec.choices for name, spec in specs(kind).items()}
    return {name: choices for name, choices in found.items() if choices}


def sound(told: Mapping[tuple[str, str], str], kind: str) -> dict[str, dict[str, str]]:
    """What a person said of words, as a declaration has it: our field -> their word -> ours."""
    lists, found = closed(kind), dict[str, dict[str, str]]()
    for (name, word), ours in told.items():
        if word and ours in lists.get(name, ()):
            found.setdefault(name, {})[word] = ours
    return found


def unknown_words(rejects: Iterable[Reject], told: Mapping[tuple[str, str], str], kind: str) -> list[Unknown]:
    """Words that were said, then those that were not, the most frequent first; at most `MOST` of each."""
    lists = closed(kind)
    said = [Unknown(name, word, 0, lists[name], ours)
            for name, words in sound(told, kind).items() for word, ours in words.items()]  # fmt: skip
    counted = Counter((one.field, one.value) for one in rejects if one.field in lists and one.value)
    left = [Unknown(name, word, rows, lists[name]) for (name, word), rows in counted.most_common(MOST)]
    return [*said[:MOST], *left]
