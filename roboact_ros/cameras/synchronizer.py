"""Brings together what several sources saw at the same moment."""

from __future__ import annotations

import collections
from collections.abc import Iterable
from typing import Generic, TypeVar

T = TypeVar("T")
_KEPT = 16
"""Items of each source that wait for the others; half a second of a fast camera."""


class Synchronizer(Generic[T]):
    """Finds the newest set with one item of every source, in which no two stamps differ by more than a tolerance.

    Args:
        sources: Names of the sources.
        tolerance_ns: Largest difference between the stamps of a set [ns].
    """

    def __init__(self, sources: Iterable[str], tolerance_ns: int) -> None:
        self._tolerance_ns = tolerance_ns
        self._items = {name: collections.deque[tuple[int, T]](maxlen=_KEPT) for name in sources}
        self._newest_ns: int | None = None
        self._spread_ns = 0
        self.sets = self.apart = 0
        """Sets that were found, and moments at which the sources were too far apart for one."""

    def add(self, source: str, stamp_ns: int, item: T) -> dict[str, T] | None:
        """Take an item; return the set it completes, in the order of the sources, if it is newer than the last one.

        Args:
            source: Name of its source.
            stamp_ns: When it was, on the clock that all sources share [ns]; a step back forgets what came before.
            item: The item.
        """
        items = self._items[source]
        if items and stamp_ns <= items[-1][0]:
            for waiting in self._items.values():
                waiting.clear()
            self._newest_ns = None
        items.append((stamp_ns, item))
        if not all(self._items.values()):
            return None
        # The source that lags behind sets the moment: none of the others can have anything newer to go with it.
        moment_ns = min(waiting[-1][0] for waiting in self._items.values())
        if self._newest_ns is not None and moment_ns <= self._newest_ns:
            return None
        self._newest_ns = moment_ns
        near = {name: min(its, key=lambda it: abs(it[0] - moment_ns)) for name, its in self._items.items()}
        stamps = [stamp for stamp, _ in near.values()]
        self._spread_ns = max(stamps) - min(stamps)
        if self._spread_ns > self._tolerance_ns:
            self.apart += 1
            return None
        self.sets += 1
        return {name: it for name, (_, it) in near.items()}

    @property
    def problem(self) -> str:
        """Why there is no set now; empty while there are."""
        silent = [name for name, items in self._items.items() if not items]
        if silent:
            return f"no image yet from {', '.join(silent)}"
        if self._spread_ns > self._tolerance_ns:
            apart, allowed = self._spread_ns / 1e6, self._tolerance_ns / 1e6
            return f"the images of {', '.join(self._items)} lie {apart:.0f} ms apart; {allowed:.0f} ms are allowed"
        return ""
