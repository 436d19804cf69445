from collections.abc import Iterator

import pytest

from core.db.engine import Database
from core.db.tables import utc_now
from core.services.call_records import CallRecord
from core.services.call_totals import BOUNDS_MS, CallTotals, Served
from core.services.calls import Calls
from tests.core.services.conftest import at_once


@pytest.fixture
def calls(database: Database) -> Iterator[Calls]:
    calls = Calls(database, seconds=3600)
    yield calls
    calls.close()


def _call(latency: float = 1.0, code: str = "", version: int = 1) -> CallRecord:
    return CallRecord("one", version, utc_now(), 3, 1, code, latency, "ann")


def test_each_version_is_counted_apart() -> None:
    totals = CallTotals()
    for version in (1, 2, 2):
        totals.add(_call(version=version))
    assert {key: each.calls for key, each in totals.read().items()} == {
        Served("one", 1): 1,
        Served("one", 2): 2,
    }


def test_errors_are_counted_by_their_code() -> None:
    totals = CallTotals()
    for code in ("", "overloaded", "invalid_input", "overloaded"):
        totals.add(_call(code=code))
    (counted,) = totals.read().values()
    assert (counted.calls, counted.rows, counted.failed_rows) == (4, 12, 4)
    assert counted.errors == {"overloaded": 2, "invalid_input": 1}


def test_a_latency_of_a_bound_is_within_it_and_one_beyond_all_is_in_the_last_bucket() -> None:
    totals = CallTotals()
    for latency in (0.0, BOUNDS_MS[0], BOUNDS_MS[1], BOUNDS_MS[-1], BOUNDS_MS[-1] + 1):
        totals.add(_call(latency))
    (counted,) = totals.read().values()
    assert counted.buckets == (2, 1, *[0] * (len(BOUNDS_MS) - 3), 1, 1)
    assert counted.latency_ms == pytest.approx(0.5 + 1 + 20_001)


def test_eight_threads_are_counted_to_the_call_without_a_flush(calls: Calls) -> None:
    def record() -> None:
        for number in range(500):
            calls.record(_call(code="overloaded" if number % 10 == 0 else ""))

    at_once([record] * 8)
    (counted,) = calls.totals().values()
    assert (counted.calls, sum(counted.buckets)) == (4000, 4000)
    assert counted.errors == {"overloaded": 400}
