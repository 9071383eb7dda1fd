"""The settings of one instance: a folder with `linli.toml`, parsed and checked once at the door."""

import re
import tomllib
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from data.assessment_year import YearStart, read_compare, read_targets, read_year_start
from data.exclusion_reasons import read_reasons
from data.working_time import WorkingTime, read_timers, read_working_time

CODE_NAME = re.compile(r"[a-z][a-z0-9_]{0,30}\Z")
KNOWN_KEYS = {
    "name": (str, ""),
    "timezone": (str, "Asia/Shanghai"),
    "locale": (str, "zh"),
    "database_url": (str, ""),
    "sample": (bool, False),
    "https": (bool, False),
    "levels": (list, []),
    "trees": (dict, {}),
    "targets": (dict, {}),
    "assessment": (dict, {}),
    "timers": (dict, {}),
    "working_time": (dict, {}),
    "exclusions": (dict, {}),
    "titles": (dict, {}),
}
DEFAULT_LEVELS = {
    "subdistrict": {"zh": "街道", "en": "Sub-district"}, "area": {"zh": "片区", "en": "Area"},
    "grid": {"zh": "网格", "en": "Grid"}, "microgrid": {"zh": "微网格", "en": "Micro-grid"},
    "metagrid": {"zh": "元网格", "en": "Meta-grid"},
}  # fmt: skip
LEVEL_TITLES = DEFAULT_LEVELS | {"committee": {"zh": "居委会", "en": "Committee"}}
FIRST_TREE = "grid"  # the tree of the setting `levels`, and the one read where none is named
DEFAULT_TREES = {FIRST_TREE: {"zh": "网格", "en": "Grids"}, "admin": {"zh": "居委", "en": "Committees"}}
LOCALES = ("zh", "en")  # languages there are catalogues of
DATABASE_URL = re.compile(r"(sqlite:///|postgresql(\+psycopg)?://)")
EPOCH_DAY = date(1970, 1, 1)


class SettingsError(ValueError):
    """A setting is missing, unknown or out of range; the text says where, what was found, what was expected."""


@dataclass(frozen=True)
class Level:
    """A tier of the hierarchy: its name in addresses and files, its depth from the top, its titles."""

    name: str
    depth: int
    titles: dict[str, str] = field(default_factory=dict)

    def title(self, locale: str) -> str:
        """Title in `locale`, else in any language given, else the name."""
        return self.titles.get(locale) or next(iter(self.titles.values()), self.name)


@dataclass(frozen=True)
class Tree:
    """One hierarchy of units over the same ground: its name in addresses and files, its levels, its titles."""

    name: str
    levels: tuple[Level, ...]
    titles: dict[str, str] = field(default_factory=dict)

    def level(self, name: str) -> Level:
        """The level of that name; raises KeyError."""
        return {level.name: level for level in self.levels}[name]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the levels, top first."""
        return tuple(level.name for level in self.levels)

    def title(self, locale: str) -> str:
        """Title in `locale`, else in any language given, else the name."""
        return self.titles.get(locale) or next(iter(self.titles.values()), self.name)


@dataclass(frozen=True)
class Settings:
    """What an instance says of itself. Days and periods are local to `timezone`; `timers` are minutes by step."""

    folder: Path
    name: str
    timezone: ZoneInfo
    locale: str
    database_url: str
    sample: bool
    https: bool
    trees: tuple[Tree, ...]
    targets: dict[str, float]
    year_start: YearStart
    compare: str
    timers: dict[str, float]
    working_time: WorkingTime
    reasons: dict[str, dict[str, str]]
    titles: dict[str, dict[str, dict[str, str]]]

    def tree(self, name: str) -> Tree:
        """The tree of that name. Raises SettingsError."""
        for tree in self.trees:
            if tree.name == name:
                return tree
        known = ", ".join(tree.name for tree in self.trees)
        raise SettingsError(
            f"tree: got '{name[:40]}'; expected one of {known} (a new one: 'linli trees add')"
        )

    @property
    def levels(self) -> tuple[Level, ...]:
        """Levels of the first tree, top first."""
        return self.trees[0].levels

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the levels of the first tree, top first."""
        return self.trees[0].names

    @property
    def url(self) -> str:
        """Database address; without one, the SQLite file of the folder."""
        return self.database_url or f"sqlite:///{self.folder / 'linli.db'}"

    def epoch_day(self, moment: datetime) -> int:
        """Local day of an aware instant, as days since 1970-01-01."""
        return (moment.astimezone(self.timezone).date() - EPOCH_DAY).days

    def day_start(self, day: int) -> int:
        """First instant of a local day (days since 1970-01-01), in microseconds UTC."""
        local = datetime.combine(EPOCH_DAY + timedelta(days=day), time(), self.timezone)
        return int(local.timestamp()) * 1_000_000

    def word(self, kind: str, text: str, locale: str) -> str:
        """A word of the data (category, channel …) in `locale` where the instance translates it, part by part."""
        table = self.titles.get(kind, {})
        return "/".join(table.get(part, {}).get(locale, part) for part in text.split("/"))


def load_settings(folder: Path) -> Settings:
    """Read and check `folder/linli.toml`. Raises SettingsError with one plain line."""
    path = folder / "linli.toml"
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SettingsError(f"{path}: not found; expected an instance made by 'linli init'") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path}: {error}; expected TOML in UTF-8") from None
    return parse_settings(raw, folder=folder)


def parse_settings(raw: dict, *, folder: Path) -> Settings:
    """Check a parsed `linli.toml`: unknown keys, types, zone, levels, targets. Raises SettingsError."""
    where = folder / "linli.toml"
    for key in raw:
        if key not in KNOWN_KEYS:
            raise SettingsError(
                f"{where}: got unknown setting '{key}'; expected one of {', '.join(KNOWN_KEYS)}"
            )
    values = {key: raw.get(key, default) for key, (_, default) in KNOWN_KEYS.items()}
    for key, (kind, _) in KNOWN_KEYS.items():
        if not isinstance(values[key], kind):
            raise SettingsError(f"{where}: {key}: got {values[key]!r}; expected {kind.__name__}")
    if values["locale"] not in LOCALES:
        raise SettingsError(
            f"{where}: locale: got '{values['locale']}'; expected one of {', '.join(LOCALES)}"
        )
    if values["database_url"] and not DATABASE_URL.match(values["database_url"]):
        system = values["database_url"].split("://")[0]  # what follows may hold a password
        raise SettingsError(
            f"{where}: database_url: got '{system}://'; expected nothing, sqlite:/// or postgresql://"
        )
    return Settings(
        folder=folder,
        name=values["name"] or folder.resolve().name,
        timezone=_zone(values["timezone"], where),
        locale=values["locale"],
        database_url=values["database_url"],
        sample=values["sample"],
        https=values["https"],
        trees=_trees(values["levels"], values["trees"], where),
        titles=values["titles"],
        **_judging(values, where),
    )


def _zone(name: str, where: Path) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise SettingsError(
            f"{where}: timezone: got '{name}'; expected a name such as Asia/Shanghai"
        ) from None


def _trees(first: list, tables: dict, where: Path) -> tuple[Tree, ...]:
    """The tree of `levels`, then those of `[trees.NAME]`; the first may be given titles there, but no levels."""
    trees = [Tree(FIRST_TREE, _levels(first, f"{where}: levels"), _tree_titles(FIRST_TREE, {}, where))]
    for name, table in tables.items():
        at = f"{where}: trees.{name}"
        if not CODE_NAME.match(name) or not isinstance(table, dict):
            raise SettingsError(f"{at}: got {table!r}; expected a table under a name of lower-case letters")
        unknown = sorted(set(table) - {"title", "levels"})
        if unknown or (name == FIRST_TREE and "levels" in table):
            got = unknown[0] if unknown else "levels"
            raise SettingsError(
                f"{at}: got '{got}'; expected title" + ("" if name == FIRST_TREE else ", levels")
            )
        titles = _tree_titles(name, table.get("title", {}), where)
        if name == FIRST_TREE:
            trees[0] = Tree(name, trees[0].levels, titles)
        else:
            trees.append(Tree(name, _levels(table.get("levels", []), f"{at}: levels"), titles))
    return tuple(trees)


def _tree_titles(name: str, given: object, where: Path) -> dict[str, str]:
    return _titles(given, f"{where}: trees.{name}") or DEFAULT_TREES.get(name, {})


def _levels(rows: object, where: str) -> tuple[Level, ...]:
    """Levels from the top: tables with a name and titles, or names of levels that have a usual title."""
    levels: list[Level] = []
    for depth, row in enumerate(rows if isinstance(rows, list) else []):
        table = {"name": row, "title": LEVEL_TITLES.get(row, {})} if isinstance(row, str) else row
        name = table.get("name", "") if isinstance(table, dict) else ""
        if not CODE_NAME.match(name):
            raise SettingsError(
                f"{where}: got {name!r}; expected lower-case letters, digits and '_', a letter first"
            )
        levels.append(Level(name, depth, _titles(table.get("title", {}), f"{where}: {name}")))
    if not levels or len({level.name for level in levels}) < len(levels):
        raise SettingsError(f"{where}: got {[x.name for x in levels]}; expected one or more, all different")
    return tuple(levels)


def _titles(given: object, where: str) -> dict[str, str]:
    if not isinstance(given, dict) or not all(isinstance(text, str) for text in given.values()):
        raise SettingsError(f"{where}: title: got {given!r}; expected a text by language")
    return dict(given)


def _judging(values: dict, where: Path) -> dict[str, Any]:
    """What people are judged by, each setting read by its own module."""
    try:
        return {
            "timers": read_timers(values["timers"]),
            "working_time": read_working_time(values["working_time"], zone=values["timezone"]),
            "targets": read_targets(values["targets"]),
            "year_start": read_year_start(values["assessment"]),
            "compare": read_compare(values["assessment"]),
            "reasons": read_reasons(values["exclusions"]),
        }
    except ValueError as error:
        raise SettingsError(f"{where}: {error}") from None


def write_settings(
    folder: Path, *, levels: tuple[str, ...], timezone: str, locale: str, name: str = ""
) -> Settings:
    """Make an instance folder with its `linli.toml` and sub-folders; refuses one that exists."""
    path = folder / "linli.toml"
    if path.exists():
        raise SettingsError(f"{path}: exists already; expected a new folder")
    raw = {
        "name": name or folder.resolve().name,
        "timezone": timezone,
        "locale": locale,
        "levels": [{"name": level, "title": DEFAULT_LEVELS.get(level, {})} for level in levels],
    }
    settings = parse_settings(raw, folder=folder)
    make_folders(folder)
    path.write_text(_toml(raw), encoding="utf-8")
    return settings


def make_folders(folder: Path) -> None:
    """The sub-folders every instance has."""
    for part in ("sources", "inbox", "exports", "backups", "background"):
        (folder / part).mkdir(parents=True, exist_ok=True)


def _toml(raw: dict) -> str:
    head = [f'{key} = "{raw[key]}"' for key in ("name", "timezone", "locale")]
    blocks = []
    for level in raw["levels"]:
        titles = ", ".join(f'{lang} = "{text}"' for lang, text in level["title"].items())
        blocks.append(
            f'[[levels]]\nname = "{level["name"]}"' + (f"\ntitle = {{ {titles} }}" if titles else "")
        )
    return "\n".join(head) + "\n\n" + "\n\n".join(blocks) + "\n"
