"""What the pages of departments are asked and what they were answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

from data.department_edits import ListTrial
from data.department_uses import Use
from data.departments import Department

PATH = "/sources/departments"
EDIT = f"{PATH}/edit"
EXPORT = f"{PATH}/list.csv"
FIELDS = ("name", "kind", "aliases")
LONGEST = 200  # characters of a name
LONGEST_LIST = 2000  # characters of all spellings
DONE = ("saved", "removed", "joined", "outdated")


@dataclass(frozen=True)
class DepartmentsAsk:
    """What an address asks: the department that is mended ("" is none, `new` a new one), its fields as filled in."""

    name: str = ""
    new: bool = False
    bring: bool = False
    done: str = ""
    given: Mapping[str, str] = field(default_factory=dict)

    @property
    def pairs(self) -> dict[str, str]:
        """The question as it stands in an address."""
        named = {"department": self.name, "new": "yes" if self.new else "",
                 "view": "import" if self.bring else "", "done": self.done}  # fmt: skip
        named |= {f"f.{name}": text for name, text in self.given.items()}
        return {name: text for name, text in named.items() if text}

    def href(self, **changes: Any) -> str:
        """Address of the page with something else asked; what became of a form is told once."""
        told: dict[str, Any] = {"done": "", "given": {}, "new": False, "bring": False}
        kept = urlencode(replace(self, **(told | changes)).pairs)
        return f"{PATH}?{kept}" if kept else PATH


def read_ask(params: Mapping[str, str]) -> DepartmentsAsk:
    """What an address or a form asks; what cannot be read counts as not said."""
    texts = {name: " ".join(value.split()) for name, value in params.items()}
    given = {name: texts[f"f.{name}"][:LONGEST_LIST] for name in FIELDS if texts.get(f"f.{name}")}
    done = texts.get("done", "")
    return DepartmentsAsk(
        name=texts.get("department", "")[:LONGEST],
        new=texts.get("new") == "yes",
        bring=texts.get("view") == "import",
        done=done if done in DONE else "",
        given=given,
    )


@dataclass(frozen=True)
class DepartmentsAnswer:
    """Every department with its facts; the one that is mended, with its fields and what is wrong with them.

    seen  number of the list that is shown
    """

    rows: Sequence[Use]
    csrf: str
    seen: int
    chosen: Use | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    fault: str = ""

    @property
    def listed(self) -> list[Department]:
        """Departments of the list."""
        return [row.department for row in self.rows if row.listed]


@dataclass(frozen=True)
class ListAnswer:
    """A list that was sent and what taking it would do, or did (`result`)."""

    name: str
    token: str
    csrf: str
    trial: ListTrial | None = None
    result: Mapping[str, Any] | None = None
