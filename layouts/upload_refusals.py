"""Why a file was refused as a whole, in the reader's language: sentences of the intake, known by their form."""

import re

from layouts.words import Words

# How what was found begins, and the key of its words; the named parts are handed over as they are.
FORMS: tuple[tuple[str, str], ...] = (
    (r"an empty file of 0 bytes", "empty"),
    (r"(?:more than )?(?P<size>[\d,]+ MB)(?: of text)?; expected at most .+", "large"),
    (r".*under a password.*|an? encrypted part.*", "password"),
    (r".*with macros.*", "macros"),
    (r"(?P<n>\d+) files in the archive.*", "archive"),
    (r"'?(?P<name>[^;]+?)'? in the archive.*", "inside"),
    (r".*takes more than (?P<limit>.+) to read.*", "heavy"),
    (r".*neither UTF-8 nor GB18030.*", "encoding"),
    (r"a quote that is never closed.*", "quote"),
    (r".*nested too deep.*", "deep"),
    (r"(?:no row with text|blank rows only|no record.*|an empty sheet).*", "blank"),
    (r".*document type.*", "doctype"),
    (r".*grows over 100-fold.*|.*MB inflated.*|.*(?:parts|sheets); expected at most.*", "bomb"),
    (r"the column '(?P<name>.+)' \d+ times.*", "twice"),
    (r"no column '?(?P<name>.+?)'?; expected .+", "column"),
    (r"a name that is taken.*", "taken"),
    (r"a file of (?P<form>\w+); expected (?P<expected>\w+)", "format"),
    (r".*lacks (?P<gone>[\d,]+) of the (?P<all>[\d,]+) facts.*", "shrinks"),
    (
        r".*cannot be (?:read|unpacked).*|.*cut short or damaged.*|no whole zip archive.*|.*breaks its reader.*",
        "damaged",
    ),
)
KNOWN = tuple((re.compile(form, re.DOTALL), key) for form, key in FORMS)


def refusal(sentence: str, words: Words) -> str:
    """A refusal in words; one of no known form stands as it was written."""
    found = sentence.partition("got ")[2]
    for form, key in KNOWN:
        known = form.match(found)
        if known:
            return words(
                f"upload.refused.{key}", **{name: text or "" for name, text in known.groupdict().items()}
            )
    return sentence
