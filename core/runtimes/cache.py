"""The loaded models: each is loaded once, lent to many, and closed when nobody uses it any more."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Generic, TypeVar

from core.errors import InternalError
from core.runtimes.base import Scorer

K = TypeVar("K", bound=Hashable)


class _Entry:
    """One scorer, or the promise of one, and how many hold it."""

    def __init__(self) -> None:
        self.loaded: Future[Scorer] = Future()
        self.leases = 0
        self.retired = False

    @property
    def ended(self) -> bool:
        return self.retired and self.leases == 0


class ScorerCache(Generic[K]):
    """At most `size` scorers, the least recently lent let go first; threads may share it.

    `load` is called once for a key however many ask at the same time. When it fails, all who wait
    get the error and the next to ask tries again. A new scorer is loaded before an old one is let
    go, and one that is lent is closed only when its last lease ends: for so long there may be more
    than `size`.
    """

    def __init__(self, load: Callable[[K], Scorer], size: int) -> None:
        self._load = load
        self._size = size
        self._entries: OrderedDict[K, _Entry] = OrderedDict()
        self._lock = threading.Lock()
        self._closed = False

    def __len__(self) -> int:
        return len(self._entries)

    def is_loaded(self, key: K) -> bool:
        """Return whether lending the scorer of a key would not have to wait for its loading."""
        entry = self._entries.get(key)
        return entry is not None and entry.loaded.done()

    @contextmanager
    def get(self, key: K) -> Iterator[Scorer]:
        """Lend the scorer of a key, loading it first if need be; raises what `load` raises."""
        entry, first = self._lease(key)
        try:
            if first:
                self._fill(key, entry)
            yield entry.loaded.result()
        finally:
            self._give_back(entry)

    def demote(self, key: K) -> None:
        """Let the scorer of a key be the next to go when there is no room for all.

        For one that is not needed any more, but may be a moment later: calls that have begun with
        it find it loaded.
        """
        with self._lock:
            if key in self._entries:
                self._entries.move_to_end(key, last=False)

    def drop(self, key: K) -> None:
        """Forget the scorer of a key; it is closed when its last lease ends."""
        with self._lock:
            entry = self._entries.pop(key, None)
            ended = self._retire([entry] if entry else [])
        _close(ended)

    def close(self) -> None:
        """Forget every scorer; afterwards nothing is lent."""
        with self._lock:
            self._closed = True
            ended = self._retire(list(self._entries.values()))
            self._entries.clear()
        _close(ended)

    def _lease(self, key: K) -> tuple[_Entry, bool]:
        with self._lock:
            if self._closed:
                raise InternalError("The platform is closing; no model is scored any more.")
            entry = self._entries.get(key)
            first = entry is None
            if entry is None:
                entry = self._entries[key] = _Entry()
            self._entries.move_to_end(key)
            entry.leases += 1
            return entry, first

    def _fill(self, key: K, entry: _Entry) -> None:
        try:
            scorer = self._load(key)
        except BaseException as error:
            with self._lock:
                if self._entries.get(key) is entry:
                    del self._entries[key]
                entry.retired = True
            entry.loaded.set_exception(error)
            raise
        entry.loaded.set_result(scorer)
        self._shrink()

    def _shrink(self) -> None:
        with self._lock:
            surplus = list(self._entries)[: max(0, len(self._entries) - self._size)]
            ended = self._retire([self._entries.pop(key) for key in surplus])
        _close(ended)

    def _retire(self, entries: list[_Entry]) -> list[_Entry]:
        for entry in entries:
            entry.retired = True
        return [entry for entry in entries if entry.ended]

    def _give_back(self, entry: _Entry) -> None:
        with self._lock:
            entry.leases -= 1
            ended = [entry] if entry.ended else []
        _close(ended)


def _close(entries: list[_Entry]) -> None:
    for entry in entries:
        if entry.loaded.exception() is None:
            entry.loaded.result().close()
