"""Two cores for a loop: the next item is made while the loop still works on this one."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def ahead(items: Iterable[T]) -> Iterator[T]:
    """Items in their order, each made in a second thread while the one before it is dealt with.

    It pays where making one waits, or computes without the interpreter's lock as numpy, Arrow and SQLite do. One item
    more is held in memory. What fails raises where its item would have come; who stops early waits for the next one.
    """
    source, end = iter(items), object()
    with ThreadPoolExecutor(1, thread_name_prefix="ahead") as thread:
        coming = thread.submit(next, source, end)
        while (item := coming.result()) is not end:
            coming = thread.submit(next, source, end)
            yield item  # type: ignore[misc]  # `next` answers an item or `end`, and `end` is no item
