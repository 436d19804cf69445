"""What the services of this process have answered since it started, counted in memory."""

import threading
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from core.services.call_records import CallRecord

BOUNDS_MS = (0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000)


class Served(NamedTuple):
    """What is counted apart: a version of a service."""

    deployment_id: str
    version: int


@dataclass(frozen=True, slots=True)
class Totals:
    """Everything that one version of a service was asked since the platform started.

    `errors` holds failed calls by their code. `latency_ms` is the sum of all latencies, in
    milliseconds. `buckets` has a number of calls for each of `BOUNDS_MS`, those that took at most
    so long and longer than the bound before, and last those that took longer than all.
    """

    calls: int
    errors: dict[str, int]
    rows: int
    failed_rows: int
    latency_ms: float
    buckets: tuple[int, ...]


class CallTotals:
    """Counts calls as they end; threads may share it."""

    def __init__(self) -> None:
        self._counting = threading.Lock()  # held for a microsecond: `+=` is no single step
        self._tallies: dict[Served, _Tally] = {}

    def add(self, call: CallRecord) -> None:
        """Count a call."""
        key = Served(call.deployment_id, call.version)
        bucket = bisect_left(BOUNDS_MS, call.latency_ms)
        with self._counting:
            tally = self._tallies.get(key)
            if tally is None:
                tally = self._tallies[key] = _Tally()
            tally.calls += 1
            tally.rows += call.rows
            tally.failed_rows += call.failed_rows
            tally.latency_ms += call.latency_ms
            tally.buckets[bucket] += 1
            if call.code:
                tally.errors[call.code] += 1

    def read(self) -> dict[Served, Totals]:
        """Return the totals of one moment, of each version of a service that was called."""
        with self._counting:
            return {key: tally.read() for key, tally in self._tallies.items()}


@dataclass(slots=True)
class _Tally:
    calls: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    rows: int = 0
    failed_rows: int = 0
    latency_ms: float = 0.0
    buckets: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS_MS) + 1))

    def read(self) -> Totals:
        return Totals(
            calls=self.calls,
            errors=dict(self.errors),
            rows=self.rows,
            failed_rows=self.failed_rows,
            latency_ms=self.latency_ms,
            buckets=tuple(self.buckets),
        )
