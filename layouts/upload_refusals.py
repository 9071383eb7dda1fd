"""Why a file was refused as a whole, in the reader's language: sentences of the intake, known by their form.

Invariant: no reader is left with a sentence of another language alone; one of no known form follows words of his own.
"""

import re

from layouts.words import Words

# How what was found begins, and the key of its words; the named parts are handed over as they are.
FORMS: tuple[tuple[str, str], ...] = (
    (r"an empty file of 0 bytes", "empty"),
    (r"(?P<n>\d+) files of boundaries in the archive", "outlines"),
    (r"a \.shp without its (?P<part>\.\w+)", "shapefile"),
    (r"other content; expected a readable (?P<form>\.\w+)", "content"),
    (r"no unit; expected at least one", "units"),
    (r"nothing in any unit; expected codes", "codes"),
    (r"no coordinate system", "system"),
    (r"degrees such as .* declared as (?P<system>[^;]+)", "degrees"),
    (r"coordinates such as .* in (?P<system>.+), which lie nowhere", "nowhere"),
    (r"a (?P<kind>\w+); expected a Polygon or MultiPolygon", "shape"),
    (r"units without a parent", "parents"),
    (r"several outlines", "several"),
    (r"no column 'kind'", "kinds"),
    (r"(?P<n>\d+) refused rows; expected none", "replaced"),
    (r"no entry that can be read", "entries"),
    (r"column '(?P<name>.+)'; expected some of", "unknown.column"),
    (r"the column '(?P<name>.+)' twice", "twice"),
    (r"columns .*; expected name, and aliases", "departments"),
    (r"no department", "departments"),
    (r".*; expected a column of sub-districts", "district"),
    (r"no line of a sub-district", "district.lines"),
    (r"'(?P<text>.+)'; expected one of .*, and a unit of ours", "district.own"),
    (r"nothing; expected what the table is called", "district.title"),
    (r"'(?P<text>.+)'; expected \S+ or a later day", "district.period"),
    (r"'(?P<text>.*)'; expected a date such as (?P<example>\S+)", "date"),
    (r"'(?P<text>.+)' twice; expected a name that no other", "namesake"),
    (r"nothing; expected the name of a department", "nameless"),
    (r"'(?P<text>.+)' for (?P<one>.+) and (?P<other>.+); expected it for one", "owners"),
    (r"'(?P<text>.+)'; expected one of department, neighbourhood", "kind"),
    (r"'(?P<text>.+)'; expected '.+', as above", "kind"),
    (r"blank rows only; expected a list", "blank"),
    (r"no unit to join outlines to", "join"),
    (r"(?P<n>[\d,]+) (?:units|corners|columns|characters)[^;]*; expected at most (?P<most>[\d,]+)", "many"),
    (r"an Excel workbook; expected (?P<expected>\w+)", "workbook"),
    (r"no sheet (?:'(?P<name>.+?)'|of cells)", "sheet"),
    (r"bytes (?:after line [\d,]+ )?that are not (?P<encoding>[\w-]+)", "bytes"),
    (r".*; expected (?:a )?(?P<form>GeoJSON|JSON|XML|rows of CSV)\b", "form"),
    (r".*; expected (?:one|a) list of records", "records"),
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
    (r"more than [\d,]+ \w+; expected (?:fewer|records with points)", "bomb"),
    (r".*grows over 100-fold.*|.*MB inflated.*|.*(?:parts|sheets); expected at most.*", "bomb"),
    (r"the column '(?P<name>.+)' \d+ times.*", "twice"),
    (r"no column '?(?P<name>.+?)'?; expected .+", "column"),
    (r"a name that is taken.*", "taken"),
    (r"the name '(?P<name>.+)'; expected letters", "name"),
    (r"a file of (?P<form>\w+); expected (?P<expected>\w+)", "format"),
    (r"'(?P<text>.*)'; expected 1 or 0", "working"),
    (r"(?P<text>[\d-]+) again; expected each day once", "again"),
    (r".*lacks (?P<gone>[\d,]+) of the (?P<all>[\d,]+) facts.*", "shrinks"),
    (
        r".*cannot be (?:read|unpacked).*|.*cut short or damaged.*|no whole zip archive.*|.*breaks its reader.*",
        "damaged",
    ),
)
ROW = re.compile(r" row (\d+):")
KNOWN = tuple((re.compile(form, re.DOTALL), key) for form, key in FORMS)


def refusal(sentence: str, words: Words) -> str:
    """A refusal in words; one of no known form is quoted."""
    where, _, found = sentence.partition("got ")
    row = ROW.search(where)
    for form, key in KNOWN:
        known = form.match(found)
        if known:
            parts = {name: text or "" for name, text in known.groupdict().items()}
            text = words(f"upload.refused.{key}", **parts)
            return words("upload.refused.row", row=row[1], text=text) if row else text
    return words("upload.refused.other", text=sentence)
