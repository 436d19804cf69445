import logging
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from sqlalchemy.orm import Session

from core.db.engine import Database
from core.db.tables import Deployment, utc_now
from core.errors import InvalidInput
from core.services.call_latency import ERROR
from core.services.call_records import CallRecord
from core.services.calls import WINDOWS, Calls, Counts
from tests.core.services.conftest import Clock, at_once, counts


@pytest.fixture
def deployed(database: Database) -> None:
    with database.writing() as session:
        for name in ("one", "two"):
            _deploy(session, name)


@pytest.fixture
def calls(database: Database, deployed: None, clock: Clock) -> Iterator[Calls]:
    calls = Calls(database, seconds=3600, now=clock)
    yield calls
    calls.close()


def _deploy(session: Session, name: str) -> None:
    row = Deployment(
        id=name,
        model_id="m",
        version_id="v",
        version=1,
        name=name,
        name_key=name,
        endpoint=name,
        state="running",
        created=utc_now(),
        created_by="ann",
    )
    session.add(row)


def _call(
    at: datetime, latency: float = 1.0, code: str = "", deployment: str = "one", rows: int = 1
) -> CallRecord:
    return CallRecord(deployment, 1, at, rows, 0, code, latency, "ann")


def test_a_call_counts_as_soon_as_it_is_recorded(calls: Calls, clock: Clock) -> None:
    calls.record(_call(clock.time, rows=7))
    status = calls.status("one", "1h")
    assert (status.calls, status.rows, status.errors) == (1, 7, 0)
    assert status.first_call == status.last_call == clock.time


def test_latencies_are_summed_up_as_numpy_does(calls: Calls, clock: Clock) -> None:
    latencies = np.random.default_rng(1).gamma(2.0, 10.0, 500)
    for latency in latencies:
        calls.record(_call(clock.time, float(latency)))
    status = calls.status("one", "24h")
    assert status.mean == pytest.approx(latencies.mean())
    wanted = np.percentile(latencies, [50, 95, 99])
    assert (status.p50, status.p95, status.p99) == pytest.approx(tuple(wanted), rel=ERROR)
    assert status.max == latencies.max()


def test_calls_with_a_code_are_errors(calls: Calls, clock: Clock) -> None:
    for code in ("", "invalid_input", "", "overloaded"):
        calls.record(_call(clock.time, code=code))
    assert calls.status("one", "1h").errors == 2


def test_a_service_that_nobody_called_has_no_latencies(calls: Calls) -> None:
    status = calls.status("one", "30d")
    assert (status.calls, status.rows, status.errors) == (0, 0, 0)
    assert {status.mean, status.p50, status.p99, status.max, status.last_call} == {None}


@pytest.mark.parametrize("window", WINDOWS)
def test_a_window_reaches_back_as_far_as_its_name_says(
    calls: Calls, clock: Clock, window: str
) -> None:
    length = WINDOWS[window].length
    for back in (timedelta(0), length, length + timedelta(microseconds=1)):
        calls.record(_call(clock.time - back))
    status = calls.status("one", window)
    assert status.calls == 2
    assert status.first_call == clock.time - length
    assert sum(calls.series("one", window)["calls"].to_pylist()) == 2


@pytest.mark.parametrize("window", ["", "1d", "24H", "60m"])
def test_another_window_is_refused_with_those_that_are_there(calls: Calls, window: str) -> None:
    for read in (calls.status, calls.series):
        with pytest.raises(InvalidInput, match="none of 1h, 24h, 7d, 30d"):
            read("one", window)


@pytest.mark.parametrize(("window", "buckets"), [("1h", 61), ("24h", 97), ("7d", 85), ("30d", 121)])
def test_a_series_has_no_gaps(calls: Calls, clock: Clock, window: str, buckets: int) -> None:
    width = WINDOWS[window].bucket
    clock.time = datetime(2026, 3, 1, 12, 0, 30)  # noqa: DTZ001 - as the tables hold it
    calls.record(_call(clock.time - width * 10, 5.0))
    series = calls.series("one", window)
    starts = series["at"].to_pylist()
    assert len(starts) == buckets
    assert {late - early for early, late in pairwise(starts)} == {width}
    assert starts[-1] <= clock.time < starts[-1] + width
    assert series["calls"].to_pylist()[-11] == 1
    assert series["p95"].to_pylist()[-11:-9] == [5.0, None]
    assert sum(series["calls"].to_pylist()) == 1


def test_an_empty_series_has_its_buckets_and_types(calls: Calls) -> None:
    series = calls.series(None, "1h")
    assert series.num_rows == 61
    assert set(series["calls"].to_pylist()) == {0}
    assert set(series["p50"].to_pylist()) == {None}
    assert series.schema.field("at").type == pa.timestamp("us")


def test_a_series_of_several_services_counts_those_alone(calls: Calls, clock: Clock) -> None:
    for service in ("one", "two", "two"):
        calls.record(_call(clock.time, 1.0, "", service))
    counted = [sum(calls.series(ids, "1h")["calls"].to_pylist()) for ids in (["two"], [], None)]
    assert counted == [2, 0, 3]


def test_a_series_is_of_one_service_or_of_all(calls: Calls, clock: Clock) -> None:
    calls.record(_call(clock.time, 1.0))
    calls.record(_call(clock.time, 3.0, "overloaded", "two"))
    one, every = calls.series("one", "1h"), calls.series(None, "1h")
    assert one.slice(one.num_rows - 1).to_pylist()[0] | {"at": None} == {
        "at": None,
        "calls": 1,
        "errors": 0,
        "p50": 1.0,
        "p95": 1.0,
        "p99": 1.0,
    }
    assert every["calls"].to_pylist()[-1] == 2
    assert every["errors"].to_pylist()[-1] == 1
    assert every["p50"].to_pylist()[-1] == pytest.approx(2.0, rel=ERROR)


def test_the_counts_tell_the_last_day_of_each_service_that_was_called(
    calls: Calls, clock: Clock
) -> None:
    calls.record(_call(clock.time, 2.0))
    calls.record(_call(clock.time, 2.0, "overloaded"))
    calls.record(_call(clock.time - timedelta(hours=25), deployment="two"))
    assert calls.counts() == {"one": Counts(calls=2, errors=1, p95=2.0)}


def test_calls_recorded_by_threads_are_all_counted(
    calls: Calls, clock: Clock, database: Database
) -> None:
    def record() -> None:
        for _ in range(500):
            calls.record(_call(clock.time))

    at_once([record] * 6 + [partial(calls.status, "one", "1h")] * 2)
    assert calls.status("one", "1h").calls == 3000
    assert counts(database)["calls"] == 3000


def test_the_last_calls_are_kept_at_the_close(
    database: Database, deployed: None, clock: Clock
) -> None:
    first = Calls(database, seconds=3600, now=clock)
    first.record(_call(clock.time))
    first.close()
    assert counts(database)["calls"] == 1


def test_a_thousand_records_do_not_wait_for_the_second(
    database: Database, deployed: None, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed = threading.Event()
    calls = Calls(database, seconds=3600, now=clock)
    flush = calls.flush

    def flush_and_tell() -> None:
        flush()
        flushed.set()

    monkeypatch.setattr(calls, "flush", flush_and_tell)
    for _ in range(1000):
        calls.record(_call(clock.time))
    assert flushed.wait(60)
    assert counts(database)["calls"] == 1000
    calls.close()


def test_a_call_that_ends_after_its_service_was_deleted_is_no_orphan(
    calls: Calls, clock: Clock, database: Database
) -> None:
    calls.record(_call(clock.time, deployment="gone"))
    calls.record(_call(clock.time))
    calls.flush()
    assert counts(database)["calls"] == 1


def test_records_that_could_not_be_written_are_told_of_and_written_later(
    database: Database,
    deployed: None,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    tried = threading.Event()

    class Telling(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            tried.set()

    def fail() -> None:
        raise OSError("the disk is full")

    handler = Telling()
    logging.getLogger("core.services.calls").addHandler(handler)
    with monkeypatch.context() as patched:
        patched.setattr(database, "writing", fail)
        calls = Calls(database, seconds=0.01, now=clock)
        for latency in (1.0, 2.0):
            calls.record(_call(clock.time, latency))
        assert tried.wait(60)
    logging.getLogger("core.services.calls").removeHandler(handler)
    assert calls.status("one", "1h").calls == 2
    assert "the disk is full" in caplog.text
    calls.close()


def test_the_last_day_is_told_hour_by_hour_and_the_hour_under_way_is_the_last(
    calls: Calls, clock: Clock
) -> None:
    clock.time = clock.time.replace(minute=30)
    for hours, code in ((0, ""), (0, "overloaded"), (1, ""), (23, ""), (24, ""), (40, "")):
        calls.record(_call(clock.time - timedelta(hours=hours), code=code))
    assert calls.hourly(["one"])["one"] == [(1, 0), *[(0, 0)] * 21, (1, 0), (2, 1)]


def test_an_hour_begins_at_its_first_minute(calls: Calls, clock: Clock) -> None:
    clock.time = clock.time.replace(minute=0, second=0, microsecond=0)
    calls.record(_call(clock.time - timedelta(microseconds=1)))
    calls.record(_call(clock.time))
    assert calls.hourly(["one"])["one"][-2:] == [(1, 0), (1, 0)]


def test_hours_are_told_of_the_services_that_were_asked_for_and_called(
    calls: Calls, clock: Clock
) -> None:
    assert calls.hourly(["one", "two"]) == {}
    calls.record(_call(clock.time))
    calls.record(_call(clock.time, deployment="two"))
    assert set(calls.hourly(["one"])) == {"one"}
    assert set(calls.hourly(None)) == {"one", "two"}
