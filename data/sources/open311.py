"""Open311 GeoReport v2 (https://wiki.open311.org/GeoReport_v2/): saved answers and a server asked over HTTP.

Answers are JSON or XML; XML is parsed without document types and entities. A server is asked in windows of days
and, where its dialect pages, page by page; where it does not, a window whose answer is full is cut in two.
"""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, ParseError

import httpx
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from data.sources.batch import Batch, Raw, SourceError, shorten
from data.sources.definition import Source
from data.sources.georeport import Georeport
from data.sources.json import decode, find_records, numbered
from data.sources.normalise import normalise
from data.sources.records import Numbered, Record, to_raws
from data.sources.text import open_bytes, scan

LARGEST_ANSWER = 64 << 20  # bytes
MOST_PAGES = 10_000  # of one window
SHORTEST_WINDOW = timedelta(minutes=1)
TRIES = 3
PASSING = (429, 500, 502, 503, 504)  # worth another try
DEEPEST_ELEMENT = 8


def open_open311(source: Source, path: Path, *, limit: int) -> Iterator[Raw]:
    """Requests of a saved answer as raw columns. Raises SourceError: neither JSON nor XML, an error answer."""
    with open_bytes(path, largest=LARGEST_ANSWER) as file:
        body = file.read()
    encoding = "utf-8" if _is_xml(body) else scan(path, source.encoding).encoding
    return to_raws(read_answer(body, encoding, where=path.name), source, file=path.name, limit=limit)


def _is_xml(body: bytes) -> bool:
    return body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<"


def read_answer(body: bytes, encoding: str, *, where: str) -> list[Numbered]:
    """Requests of one answer under their position. Raises SourceError with the place and the reason."""
    if _is_xml(body):
        records = _xml_records(body, where)
    else:
        try:
            document = decode(body.decode(encoding), where=where)
        except UnicodeDecodeError as error:
            raise SourceError(f"{where}: got bytes that are not {encoding}; expected JSON or XML") from error
        _refuse_errors(document, where)
        records = find_records(document, where=where)
    return list(numbered(records, where))


def _refuse_errors(document: Any, where: str) -> None:
    """GeoReport v2 errors: a list of objects with `code` and `description`."""
    first = document[0] if isinstance(document, list) and document else document
    if (
        isinstance(first, dict)
        and "description" in first
        and "code" in first
        and "service_request_id" not in first
    ):
        text = f"{first['code']} {first['description']}"
        raise SourceError(f"{where}: got the error {shorten(text)}; expected service requests")


def _xml_records(body: bytes, where: str) -> list[Record]:
    try:
        root = fromstring(body, forbid_dtd=True)
    except ParseError as error:
        line, column = error.position
        text = str(error).split(":")[0]
        raise SourceError(f"{where} line {line} column {column + 1}: got {text}; expected XML") from error
    except (DefusedXmlException, ValueError, LookupError) as error:
        raise SourceError(f"{where}: got XML with a document type or entities; expected plain XML") from error
    if _name(root) == "errors":
        _refuse_errors([_record(child, 0) for child in root], where)
    if _name(root) != "service_requests":
        raise SourceError(f"{where}: got <{shorten(_name(root))}>; expected <service_requests>")
    return [_record(child, 0) for child in root]


def _name(element: Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _record(element: Element, depth: int) -> Record:
    if depth > DEEPEST_ELEMENT:
        return {}
    return {_name(child): _record(child, depth + 1) if len(child) else child.text for child in element}


def poll(
    source: Source,
    *,
    since: datetime,
    until: datetime,
    client: httpx.Client,
    pause: Callable[[float], None] = time.sleep,
) -> Iterator[Batch]:
    """Ask a server for the requests of a span of time.

    since, until  aware; by the time they were made, or updated where the source says `window_on = "updated"`
                  (parameters updated_after and updated_before, known to some dialects only)
    client        carries time-outs; redirects are not followed
    pause         waits between tries, in seconds
    returns       batches, a page each; `file` names window and page; a request met twice is passed on once
    Raises        SourceError: no address declared, no answer after three tries, an error, no GeoReport
    """
    server = source.georeport
    if server is None or not server.url:
        raise SourceError(
            f"sources/{source.name}.toml: open311.url: got nothing; expected the address of a server"
        )
    caller = _Caller(source.name, server, client, pause)
    seen: set[tuple[object, object]] = set()
    windows = _windows(since.astimezone(UTC), until.astimezone(UTC), timedelta(days=server.window_days))
    while windows:
        start, end = windows.pop()
        for where, records in caller.pages(start, end):
            full = not server.page_param and len(records) >= server.page_size
            if full and end - start > SHORTEST_WINDOW:
                middle = start + (end - start) / 2
                windows += [(middle, end), (start, middle)]
                break
            fresh = [pair for pair in records if _mark(pair) not in seen]
            if not fresh:  # the end, or a server that gives the same page for ever
                break
            seen.update(map(_mark, fresh))
            for raw in to_raws(fresh, source, file=where, limit=len(fresh)):
                notes = Counter(answers_possibly_cut=1) if full else Counter[str]()
                yield normalise(replace(raw, notes=raw.notes + notes), source, now=until)


def _windows(since: datetime, until: datetime, longest: timedelta) -> list[tuple[datetime, datetime]]:
    """Spans of at most `longest`, the latest first: they are taken from the end."""
    found = []
    while since < until:
        found.append((since, min(since + longest, until)))
        since += longest
    return found[::-1]


def _mark(pair: Numbered) -> tuple[object, object]:
    """What tells one state of a request from another; a record without an id is always new."""
    row, record = pair
    if not isinstance(record, dict) or not record.get("service_request_id"):
        return row, object()
    return record["service_request_id"], hash(json.dumps(record, sort_keys=True, default=str))


@dataclass(frozen=True)
class _Caller:
    """Asks one server, page by page."""

    name: str
    server: Georeport
    client: httpx.Client
    pause: Callable[[float], None]

    def pages(self, start: datetime, end: datetime) -> Iterator[tuple[str, list[Numbered]]]:
        """Where an answer comes from, and its requests; the one page of a server that does not page."""
        for page in range(MOST_PAGES if self.server.page_param else 1):
            place = f"{start:%Y-%m-%dT%H:%M}..{end:%Y-%m-%dT%H:%M} page {page + self.server.first_page}"
            where = f"{self.name} {place}"
            yield (
                where,
                read_answer(self._ask(_params(self.server, start, end, page), where), "utf-8", where=where),
            )

    def _ask(self, params: dict[str, str], where: str) -> bytes:
        address = f"{self.server.url}/requests.{self.server.answer}"
        for attempt in range(1, TRIES + 1):
            try:
                with self.client.stream("GET", address, params=params, follow_redirects=False) as answer:
                    if answer.status_code == httpx.codes.OK:
                        return _body(answer, where)
                    found, again = f"HTTP {answer.status_code}", answer.status_code in PASSING
            except httpx.HTTPError as error:
                found, again = type(error).__name__, True
            if not again or attempt == TRIES:
                raise SourceError(f"{where}: got {found} from {self.server.url}; expected service requests")
            self.pause(2.0**attempt)
        raise AssertionError("the last try returns or raises")


def _params(server: Georeport, start: datetime, end: datetime, page: int) -> dict[str, str]:
    names = ("updated_after", "updated_before") if server.by_update else ("start_date", "end_date")
    params = {name: f"{at:%Y-%m-%dT%H:%M:%SZ}" for name, at in zip(names, (start, end), strict=True)}
    optional = {
        "jurisdiction_id": server.jurisdiction_id,
        "service_code": server.service_code,
        server.size_param: str(server.page_size),
        server.page_param: str(page + server.first_page),
    }
    return params | {name: value for name, value in optional.items() if name and value}


def _body(answer: httpx.Response, where: str) -> bytes:
    parts, size = [], 0
    for part in answer.iter_bytes():
        parts.append(part)
        size += len(part)
        if size > LARGEST_ANSWER:
            raise SourceError(f"{where}: got more than {LARGEST_ANSWER >> 20} MB; expected a smaller answer")
    return b"".join(parts)
