"""Reading a declaration key by key, so that whatever is left over is unknown and refused by name."""

import re
from collections.abc import Iterable
from typing import Any

from data.sources.batch import SourceError, shorten

DURATION = re.compile(r"\s*(\d{1,6})\s*(min|minutes?|m|h|hours?|d|days?|w|weeks?)\s*\Z", re.IGNORECASE)
MINUTES = {"m": 1, "h": 60, "d": 1440, "w": 10080}
_TYPE_NAMES = {str: "a text", int: "a whole number", bool: "true or false", dict: "a table", list: "a list"}


def listed(names: Iterable[object]) -> str:
    """Names in one line, cut where they grow long."""
    texts = [str(name) for name in names]
    return ", ".join(texts[:60]) + (f" and {len(texts) - 60} more" if len(texts) > 60 else "")


class Section:
    """One table of a declaration. Every getter marks its key as known; `finish` refuses the rest."""

    def __init__(self, where: str, values: dict[str, Any], *, expected: Iterable[str] = ()) -> None:
        self.where = where
        self.values = values
        self._known: list[str] = list(expected)

    def at(self, key: str) -> str:
        """Where a key stands, for a message."""
        separator = ": " if self.where.endswith(".toml") else "."
        return f"{self.where}{separator}{key}"

    def refuse(self, key: str, got: object, expected: str) -> SourceError:
        """An error about one key, to be raised by the caller."""
        return SourceError(f"{self.at(key)}: got {shorten(repr(got))}; expected {expected}")

    def take(self, key: str, kind: type, default: Any = None, *, required: bool = False) -> Any:
        """The value of a key, of exactly this type."""
        self._known.append(key)
        if key not in self.values:
            if required:
                raise SourceError(f"{self.at(key)}: got nothing; expected {_TYPE_NAMES[kind]}")
            return default
        value = self.values[key]
        if type(value) is not kind:
            raise self.refuse(key, value, _TYPE_NAMES[kind])
        return value

    def choice(self, key: str, allowed: Iterable[str], default: str | None = None) -> str:
        """A text that must be one of `allowed`; required when there is no default."""
        value = self.take(key, str, default, required=default is None)
        if value not in tuple(allowed):
            raise self.refuse(key, value, "one of " + listed(allowed))
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A text or a list of texts; empty when the key is absent."""
        self._known.append(key)
        value = self.values.get(key, [])
        items = [value] if isinstance(value, str) else value
        if not isinstance(items, list) or not all(isinstance(item, str) and item.strip() for item in items):
            raise self.refuse(key, value, "a text or a list of texts, none of them blank")
        return tuple(items)

    def whole(self, key: str, low: int, high: int, default: int) -> int:
        """A whole number within `low`..`high`."""
        value = self.take(key, int, default)
        if not low <= value <= high:
            raise self.refuse(key, value, f"a whole number from {low} to {high}")
        return value

    def minutes(self, key: str) -> int | None:
        """A rhythm such as "15 min", "1 h" or "1 day", in minutes; None when absent."""
        value = self.take(key, str)
        if value is None:
            return None
        match = DURATION.match(value)
        minutes = int(match[1]) * MINUTES[match[2][0].lower()] if match else 0
        if not 1 <= minutes <= 366 * 1440:
            raise self.refuse(key, value, 'a rhythm such as "15 min", "1 h" or "1 day"')
        return minutes

    def sub(self, key: str, *, expected: Iterable[str] = ()) -> "Section":
        """A table inside this one; empty when absent."""
        return Section(self.at(key), self.take(key, dict, {}), expected=expected)

    def finish(self) -> None:
        """Refuse the first key nobody asked for."""
        for key, value in self.values.items():
            if key not in self._known:
                raise self.refuse(key, value, "one of " + listed(dict.fromkeys(self._known)))
