"""Every visible word, number, date and duration, in the reader's language.

A catalogue is the merger of all `locale/<language>/*.po` files, one file an area of the program. Keys are names
("map.legend.few"), never sentences, so that a text can change without its key. Both languages hold the same keys
with the same placeholders; a test keeps them so. A key that is missing raises, it is never shown.

Absent on purpose: a compile step, plural rules beyond "one" (`key.one` is taken where n is 1), time zones (the
caller hands over local dates and times).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po

LOCALE = Path(__file__).parent / "locale"
LANGUAGES = {"zh": "zh-CN", "en": "en"}  # our name and that of the `lang` attribute
NOTHING = "–"
DAY_MINUTES, HOUR_MINUTES = 1440, 60


class CatalogueError(ValueError):
    """A catalogue file is unreadable or gives one key twice."""


@dataclass(frozen=True)
class Words:
    """The texts and formats of one language.

    locale  "zh" or "en"
    texts   key to text; placeholders as in str.format
    today   local date of the reader; dates of another year than this one carry their year
    """

    locale: str
    texts: Mapping[str, str]
    today: date | None = None

    def __call__(self, key: str, /, **values: object) -> str:
        """The text of `key` with its placeholders filled. Raises KeyError where there is none."""
        if "n" in values and str(values["n"]) == "1" and f"{key}.one" in self.texts:
            key = f"{key}.one"
        text = self.texts[key]
        return text.format(**values) if values else text

    def on(self, today: date) -> "Words":
        """The same words on that day."""
        return replace(self, today=today)

    @property
    def lang(self) -> str:
        """The value of the `lang` attribute."""
        return LANGUAGES[self.locale]

    @property
    def gap(self) -> str:
        """What stands between two phrases of one line."""
        return self.texts["format.gap"]

    def brackets(self, text: str) -> str:
        """The text in round brackets of this language."""
        return self("format.brackets", text=text)

    def number(self, value: float | None, decimals: int = 0) -> str:
        """ "1,848"; a dash for what is not known."""
        if value is None or not math.isfinite(value):
            return NOTHING
        text = f"{value:,.{decimals}f}"
        return text.removeprefix("-") if float(text.replace(",", "")) == 0 else text

    def percent(self, fraction: float | None, decimals: int = 1) -> str:
        """ "91.0 %" of the fraction 0.91; a dash for what is not known."""
        if fraction is None or not math.isfinite(fraction):
            return NOTHING
        return self("format.percent", number=self.number(fraction * 100, decimals))

    def month(self, day: date) -> str:
        """ "11月", "Nov"; with its year where that is another one."""
        return self(f"format.month{self._other_year(day)}", **self._parts(day))

    def day(self, day: date) -> str:
        """ "11月22日", "22 Nov"; with its year where that is another one."""
        return self(f"format.day{self._other_year(day)}", **self._parts(day))

    def weekday(self, day: date) -> str:
        """ "周日", "Sun"."""
        return self.texts["format.weekdays"].split()[day.weekday()]

    def moment(self, moment: datetime) -> str:
        """ "11月22日 周日 14:35", "Sun 22 Nov, 14:35" of a local time."""
        day, hour = self.day(moment.date()), f"{moment:%H:%M}"
        return self("format.moment", day=day, weekday=self.weekday(moment), time=hour)

    def stamp(self, moment: datetime) -> str:
        """ "11-22 14:35", "22 Nov 14:35": the short form of tables."""
        if self._other_year(moment.date()):
            return self.day(moment.date())
        return self("format.stamp", time=f"{moment:%H:%M}", **self._parts(moment.date()))

    def period(self, start: date, end: date) -> str:
        """ "11月1日–22日", "1–22 Nov" of the local days [start, end)."""
        last = end - timedelta(days=1)
        if start == last:
            return self.day(start)
        if (start.year, start.month) == (last.year, last.month):
            values = self._parts(last) | {"first": start.day, "last": last.day}
            return self(f"format.period{self._other_year(last)}", **values)
        if start.year != last.year and self.today is not None:
            day = "format.day.year"
            return f"{self(day, **self._parts(start))}–{self(day, **self._parts(last))}"
        return f"{self(f'format.day{self._other_year(start)}', **self._parts(start))}–{self.day(last)}"

    def duration(self, minutes: float | None) -> str:
        """ "18分", "1小时2分", "2天3小时": two units at most, rounded down to the smaller."""
        if minutes is None or not math.isfinite(minutes):
            return NOTHING
        whole = max(int(minutes), 0)
        days, hours = whole // DAY_MINUTES, whole % DAY_MINUTES // HOUR_MINUTES
        if days:
            shown = [("days", days), ("hours", hours)]
        elif hours:
            shown = [("hours", hours), ("minutes", whole % HOUR_MINUTES)]
        else:
            return self("format.minutes", n=whole)
        texts = [self(f"format.{name}", n=n) for name, n in shown if n]
        return self("format.two", first=texts[0], second=texts[1]) if len(texts) == 2 else texts[0]

    def age(self, minutes: float | None) -> str:
        """ "12 分钟前", "12 min ago"; from an hour on the two largest units."""
        if minutes is None or not math.isfinite(minutes):
            return NOTHING
        if minutes < 1:
            return self("format.age.now")
        if minutes < HOUR_MINUTES:
            return self("format.age.minutes", n=int(minutes))
        return self("format.age.longer", span=self.duration(minutes))

    def _other_year(self, day: date) -> str:
        return "" if self.today is None or day.year == self.today.year else ".year"

    def _parts(self, day: date) -> dict[str, object]:
        name = self.texts["format.months"].split()[day.month - 1]
        return {"year": day.year, "month": day.month, "name": name, "day": day.day, "two": f"{day:%m-%d}"}


@cache
def load_words(locale: str, folder: Path = LOCALE) -> Words:
    """Read and merge the catalogue files of one language, once. Raises CatalogueError."""
    texts: dict[str, str] = {}
    for path in sorted((folder / locale).glob("*.po")):
        with path.open("rb") as file:
            messages = read_po(file, locale=locale, abort_invalid=True)
        for message in messages:
            if not message.id:
                continue
            key = str(message.id)
            if key in texts:
                raise CatalogueError(f"{path.name}: got '{key}' a second time; expected every key once")
            texts[key] = str(message.string)
    if not texts:
        raise CatalogueError(f"{folder / locale}: got no catalogue; expected .po files")
    return Words(locale, texts)
