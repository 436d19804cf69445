"""Keeps inputs and outputs of calls where an owner wants it: off by default, bounded, for a time.

A call hands over its batches as they are; one thread writes them as text, out of the callers' way.
"""

import logging
import random
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session

from core.db.call_tables import call_logs
from core.db.engine import Database
from core.db.tables import Deployment, utc_now
from core.errors import InvalidInput
from core.services import events
from core.services.accounts import Caller
from core.services.call_views import names_of
from core.services.deployment_views import (
    changeable_deployment,
    deployment_views,
    live_services,
    no_such_deployment,
)
from core.services.log_rows import (
    Carried,
    Logging,
    append_logs,
    check_logging,
    read_loggings,
    write_logging,
)
from core.services.model_rights import visible

MOST_ROWS = 100_000  # kept of one service; the oldest make room
MOST_READ = 10_000
_MOST_WAITING = 1_000
_SECONDS = 1.0
_TIDY = timedelta(minutes=10)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LoggedRow:
    """One record of a call: what went in and what came out, None where that was not kept."""

    at: datetime
    version: int
    caller: str
    row: int
    input: dict[str, object] | None
    output: dict[str, object] | None
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class LogPage:
    """Some of what is kept of a service, newest first, and how much there is in all."""

    rows: list[LoggedRow]
    total: int


class CallLogs:
    """Takes and reads what calls carried; threads may share it."""

    def __init__(self, database: Database, *, now: Callable[[], datetime] = utc_now) -> None:
        self._database = database
        self._now = now
        self._waiting: deque[Carried] = deque(maxlen=_MOST_WAITING)
        self._flushing = threading.Lock()
        self._wake, self._closing = threading.Event(), threading.Event()
        self._tidied = datetime.min  # noqa: DTZ901 - as the tables hold it
        with database.reading() as session:
            self._shares = _shares(session)
        self._writer = threading.Thread(target=self._write_on, name="call-logs", daemon=True)
        self._writer.start()

    def wants(self, deployment_id: str) -> bool:
        """Return whether a call that comes now is to be kept; asked at each call, from memory."""
        share = self._shares.get(deployment_id)
        return share is not None and random.random() * 100 < share  # noqa: S311 - no secret

    def keep(self, call: Carried) -> None:
        """Take what a call carried; where more than 1,000 wait the oldest are let go."""
        self._waiting.append(call)
        self._wake.set()

    def flush(self) -> None:
        """Write what was taken before, and drop what is too old or too much."""
        with self._flushing:
            taken = self._taken()
            with self._database.writing() as session:
                append_logs(session, taken)
                if self._now() - self._tidied > _TIDY:
                    self._tidy(session)

    def close(self) -> None:
        """Write the last calls and end the thread."""
        self._closing.set()
        self._wake.set()
        self._writer.join()
        if self._waiting:
            self.flush()

    def logging(self, caller: Caller, deployment_id: str) -> Logging:
        """Return whether and how a service's calls are kept; raises DeploymentNotFound."""
        with self._database.reading() as session:
            if not deployment_views(session, Deployment.id == deployment_id, visible(caller)):
                raise no_such_deployment()
            return read_loggings(session, deployment_id).get(deployment_id, Logging())

    def set_logging(self, caller: Caller, deployment_id: str, chosen: Logging) -> None:
        """Say whether and how a service's calls are kept, from now on.

        Raises DeploymentNotFound, NotAllowed, and InvalidInput for a hidden column that the
        service does not have: a slip there would keep what must not be kept.
        """
        check_logging(chosen)
        with self._database.writing() as session:
            row = changeable_deployment(session, caller, deployment_id)
            _check_hidden(session, row, chosen)
            write_logging(session, row.id, chosen)
            action = "began to log calls of" if chosen.active else "logs no calls of"
            events.record(session, caller, action, "deployment", row.id, row.name)
            session.flush()
            self._shares = _shares(session)

    def read(
        self, caller: Caller, deployment_id: str, *, limit: int = 100, offset: int = 0
    ) -> LogPage:
        """Return what is kept of a service, newest first; at most 10,000 rows at once.

        Raises DeploymentNotFound, and NotAllowed for all but the owner and admins.
        """
        own = call_logs.c.deployment_id == deployment_id
        query = select(call_logs).where(own).order_by(call_logs.c.at.desc(), call_logs.c.row_number)
        self.flush()
        with self._database.reading() as session:
            changeable_deployment(session, caller, deployment_id)
            total = _count(session, own)
            found = session.execute(query.limit(min(limit, MOST_READ)).offset(offset)).all()
            names = names_of(session, {row.caller_id for row in found})
        rows = [
            LoggedRow(
                at=row.at,
                version=row.version,
                caller=names[row.caller_id],
                row=row.row_number,
                input=None if row.input is None else msgspec.json.decode(row.input),
                output=None if row.output is None else msgspec.json.decode(row.output),
                code=row.code,
                message=row.message,
            )
            for row in found
        ]
        return LogPage(rows, total)

    def purge(self, caller: Caller, deployment_id: str) -> None:
        """Delete all that is kept of a service's inputs and outputs; raises as `read`."""
        with self._flushing, self._database.writing() as session:
            row = changeable_deployment(session, caller, deployment_id)
            taken = self._taken()
            others = [call for call in taken if call.deployment_id != deployment_id]
            self._waiting.extendleft(reversed(others))
            own = call_logs.c.deployment_id == deployment_id
            if _count(session, own):
                session.execute(delete(call_logs).where(own))
                events.record(session, caller, "purged the log of", "deployment", row.id, row.name)

    def _taken(self) -> list[Carried]:
        """Return what waits and let it wait no more; calls may come meanwhile."""
        return [self._waiting.popleft() for _ in range(len(self._waiting))]

    def _tidy(self, session: Session) -> None:
        loggings = read_loggings(session)
        for deployment_id, chosen in loggings.items():
            own = call_logs.c.deployment_id == deployment_id
            newest = select(call_logs.c.at).where(own).order_by(call_logs.c.at.desc())
            last = session.scalar(newest.offset(MOST_ROWS).limit(1))
            before = self._now() - timedelta(days=chosen.days)
            old = call_logs.c.at < (before if last is None else max(before, last))
            session.execute(delete(call_logs).where(own, old))
        self._tidied = self._now()

    def _write_on(self) -> None:
        while not self._closing.is_set():
            self._wake.wait(_TIDY.total_seconds())
            self._wake.clear()
            self._closing.wait(_SECONDS)
            try:
                self.flush()
            except Exception:  # noqa: BLE001 - a thread that ends would keep nothing later
                _log.exception("What calls carried could not be kept, and is lost.")


def _count(session: Session, condition: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count()).select_from(call_logs).where(condition)) or 0


def _shares(session: Session) -> dict[str, float]:
    return {key: each.percent for key, each in read_loggings(session).items() if each.active}


def _check_hidden(session: Session, row: Deployment, chosen: Logging) -> None:
    (live,) = live_services(session, Deployment.id == row.id)
    known = [*live.info.input_schema.names, *live.info.output_schema.names]
    for name in chosen.hidden:
        if name not in known:
            raise InvalidInput(
                f'"{name[:60]}" is no column of the service; it has {", ".join(known)[:400]}.'
            )
