"""What can still be recovered: how many orders by reason, the next of them, and between what each value may end."""

from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

from dash import html
from dash.development.base_component import Component

from data.indicators import INDICATORS
from data.outlook import Outlook
from data.recoverable import CHANGED, ON_CLOSING, REASONS, Prospect
from layouts import parts, values
from layouts.district_ask import due_text
from layouts.words import Words

COMPACT = 5
MARKS = {"due_soon": "due", "overdue": "failed", "returned": "stale"}  # shapes of the reasons that press
STILL = {"safe": ("met", "good"), "lost": ("failed", "bad"), "open": ("unknown", "t2")}


def card(prospect: Prospect, zone: ZoneInfo, words: Words, *below: Component, to: str) -> Component:
    """The compact card: counts by reason and the first orders; the whole list is where `to` leads."""
    link = html.A(words("district.recoverable.all"), href=to, className="f12")
    return parts.card(
        parts.head(words("district.recoverable"), _period(prospect, words), link),
        *listing(prospect, zone, words, most=COMPACT),
        *below,
        name="recoverable",
    )


def listing(prospect: Prospect, zone: ZoneInfo, words: Words, *, most: int) -> list[Component]:
    """Counts by reason and the first orders; one sentence where nothing can change any more."""
    if not prospect.total:
        return [html.P(words("district.recoverable.none"), className="note-line t2")]
    counts = [
        html.Li([_why(why, words), html.B(words.number(prospect.counts[why]))])
        for why in REASONS
        if prospect.counts.get(why)
    ]
    return [html.Ul(counts, className="whys"), _orders(prospect, zone, words, most)]


def _period(prospect: Prospect, words: Words) -> str:
    total = words("district.orders", n=words.number(prospect.total))
    return f"{words.period(prospect.period.start, prospect.period.end)}{words.gap}{total}"


def _why(why: str, words: Words) -> Component:
    return parts.badge(MARKS.get(why, "unknown"), words(f"district.why.{why}"))


def _orders(prospect: Prospect, zone: ZoneInfo, words: Words, most: int) -> Component:
    title = words("district.recoverable")
    names = ("why", "order", "place", "department", "due", "changes")
    heads = [parts.column(words(f"district.column.{name}"), name=name) for name in names]
    body = []
    for row in prospect.rows.head(most).to_dict("records"):
        changes = _changes(row["indicators"], words)
        place, category = str(row["unit_name"]) or values.NOTHING, str(row["category"])
        department = str(row["department"])
        department = values.NOTHING if department in ("nan", "") else department
        body.append(html.Tr([
            parts.cell(_why(row["why"], words), name="why"),
            html.Th(row["id"], scope="row", className="order", title=f"{row['id']} {category}"),
            parts.cell(place, name="t2 place", title=place),
            parts.cell(department, name="t2 department", title=department),
            parts.cell(due_text(row["due_at"], zone, words), name="due"),
            parts.cell(changes, name="t2 changes", title=changes),
        ]))  # fmt: skip
    table = parts.table(heads, body, caption=title, name="open-orders")
    return html.Div(table, className="scroll", tabIndex=0, role="region", **{"aria-label": title})


def _changes(indicators: Sequence[str], words: Words) -> str:
    """What an order can change: the indicators by name, unless they are all, or all that count on closing."""
    for name, known in (("all", CHANGED), ("closing", ON_CLOSING)):
        if tuple(indicators) == known:
            return words(f"district.changes.{name}")
    return words.texts["upload.and"].join(words(f"indicator.{name}.short") for name in indicators)


def outlook_table(prospect: Prospect, targets: Mapping[str, float], words: Words) -> Component:
    """Each indicator: so far, at worst, at best, the target and whether it is still open."""
    names = ("indicator", "so_far", "settled", "pending", "worst", "best", "target", "verdict")
    words_only = ("indicator", "verdict")
    heads = [
        parts.column(words(f"district.column.{name}"), name=name if name in words_only else f"num {name}")
        for name in names
    ]
    title = words("district.outlook")
    body = [_outlook(each, targets.get(each.indicator), words) for each in prospect.outlooks]
    table = parts.table(heads, body, caption=title, name="outlook")
    return html.Div(table, className="scroll", tabIndex=0, role="region", **{"aria-label": title})


def _outlook(each: Outlook, target: float | None, words: Words) -> Component:
    entry = INDICATORS[each.indicator]
    shown = [
        values.number(entry, None if value is None else float(value), words)
        for value in (each.value, each.worst, each.best)
    ]
    still = each.still(target)
    badge, tone = STILL.get(still, ("", "t3"))
    verdict = parts.badge(badge, words(f"district.still.{still}")) if still else values.NOTHING
    return html.Tr([
        html.Th(words(f"indicator.{each.indicator}"), scope="row", className="d-figure"),
        parts.cell(shown[0], name="num b so_far"),
        parts.cell(words.number(each.settled), name="num t2 settled"),
        parts.cell(words.number(each.pending), name="num pending"),
        parts.cell(shown[1], name="num worst"),
        parts.cell(shown[2], name="num best"),
        parts.cell(values.target(entry, target, words), name="num t2 target"),
        parts.cell(verdict, name=f"verdict {tone}"),
    ])  # fmt: skip
