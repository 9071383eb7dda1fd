"""Why a row was refused, in the reader's language: the rules the intake writes down, recognised by their form."""

import re

from layouts.words import Words

# The form of a rule, and the key of its words; the named parts are handed over as they are.
FORMS: tuple[tuple[str, str], ...] = (
    (r"a value; every .+ has one", "reason.value"),
    (r"a time from (?P<low>\S+) to (?P<high>\S+)", "reason.span"),
    (r"a time such as (?P<example>.+)", "reason.time"),
    (r"a time not before (?P<bound>.+)", "reason.before"),
    (r"a time in the declared format (?P<form>.+)", "reason.format"),
    (r"one of (?P<choices>.+)", "reason.choice"),
    (r"yes or no", "reason.yes"),
    (r"a number", "reason.number"),
    (r"a whole number or a time", "reason.version"),
    (r"a whole number up to (?P<most>.+)", "reason.whole"),
    (r"a whole number, 0 or more", "reason.count"),
    (r"at most (?P<most>[\d,]+) bytes", "reason.bytes"),
    (r"at least (?P<bound>.+)", "reason.least"),
    (r"at most (?P<bound>.+)", "reason.most"),
    (r"text without NUL characters", "reason.nul"),
    (r"text that can be written as UTF-8", "reason.utf8"),
    (r"(?P<n>\d+) cells as in the header", "reason.cells"),
    (r"a line of at most (?P<most>.+) characters", "reason.long"),
    (r"one JSON object a line", "reason.line"),
    (r"a record \(an object\)", "reason.record"),
    (r"a feature with properties", "reason.feature"),
    (r"every name once in a record", "reason.twice"),
    (r"odd, even or all", "reason.parity"),
    (r"a whole number", "reason.whole.any"),
    (r"degrees \(WGS84\)", "reason.degrees"),
    (r"a date such as (?P<example>.+)", "reason.day"),
    (r"a name, a road or both", "reason.named"),
    (r"both degrees or neither", "reason.both"),
    (r"lon and lat, or the code of a unit", "reason.place"),
    (r"(?P<least>\d+) or more", "reason.up"),
    (r"a day after (?P<day>.+)", "reason.later"),
    (r"the code of a unit, or a name that only one has", "reason.one.unit"),
    (r"words of its own", "reason.own"),
    (r"an entry that still holds", "reason.holds"),
    (r"0 to 100 per cent", "reason.percent"),
    (r"per cent, as in the rest of the column", "reason.percent.column"),
    (r"a rank of 1 to (?P<most>\d+)", "reason.rank"),
    (r"the name of a sub-district", "reason.subdistrict"),
    (r"each sub-district once", "reason.once"),
)
KNOWN = tuple((re.compile(form), key) for form, key in FORMS)


def reason(rule: str, field: str, words: Words) -> str:
    """The rule a row broke, in words; a rule of no known form stands as it was written."""
    for form, key in KNOWN:
        found = form.fullmatch(rule)
        if found:
            parts = found.groupdict()
            if "choices" in parts:
                parts["choices"] = _choices(parts["choices"], field, words)
            if "bound" in parts:
                parts["bound"] = name_of(parts["bound"], words)
            return words(key, **parts)
    return rule


def name_of(field: str, words: Words) -> str:
    """What people call a field."""
    return words.texts.get(f"field.{field}", field)


def _choices(text: str, field: str, words: Words) -> str:
    """The words of a closed list as people say them."""
    named = [words.texts.get(f"word.{field}.{each}", each) for each in text.split(", ")]
    return words("reason.between").join(named)
