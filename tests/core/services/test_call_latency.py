from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, Double, MetaData, Table, create_engine, insert, select

from core.services.call_latency import ERROR, bucket_of, percentiles

_TIMES = Table("times", MetaData(), Column("ms", Double))


def _histogram(latencies: list[float]) -> Counter[int]:
    engine = create_engine("duckdb:///:memory:")
    with engine.connect() as connection:
        _TIMES.create(connection)
        connection.execute(insert(_TIMES), [{"ms": latency} for latency in latencies])
        found = Counter(connection.scalars(select(bucket_of(_TIMES.c.ms))))
    engine.dispose()
    return found


@settings(deadline=None, max_examples=40)
@given(st.lists(st.floats(0.001, 1e7), min_size=1, max_size=40))
def test_percentiles_are_those_of_numpy_within_the_stated_error(latencies: list[float]) -> None:
    found = percentiles(_histogram(latencies), min(latencies), max(latencies))
    wanted = np.percentile(latencies, [50, 95, 99])
    assert (found.p50, found.p95, found.p99) == pytest.approx(tuple(wanted), rel=ERROR * 1.001)


def test_the_stated_error_is_two_percent() -> None:
    assert ERROR <= 0.02


def test_histograms_can_be_added_up() -> None:
    draw = np.random.default_rng(1)
    halves = [draw.gamma(2.0, 10.0, 300).tolist(), draw.lognormal(3.0, 2.0, 300).tolist()]
    together = _histogram(halves[0]) + _histogram(halves[1])
    both = halves[0] + halves[1]
    found = percentiles(together, min(both), max(both))
    wanted = np.percentile(both, [50, 95, 99])
    assert (found.p50, found.p95, found.p99) == pytest.approx(tuple(wanted), rel=ERROR * 1.001)


def test_a_single_call_is_all_percentiles_exactly() -> None:
    found = percentiles(_histogram([7.0]), 7.0, 7.0)
    assert (found.p50, found.p95, found.p99) == (7.0, 7.0, 7.0)


def test_a_call_without_any_time_has_a_bucket() -> None:
    assert percentiles(_histogram([0.0]), 0.0, 0.0).p99 == 0.0
