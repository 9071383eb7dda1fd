"""More than one tree of units over the same ground: which are there, and which one a person is at home in."""

import os
import tomllib
from pathlib import Path

from data.reader import Reader
from data.settings import FIRST_TREE, LEVEL_TITLES, SettingsError, Tree, load_settings, parse_settings


def trees_of(reader: Reader) -> tuple[Tree, ...]:
    """Trees with published units, in the order of the settings."""
    there = {version.tree for version in reader.atlas}
    return tuple(tree for tree in reader.settings.trees if tree.name in there)


def home_tree(reader: Reader) -> str:
    """The tree a person's own page is read in: that of the scope, for the whole the first with units."""
    names = [tree.name for tree in trees_of(reader)] or [FIRST_TREE]
    return reader.scope.tree if not reader.scope.whole and reader.scope.tree in names else names[0]


def ways(reader: Reader, within: str | None) -> list[tuple[Tree, str | None]]:
    """Trees a page can be read in, each with the unit it then looks inside: that of the same code, else everything.

    A scope opens other units in each tree, so that only a reader of the whole takes his unit along.
    """
    codes = {version.tree: version.by_code for version in reader.atlas}  # of each tree the newest stays
    keep = reader.scope.whole and within
    return [
        (tree, within if tree.name == reader.tree or (keep and within in codes[tree.name]) else None)
        for tree in trees_of(reader)
    ]


def place_of(reader: Reader) -> str:
    """Name of all that a reader sees: the instance's, or those of the units of the scope."""
    if reader.scope.whole:
        return reader.settings.name
    names = reader.across.names if reader.across else [unit.name for unit in reader.roots()]
    return "、".join(names)


def add_tree(folder: Path, name: str, *, levels: tuple[str, ...], title: str = "") -> Tree:
    """Declare one more tree at the end of an instance's `linli.toml`, which stays as it was before it.

    title   what its units are called, in the language of the instance; by default the usual title, else the name
    Raises SettingsError: a name that is taken or unfit, no levels or unfit ones
    """
    known = load_settings(folder)
    path = folder / "linli.toml"
    if name in {tree.name for tree in known.trees}:
        raise SettingsError(f"{path}: trees.{name}: got a name that is taken; expected a new one")
    text = path.read_text(encoding="utf-8").rstrip("\n")
    text += f"\n\n[trees.{name}]\n" + (
        f'title = {{ {known.locale} = "{_quoted(title)}" }}\n' if title else ""
    )
    text += "levels = [\n" + "".join(f"    {_level(level)},\n" for level in levels) + "]\n"
    try:
        settings = parse_settings(tomllib.loads(text), folder=folder)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(
            f"{path}: trees.{name}: {error}; expected lower-case letters, and a plain title"
        ) from None
    draft = path.with_name(".linli.toml.new")
    draft.write_text(text, encoding="utf-8")
    os.replace(draft, path)
    return settings.tree(name)


def _level(name: str) -> str:
    titles = ", ".join(f'{language} = "{text}"' for language, text in LEVEL_TITLES.get(name, {}).items())
    return f'{{ name = "{_quoted(name)}"' + (f", title = {{ {titles} }}" if titles else "") + " }"


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
