"""Ten million calls of five services over thirty days: how long it takes to ask how they went.

The calls and their sums are made inside DuckDB. Then the questions that the pages and the status
route ask, the median of the rounds; how many calls a second can be recorded; and what the upkeep
does with half of the calls.

Wanted: a status over any window in less than 50 ms.
"""

import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path

import duckdb
from sqlalchemy import true

from core.db.call_tables import calls as calls_table
from core.db.engine import Database
from core.db.tables import Deployment, utc_now
from core.services.call_lists import Part
from core.services.call_records import CallRecord, sum_up
from core.services.call_sums import HOURS, MINUTES
from core.services.call_upkeep import MINUTES_KEPT, CallUpkeep
from core.services.calls import WINDOWS, Calls

CALLS = 10_000_000
RECORDED = 100_000
SERVICES = 5
ROUNDS = 7
CALLERS = tuple(f"caller{place}" for place in range(20))
_DAYS = 30

# Three versions one after the other, one call in fifty fails.
_FILL = """
INSERT INTO calls
SELECT $services[1 + i % len($services)], 1 + CAST(i * 3 // $calls AS INTEGER),
    $until - to_microseconds(CAST($days * 86400e6 * (1 - i / $calls) AS BIGINT)),
    1 + i % 3, CAST(hash(i, 1) % 97 = 0 AS BIGINT),
    CASE WHEN hash(i, 2) % 50 = 0 THEN
        CASE WHEN hash(i, 3) % 3 = 0 THEN 'overloaded' ELSE 'invalid_input' END ELSE '' END,
    0.4 + 40 * pow(random(), 6), $callers[1 + CAST(hash(i, 4) % 1000 AS INTEGER) % len($callers)]
FROM range($calls) t(i)
"""


def main() -> None:
    """Print milliseconds."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "slipway.duckdb"
        _timed("filled and summed up", partial(fill, path, CALLS))
        database = Database(path)
        calls = Calls(database)
        _ask(calls)
        _record(calls)
        _drop(database, path)
        calls.close()
        database.close()


def fill(
    path: Path,
    number: int,
    services: Sequence[str] = (),
    callers: Sequence[str] = CALLERS,
    days: int = _DAYS,
) -> None:
    """Add so many calls of services, by their ids or of made-up ones, over the days before now."""
    database = Database(path)
    if not services:
        services = [f"s{place}" for place in range(SERVICES)]
        with database.writing() as session:
            session.add_all(_service(each) for each in services)
    database.close()
    given = {"services": list(services), "callers": list(callers), "calls": number, "days": days}
    with duckdb.connect(str(path)) as connection:
        connection.execute(_FILL, {**given, "until": utc_now()})
    database = Database(path)
    lately = calls_table.c.at >= utc_now() - MINUTES_KEPT
    with database.writing() as session:
        sum_up(session, MINUTES, calls_table, lately)
        sum_up(session, HOURS, calls_table, true())
    database.close()


def _ask(calls: Calls) -> None:
    for window in WINDOWS:
        _report(f"status {window}", partial(calls.status, "s1", window))
        _report(f"series {window}", partial(calls.series, "s1", window))
    _report("series 24h, all services", partial(calls.series, None, "24h"))
    _report("counts", calls.counts)
    for window in ("24h", "30d"):
        for by in Part:
            _report(f"calls by {by} {window}", partial(calls.parts, "s1", window, by))
        _report(f"slowest calls {window}", partial(calls.slowest, "s1", window))
        _report(f"failed calls {window}", partial(calls.failed, "s1", window))


def _record(calls: Calls) -> None:
    at = utc_now()
    before = sum(each.calls for each in calls.totals().values())
    start = time.perf_counter()
    for number in range(RECORDED):
        calls.record(CallRecord("s1", 3, at, 1, 0, "", number % 50 + 0.1, "caller1"))
    recorded = time.perf_counter() - start
    calls.flush()
    written = time.perf_counter() - start
    counted = sum(each.calls for each in calls.totals().values()) - before
    print(f"  {'one call recorded':34} {recorded / RECORDED * 1e6:8.1f} µs, {counted:,} counted")
    print(f"  {'recorded and written':34} {RECORDED / written:8,.0f} calls/s")


def _drop(database: Database, path: Path) -> None:
    before = path.stat().st_size
    later = utc_now() + timedelta(days=15)
    upkeep = CallUpkeep(database, call_days=30, history_days=400, now=lambda: later)
    _timed("half of the calls dropped", upkeep.tidy)
    with database.reading() as session:
        connection = session.connection().connection.driver_connection
        assert connection is not None
        connection.execute("CHECKPOINT")
        free = connection.execute("SELECT free_blocks * block_size FROM pragma_database_size()")
        (room,) = free.fetchone()
    print(f"  {'the file, and its free room':34} {before / 1e6:8.0f} MB {room / 1e6:8.0f} MB")


def _report(title: str, ask: Callable[[], object]) -> None:
    times = [_seconds(ask) for _ in range(ROUNDS + 1)][1:]
    worst = max(times) * 1e3
    print(f"  {title:34} {statistics.median(times) * 1e3:8.1f} ms   (at most {worst:.1f})")


def _timed(title: str, work: Callable[[], object]) -> None:
    print(f"  {title:34} {_seconds(work):8.1f} s", flush=True)


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _service(name: str) -> Deployment:
    return Deployment(
        id=name,
        model_id="m",
        version_id="v",
        version=3,
        name=name,
        name_key=name,
        endpoint=name,
        state="running",
        created=utc_now(),
        created_by="ann",
    )


if __name__ == "__main__":
    main()
