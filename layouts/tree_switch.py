"""The control that reads a page by another tree of units: 按网格｜按居委."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dash.development.base_component import Component

from data.settings import Tree
from layouts import parts
from layouts.parts import Option
from layouts.words import Words


@dataclass(frozen=True)
class Way:
    """One tree a page can be read in; `within` is the unit it then looks inside, '-' for everything."""

    tree: Tree
    within: str = "-"
    chosen: bool = False


def switch(ways: Sequence[Way], words: Words, *, to: Callable[[Way], str]) -> Component | None:
    """A segment of the trees; nothing where there is no other."""
    if len(ways) < 2:
        return None
    options = [
        Option(words("parts.tree.by", tree=way.tree.title(words.locale)), to(way), way.chosen) for way in ways
    ]
    return parts.segment(words("parts.tree"), options)
