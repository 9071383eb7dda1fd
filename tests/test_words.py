"""Words: both languages hold the same keys and placeholders; the formats of the look; nothing visible elsewhere."""

import ast
import re
import string
from datetime import date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.indicators import INDICATORS
from layouts.words import LANGUAGES, NOTHING, CatalogueError, load_words

ROOT = Path(__file__).resolve().parent.parent
TODAY = date(2026, 11, 22)
ZH, EN = load_words("zh").on(TODAY), load_words("en").on(TODAY)
ROOMS = ("layouts", "callbacks")


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def own(texts) -> set[str]:
    """Keys without those that only exist for n = 1, which Chinese does not need."""
    return {key for key in texts if not key.endswith(".one")}


def test_both_languages_have_the_same_keys():
    assert own(ZH.texts) == own(EN.texts)


def test_both_languages_have_the_same_placeholders():
    # Names of months and weekdays may be written by either language alone.
    free = {"month", "name", "two", "weekday", "day", "year"}
    for key in own(ZH.texts):
        assert placeholders(ZH.texts[key]) - free == placeholders(EN.texts[key]) - free, key


def test_no_text_is_empty():
    for words in (ZH, EN):
        assert not [
            key
            for key, text in words.texts.items()
            if not text.strip("　 ·") and not key.startswith("format.")
        ]


@pytest.mark.parametrize("words", [ZH, EN])
def test_every_indicator_has_its_words(words):
    for name in INDICATORS:
        assert words(f"indicator.{name}") and words(f"indicator.{name}.short")


def _calls(tree: ast.AST):
    for node in ast.walk(tree):
        name = getattr(node, "func", None)
        called = getattr(name, "id", None) or getattr(name, "attr", None)
        if isinstance(node, ast.Call) and called == "words" and node.args:
            yield node.args[0]


def test_every_key_the_program_names_exists():
    for path in (path for room in ROOMS for path in (ROOT / room).rglob("*.py")):
        for argument in _calls(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(argument, ast.Constant):
                assert argument.value in ZH.texts, f"{path.name}: {argument.value}"
            elif isinstance(argument, ast.JoinedStr) and isinstance(argument.values[0], ast.Constant):
                start = argument.values[0].value
                assert any(key.startswith(start) for key in ZH.texts), f"{path.name}: {start}…"


def _docstrings(tree: ast.AST) -> set[int]:
    kinds = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    bodies = (node.body for node in ast.walk(tree) if isinstance(node, kinds))
    return {id(body[0].value) for body in bodies if body and isinstance(body[0], ast.Expr)}


def test_no_chinese_text_outside_the_catalogues():
    found = []
    for path in (path for room in ROOMS for path in (ROOT / room).rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        skip = _docstrings(tree)
        for node in ast.walk(tree):
            text = node.value if isinstance(node, ast.Constant) and id(node) not in skip else None
            if isinstance(text, str) and re.search(r"[一-鿿]", text):
                found.append((path.name, text))
    # A language is named in itself, and the program's name is its name in the terminal too.
    assert {value for _, value in found} <= {"中文", "Linli 邻里 · "}, found


def test_numbers():
    assert ZH.number(1848) == "1,848"
    assert ZH.number(0.91 * 100, 1) == "91.0"
    assert ZH.number(float("nan")) == NOTHING == ZH.number(None)
    assert ZH.number(-0.04, 1) == "0.0"
    assert (ZH.percent(0.91), EN.percent(0.91)) == ("91.0 %", "91.0%")


def test_dates_of_this_and_of_another_year():
    moment = datetime(2026, 11, 22, 14, 35)
    assert (ZH.moment(moment), EN.moment(moment)) == ("11月22日 周日 14:35", "Sun 22 Nov, 14:35")
    assert (ZH.stamp(moment), EN.stamp(moment)) == ("11-22 14:35", "22 Nov 14:35")
    assert (ZH.day(date(2025, 11, 22)), EN.day(date(2025, 11, 22))) == ("2025年11月22日", "22 Nov 2025")


@pytest.mark.parametrize(
    ("start", "end", "zh", "en"),
    [
        (date(2026, 11, 1), date(2026, 11, 23), "11月1日–22日", "1–22 Nov"),
        (date(2026, 10, 24), date(2026, 11, 23), "10月24日–11月22日", "24 Oct–22 Nov"),
        (date(2026, 11, 22), date(2026, 11, 23), "11月22日", "22 Nov"),
        (date(2025, 3, 1), date(2025, 4, 1), "2025年3月1日–31日", "1–31 Mar 2025"),
        (date(2025, 12, 24), date(2026, 1, 23), "2025年12月24日–2026年1月22日", "24 Dec 2025–22 Jan 2026"),
    ],
)
def test_periods(start, end, zh, en):
    assert (ZH.period(start, end), EN.period(start, end)) == (zh, en)


@pytest.mark.parametrize(
    ("minutes", "zh", "en"),
    [
        (18, "18分", "18 min"),
        (62, "1小时2分", "1 h 2 min"),
        (3060, "2天3小时", "2 d 3 h"),
        (1440, "1天", "1 d"),
        (0, "0分", "0 min"),
    ],
)
def test_durations(minutes, zh, en):
    assert (ZH.duration(minutes), EN.duration(minutes)) == (zh, en)


def test_ages():
    assert (ZH.age(0.4), ZH.age(12), ZH.age(1800)) == ("刚刚", "12 分钟前", "1天6小时前")
    assert (EN.age(0.4), EN.age(12), EN.age(1800)) == ("just now", "12 min ago", "1 d 6 h ago")


@given(st.floats(min_value=0, max_value=1e6), st.sampled_from([ZH, EN]))
def test_a_duration_has_two_units_at_most(minutes, words):
    assert 1 <= len(re.findall(r"\d+", words.duration(minutes))) <= 2


def test_one_is_not_many():
    texts = {"a": "{n} cases", "a.one": "{n} case"}
    words = type(EN)("en", texts)
    assert (words("a", n=1), words("a", n="1"), words("a", n=2)) == ("1 case", "1 case", "2 cases")


def test_a_missing_key_raises():
    with pytest.raises(KeyError):
        ZH("no.such.key")


def test_a_key_given_twice_is_refused(tmp_path):
    (tmp_path / "zh").mkdir()
    for name in ("a.po", "b.po"):
        (tmp_path / "zh" / name).write_text('msgid "x"\nmsgstr "y"\n', encoding="utf-8")
    with pytest.raises(CatalogueError, match=r"b.po: got 'x' a second time"):
        load_words("zh", tmp_path)


def test_every_language_has_a_tag():
    assert [load_words(name).lang for name in LANGUAGES] == ["zh-CN", "en"]
