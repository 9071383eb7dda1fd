"""Bodies of requests: whatever is no callback of ours is refused, and Dash is handed what was read here."""

import json

import pytest
from dash import Output
from guarded import callback, populated, run, run_with
from hypothesis import given
from hypothesis import strategies as st

from callbacks.shape import Malformed, read_callback


@pytest.fixture
def city(tmp_path, monkeypatch):
    with populated(tmp_path, monkeypatch) as made:
        yield made


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"null", b"1", b'"x"', b"\xff", b"[" * 100_000, b'{"a":' * 100_000, b"NaN", b"\x00",
        b'{"output": 1}', b'{"output": "who.children"}', b'{"output": "nothing.children", "inputs": []}',
        b'{"output": "who.children", "inputs": 7, "outputs": 7, "changedPropIds": 7, "state": 7}',
        b'{"output": {"a": 1}}', b'{"output": ["who.children"]}', b'{"output": "js.children"}',
        json.dumps(callback(inputs=[])).encode(),
        json.dumps(callback(state=None)).encode(),
        json.dumps(callback(state=[{"id": "url", "property": "hash", "value": ""}])).encode(),
        json.dumps(callback(inputs=[{"id": "other", "property": "pathname"}])).encode(),
        json.dumps(callback(inputs=[{"id": {"a": 1}, "property": "pathname"}])).encode(),
        json.dumps(callback(inputs=[[{"id": "url", "property": "pathname"}]])).encode(),
        json.dumps(callback(outputs={"id": "who", "property": "style"})).encode(),
        json.dumps(callback(outputs=[{"id": "who", "property": "children"}])).encode(),
        json.dumps(callback(changedPropIds=["secret.value"])).encode(),
        json.dumps(callback(changedPropIds=[["url.pathname"]])).encode(),
        json.dumps(callback(unknown=1)).encode(),
        json.dumps(callback()).replace('"/map"', "[" * 900 + "]" * 900).encode(),
        json.dumps(run_with({"id": {"kind": "walk", "job": "x"}, "property": "n_clicks"})).encode(),
        json.dumps(run_with({"id": {"kind": "run"}, "property": "n_clicks"})).encode(),
        json.dumps(run_with({"id": {"kind": "run", "job": {}}, "property": "n_clicks"})).encode(),
        json.dumps(callback("run.children", changedPropIds=['{"kind":"walk","job":"x"}.n_clicks'])).encode(),
        json.dumps(callback("run.children", changedPropIds=["{.n_clicks"])).encode(),
    ],
)  # fmt: skip
def test_a_body_that_is_no_callback_of_ours_is_refused_never_a_500(city, body):
    async def ask():
        async with city.person("administrator") as browser:
            return await browser.post(
                "/_dash-update-component", content=body, headers={"content-type": "application/json"}
            )

    assert run(ask()).status_code == 400


def test_bodies_of_wrong_type_or_size_are_refused(city):
    async def ask():
        async def endless():
            for _ in range(20):
                yield b"x" * 100_000

        async with city.person("leader") as browser:
            post = browser.post
            types = [
                (
                    await post("/_dash-update-component", content=b"{}", headers={"content-type": kind})
                ).status_code
                for kind in ("text/plain", "application/x-www-form-urlencoded", "application/ld+json", "")
            ]
            sizes = [
                (await post("/echo", content=b"x" * size)).status_code for size in (0, 1_000_000, 1_000_001)
            ]
            streamed = (await post("/echo", content=endless())).status_code
            lie = (await post("/echo", content=b"x", headers={"content-length": "1" * 30})).status_code
        return types, sizes, streamed, lie

    assert run(ask()) == ([415] * 4, [200, 200, 413], 413, 413)


def test_dash_is_handed_the_document_as_it_was_read_here(city):
    body = json.dumps(callback()).replace('"/map"', "1" * 300 + ', "value": 12345678901234567890123').encode()
    _, document = read_callback(body, city.app.callback_map)
    assert document.count(b'"value"') == 2  # of the doubled key one is left: the one that was checked
    (path,) = json.loads(document)["inputs"]
    assert isinstance(path["value"], float)

    async def ask():
        async with city.person("leader") as browser:
            kind = {"content-type": "application/json"}
            return await browser.post("/_dash-update-component", content=body, headers=kind)

    assert run(ask()).status_code == 200


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["output", "outputs", "inputs", "state", "changedPropIds"]), JSON))
def test_any_body_is_read_or_refused_in_one_way(changes):
    entry = {
        "callback": 1,
        "inputs": [{"id": "url", "property": "pathname"}],
        "state": [{"id": "url", "property": "search"}],
        "output": Output("who", "children"),
    }
    body = json.dumps({**callback(), **changes}).encode()
    try:
        output, document = read_callback(body, {"who.children": entry})
    except Malformed:
        assert changes
    else:
        assert output == "who.children"
        assert json.loads(document)["output"] == output
