"""The refresh as the office runs it: one at a time, then the colour scales that still lack cuts."""

from collections.abc import Callable
from datetime import datetime

from data.locks import one_at_a_time
from data.rollup import Refreshed, refresh
from data.scales import fix_scales
from data.store import Store


def refresh_all(store: Store, *, clock: Callable[[], datetime], full: bool = False) -> Refreshed:
    """Refresh under the instance's lock; a full one that was asked for also fixes the colour scales anew."""
    with one_at_a_time(store, "refresh"):
        done = refresh(store, clock=clock, full=full)
        if done.mode == "full":
            fix_scales(store, anew=full)
        return done
