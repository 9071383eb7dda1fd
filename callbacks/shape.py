"""The shape of a callback request: checked against what was registered, before Dash sees it.

Dash trusts the ids and properties a browser names and answers an unknown output with a 500. Here a body that
differs from its registration in anything but values is refused, and Dash is handed the document as it was read
here, so that no two parsers can read it differently.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

DEEPEST = 64
_WILDCARDS = {"MATCH", "ALL", "ALLSMALLER"}
_KEYS = {"output", "outputs", "inputs", "state", "changedPropIds", "parsedChangedPropsIds"}


class Malformed(ValueError):
    """The body is not a callback request of this application."""


def read_callback(body: bytes, callback_map: Mapping[str, Any]) -> tuple[str, bytes]:
    """The output a body asks for, and the document to hand on. Raises Malformed.

    callback_map  Dash's own table of registered callbacks; entries without a function run in the browser only
    """
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Malformed(f"body: {error}") from None
    _shallow(document, body)
    if not isinstance(document, dict) or not document.keys() <= _KEYS:
        raise Malformed("body: expected the keys of a callback")
    output = document.get("output")
    entry = callback_map.get(output) if isinstance(output, str) else None
    if not isinstance(output, str) or entry is None or "callback" not in entry:
        raise Malformed("output: expected a registered one")
    _same_all(document.get("inputs") or [], entry["inputs"], where="inputs")
    _same_all(document.get("state") or [], entry["state"], where="state")
    _same_outputs(document.get("outputs"), entry)
    _known_triggers(document.get("changedPropIds", []), entry["inputs"])
    return output, orjson.dumps(document)


def _shallow(document: object, body: bytes) -> None:
    """Refuse what nests deeper than any real request: Dash's own reader gives up on it with an error."""
    if body.count(b"[") + body.count(b"{") <= DEEPEST:
        return
    level = [document]
    for _ in range(DEEPEST):
        level = [child for item in level for child in _children(item)]
        if not level:
            return
    raise Malformed(f"body: nested deeper than {DEEPEST}")


def _children(item: object) -> Iterator[object]:
    values = item.values() if isinstance(item, dict) else item if isinstance(item, list) else ()
    return (value for value in values if isinstance(value, dict | list))


def _same_all(given: object, registered: list[dict], *, where: str) -> None:
    if not isinstance(given, list) or len(given) != len(registered):
        raise Malformed(f"{where}: expected {len(registered)}")
    for item, spec in zip(given, registered, strict=True):
        _same(item, spec["id"], spec["property"], where=where)


def _same_outputs(given: object, entry: Mapping[str, Any]) -> None:
    registered = entry["output"]
    if entry.get("no_output"):
        if given not in (None, [], {}):
            raise Malformed("outputs: expected none")
        return
    many = isinstance(registered, list | tuple)
    expected = registered if many else [registered]
    items = given if many else [given]
    if not isinstance(items, list) or len(items) != len(expected):
        raise Malformed(f"outputs: expected {len(expected)}")
    for item, output in zip(items, expected, strict=True):
        _same(item, output.component_id_str(), output.component_property, where="outputs")


def _same(item: object, registered_id: str, prop: str, *, where: str) -> None:
    """One dependency; a list where the registered id takes all of a kind."""
    pattern = _pattern(registered_id)
    if isinstance(item, list):
        if not pattern or not any(value in (["ALL"], ["ALLSMALLER"]) for value in pattern.values()):
            raise Malformed(f"{where}: expected one item, not a list")
        for each in item:
            _same_one(each, registered_id, prop, where=where)
        return
    _same_one(item, registered_id, prop, where=where)


def _same_one(item: object, registered_id: str, prop: str, *, where: str) -> None:
    if not isinstance(item, dict) or not item.keys() <= {"id", "property", "value"}:
        raise Malformed(f"{where}: expected id, property and value")
    given = item.get("property")
    if not isinstance(given, str) or given.split("@")[0] != prop or not _is(item.get("id"), registered_id):
        raise Malformed(f"{where}: expected {registered_id}.{prop}")


def _pattern(registered_id: str) -> dict | None:
    return json.loads(registered_id) if registered_id.startswith("{") else None


def _is(given: object, registered_id: str) -> bool:
    """Whether an id is the registered one, or one that its wildcards stand for."""
    pattern = _pattern(registered_id)
    if pattern is None:
        return given == registered_id
    if not isinstance(given, dict) or given.keys() != pattern.keys():
        return False
    return all(
        isinstance(given[key], str | int | float)
        if isinstance(value, list) and value[0] in _WILDCARDS
        else given[key] == value
        for key, value in pattern.items()
    )


def _known_triggers(given: object, registered: list[dict]) -> None:
    """What is said to have changed must be an input; Dash tells the callback so without asking."""
    if not isinstance(given, list):
        raise Malformed("changedPropIds: expected a list")
    for name in given:
        if not isinstance(name, str) or not any(_names(name, spec) for spec in registered):
            raise Malformed("changedPropIds: expected inputs of this callback")


def _names(name: str, spec: dict) -> bool:
    written, _, prop = name.rpartition(".")
    if prop != spec["property"]:
        return False
    if not spec["id"].startswith("{"):
        return written == spec["id"]
    try:
        return _is(orjson.loads(written), spec["id"])
    except orjson.JSONDecodeError:
        return False
