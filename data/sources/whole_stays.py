"""What the rows of a source of stays must be."""

import numpy as np
import pyarrow.compute as pc

from data.sources.draft import Draft
from data.sources.times import NAT
from data.stays import LONGEST_STAY


def check_stays(draft: Draft) -> None:
    """An exit before the entry is no stay; a longer one than is believed is kept, and flagged."""
    name = "id" if "id" in draft.texts else "plate"
    draft.refuse(name, ~np.asarray(pc.is_valid(draft.texts[name])), "a value; every stay has one")
    entry, leave = draft.instants["entry_at"], draft.instants.get("exit_at")
    if leave is not None:
        over = (leave != NAT) & (entry != NAT)
        draft.refuse("exit_at", over & (leave < entry), "a time not before entry_at")
        draft.flags["longer_than_72_h"] = over & (leave - entry > LONGEST_STAY)
