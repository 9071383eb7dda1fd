"""Why a fact may be left out of the assessment: the reasons an office accepts, each a code with its titles."""

import re

CODE = re.compile(r"[a-z][a-z0-9_]{0,30}\Z")
# What offices usually accept; the setting `exclusions.reasons` puts others in their place.
USUAL: dict[str, dict[str, str]] = {
    "outside": {"zh": "职责外", "en": "Not within the duties of the office"},
    "repeat": {"zh": "重复诉求", "en": "The same demand again"},
    "unreasonable": {"zh": "无理诉求", "en": "Demand without grounds"},
    "force": {"zh": "不可抗力", "en": "Force majeure"},
    "incomplete": {"zh": "信息不全", "en": "Too little told to act on"},
    "policy": {"zh": "政策原因", "en": "Held up by policy"},
}


def read_reasons(table: dict) -> dict[str, dict[str, str]]:
    """The setting `exclusions`: code -> language -> title; the usual reasons where it names none. Raises ValueError."""
    unknown = sorted(set(table) - {"reasons"})
    if unknown:
        raise ValueError(f"exclusions: got '{unknown[0]}'; expected reasons")
    reasons = table.get("reasons", {})
    if not isinstance(reasons, dict):
        raise ValueError(f"exclusions.reasons: got {reasons!r}; expected a table")
    for code, titles in reasons.items():
        where = f"exclusions.reasons.{code}"
        if not CODE.match(code):
            raise ValueError(
                f"{where}: got '{code}'; expected lower-case letters, digits and '_', a letter first"
            )
        if not isinstance(titles, dict) or not titles or not all(isinstance(x, str) for x in titles.values()):
            raise ValueError(f"{where}: got {titles!r}; expected a title by language")
    return {code: dict(titles) for code, titles in (reasons or USUAL).items()}


def title(reasons: dict[str, dict[str, str]], code: str, locale: str) -> str:
    """Title of a reason in a language; of one no longer in use its code."""
    titles = reasons.get(code) or USUAL.get(code, {})
    return titles.get(locale) or next(iter(titles.values()), code)
