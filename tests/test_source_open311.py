"""Open311: saved answers in JSON and XML, and a small server that pages the way the known dialects do."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import httpx
import pandas as pd
import pytest
from source_files import declare, read, write

from data.sources.batch import SourceError
from data.sources.georeport import DIALECTS
from data.sources.open311 import poll

DECLARATION = 'kind = "case"\nformat = "open311"\ntimezone = "America/Chicago"\n'
START = datetime(2025, 1, 1, tzinfo=UTC)
REQUEST = """<request><service_request_id>{id}</service_request_id><status>closed</status>
<service_name>Curb</service_name><requested_datetime>{at}</requested_datetime><lat>37.7622</lat><long>-122.4651</long>
</request>"""


def request(number: int) -> dict[str, object]:
    """One request every three hours."""
    at = START + timedelta(hours=3 * number)
    return {"service_request_id": f"R{number}", "service_name": "Curb", "status": "open",
            "requested_datetime": f"{at:%Y-%m-%dT%H:%M:%SZ}", "lat": 37.7622, "long": -122.4651}  # fmt: skip


class Server:
    """A GeoReport server of one dialect; it keeps the questions it was asked."""

    def __init__(self, dialect: str, requests: int, *, most: int, xml: bool = False) -> None:
        self.page, self.first, self.size, _ = DIALECTS[dialect]
        self.requests, self.most, self.xml = [request(n) for n in range(requests)], most, xml
        self.asked: list[dict[str, str]] = []
        self.failures: list[int] = []

    def answer(self, query: dict[str, str]) -> str:
        self.asked.append(query)
        start, end = query["start_date"], query["end_date"]
        assert datetime.fromisoformat(end) - datetime.fromisoformat(start) <= timedelta(days=90)
        found = [r for r in self.requests if start <= str(r["requested_datetime"]) <= end][::-1]
        size = min(int(query.get(self.size, self.most)), self.most)
        skip = (int(query[self.page]) - self.first) * size if self.page else 0
        found = found[skip : skip + size]
        if self.xml:
            parts = [REQUEST.format(id=r["service_request_id"], at=r["requested_datetime"]) for r in found]
            return (
                f'<?xml version="1.0" encoding="utf-8"?><service_requests>{"".join(parts)}</service_requests>'
            )
        return json.dumps(found)


@pytest.fixture
def serve() -> Iterator:
    servers = []

    def start(server: Server) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                assert parts.path == f"/v2/requests.{'xml' if server.xml else 'json'}"
                status = server.failures.pop() if server.failures else 200
                body = (
                    server.answer({k: v[0] for k, v in parse_qs(parts.query).items()})
                    if status == 200
                    else "[]"
                )
                self.send_response(status)
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_: object) -> None:
                pass

        http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True).start()
        servers.append(http)
        return f"http://127.0.0.1:{http.server_port}/v2/"

    yield start
    for http in servers:
        http.shutdown()
        http.server_close()


def ask(
    tmp_path, url: str, options: str, *, days: int = 200, waits: list[float] | None = None
) -> pd.DataFrame:
    source = declare(tmp_path, f'{DECLARATION}[open311]\nurl = "{url}"\n{options}\n', name="city")
    pause = (lambda seconds: None) if waits is None else waits.append
    with httpx.Client(timeout=5) as client:
        batches = list(
            poll(source, since=START, until=START + timedelta(days=days), client=client, pause=pause)
        )
    assert all(batch.read == len(batch.frame) + len(batch.rejects) for batch in batches)
    return pd.concat([batch.frame for batch in batches]) if batches else pd.DataFrame({"key": []})


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("xml", [False, True])
def test_every_dialect_gives_every_request_once(tmp_path, serve, dialect, xml):
    server = Server(dialect, 333, most=40, xml=xml)
    options = f'dialect = "{dialect}"\npage_size = 40\nanswer = "{"xml" if xml else "json"}"\n'
    frame = ask(tmp_path, serve(server), options + 'jurisdiction_id = "city.example"\nservice_code = "7"')
    assert sorted(frame["key"]) == sorted(f"R{n}" for n in range(333))
    assert all(query["jurisdiction_id"] == "city.example" for query in server.asked)
    assert all(query["service_code"] == "7" for query in server.asked)
    assert frame["lon"].notna().all()


def test_windows_cover_the_span_without_a_hole(tmp_path, serve):
    server = Server("georeport", 0, most=1000)
    assert ask(tmp_path, serve(server), "window_days = 30", days=100).empty
    windows = [(query["start_date"], query["end_date"]) for query in server.asked]
    assert windows[0][0] == "2025-01-01T00:00:00Z"
    assert windows[-1][1] == "2025-04-11T00:00:00Z"
    assert [end for _, end in windows[:-1]] == [start for start, _ in windows[1:]]


def test_a_server_that_ignores_paging_is_asked_no_further(tmp_path, serve):
    server = Server("georeport", 30, most=1000)
    frame = ask(tmp_path, serve(server), 'page_param = "page"\npage_size = 10', days=20)
    assert len(frame) == 30
    assert len(server.asked) == 2


def test_a_short_failure_is_tried_again_and_a_long_one_told(tmp_path, serve):
    server = Server("georeport", 3, most=1000)
    server.failures, waits = [503, 429], []
    assert len(ask(tmp_path, serve(server), "", days=20, waits=waits)) == 3
    assert waits == [2.0, 4.0]
    server.failures = [500, 500, 500]
    with pytest.raises(SourceError, match="got HTTP 500 from http://127"):
        ask(tmp_path, serve(server), "", days=20)
    server.failures = [302]
    with pytest.raises(SourceError, match="got HTTP 302"):
        ask(tmp_path, serve(server), "", days=20)


def test_without_a_server_there_is_one_line(tmp_path):
    with pytest.raises(SourceError, match="got ConnectError from http"):
        ask(tmp_path, "http://127.0.0.1:9/v2", "")
    source = declare(tmp_path, DECLARATION)
    with pytest.raises(SourceError, match=r"open311.url: got nothing"), httpx.Client() as client:
        list(poll(source, since=START, until=START, client=client))


def test_a_closing_time_only_where_a_condition_says_so(tmp_path):
    fields = '[fields]\nclosed_at = { column = "updated_datetime", when = { status = "closed" } }\n'
    records = [
        {**request(1), "updated_datetime": "2025-02-01T00:00:00Z", "status": status}
        for status in ("open", "closed")
    ]
    frame, _, _ = read(
        declare(tmp_path, DECLARATION + fields), write(tmp_path, json.dumps(records), name="a.json")
    )
    assert frame["closed_at"].isna().tolist() == [True, False]
    assert frame["version"].tolist() == [1738368000000000] * 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[{"code": 403, "description": "Invalid api_key"}]', "got the error 403 Invalid api_key"),
        (
            "<errors><error><code>400</code><description>no</description></error></errors>",
            "got the error 400 no",
        ),
        ("<services/>", "got <services>; expected <service_requests>"),
        (
            "<service_requests><request></service_requests>",
            "line 1 column 30: got mismatched tag; expected XML",
        ),
        ('<!DOCTYPE a [<!ENTITY b "c">]><service_requests/>', "got XML with a document type or entities"),
        ('<!DOCTYPE a SYSTEM "file:///etc/passwd"><service_requests/>', "got XML with a document type"),
        ('<?xml version="1.0" encoding="x-none"?><service_requests/>', "expected"),
        ('[{"service_code":001}]', "line 1 column 19: got expecting ',' delimiter; expected JSON"),
    ],
)
def test_what_is_no_answer_is_refused_with_place_and_reason(tmp_path, text, message):
    with pytest.raises(SourceError) as caught:
        read(declare(tmp_path, DECLARATION), write(tmp_path, text, name="answer"))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_request_without_an_id_is_a_reject(tmp_path):
    records = [request(1), {**request(2), "service_request_id": None}]
    frame, rejects, _ = read(
        declare(tmp_path, DECLARATION), write(tmp_path, json.dumps(records), name="a.json")
    )
    assert len(frame) == 1
    assert [(reject.row, reject.field) for reject in rejects] == [(2, "id")]
