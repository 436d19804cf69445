"""Calls in a few numbers: how many, how many failed, how long they took."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, func, select
from sqlalchemy.orm import Session

from core.services.call_latency import percentiles
from core.services.call_sums import Level, Services, counted, timed

Key = Callable[[Subquery], ColumnElement[Any]]


@dataclass(frozen=True, slots=True)
class CallStatus:
    """How calls went; latencies in milliseconds, None where nobody called."""

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
    failed_rows: int = 0


NO_CALLS = CallStatus(0, 0, 0, None, None, None, None, None, None, None)


def summaries(
    session: Session, level: Level, services: Services, since: datetime, key: Key
) -> dict[Any, CallStatus]:
    """Return the calls of services since a moment, in groups by `key`.

    Everything is exact but the percentiles, which may be off by 2 %.
    """
    sums, times = (read(level, services, since) for read in (counted, timed))
    histograms: dict[Any, dict[int, int]] = defaultdict(dict)
    for group, bucket, calls in session.execute(_buckets(times, key(times))).all():
        histograms[group][bucket] = int(calls)
    return {
        group: _summary(histograms[group], *numbers)
        for group, *numbers in session.execute(_sums(sums, key(sums))).all()
    }


def _buckets(times: Subquery, group: ColumnElement[Any]) -> Select[*tuple[Any, ...]]:
    query = select(group, times.c.bucket, func.sum(times.c.calls))
    return query.group_by(group, times.c.bucket)


def _sums(sums: Subquery, group: ColumnElement[Any]) -> Select[*tuple[Any, ...]]:
    column = sums.c
    return select(
        group,
        func.sum(column.calls),
        func.sum(column.rows),
        func.sum(column.failed_rows),
        func.coalesce(func.sum(column.calls).filter(column.code != ""), 0),
        func.sum(column.latency_sum),
        func.min(column.latency_min),
        func.max(column.latency_max),
        func.min(column.first_call),
        func.max(column.last_call),
    ).group_by(group)


def _summary(
    histogram: Mapping[int, int],
    calls: int,
    rows: int,
    failed_rows: int,
    errors: int,
    total: float,
    low: float,
    high: float,
    first: datetime,
    last: datetime,
) -> CallStatus:
    found = percentiles(histogram, low, high)
    return CallStatus(
        calls=int(calls),
        rows=int(rows),
        errors=int(errors),
        mean=total / int(calls),
        p50=found.p50,
        p95=found.p95,
        p99=found.p99,
        max=high,
        first_call=first,
        last_call=last,
        failed_rows=int(failed_rows),
    )
