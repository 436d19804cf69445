"""What the home page tells beside the services: what somebody should look at (P2)."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session, aliased

from core.db.call_tables import call_hours
from core.db.engine import Database
from core.db.tables import Account, Deployment, Model, Task, Verdict, Version, utc_now
from core.files import Files
from core.services.accounts import Caller, Role
from core.services.call_sums import MINUTES, start_of
from core.services.job_states import State
from core.services.job_views import task_rows
from core.services.match_views import verdict_view
from core.services.model_rights import visible

UNUSED = timedelta(days=30)
_LATELY = timedelta(days=7)
_MOST = 50


@dataclass(frozen=True, slots=True)
class FailedCheck:
    """A version whose answers differ, since an upgrade, from those that were expected of it."""

    model_id: str
    model: str
    version: int
    sentence: str
    made: datetime


@dataclass(frozen=True, slots=True)
class UnusedModel:
    """A model that nobody has called or given a file for a month; `last` is None if ever."""

    id: str
    name: str
    owner: str
    last: datetime | None


@dataclass(frozen=True, slots=True)
class FailedTask:
    """A task that failed within the last week; `message` says why."""

    id: str
    file_name: str
    message: str
    created: datetime


@dataclass(frozen=True, slots=True)
class Outlook:
    """What somebody should look at: `waiting` are accounts that an admin has to let in.

    `disk_used` is a share of the disk, 0 to 1. The newest tasks come first, and the models unused
    longest.
    """

    tasks: tuple[FailedTask, ...]
    checks: tuple[FailedCheck, ...]
    unused: tuple[UnusedModel, ...]
    waiting: int
    disk_used: float = 0.0


class Dashboard:
    """Looks over what a caller may see, in a few queries whatever there is of it."""

    def __init__(
        self, database: Database, files: Files, *, now: Callable[[], datetime] = utc_now
    ) -> None:
        self._database = database
        self._files = files
        self._now = now

    def outlook(self, caller: Caller) -> Outlook:
        """Return what the caller should look at."""
        disk = shutil.disk_usage(self._files.root)
        now = start_of(self._now(), MINUTES.span)
        found = self._database.remembered(("outlook", caller, now), lambda: self._look(caller, now))
        return replace(found, disk_used=1 - disk.free / disk.total)

    def _look(self, caller: Caller, now: datetime) -> Outlook:
        with self._database.reading() as session:
            return Outlook(
                tasks=_failed_tasks(session, caller, now - _LATELY),
                checks=_failed_checks(session, caller),
                unused=_unused(session, caller, now - UNUSED),
                waiting=_waiting(session) if caller.role is Role.ADMIN else 0,
            )


def _failed_tasks(session: Session, caller: Caller, since: datetime) -> tuple[FailedTask, ...]:
    query = (
        task_rows(caller)
        .with_only_columns(Task.id, Task.file_name, Task.message, Task.created)
        .where(Task.state == State.FAILED, Task.created > since)
        .order_by(Task.created.desc())
        .limit(_MOST)
    )
    return tuple(FailedTask(*row) for row in session.execute(query))


def _failed_checks(session: Session, caller: Caller) -> tuple[FailedCheck, ...]:
    """Return the newest verdicts that Slipway came to by itself, where not every row agrees."""
    newer = aliased(Verdict)
    same = (newer.version_id == Verdict.version_id) & (newer.file == Verdict.file)
    query = (
        select(Verdict, Version.number, Model.name)
        .join(Version, Version.id == Verdict.version_id)
        .join(Model, Model.id == Verdict.model_id)
        .where(
            visible(caller),
            Verdict.made_by == "",
            or_(Verdict.failure != "", Verdict.agreeing < Verdict.rows),
            ~select(newer.id).where(same, newer.made > Verdict.made).exists(),
        )
        .order_by(Verdict.made.desc())
        .limit(_MOST)
    )
    return tuple(
        FailedCheck(row.model_id, name, number, verdict_view(row, number).sentence, row.made)
        for row, number, name in session.execute(query)
    )


def _unused(session: Session, caller: Caller, since: datetime) -> tuple[UnusedModel, ...]:
    called, tasked = _last_calls().subquery(), _last_tasks().subquery()
    last = func.greatest(called.c.last, tasked.c.last)
    query = (
        select(Model.id, Model.name, Account.name, last)
        .join(Account, Account.id == Model.owner_id)
        .outerjoin(called, called.c.model_id == Model.id)
        .outerjoin(tasked, tasked.c.model_id == Model.id)
        .where(visible(caller), Model.updated < since, or_(last.is_(None), last < since))
        .order_by(last.asc().nulls_first(), Model.updated)
    )
    return tuple(UnusedModel(*row) for row in session.execute(query))


def _last_calls() -> Select[*tuple[str, datetime]]:
    query = select(Deployment.model_id, func.max(call_hours.c.last_call).label("last"))
    joined = query.join(call_hours, call_hours.c.deployment_id == Deployment.id)
    return joined.group_by(Deployment.model_id)


def _last_tasks() -> Select[*tuple[str, datetime]]:
    query = select(Task.model_id, func.max(Task.created).label("last"))
    return query.group_by(Task.model_id)


def _waiting(session: Session) -> int:
    return session.scalar(select(func.count()).where(Account.pending.is_(True))) or 0
