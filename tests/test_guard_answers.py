"""Every answer: its headers, its error, and the first request that is made before the socket is served."""

import pytest
from guarded import PAGE, callback, populated, run


@pytest.fixture
def city(tmp_path, monkeypatch):
    with populated(tmp_path, monkeypatch) as made:
        yield made


SECURITY = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "permissions-policy": "geolocation=(), camera=(), microphone=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


def test_every_answer_carries_the_headers_errors_too(city):
    async def ask():
        async with city.browser() as stranger, city.person("leader") as browser:
            return [
                await stranger.get("/map", headers=PAGE),
                await stranger.get("/nothing"),
                await stranger.get("/login"),
                await stranger.get("/assets/none.css"),
                await stranger.get("/_dash-component-suites/dash/none.js"),
                await browser.get("/export/G1.csv"),
                await browser.get("/nothing"),
                await browser.put("/echo"),
                await browser.get("/broken"),
                await browser.post("/echo", content=b"x" * 1_000_001),
                await browser.post("/_dash-update-component", json={}),
            ]

    answers = run(ask())
    assert [answer.status_code for answer in answers] == [
        303,
        401,
        200,
        404,
        404,
        200,
        404,
        405,
        500,
        413,
        400,
    ]
    for answer in answers:
        assert {name: answer.headers[name] for name in SECURITY} == SECURITY
        assert "script-src 'self'" in answer.headers["content-security-policy"]
        assert "unsafe-eval" not in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"] == "no-store"
        assert "strict-transport-security" not in answer.headers


def test_an_error_is_found_in_the_log_by_its_id_and_says_nothing_else(city, caplog):
    async def ask():
        async with city.person("leader") as browser:
            body = callback("bad.children", state=[], outputs={"id": "bad", "property": "children"})
            none = {**body, "inputs": [{"id": "url", "property": "pathname", "value": "/none"}]}
            return (
                await browser.get("/broken"),
                await browser.post("/_dash-update-component", json=body),
                await browser.post("/_dash-update-component", json=none),
            )

    broken, bad, none = run(ask())
    assert broken.status_code == bad.status_code == 500
    assert "secret inside" not in broken.text + bad.text
    assert broken.headers["x-error-id"] in caplog.text
    assert "callback bad failed" in caplog.text
    assert none.status_code == 204


def test_warm_up_sends_the_first_request_and_learns_the_hashes(city):
    async def start():
        sent, messages = [], [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]

        async def receive():
            return messages.pop(0)

        async def send(message):
            sent.append(message["type"])

        await city.guard({"type": "lifespan"}, receive, send)
        async with city.browser() as stranger:
            return sent, (await stranger.get("/login")).headers["content-security-policy"]

    sent, policy = run(start())
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert all(hashed in policy for hashed in city.app.csp_hashes())
