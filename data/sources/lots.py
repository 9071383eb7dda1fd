"""What a declaration of kind `parking` must say, readings of a lot or stays in it, and what a stay must be."""

import numpy as np
import pyarrow.compute as pc

from data.sources.batch import SourceError
from data.sources.declared import Section
from data.sources.draft import Draft
from data.sources.times import NAT
from data.stays import LONGEST_STAY


def resolved(kind: str, top: Section) -> str:
    """The kind of fact: `stay` where a source of car parks maps the entry of a car."""
    return "stay" if kind == "parking" and "entry_at" in top.sub("fields").values else kind


def check_lots(top: Section, kind: str, mapped: set[str]) -> None:
    """Refuse a declaration from which a reading or a stay could not be told. Raises SourceError."""
    if kind == "parking" and not mapped & {"occupied", "vacant"}:
        raise SourceError(f"{top.at('fields')}: got neither occupied nor vacant; expected one of them")
    if kind == "parking" and {"occupied", "vacant"} <= mapped:
        raise SourceError(f"{top.at('fields')}: got both occupied and vacant; expected one of them")
    if kind == "stay" and not mapped & {"id", "plate"}:
        raise SourceError(
            f"{top.at('fields')}: got neither id nor plate; expected one: two cars may enter a lot at once"
        )
    if "vacant" in mapped and "capacity" not in mapped:
        raise SourceError(
            f"{top.at('fields.vacant')}: got no capacity beside it; expected both, one is the other"
        )


def check_stays(draft: Draft) -> None:
    """An exit before the entry is no stay; a longer one than is believed is kept, and flagged."""
    name = "id" if "id" in draft.texts else "plate"
    draft.refuse(name, ~np.asarray(pc.is_valid(draft.texts[name])), "a value; every stay has one")
    entry, leave = draft.instants["entry_at"], draft.instants.get("exit_at")
    if leave is not None:
        over = (leave != NAT) & (entry != NAT)
        draft.refuse("exit_at", over & (leave < entry), "a time not before entry_at")
        draft.flags["longer_than_72_h"] = over & (leave - entry > LONGEST_STAY)
