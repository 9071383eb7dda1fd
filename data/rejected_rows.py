"""Refused rows as a workbook for the person who delivered them: each as it came, the reason beside it.

Put right and sent again through the same page it loads: the two columns added here are known as such (see
`data.sources.aliases.RETURNED`). Cells are texts whatever they say; none is a formula or a link.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import xlsxwriter

from data.sources.aliases import RETURNED
from data.sources.batch import Reject, writable

TITLES = {"zh": RETURNED[:2], "en": RETURNED[2:]}  # reason and row, by language
LONGEST = 32_767  # characters of a cell
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # no letters in the XML of a sheet
RED = "#A61B1B"
WIDTH, REASON_WIDTH = 16, 44


def write_rejected(
    path: Path,
    headers: Sequence[str],
    rows: Mapping[str, Sequence[str]],
    rejects: Sequence[Reject],
    *,
    told: Callable[[Reject], str],
    locale: str,
) -> None:
    """Write the workbook.

    headers  of the file, in the order of its columns
    rows     cells of each refused row by its number; a row that could not be read again has its reason alone
    told     why a row was refused, in the language of the reader
    """
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(str(path), options | {"constant_memory": True, "tmpdir": str(path.parent)})
    bold, text, reason = (
        book.add_format(form) for form in ({"bold": True}, {"num_format": "@"}, {"font_color": "#A61B1B"})
    )
    sheet = book.add_worksheet()
    sheet.freeze_panes(1, 0)
    last = max((len(headers), *map(len, rows.values())))
    sheet.set_column(0, last - 1, WIDTH)
    sheet.set_column(last, last, REASON_WIDTH)
    for at, title in [*enumerate(headers), *enumerate(TITLES[locale], last)]:
        sheet.write_string(0, at, title, bold)
    for line, (number, why) in enumerate(_by_row(rejects, told).items(), 1):
        for at, cell in enumerate(rows.get(str(number), ())):
            sheet.write_string(line, at, CONTROL.sub("", writable(cell))[:LONGEST], text)
        sheet.write_string(line, last, why, reason)
        sheet.write_number(line, last + 1, number)
    book.close()


def _by_row(rejects: Sequence[Reject], told: Callable[[Reject], str]) -> dict[int, str]:
    """Why each row was refused, in the order of the file."""
    found: dict[int, list[str]] = {}
    for reject in rejects:
        found.setdefault(reject.row, []).append(told(reject))
    return {number: "; ".join(dict.fromkeys(found[number])) for number in sorted(found)}
