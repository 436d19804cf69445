"""The record of calls: appended in batches, read as counts and percentiles of latency.

A commit costs milliseconds whether it adds one row or a thousand, so a call only leaves its record
in memory; one thread appends what has gathered, each second or 1,000 records. A power cut loses
the last second.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa

from core.db.engine import Database
from core.db.tables import utc_now
from core.errors import InvalidInput
from core.services.call_lists import Part, hourly, listed, parts
from core.services.call_records import CallRecord, append
from core.services.call_summary import NO_CALLS, CallStatus, Key, summaries
from core.services.call_sums import HOURS, MINUTES, Level, Services, span_of, start_of
from core.services.call_totals import CallTotals, Served, Totals

_BATCH = 1_000
_MOST_WAITING = 100_000

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Counts:
    """A service's last 24 hours in three numbers; `p95` in milliseconds."""

    calls: int
    errors: int
    p95: float | None


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of time up to now, how wide the buckets of its charts are, and where it is read."""

    length: timedelta
    bucket: timedelta
    level: Level


WINDOWS = {
    "1h": Window(timedelta(hours=1), timedelta(minutes=1), MINUTES),
    "24h": Window(timedelta(hours=24), timedelta(minutes=15), MINUTES),
    "7d": Window(timedelta(days=7), timedelta(hours=2), HOURS),
    "30d": Window(timedelta(days=30), timedelta(hours=6), HOURS),
}

_SERIES = pa.schema(
    [
        ("at", pa.timestamp("us")),
        ("calls", pa.int64()),
        ("errors", pa.int64()),
        ("p50", pa.float64()),
        ("p95", pa.float64()),
        ("p99", pa.float64()),
    ]
)


class Calls:
    """Takes and reads the record of calls; threads may share it.

    `seconds` is how long a record waits at most; `now` the clock in UTC without a zone.
    """

    def __init__(
        self,
        database: Database,
        *,
        seconds: float = 1.0,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._database = database
        self._seconds = seconds
        self._now = now
        self._totals = CallTotals()
        self._waiting: deque[CallRecord] = deque(maxlen=_MOST_WAITING)
        self._flushing = threading.Lock()
        self._wake = threading.Event()
        self._closing = False
        self._flusher = threading.Thread(target=self._flush_on, name="calls", daemon=True)
        self._flusher.start()

    def record(self, call: CallRecord) -> None:
        """Take a record; it is counted from now on, and in the database within a second.

        While the database cannot be written, the last 100,000 records are held.
        """
        self._totals.add(call)
        self._waiting.append(call)
        if len(self._waiting) >= _BATCH:
            self._wake.set()

    def flush(self) -> None:
        """Append what was recorded before, and return when it is in the database."""
        with self._flushing:
            taken = [self._waiting.popleft() for _ in range(len(self._waiting))]
            try:
                self._append(taken)
            except BaseException:
                self._waiting.extendleft(reversed(taken))
                raise

    def close(self) -> None:
        """Append the last records and end the thread."""
        self._closing = True
        self._wake.set()
        self._flusher.join()
        self.flush()

    def totals(self) -> dict[Served, Totals]:
        """Return what was recorded since the platform started, to the call, from memory."""
        return self._totals.read()

    def status(self, deployment_id: str, window: str) -> CallStatus:
        """Return how a service did over a window: 1h, 24h, 7d or 30d.

        Everything is exact but the percentiles, which may be off by 2 %. Raises InvalidInput for
        any other window.
        """
        chosen = window_of(window)
        since = self._now() - chosen.length
        found = self.grouped(chosen.level, deployment_id, since, lambda rows: rows.c.deployment_id)
        return found.get(deployment_id, NO_CALLS)

    def counts(self) -> dict[str, Counts]:
        """Return the last 24 hours of each service that was called, by deployment id."""
        since = start_of(self._now(), MINUTES.span) - WINDOWS["24h"].length
        found = self.by_service(HOURS, None, since)
        return {key: Counts(each.calls, each.errors, each.p95) for key, each in found.items()}

    def hourly(self, services: Services) -> dict[str, list[tuple[int, int]]]:
        """Return calls and errors of the last 24 hours, each hour apart, by deployment id.

        The hour under way is the last.
        Only services that were called are there.
        """
        begin = start_of(self._now(), HOURS.span) - 23 * HOURS.span
        self.flush()
        key = ("calls_by_hour", _hashable(services), begin)
        return dict(self._database.remembered(key, lambda: self._hourly(services, begin)))

    def versions(self, deployment_id: str, window: str) -> dict[int, CallStatus]:
        """Return how each version of a service did over a window; raises as `status`."""
        chosen = window_of(window)
        since = self._now() - chosen.length
        return self.grouped(chosen.level, deployment_id, since, lambda rows: rows.c.version)

    def series(self, services: Services, window: str) -> pa.Table:
        """Return a window in equal buckets, oldest first.

        `services` is the id of one deployment, the ids of several, or None for all of them.

        The columns are at (the bucket's start, UTC), calls, errors, and p50, p95, p99 of the
        latency in milliseconds, null where nobody called. The first bucket may begin before the
        window; calls from before the window are in none. Raises InvalidInput as `status` does.
        """
        chosen, now = window_of(window), self._now()
        since = now - chosen.length
        found = self.grouped(
            chosen.level, services, since, lambda rows: span_of(rows.c.at, chosen.bucket)
        )
        rows = []
        at = start_of(since, chosen.bucket)
        while at <= now:
            each = found.get(at, NO_CALLS)
            rows.append((at, each.calls, each.errors, each.p50, each.p95, each.p99))
            at += chosen.bucket
        columns = zip(*rows, strict=True)
        return pa.table([list(column) for column in columns], schema=_SERIES)

    def parts(self, deployment_id: str, window: str, by: Part) -> pa.Table:
        """Return the calls of a service in the buckets of `series`, apart by `by`.

        The columns are at, part (a text) and calls; only what happened has a row, oldest first.
        Raises as `status`.
        """
        chosen = window_of(window)
        since = self._now() - chosen.length
        self.flush()
        with self._database.reading() as session:
            return parts(session, chosen.level, deployment_id, since, chosen.bucket, by)

    def failed(self, deployment_id: str, window: str, limit: int = 50) -> list[CallRecord]:
        """Return the newest failed calls of a window; raises as `status`."""
        return self._listed(deployment_id, window, limit, failed=True)

    def slowest(self, deployment_id: str, window: str, limit: int = 50) -> list[CallRecord]:
        """Return the calls of a window that took longest; raises as `status`."""
        return self._listed(deployment_id, window, limit, failed=False)

    def by_service(
        self, level: Level, services: Services, since: datetime
    ) -> Mapping[str, CallStatus]:
        """Return what was recorded of services since a moment, by their ids.

        A moment that keeps still for a while is answered at once while nobody calls.
        """
        self.flush()
        return self._database.remembered(
            ("calls_by_service", level.span, _hashable(services), since),
            lambda: self.grouped(level, services, since, lambda rows: rows.c.deployment_id),
        )

    def grouped(
        self, level: Level, services: Services, since: datetime, key: Key
    ) -> dict[Any, CallStatus]:
        """Return what was recorded since a moment in groups; see `summaries`."""
        self.flush()
        with self._database.reading() as session:
            return summaries(session, level, services, since, key)

    def _hourly(self, services: Services, begin: datetime) -> dict[str, list[tuple[int, int]]]:
        with self._database.reading() as session:
            return hourly(session, services, begin, 24)

    def _listed(
        self, deployment_id: str, window: str, limit: int, *, failed: bool
    ) -> list[CallRecord]:
        chosen = window_of(window)
        since = self._now() - chosen.length
        self.flush()
        with self._database.reading() as session:
            return listed(session, chosen.level, deployment_id, since, limit, failed=failed)

    def _append(self, records: list[CallRecord]) -> None:
        if records:
            with self._database.writing() as session:
                append(session, records)

    def _flush_on(self) -> None:
        while not self._closing:
            self._wake.wait(self._seconds)
            self._wake.clear()
            try:
                self.flush()
            except Exception:  # noqa: BLE001 - a thread that ends would lose all later records
                _log.exception("The record of calls could not be written; it is tried again.")


def _hashable(services: Services) -> str | tuple[str, ...] | None:
    return services if services is None or isinstance(services, str) else tuple(services)


def window_of(name: str) -> Window:
    """Return the window of a name; raises InvalidInput with the names that there are."""
    if name not in WINDOWS:
        raise InvalidInput(f'The window "{name}" is none of {", ".join(WINDOWS)}.')
    return WINDOWS[name]
