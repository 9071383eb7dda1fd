"""The columns of a file: what each is called, what it holds, what it is taken for and how sure that is."""

from dash import html
from dash.development.base_component import Component

from data.fields import specs
from data.matching import DROP, NONE, Match
from layouts import parts, values
from layouts.parts import Option
from layouts.upload_ask import COLUMN, UploadAnswer
from layouts.words import Words

# From here on, in words: sure, very likely, likely; below it is doubtful.
STEPS = ((0.95, "sure", "met"), (0.75, "very", ""), (0.6, "likely", ""), (0.01, "doubtful", "due"))


def columns_card(answer: UploadAnswer, words: Words) -> Component:
    """The table of columns, those that want a decision first to be seen by their sign."""
    matches = [match for match in answer.checked.plan.matches if match.header]
    used = sum(match.means not in (NONE, DROP) for match in matches)
    title = words("upload.matched", n=words.number(used), all=words.number(len(matches)))
    heads = [parts.column(words(f"upload.column.{name}"), name=name) for name in ("theirs", "ours", "why")]
    rows = [_row(match, answer, words) for match in matches]
    table = parts.table(heads, rows, caption=title, name="columns")
    scroll = html.Div(table, className="scroll", tabIndex=0, role="region", **{"aria-label": title})
    return parts.card(parts.head(title, words("upload.matched.note")), scroll, name="low-card matched")


def _row(match: Match, answer: UploadAnswer, words: Words) -> Component:
    samples = words.gap.join(match.samples)
    theirs = html.Th(
        [html.B(match.header), html.Small(samples or values.NOTHING, className="t3")],
        scope="row",
        title=samples,
    )
    quiet = "" if match.means not in (NONE, DROP) else "mut"
    return html.Tr(
        [
            theirs,
            parts.cell(_choice(match, answer, words), name="ours"),
            parts.cell(_why(match, words), name="why"),
        ],
        className=quiet,
    )


def _choice(match: Match, answer: UploadAnswer, words: Words) -> Component:
    """The select of a column; what is proposed sends nothing, so that an address holds only what was changed."""
    if not match.choices:
        return html.Span(meaning(match.means, words))
    kind, is_new = answer.checked.plan.kind, answer.checked.plan.is_new
    needed = {name for name, spec in specs(kind).items() if spec.required} if is_new else set()

    def option(means: str) -> Option:
        text = meaning(means, words) + (" *" if means in needed else "")
        return Option(text, "" if means == match.proposed else means, means == match.means)

    ordered = sorted((one for one in match.choices if one != DROP), key=lambda one: one not in needed)
    offered = [NONE, *ordered, *([DROP] if DROP in match.choices else [])]
    label = words("upload.column.of", column=match.header)
    return parts.select(f"{COLUMN}{match.place}", label, [option(one) for one in offered], inline=False)


def _why(match: Match, words: Words) -> list[Component] | Component:
    """What the proposal rests on, and how sure it is, in words."""
    if match.why == "hand":
        return parts.badge("met", words("upload.why.hand"))
    if match.means == NONE and match.why != "seen":
        sign = "due" if match.choices and match.proposed == NONE and not match.confidence else "unknown"
        return parts.badge(sign, words("upload.why.none"))
    _, name, sign = next((step for step in STEPS if match.confidence >= step[0]), STEPS[-1])
    if match.why in ("declared", "renamed", "seen"):
        return parts.badge("unknown" if match.why == "seen" else "met", words(f"upload.why.{match.why}"))
    told = words(
        "upload.why.both", why=words(f"upload.why.{match.why or 'values'}"), sure=words(f"upload.sure.{name}")
    )
    return parts.badge(sign or "likely", told)


def meaning(means: str, words: Words) -> str:
    """What people call what a column is taken for."""
    return words(f"upload.means.{means}") if means in (NONE, DROP) else field_name(means, words)


def field_name(name: str, words: Words) -> str:
    """A field by its name for people; a declared column by its own."""
    return words.texts.get(f"field.{name}", name)
