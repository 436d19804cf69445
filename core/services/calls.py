"""The record of calls: appended in batches, read as counts and percentiles of latency.

A commit costs milliseconds whether it adds one row or a thousand, so a call only leaves its record
in memory; one thread appends what has gathered, each second or 1,000 records. A power cut loses
the last second.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta

import pyarrow as pa
from sqlalchemy import ColumnElement, func, select, text, true

from core.db.engine import Database, arrow_view
from core.db.tables import calls, utc_now
from core.errors import InvalidInput
from core.services.call_records import CallRecord
from core.services.call_totals import CallTotals, Served, Totals

_BATCH = 1_000
_MOST_WAITING = 100_000
_ORIGIN = datetime(2000, 1, 3)  # noqa: DTZ001 - where DuckDB's time_bucket counts from

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CallStatus:
    """How a service did over a window; latencies in milliseconds, None where nobody called."""

    calls: int
    rows: int
    errors: int
    mean: float | None
    p50: float | None
    p95: float | None
    p99: float | None
    max: float | None
    first_call: datetime | None
    last_call: datetime | None


@dataclass(frozen=True, slots=True)
class Counts:
    """A service's last 24 hours in three numbers; `p95` in milliseconds."""

    calls: int
    errors: int
    p95: float | None


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of time up to now, and how wide the buckets of its charts are."""

    length: timedelta
    bucket: timedelta


WINDOWS = {
    "1h": Window(timedelta(hours=1), timedelta(minutes=1)),
    "24h": Window(timedelta(hours=24), timedelta(minutes=15)),
    "7d": Window(timedelta(days=7), timedelta(hours=2)),
    "30d": Window(timedelta(days=30), timedelta(hours=6)),
}

_ARROW = pa.schema(
    [
        ("deployment_id", pa.string()),
        ("version", pa.int32()),
        ("at", pa.timestamp("us")),
        ("rows", pa.int64()),
        ("failed_rows", pa.int64()),
        ("code", pa.string()),
        ("latency_ms", pa.float64()),
        ("caller_id", pa.string()),
    ]
)
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

# A call may end after its service was deleted: it must not come back as an orphan.
_APPEND = text(
    "INSERT INTO calls BY NAME "
    "SELECT * FROM waiting_calls WHERE deployment_id IN (SELECT id FROM deployments)"
)

_CALLS = func.count()
_ERRORS = func.count().filter(calls.c.code != "")
_P50, _P95, _P99 = (func.quantile_cont(calls.c.latency_ms, part) for part in (0.5, 0.95, 0.99))


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

        Raises InvalidInput for any other window.
        """
        since = self._now() - _window(window).length
        query = select(
            _CALLS,
            func.coalesce(func.sum(calls.c.rows), 0),
            _ERRORS,
            func.avg(calls.c.latency_ms),
            *(_P50, _P95, _P99),
            func.max(calls.c.latency_ms),
            func.min(calls.c.at),
            func.max(calls.c.at),
        ).where(calls.c.deployment_id == deployment_id, calls.c.at >= since)
        self.flush()
        with self._database.reading() as session:
            count, rows, errors, *measures = session.execute(query).one()
        return CallStatus(count, int(rows), errors, *measures)

    def counts(self) -> dict[str, Counts]:
        """Return the last 24 hours of each service that was called, by deployment id."""
        since = self._now() - WINDOWS["24h"].length
        query = select(calls.c.deployment_id, _CALLS, _ERRORS, _P95).where(calls.c.at >= since)
        self.flush()
        with self._database.reading() as session:
            rows = session.execute(query.group_by(calls.c.deployment_id)).all()
        return {deployment_id: Counts(*numbers) for deployment_id, *numbers in rows}

    def series(self, services: str | Collection[str] | None, window: str) -> pa.Table:
        """Return a window in equal buckets, oldest first.

        `services` is the id of one deployment, the ids of several, or None for all of them.

        The columns are at (the bucket's start, UTC), calls, errors, and p50, p95, p99 of the
        latency in milliseconds, null where nobody called. The first bucket may begin before the
        window; calls from before the window are in none. Raises InvalidInput as `status` does.
        """
        chosen, now = _window(window), self._now()
        since = now - chosen.length
        found = self._buckets(chosen.bucket, _of(services) & (calls.c.at >= since))
        rows = []
        at = _ORIGIN + (since - _ORIGIN) // chosen.bucket * chosen.bucket
        while at <= now:
            rows.append((at, *found.get(at, (0, 0, None, None, None))))
            at += chosen.bucket
        columns = zip(*rows, strict=True)
        return pa.table([list(column) for column in columns], schema=_SERIES)

    def _buckets(
        self, width: timedelta, condition: ColumnElement[bool]
    ) -> dict[datetime, tuple[object, ...]]:
        bucket = func.time_bucket(func.to_seconds(width.total_seconds()), calls.c.at)
        query = select(bucket, _CALLS, _ERRORS, _P50, _P95, _P99).where(condition)
        self.flush()
        with self._database.reading() as session:
            rows = session.execute(query.group_by(bucket)).all()
        return {at: tuple(numbers) for at, *numbers in rows}

    def _append(self, records: Sequence[CallRecord]) -> None:
        if not records:
            return
        names = [field.name for field in fields(CallRecord)]
        columns = {name: [getattr(record, name) for record in records] for name in names}
        batch = pa.table(columns, schema=_ARROW)
        with (
            self._database.writing() as session,
            arrow_view(session, "waiting_calls", batch),
        ):
            session.execute(_APPEND)

    def _flush_on(self) -> None:
        while not self._closing:
            self._wake.wait(self._seconds)
            self._wake.clear()
            try:
                self.flush()
            except Exception:  # noqa: BLE001 - a thread that ends would lose all later records
                _log.exception("The record of calls could not be written; it is tried again.")


def _of(services: str | Collection[str] | None) -> ColumnElement[bool]:
    if services is None:
        return true()
    return calls.c.deployment_id.in_([services] if isinstance(services, str) else services)


def _window(name: str) -> Window:
    if name not in WINDOWS:
        raise InvalidInput(f'The window "{name}" is none of {", ".join(WINDOWS)}.')
    return WINDOWS[name]
