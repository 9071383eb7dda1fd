"""A declared source for a file that says the same in another form of table: a clerk's workbook for a system's CSV.

Only how a file is read changes, never what its columns mean, so the declaration that is kept stays as it is.
"""

from dataclasses import replace

from data.sources.batch import SourceError
from data.sources.definition import Source

READING = ("format", "encoding", "delimiter", "sheet", "header")
TABLES = ("csv", "xlsx", "xls")
WORKBOOKS = ("xlsx", "xls")


def as_delivered(source: Source, form: str, *, encoding: str, delimiter: str, sheet: str) -> Source:
    """The source as it reads one file.

    form      format of the file; encoding, delimiter and sheet as a first look found them, empty where it has none
    returns   the same fields; a header whose row is declared for another form of file is looked for again
    Raises    SourceError where the formats differ and are no tables: their columns have other names
    """
    if form not in TABLES or source.format not in TABLES:
        if form != source.format:
            raise SourceError(f"sources/{source.name}.toml: got a file of {form}; expected {source.format}")
        return source
    same = form == source.format or {form, source.format} == set(WORKBOOKS)
    return replace(
        source,
        format=form,
        encoding=encoding or "auto",
        delimiter=delimiter or ",",
        sheet=sheet or None,
        header=source.header if same else None,
    )
