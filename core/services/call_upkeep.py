"""Keeps the record of calls small: packs what was appended piece by piece, and drops what is old.

Each step is a short transaction, because the calls that are being recorded wait for it. DuckDB
uses the room of deleted rows for new ones after its next checkpoint; the file itself stays as long.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import Table, delete, func, insert, select
from sqlalchemy.schema import CreateTableAs

from core.db.call_tables import calls
from core.db.engine import Database
from core.db.tables import utc_now
from core.services.background import Background
from core.services.call_sums import HOURS, MEASURES, MINUTES, packed

MINUTES_KEPT = timedelta(days=3)  # windows of more than a day are read by the hour
_SECONDS = 60.0
_LATE = timedelta(hours=2)  # no call takes longer
_FIRST = timedelta(days=3)

_log = logging.getLogger(__name__)


class CallUpkeep(Background):
    """One thread that tidies up once a minute.

    Calls are kept for `call_days`, their sums by the minute for three days, by the hour for
    `history_days`.
    """

    def __init__(
        self,
        database: Database,
        *,
        call_days: int,
        history_days: int,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        super().__init__("call-upkeep")
        self._database = database
        self._now = now
        self.kept = {
            calls: timedelta(days=call_days),
            MINUTES.counts: MINUTES_KEPT,
            MINUTES.latencies: MINUTES_KEPT,
            HOURS.counts: timedelta(days=history_days),
            HOURS.latencies: timedelta(days=history_days),
        }

    def tidy(self, back: timedelta = _LATE) -> None:
        """Pack what came since `back` ago and drop what is older than it is kept."""
        for level in (MINUTES, HOURS):
            for table in (level.counts, level.latencies):
                self._pack(table, level.span, self._now() - max(back, level.span))
        for table, kept in self.kept.items():
            self._drop(table, self._now() - kept)

    def _pack(self, table: Table, span: timedelta, since: datetime) -> None:
        keys = [column for column in table.c if column.name not in MEASURES]
        repeated = select(table.c.at).where(table.c.at >= since)
        repeated = repeated.group_by(*keys).having(func.count() > 1)
        with self._database.reading() as session:
            spans = set(session.scalars(repeated))
        for at in sorted(spans):
            if self._closing.is_set():
                return
            self._pack_span(table, span, at)

    def _pack_span(self, table: Table, span: timedelta, at: datetime) -> None:
        within = table.c.at == at
        rows = packed(select(table).where(within).subquery(), span)
        made = CreateTableAs(rows, "packed_calls", temporary=True)
        with self._database.writing() as session:
            session.execute(made)
            session.execute(delete(table).where(within))
            names = [column.name for column in table.c]
            session.execute(insert(table).from_select(names, select(made.table)))
            made.table.drop(session.connection())

    def _drop(self, table: Table, before: datetime) -> None:
        """Delete what is older, an hour's rows at a time."""
        oldest = select(func.min(table.c.at))
        while not self._closing.is_set():
            with self._database.reading() as session:
                at = session.scalar(oldest)
            if at is None or at >= before:
                return
            until = min(before, at + HOURS.span)
            with self._database.writing() as session:
                session.execute(delete(table).where(table.c.at < until))

    def _run(self) -> None:
        back = _FIRST
        while not self._closing.is_set():
            try:
                self.tidy(back)
                back = _LATE
            except Exception:  # noqa: BLE001 - nothing would ever be tidied up again
                _log.exception("The record of calls could not be tidied up; it is tried again.")
            self._closing.wait(_SECONDS)
