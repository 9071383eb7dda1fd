"""The lists of limits the sample city has recorded: one from the beginning, one that later added local categories.

Its sources bring due dates of their own, counted from the dispatch by these limits laid on a running clock.
"""

from data.sample.catalogue import CATEGORIES, TOPICS

NAMES = ("deadlines-1.csv", "deadlines-2.csv")  # in the order they were recorded
NOTES = ("按国家标准及本市立案标准", "增列外立面裂缝、高空坠物隐患、占用消防通道")
LATER_DAYS = 20  # before the end of the history the second list began
ADDED = ("房屋立面/外立面裂缝", "突发事件/高空坠物隐患", "街面秩序/占用消防通道")
URGENT_HOURS = 4  # limits up to here run day and night
ORDER_LIMITS = (("", "5工作日"), ("咨询", "1工作日"), ("意见建议", "1工作日"))


def limit_lists() -> dict[str, str]:
    """Texts of the lists by the names of their files."""
    cases = {entry.path: f"案件,{entry.path},,{_limit(entry.hours)},派遣" for entry in CATEGORIES}
    majors = dict.fromkeys(topic.path.split("/")[0] for topic in TOPICS)
    orders = [f"工单,{major},{kind},{limit},派单" for major in majors for kind, limit in ORDER_LIMITS]
    first = [line for path, line in cases.items() if path not in ADDED]
    return dict(zip(NAMES, (_text([*first, *orders]), _text(list(cases.values()))), strict=True))


def _text(lines: list[str]) -> str:
    return "\n".join(["种类,类别,工单类型,时限,起算", *lines]) + "\n"


def _limit(hours: int) -> str:
    if hours <= URGENT_HOURS:
        return f"{hours}紧急工作时"
    return f"{hours // 24}工作日" if hours % 24 == 0 else f"{hours}小时"
