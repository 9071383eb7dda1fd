"""The harness itself: databases are fresh and whole, a page's faults are noticed."""

import http.server
import threading

import pytest
from sqlalchemy import create_engine, inspect, text

from data.schema import metadata


@pytest.mark.parametrize("turn", [1, 2])
def test_each_test_gets_a_fresh_database_with_every_table(store_url, turn):
    engine = create_engine(store_url)
    assert set(metadata.tables) <= set(inspect(engine).get_table_names())
    with engine.begin() as connection:
        assert connection.scalar(text("SELECT count(*) FROM term")) == 0
        connection.execute(text("INSERT INTO term (id, kind, text) VALUES (1, 'category', 'x')"))
    engine.dispose()


@pytest.fixture
def site(tmp_path):
    """A tiny web server with whatever the test writes into `tmp_path`."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments):
            super().__init__(*arguments, directory=str(tmp_path))

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.browser
def test_a_page_that_errs_or_calls_out_is_noticed(site, tmp_path, page, faults):
    (tmp_path / "bad.html").write_text(
        "<link rel=icon href='data:,'><img src='http://elsewhere.invalid/x.png'><script src=/none.js></script>"
        "<script>console.error('oh'); setTimeout(() => { throw new Error('no') })</script>"
    )
    page.goto(f"{site}/bad.html")
    page.wait_for_timeout(300)
    for expected in (
        "foreign request: http://elsewhere",
        "http 404: .*none.js",
        "console: oh",
        "page error: no",
    ):
        before = len(faults.left())
        faults.allow(expected)
        assert len(faults.left()) < before, expected
    faults.allow("console: Failed to load resource")


@pytest.mark.browser
def test_a_quiet_page_has_no_fault(site, tmp_path, page, faults):
    (tmp_path / "good.html").write_text("<meta charset=utf-8><link rel=icon href='data:,'><p>你好</p>")
    page.goto(f"{site}/good.html")
    assert page.inner_text("p") == "你好"
    assert faults.left() == []
