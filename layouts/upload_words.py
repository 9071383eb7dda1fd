"""Words of a file that a closed list does not know: each with a choice of what it means, part of the page's form."""

from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from data.unknown_words import Unknown
from layouts import parts
from layouts.parts import Option
from layouts.reasons import name_of
from layouts.upload_ask import word_field
from layouts.words import Words


def words_card(unknown: Sequence[Unknown], words: Words) -> list[Component]:
    """The card; nothing where every word is known."""
    if not unknown:
        return []
    title = words("upload.words", n=words.number(len(unknown)))
    items = [html.Li(_row(one, words)) for one in unknown]
    return [parts.card(parts.head(title, words("upload.words.note")), html.Ul(items), name="unknown-words")]


def _row(one: Unknown, words: Words) -> list[Component]:
    field = name_of(one.field, words)
    sign = (
        parts.badge("met", words("upload.words.said"))
        if one.means
        else parts.badge("due", words("upload.words.rows", n=words.number(one.rows)))
    )
    options = [Option(words("upload.words.none"), "", not one.means)]
    options += [Option(spoken(each, one.field, words), each, each == one.means) for each in one.choices]
    label = words("upload.words.of", field=field, word=one.word)
    chosen = parts.select(word_field(one.field, one.word), label, options, inline=False)
    return [html.Span([html.B(one.word), html.Small(field, className="t3")], className="what"), sign, chosen]


def spoken(ours: str, field: str, words: Words) -> str:
    """One of our words as people say it."""
    return words.texts.get(f"word.{field}.{ours}") or words.texts.get(f"analyst.{ours}", ours)
