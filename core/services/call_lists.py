"""Calls apart by what they have in common, and the single calls that somebody should look at."""

from datetime import datetime, timedelta
from enum import StrEnum

import pyarrow as pa
from sqlalchemy import ColumnElement, String, cast, func, select
from sqlalchemy.orm import Session

from core.db.call_tables import calls
from core.services.call_records import CallRecord
from core.services.call_sums import HOURS, Level, Services, counted, span_of


class Part(StrEnum):
    """What calls are told apart by: the code of an error, the version, the caller's id."""

    CODE = "code"
    VERSION = "version"
    CALLER = "caller_id"


_PARTS = pa.schema([("at", pa.timestamp("us")), ("part", pa.string()), ("calls", pa.int64())])


def parts(
    session: Session,
    level: Level,
    deployment_id: str,
    since: datetime,
    bucket: timedelta,
    by: Part,
) -> pa.Table:
    """Return how many calls of a service fell into each bucket and part; see `Calls.parts`."""
    sums = counted(level, deployment_id, since)
    at, part = span_of(sums.c.at, bucket), cast(sums.c[by.value], String)
    query = select(at, part, func.sum(sums.c.calls)).group_by(at, part).order_by(at, part)
    rows = [(when, what, int(many)) for when, what, many in session.execute(query).all()]
    columns = zip(*rows, strict=True) if rows else ((), (), ())
    return pa.table([list(column) for column in columns], schema=_PARTS)


def hourly(
    session: Session, services: Services, begin: datetime, hours: int
) -> dict[str, list[tuple[int, int]]]:
    """Return the calls and errors of each service in each hour from the beginning of one."""
    sums = counted(HOURS, services, begin)
    errors = func.coalesce(func.sum(sums.c.calls).filter(sums.c.code != ""), 0)
    query = select(sums.c.deployment_id, sums.c.at, func.sum(sums.c.calls), errors)
    found: dict[str, list[tuple[int, int]]] = {}
    rows = session.execute(query.group_by(sums.c.deployment_id, sums.c.at)).all()
    for service, at, *many in rows:
        place = (at - begin) // HOURS.span
        if place < hours:
            found.setdefault(service, [(0, 0)] * hours)[place] = (int(many[0]), int(many[1]))
    return found


def listed(
    session: Session,
    level: Level,
    deployment_id: str,
    since: datetime,
    limit: int,
    *,
    failed: bool,
) -> list[CallRecord]:
    """Return the newest failed calls of a service, or the slowest of all, of those still kept.

    The sums say how far back or how slow is enough, so that few of millions of calls are read.
    """
    narrowed = _newest_failed if failed else _slowest
    enough = narrowed(session, level, deployment_id, since, limit)
    query = select(calls).where(calls.c.deployment_id == deployment_id, calls.c.at >= since)
    order = calls.c.at.desc() if failed else calls.c.latency_ms.desc()
    rows = session.execute(query.where(*enough).order_by(order).limit(limit))
    return [CallRecord(**row._mapping) for row in rows]


def _newest_failed(
    session: Session, level: Level, deployment_id: str, since: datetime, limit: int
) -> list[ColumnElement[bool]]:
    sums = counted(level, deployment_id, since)
    query = select(sums.c.at, func.sum(sums.c.calls)).where(sums.c.code != "")
    found, begin = 0, since
    for at, many in session.execute(query.group_by(sums.c.at).order_by(sums.c.at.desc())):
        found, begin = found + int(many), at
        if found >= limit:
            break
    return [calls.c.code != "", calls.c.at >= begin]


def _slowest(
    session: Session, level: Level, deployment_id: str, since: datetime, limit: int
) -> list[ColumnElement[bool]]:
    # Each row of the sums stands for a call at least that took as long as its longest.
    sums = counted(level, deployment_id, since)
    longest = select(sums.c.latency_max).order_by(sums.c.latency_max.desc())
    enough = session.scalar(longest.offset(limit - 1).limit(1))
    return [] if enough is None else [calls.c.latency_ms >= enough]
