"""The log of an alert's states, as text or JSON, read for the instants it reached some of them.

Platforms write it as a list of objects ([{"state": "acknowledged", "at": "…"}, …]), as an object of state and time,
or as text (acknowledged=2026-01-01 08:00; resolved=2026-01-01 09:10). The first time of a state counts. Their words
are ours after `[values.state]`. What cannot be read tells nothing: the log itself is kept as it came.
"""

import json
import re

import numpy as np
import pyarrow as pa

from data.sources.draft import Draft
from data.sources.times import NAT, read_times

TOLD = {  # state -> the instant it was reached
    "acknowledged": "acknowledged_at",
    "verified": "verified_at",
    "confirmed": "verified_at",
    "resolved": "resolved_at",
    "closed": "closed_at",
}
LOG = "state_log"
INSTANTS = tuple(dict.fromkeys(TOLD.values()))
_STATE_KEYS = ("state", "status", "to")
_TIME_KEYS = ("at", "time", "timestamp", "when")
_PAIR = re.compile(r"\s*([^=;|\n]+?)\s*=\s*([^;|\n]+?)\s*(?:[;|\n]|\Z)")


def delivered(names: tuple[str, ...]) -> tuple[str, ...]:
    """Fields a source delivers that maps these: with a log of states, also the instants read from it."""
    return tuple(dict.fromkeys((*names, *INSTANTS))) if LOG in names else names


def read_log(draft: Draft) -> None:
    """Instants of the log where no column of their own told them."""
    if LOG not in draft.texts:
        return
    ours = draft.source.values.get("state", {})
    logs = draft.texts[LOG].to_pylist()
    found = {name: [""] * len(logs) for name in INSTANTS}
    for row, log in enumerate(logs):
        for state, at in _entries(log) if log else ():
            name = TOLD.get(ours.get(state, state))
            if name and not found[name][row]:
                found[name][row] = at
    for name, texts in found.items():
        given = pa.array([text or None for text in texts], pa.string())
        times = read_times(given, zone=draft.source.timezone, form=None, fold=draft.source.fold)
        own = draft.instants.get(name, np.full(len(logs), NAT))
        draft.instants[name] = np.where(own == NAT, np.where(times.bad, NAT, times.at), own)


def _entries(log: str) -> list[tuple[str, str]]:
    """State and time of each entry, in order; none where the log is of another shape."""
    if log.lstrip()[:1] not in "[{":
        return [(match[1], match[2]) for match in _PAIR.finditer(log)]
    try:
        document = json.loads(log)
    except ValueError:
        return []
    if isinstance(document, dict):
        return [(str(state), str(at)) for state, at in document.items()]
    return [(_first(one, _STATE_KEYS), _first(one, _TIME_KEYS)) for one in document if isinstance(one, dict)]


def _first(entry: dict, names: tuple[str, ...]) -> str:
    return next((str(entry[name]) for name in names if entry.get(name) is not None), "")
