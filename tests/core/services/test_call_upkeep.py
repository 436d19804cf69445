"""What is packed and what is dropped never changes what is told (P6, I21)."""

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import func, select

from core.db.call_tables import CALL_TABLES, call_hours, call_minutes
from core.db.engine import Database
from core.db.tables import Deployment
from core.services.call_lists import Part
from core.services.call_records import CallRecord
from core.services.call_upkeep import CallUpkeep
from core.services.calls import WINDOWS, Calls
from tests.core.services.conftest import Clock, at_once, counts


@pytest.fixture
def calls(database: Database, clock: Clock) -> Iterator[Calls]:
    with database.writing() as session:
        session.add(_deployment("one", clock.time))
    clock.time = datetime(2026, 3, 1, 12, 30, 30)  # noqa: DTZ001 - as the tables hold it
    calls = Calls(database, seconds=3600, now=clock)
    yield calls
    calls.close()


@pytest.fixture
def upkeep(database: Database, clock: Clock) -> CallUpkeep:
    return CallUpkeep(database, call_days=35, history_days=400, now=clock)


def _deployment(name: str, made: datetime) -> Deployment:
    return Deployment(
        id=name,
        model_id="m",
        version_id="v",
        version=1,
        name=name,
        name_key=name,
        endpoint=name,
        state="running",
        created=made,
        created_by="ann",
    )


def _call(at: datetime, latency: float = 1.0, code: str = "", version: int = 1) -> CallRecord:
    return CallRecord("one", version, at, 2, 1, code, latency, "ann")


def _told(calls: Calls) -> list[object]:
    return [
        [calls.status("one", window), calls.series(None, window).to_pylist()] for window in WINDOWS
    ]


def test_packing_changes_nothing_that_is_told(
    calls: Calls, upkeep: CallUpkeep, clock: Clock, database: Database
) -> None:
    for second in range(30):
        code = "overloaded" if second % 3 == 0 else ""
        calls.record(_call(clock.time - timedelta(seconds=second), round(20 * 1.1**second), code))
        calls.flush()
    before, rows = _told(calls), counts(database)
    upkeep.tidy()
    assert _told(calls) == before
    after = counts(database)
    assert (after["calls"], rows["call_hours"]) == (30, 30)
    assert (after["call_minutes"], after["call_hours"]) == (2, 2)
    assert after["latency_hours"] == 30  # each latency is in a bucket of its own
    upkeep.tidy()
    assert counts(database) == after


def test_calls_are_dropped_when_they_are_old_and_their_sums_much_later(
    calls: Calls, upkeep: CallUpkeep, clock: Clock, database: Database
) -> None:
    for days in (0, 2, 4, 34, 36, 399, 401):
        calls.record(_call(clock.time - timedelta(days=days)))
    calls.flush()
    upkeep.tidy()
    left = counts(database)
    assert (left["calls"], left["call_minutes"], left["call_hours"]) == (4, 2, 6)
    assert (left["latency_minutes"], left["latency_hours"]) == (2, 6)


@pytest.mark.parametrize("window", WINDOWS)
def test_windows_are_exact_to_the_microsecond_also_after_tidying_up(
    calls: Calls, upkeep: CallUpkeep, clock: Clock, window: str
) -> None:
    since = clock.time - WINDOWS[window].length
    for moment in (since - timedelta(microseconds=1), since, clock.time):
        calls.record(_call(moment))
    calls.flush()
    upkeep.tidy(timedelta(days=40))
    status = calls.status("one", window)
    assert (status.calls, status.rows, status.failed_rows) == (2, 4, 2)
    assert (status.first_call, status.last_call) == (since, clock.time)
    assert sum(calls.series("one", window)["calls"].to_pylist()) == 2


def test_what_is_answered_is_what_is_told_while_calls_are_written_packed_and_dropped(
    calls: Calls, upkeep: CallUpkeep, clock: Clock, database: Database
) -> None:
    """P6, I21: counted is what was answered, to the call, by every way of asking."""
    done = threading.Event()

    def record(version: int) -> None:
        for number in range(500):
            code = "invalid_input" if number % 5 == 0 else ""
            calls.record(_call(clock.time - timedelta(seconds=number), number, code, version))
            if number % 100 == 0:
                calls.flush()

    def tidy() -> None:
        while not done.is_set():
            upkeep.tidy()

    tidier = threading.Thread(target=tidy)
    tidier.start()
    at_once([partial(record, 1 + number % 2) for number in range(8)])
    done.set()
    tidier.join()
    status = calls.status("one", "1h")
    assert (status.calls, status.rows, status.errors, status.failed_rows) == (4000, 8000, 800, 4000)
    assert sum(each.calls for each in calls.totals().values()) == 4000
    assert sum(each.errors["invalid_input"] for each in calls.totals().values()) == 800
    assert sum(calls.series("one", "24h")["calls"].to_pylist()) == 4000
    assert {version: each.calls for version, each in calls.versions("one", "7d").items()} == {
        1: 2000,
        2: 2000,
    }
    for by in Part:
        assert sum(calls.parts("one", "30d", by)["calls"].to_pylist()) == 4000
    with database.reading() as session:
        for table in (call_minutes, call_hours):
            assert session.scalar(select(func.sum(table.c.calls))) == 4000


def test_the_slowest_and_the_failed_calls_are_found_through_the_sums(
    calls: Calls, upkeep: CallUpkeep, clock: Clock
) -> None:
    for minute in range(40):
        code = "overloaded" if minute % 4 == 0 else ""
        calls.record(_call(clock.time - timedelta(minutes=minute), 40.0 - minute % 7, code))
        calls.flush()
    upkeep.tidy()
    assert [each.latency_ms for each in calls.slowest("one", "24h", 7)] == [40.0] * 6 + [39.0]
    failed = calls.failed("one", "24h", 3)
    assert [clock.time - each.at for each in failed] == [timedelta(minutes=m) for m in (0, 4, 8)]
    assert {each.code for each in failed} == {"overloaded"}
    assert len(calls.failed("one", "24h")) == 10
    assert len(calls.slowest("one", "24h")) == 40


def test_every_table_of_calls_has_its_upkeep(upkeep: CallUpkeep) -> None:
    assert set(upkeep.kept) == set(CALL_TABLES)
