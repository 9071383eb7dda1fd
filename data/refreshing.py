"""The refresh as the office runs it: one at a time, then the colour scales that still lack cuts."""

from collections.abc import Callable
from datetime import datetime

from data.locks import one_at_a_time
from data.rollup import Refreshed, published, refresh
from data.scales import fix_scales
from data.store import Store


def refresh_all(
    store: Store, *, clock: Callable[[], datetime], full: bool = False, rescale: bool = False
) -> Refreshed:
    """Refresh under the instance's lock; `rescale` fixes the colour scales anew instead of only where they lack."""
    with one_at_a_time(store, "refresh"):
        done = refresh(store, clock=clock, full=full)
        if done.mode == "full":
            fix_scales(store, anew=rescale)
        return done


def gather(store: Store, *, clock: Callable[[], datetime]) -> bool:
    """Make one base of a base and its differences, if there are any; the numbers stay as they are."""
    with store.read() as connection:
        seen = published(connection)
    if seen is None or seen.base == seen.generation:
        return False
    refresh_all(store, clock=clock, full=True)
    return True
