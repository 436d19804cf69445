"""Calls summed up by the minute and by the hour, so that nobody has to read them one by one.

Each level is whole: what is recorded is added to both. A window is read from one level, and its
first minute or hour, which it may begin in the middle of, from the calls themselves.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    Subquery,
    Table,
    func,
    literal,
    select,
    true,
    union_all,
)
from sqlalchemy.sql import quoted_name

from core.db.call_tables import call_hours, call_minutes, calls, latency_hours, latency_minutes
from core.services.call_latency import bucket_of

_ORIGIN = datetime(2000, 1, 3)  # noqa: DTZ001 - where DuckDB's time_bucket counts from
MEASURES: dict[str, Callable[[ColumnElement[Any]], ColumnElement[Any]]] = {
    "calls": func.sum,
    "rows": func.sum,
    "failed_rows": func.sum,
    "latency_sum": func.sum,
    "latency_min": func.min,
    "latency_max": func.max,
    "first_call": func.min,
    "last_call": func.max,
}

Services = str | Collection[str] | None


@dataclass(frozen=True, slots=True)
class Level:
    """The tables that hold calls summed up over spans of one length."""

    span: timedelta
    counts: Table
    latencies: Table

    def edge(self, since: datetime) -> datetime:
        """Return where the first span begins that lies wholly after a moment."""
        return start_of(since - timedelta(microseconds=1), self.span) + self.span


MINUTES = Level(timedelta(minutes=1), call_minutes, latency_minutes)
HOURS = Level(timedelta(hours=1), call_hours, latency_hours)


def start_of(moment: datetime, span: timedelta) -> datetime:
    """Return where the span begins that a moment lies in."""
    return _ORIGIN + (moment - _ORIGIN) // span * span


def span_of(at: ColumnElement[datetime], span: timedelta) -> ColumnElement[datetime]:
    """Return what `start_of` does, in SQL."""
    return func.time_bucket(func.to_seconds(span.total_seconds()), at)


def counted(level: Level, services: Services, since: datetime) -> Subquery:
    """Return the calls of services since a moment, as rows of `Level.counts`.

    `services` is the id of one deployment, the ids of several, or None for all of them.
    """
    edge, kept = level.edge(since), level.counts
    first = as_counts(calls).where(_of(calls, services), calls.c.at >= since, calls.c.at < edge)
    rest = select(kept).where(_of(kept, services), kept.c.at >= edge)
    return union_all(first, rest).subquery()


def timed(level: Level, services: Services, since: datetime) -> Subquery:
    """Return the latencies of calls since a moment, as rows of `Level.latencies`."""
    edge, kept = level.edge(since), level.latencies
    first = as_latencies(calls).where(_of(calls, services), calls.c.at >= since, calls.c.at < edge)
    rest = select(kept).where(_of(kept, services), kept.c.at >= edge)
    return union_all(first, rest).subquery()


def as_counts(source: FromClause) -> Select[*tuple[Any, ...]]:
    """Return single calls as sums of one."""
    call = source.c
    return select(
        *(call.deployment_id, call.at, call.version, call.caller_id, call.code),
        literal(1).label("calls"),
        *(call.rows, call.failed_rows),
        *(call.latency_ms.label(f"latency_{name}") for name in ("sum", "min", "max")),
        *(call.at.label(name) for name in ("first_call", "last_call")),
    )


def as_latencies(source: FromClause) -> Select[*tuple[Any, ...]]:
    """Return single calls as histograms of one."""
    call = source.c
    bucket = bucket_of(call.latency_ms).label("bucket")
    return select(call.deployment_id, call.at, call.version, bucket, literal(1).label("calls"))


def packed(source: FromClause, span: timedelta) -> Select[*tuple[Any, ...]]:
    """Return rows of either kind added up, so that each key is once in each span."""
    columns = [_packed(column, span) for column in source.c]
    keys = [column for column in columns if column.name not in MEASURES]
    return select(*columns).group_by(*keys)


def _packed(column: ColumnElement[Any], span: timedelta) -> ColumnElement[Any]:
    name = str(column.key)
    if name == "at":
        return span_of(column, span).label(quoted_name("at", True))
    return MEASURES[name](column).label(name) if name in MEASURES else column


def _of(table: Table, services: Services) -> ColumnElement[bool]:
    if services is None:
        return true()
    return table.c.deployment_id.in_([services] if isinstance(services, str) else services)
