"""Bytes read before and kept in memory: those used last, up to a size."""

from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock


class Kept:
    """For what never changes under its key; safe to use from several threads."""

    def __init__(self, most: int):
        self.most, self.size = most, 0
        self._bodies: OrderedDict[Hashable, bytes] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable) -> bytes | None:
        """What is kept under a key."""
        with self._lock:
            if key in self._bodies:
                self._bodies.move_to_end(key)
            return self._bodies.get(key)

    def put(self, key: Hashable, body: bytes) -> None:
        """Keep a body; what was used longest ago makes room for it."""
        with self._lock:
            self.size += len(body) - len(self._bodies.pop(key, b""))
            self._bodies[key] = body
            while self.size > self.most:
                self.size -= len(self._bodies.popitem(last=False)[1])
