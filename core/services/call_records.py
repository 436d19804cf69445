"""One call of a service, and how calls get into the database and out of it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import pyarrow as pa
from sqlalchemy import ColumnElement, MetaData, Select, Table, delete, insert, select
from sqlalchemy.orm import Session

from core.db.call_tables import CALL_TABLES, calls
from core.db.engine import arrow_view
from core.db.tables import Deployment
from core.services.call_sums import HOURS, MINUTES, Level, as_counts, as_latencies, packed


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One call of a service: when it came (UTC), what it carried, how it ended.

    `code` is the error's, empty where the call was answered; `latency_ms` is in milliseconds.
    """

    deployment_id: str
    version: int
    at: datetime
    rows: int
    failed_rows: int
    code: str
    latency_ms: float
    caller_id: str


_NAMES = [field.name for field in fields(CallRecord)]
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
_WAITING = calls.to_metadata(MetaData(), name="waiting_calls")


def append(session: Session, records: Sequence[CallRecord]) -> None:
    """Add calls, and what they sum up to, to the database; those of deleted services are left out.

    A call may end after its service was deleted, and must not come back as an orphan.
    """
    columns = {name: [getattr(record, name) for record in records] for name in _NAMES}
    kept = _WAITING.c.deployment_id.in_(select(Deployment.id))
    with arrow_view(session, _WAITING.name, pa.table(columns, schema=_ARROW)):
        _insert(session, calls, select(*(_WAITING.c[c.name] for c in calls.c)).where(kept))
        for level in (MINUTES, HOURS):
            sum_up(session, level, _WAITING, kept)


def sum_up(session: Session, level: Level, source: Table, kept: ColumnElement[bool]) -> None:
    """Add what single calls, of those that are kept, come to by the minute or the hour."""
    for table, shape in ((level.counts, as_counts), (level.latencies, as_latencies)):
        rows = shape(source).where(kept).subquery()
        _insert(session, table, packed(rows, level.span))


def _insert(session: Session, table: Table, rows: Select[*tuple[Any, ...]]) -> None:
    session.execute(insert(table).from_select([column.name for column in table.c], rows))


def forget(session: Session, deployment_ids: Collection[str]) -> None:
    """Delete all that is known of the calls of services."""
    for table in CALL_TABLES:
        session.execute(delete(table).where(table.c.deployment_id.in_(deployment_ids)))
