"""Lists of deadlines from files: a table with a limit in each row, or a published table of filing standards as it is.

Headers are known by alias, in Chinese and English. A list is taken whole or refused whole, with the row and the value.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from data.deadlines import STARTS, Deadline
from data.limits import COUNTING, Clock, LimitError, read_limit
from data.settings import Settings
from data.sources.batch import SourceError, shorten
from data.sources.tables import read_table
from data.standards import read_standards
from geo.units import fold

HEADERS = {
    "kind": ("kind", "种类", "记录种类"),
    "category": ("category", "类别", "案件类别", "问题类型", "业务类型", "诉求类别"),
    "major": ("major", "大类", "大类名称"),
    "minor": ("minor", "小类", "小类名称"),
    "condition": ("condition", "立案条件", "立案标准", "条件"),
    "channel": ("channel", "渠道", "来源", "问题来源"),
    "type": ("type", "工单类型"),
    "limit": ("limit", "时限", "处置时限", "处置期限", "办理时限", "办理期限"),
    "clock": ("clock", "计时", "计时方式"),
    "counting": ("counting", "计法", "工作日计法"),
    "starts": ("starts", "from", "起算", "起算时间"),
}
WORDS: dict[str, dict[str, tuple[str, ...]]] = {  # field -> our word -> theirs
    "kind": {"case": ("case", "案件"), "order": ("order", "工单")},
    "clock": {"continuous": ("continuous", "连续", "紧急"), "working": ("working", "工作", "工作时间")},
    "counting": {"end of day": ("end of day", "到日终", "日终"), "hours": ("hours", "按工时", "工时")},
    "starts": {
        "filed": ("filed", "filed_at", "立案", "立案时间"),
        "dispatched": ("dispatched", "dispatched_at", "派遣", "派遣时间", "派单", "派单时间"),
        "reported": ("reported", "reported_at", "上报", "上报时间"),
        "accepted": ("accepted", "accepted_at", "受理", "受理时间"),
    },
}
STANDARDS = ("大类代码", "小类代码")


class DeadlineError(ValueError):
    """A list of deadlines cannot be taken: where: got value; expected rule."""


def read_list(path: Path, settings: Settings, *, kind: str = "case") -> dict[str, tuple[Deadline, ...]]:
    """Deadlines by kind from a CSV or a workbook; as `list_of`. Raises DeadlineError."""
    try:
        return list_of(read_table(path), path.name, settings, kind=kind)
    except SourceError as error:
        raise DeadlineError(str(error)) from None


def list_of(
    table: Iterable[Sequence[str]], file: str, settings: Settings, *, kind: str = "case"
) -> dict[str, tuple[Deadline, ...]]:
    """Deadlines by kind from the rows of a table, the first on.

    kind    of rows that do not say theirs
    Raises  DeadlineError
    """
    rows = [[cell.strip() for cell in row] for row in table]
    if any(set(STANDARDS) <= set(row) for row in rows[:10]):
        return {kind: _published(rows, file, settings, kind)}
    found: dict[str, dict[tuple, Deadline]] = {}
    at, headers = _header(rows, file)
    for number, row in enumerate(rows[at + 1 :], start=at + 2):
        cells = {
            name: row[place] if place is not None and place < len(row) else ""
            for name, place in headers.items()
        }
        if any(cells.values()):
            own, made = _row(cells, f"{file} row {number}", settings, kind)
            if made.place in found.setdefault(own, {}):
                raise DeadlineError(
                    f"{file} row {number}: category: got '{shorten(made.category)}' again; "
                    "expected each category once for a condition, channel and type"
                )
            found[own][made.place] = made
    if not found:
        raise DeadlineError(f"{file}: got no limit; expected one or more")
    return {own: tuple(made.values()) for own, made in found.items()}


def _published(rows: list[list[str]], file: str, settings: Settings, kind: str) -> tuple[Deadline, ...]:
    try:
        standards, rejects = read_standards(rows, file=file, seasons=True)
    except SourceError as error:
        raise DeadlineError(str(error)) from None
    if rejects:
        raise DeadlineError(str(rejects[0]))
    by_hours = settings.working_time.by_hours
    return tuple(
        Deadline(
            f"{each.major_name}/{each.minor_name}", each.limit, read_limit(each.limit, by_hours=by_hours),
            STARTS[kind][0], condition=each.condition,
        )
        for each in standards
    )  # fmt: skip


def _header(rows: Sequence[Sequence[str]], file: str) -> tuple[int, dict[str, int | None]]:
    at = next((number for number, row in enumerate(rows) if any(row)), 0)
    names = [fold(cell) for cell in rows[at]] if rows else []
    headers = {
        field: next((place for place, name in enumerate(names) if name in wanted), None)
        for field, wanted in HEADERS.items()
    }
    if headers["limit"] is None or (headers["category"] is None and headers["major"] is None):
        there = ", ".join(map(shorten, rows[at])) if rows else ""
        raise DeadlineError(f"{file}: got columns {there}; expected category and limit")
    return at, headers


def _row(cells: Mapping[str, str], where: str, settings: Settings, kind: str) -> tuple[str, Deadline]:
    own = _word("kind", cells["kind"], where) or kind
    category = cells["category"] or "/".join(part for part in (cells["major"], cells["minor"]) if part)
    clock: Clock | None = _word("clock", cells["clock"], where) or None  # type: ignore[assignment]  # its words are those
    counting = _word("counting", cells["counting"], where)
    by_hours = counting == "hours" if counting else settings.working_time.by_hours
    starts = _word("starts", cells["starts"], where) or STARTS[own][0]
    if starts not in STARTS[own]:
        raise DeadlineError(f"{where}: starts: got '{starts}'; expected one of {', '.join(STARTS[own])}")
    try:
        length = read_limit(cells["limit"], clock=clock, by_hours=by_hours)
    except LimitError as error:
        raise DeadlineError(f"{where}: limit: {error}") from None
    if counting and length.unit not in COUNTING.values():
        raise DeadlineError(f"{where}: counting: got '{counting}'; expected it for working days only")
    return own, Deadline(
        category, cells["limit"], length, starts,
        condition=cells["condition"], channel=cells["channel"], type=cells["type"],
    )  # fmt: skip


def _word(field: str, text: str, where: str) -> str:
    """Our word for theirs; nothing for nothing. Raises DeadlineError."""
    if not text:
        return ""
    for ours, theirs in WORDS[field].items():
        if fold(text) in theirs:
            return ours
    raise DeadlineError(f"{where}: {field}: got '{shorten(text)}'; expected one of {', '.join(WORDS[field])}")
