"""What exports say in columns with few words, in our words: proposals for the tables `[values]`, never used unasked."""

from data.fields import ColumnSpec
from data.sources.values import yes_or_no

_SPOKEN = {
    "solved": ("解决", "已解决", "实际解决", "诉求解决", "solved", "resolved"),
    "unsolved": ("未解决", "没有解决", "unsolved"),
    "explained": ("解释说明", "解释", "explained"),
    "satisfied": ("满意", "非常满意", "satisfied"),
    "mostly": ("基本满意", "比较满意"),
    "neutral": ("一般", "neutral"),
    "dissatisfied": ("不满意", "非常不满意", "dissatisfied"),
    "unrated": ("未评价", "不作评价", "未评", "不评价", "unrated"),
    "littering": ("高空抛物", "抛物", "littering"),
    "wall": ("外墙脱落", "墙面脱落", "外立面脱落", "wall"),
    "yes": ("按期办结", "按时办结", "按期", "按时", "已联系", "intime", "in time", "on time"),
    "no": (
        "逾期办结",
        "超期办结",
        "超时办结",
        "逾期",
        "超期",
        "超时",
        "未联系",
        "overtime",
        "overdue",
        "late",
    ),
}
_STATUS = {  # of a case; any other word is kept as it is
    "reported": ("已上报", "上报", "待受理", "reported"),
    "filed": ("已立案", "立案", "filed"),
    "dispatched": ("已派遣", "派遣", "已派单", "已派发", "dispatched", "assigned"),
    "open": ("处置中", "处理中", "办理中", "在办", "open", "in progress"),
    "handled": ("已处置", "已处理", "待核查", "handled"),
    "closed": ("已结案", "结案", "已办结", "办结", "已关闭", "closed", "completed"),
    "voided": ("作废", "已作废", "voided", "cancelled"),
}
_STATUS_OF = {word: ours for ours, words in _STATUS.items() for word in words}
_OF = {word: ours for ours, words in _SPOKEN.items() for word in words}
_EITHER = (("solved", "unsolved"), ("satisfied", "dissatisfied"))


def meaning(word: str, spec: ColumnSpec) -> str:
    """Our word for one of theirs in a field with few; empty where it is not known, or needs no table."""
    if spec.name == "status":
        ours = _STATUS_OF.get(word.casefold().strip(), "")
        return "" if ours == word else ours
    choices = ("yes", "no") if spec.type == "yesno" else spec.choices
    answer = yes_or_no(word)
    if not choices or word in choices or (answer is not None and answer in choices):
        return ""
    ours = _OF.get(word.casefold().strip(), "")
    if answer is not None:  # of columns such as 是否解决 and 是否满意
        ours = next((pair[answer == "no"] for pair in _EITHER if set(pair) <= set(choices)), "")
    return ours if ours in choices else ""
