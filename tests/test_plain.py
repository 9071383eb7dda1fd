"""Markup of inert parts: nothing escapes, nothing runs, and the same parts come out."""

from html.parser import HTMLParser

import pytest
from dash import dcc, html
from hypothesis import given
from hypothesis import strategies as st

from layouts.plain import Line, Markup, plain, written


class Reader(HTMLParser):
    """What a browser would make of markup: elements with attributes, and the text."""

    def __init__(self, markup: str):
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, dict]] = []
        self.text = ""
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


@given(st.text(alphabet=st.characters(exclude_characters="\r\x00", exclude_categories=["Cs"])))
def test_no_text_becomes_an_element_or_an_attribute(text):
    seen = Reader(written(html.P(text, title=text, **{"data-tip": text})))
    said = {"title": text} if text else {}  # an empty title says nothing
    assert seen.found == [("p", {**said, "data-tip": text})] and seen.text == text


def test_the_same_parts_come_out():
    tree = html.Section(
        [html.H2("名"), None, dcc.Input(name="a", type="date", value="2026-11-01", debounce=True)],
        className="card",
        style={"maskImage": 'url("x")', "WebkitMaskImage": "y", "--columns": "3"},
        hidden=True,
        tabIndex=0,
    )
    seen = Reader(written(tree))
    assert [tag for tag, _ in seen.found] == ["section", "h2", "input"]
    assert seen.found[0][1] == {
        "class": "card", "style": 'mask-image:url("x");-webkit-mask-image:y;--columns:3', "hidden": None,
        "tabindex": "0",
    }  # fmt: skip
    assert seen.found[2][1] == {"name": "a", "type": "date", "value": "2026-11-01"}
    assert seen.text == "名"


def test_markup_stands_inside_markup():
    assert written([plain(html.B("x")), "<"]) == "<b>x</b>&lt;"
    assert isinstance(plain("x"), Markup) and plain("x").to_plotly_json()["props"] == {"markup": "x"}


def test_a_line_is_made_of_numbers_alone():
    (tag, attributes), (path, drawn) = Reader(written(html.Div(Line("M0 1L2.5 -3", "line")))).found[1:]
    assert (tag, path) == ("svg", "path") and attributes["class"] == "line" and drawn["d"] == "M0 1L2.5 -3"
    for odd in ('M0 0"/><script>', "url(x)", "M0 0 C1 1"):
        with pytest.raises(ValueError, match="plain: path"):
            written(Line(odd))


@pytest.mark.parametrize(
    "tree",
    [
        html.Script("alert(1)"), html.Iframe(src="/x"), html.ObjectEl(), dcc.Graph(),
        html.A("x", href="javascript:alert(1)"), html.A("x", href="https://example.org"), html.A("x", href="/\\x.org"),
        html.Img(src="/x"), html.Div(id={"type": "a", "index": 1}),
        html.A("x", href="//example.org"),
    ],
)  # fmt: skip
def test_what_runs_or_leads_away_is_refused(tree):
    with pytest.raises(ValueError, match="plain: "):
        written(tree)
