"""What a question is narrowed to, and the way back: shown beside the controls of the map and the KPI page."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dash.development.base_component import Component

from layouts import parts
from layouts.parts import Option
from layouts.words import Words


@dataclass(frozen=True)
class Narrowed:
    """A column of facts (one of `data.query.NARROWING`) and the word it must be, in the reader's language."""

    column: str
    text: str


def narrowed(
    found: Sequence[Narrowed], here: str, words: Words, *, to: Callable[[str], str]
) -> list[Component]:
    """A menu for each: the word, and all again. `to` gives the address without the word of a column."""
    return [
        parts.menu(
            words(f"field.{each.column}"),
            [Option(words("parts.all"), to(each.column)), Option(each.text, here, True)],
        )
        for each in found
    ]
