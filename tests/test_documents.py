"""Locks and documents keep up with the code: versions, commands, settings, indicators, keys of a source."""

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from layouts.glossary_table import catalogue
from layouts.words import LANGUAGES, load_words

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_locks_have_hashes_and_no_address(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    assert re.findall(r"https?://|file://|--index|--find-links|--extra|/simple|/wheels", text) == []
    for block in re.split(r"\n(?=\S)", text):
        assert block.startswith("#") or "--hash=sha256:" in block, block[:80]


def pins(name: str) -> dict[str, str]:
    text = (ROOT / name).read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9._-]+)==([^ \\;]+)", text, re.MULTILINE))


def test_tests_run_on_the_locked_versions():
    run, test = pins("requirements.lock"), pins("requirements-dev.lock")
    assert len(run) > 40
    assert {name: test.get(name) for name in run} == run


def documents() -> str:
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return "\n".join(page.read_text(encoding="utf-8") for page in pages)


def commands(
    parser: argparse.ArgumentParser, above: str = "linli"
) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, inner in action.choices.items():
                yield f"{above} {name}", inner
                yield from commands(inner, f"{above} {name}")


def test_every_command_and_option_is_documented():
    from app import parser

    text = documents()
    found = list(commands(parser()))
    assert len(found) > 20
    assert [name for name, _ in found if name not in text] == []
    options = {word for _, one in found for action in one._actions for word in action.option_strings}
    assert [
        word
        for word in sorted(options)
        if word.startswith("--") and f"{word}" not in text and word != "--help"
    ] == []


def test_every_setting_is_documented():
    from data.settings import KNOWN_KEYS

    text = documents()
    assert [name for name in KNOWN_KEYS if f"`{name}`" not in text and f"\n{name} = " not in text] == []
    assert [name for name in ("LINLI_INSTANCE", "LINLI_PORT", "LINLI_TEST_DATA") if name not in text] == []


def test_every_indicator_is_documented():
    from data.indicators import INDICATORS

    text = documents()
    assert [name for name in INDICATORS if f"`{name}`" not in text] == []


def test_the_table_of_indicators_is_that_of_the_definitions():
    words = {language: load_words(language) for language in LANGUAGES}
    assert (ROOT / "docs/indicators.md").read_text(encoding="utf-8") == catalogue(words)


def test_every_key_of_a_source_is_documented():
    names = ("definition.py", "mapping.py", "georeport.py", "snapshot.py", "links.py")
    readers = [ROOT / "data/sources" / name for name in names]
    keys = {
        key for path in readers for key in re.findall(r'(?:top|section)\.\w+\(\s*"(\w+)"', path.read_text())
    }
    assert {"kind", "format", "encoding", "crs", "drop"} <= keys
    text = documents()
    ways = ("`{}`", "\n{} = ", "\n[{}]", "\n[{}.")
    assert [key for key in sorted(keys) if not any(way.format(key) in text for way in ways)] == []
