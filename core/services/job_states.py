"""The states of tasks in the database, and how one becomes another.

queued -> running -> succeeded | failed | cancelled; also queued -> failed | cancelled. An end
state never changes, and each comes with a sentence. The row is written at these changes alone.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Select, func, select, update
from sqlalchemy.orm import Session

from core.db.engine import Database
from core.db.tables import Deployment, Task, utc_now
from core.services.task_news import announce_end


class State(StrEnum):
    """Where a task is."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


UNFINISHED = (State.QUEUED, State.RUNNING)


@dataclass(frozen=True, slots=True)
class Standing:
    """An unfinished task: whose it is, what it is scored with, whether its service is paused."""

    task_id: str
    owner_id: str
    version_id: str
    held: bool


class TaskStates:
    """Writes the states of tasks; a change that came too late changes nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def unfinished(self) -> list[Standing]:
        """Return the tasks that are to go on, oldest first."""
        with self._database.reading() as session:
            return [Standing(*row) for row in session.execute(_standings())]

    def find_unfinished(self, task_id: str) -> Standing | None:
        """Return how an unfinished task stands, else None."""
        with self._database.reading() as session:
            row = session.execute(_standings().where(Task.id == task_id)).one_or_none()
        return Standing(*row) if row else None

    def all_ids(self) -> set[str]:
        """Return the ids of every task."""
        with self._database.reading() as session:
            return set(session.scalars(select(Task.id)))

    def exists(self, task_id: str) -> bool:
        """Return whether there is such a task, in whatever state."""
        with self._database.reading() as session:
            return session.scalar(select(Task.id).where(Task.id == task_id)) is not None

    def start(self, task_id: str) -> None:
        """Say that a queued task runs."""
        with self._database.writing() as session:
            _change(session, task_id, (State.QUEUED,), State.RUNNING, "", started=utc_now())

    def succeed(self, task_id: str, rows: int, failed: int) -> None:
        """Say that every row of a task is in the result, so many of them with an error."""
        message = f"Scored {_rows(rows)}."
        if failed:
            have = "has" if failed == 1 else "have"
            message = f"Scored {rows - failed:,} of {_rows(rows)}; {failed:,} {have} an error."
        self._finish(task_id, State.SUCCEEDED, message, rows=rows, failed=failed)

    def fail(self, task_id: str, message: str) -> None:
        """Say why a task can never finish."""
        self._finish(task_id, State.FAILED, message)

    def cancel(self, task_id: str, message: str, by: str) -> bool:
        """Say that a task was stopped by an account; return False if it was over already."""
        return self._finish(task_id, State.CANCELLED, message, by=by)

    def _finish(
        self,
        task_id: str,
        state: State,
        message: str,
        *,
        rows: int | None = None,
        failed: int | None = None,
        by: str | None = None,
    ) -> bool:
        counts = {} if rows is None else {"rows_total": rows, "rows_failed": failed}
        with self._database.writing() as session:
            ended = _change(
                session, task_id, UNFINISHED, state, message, finished=utc_now(), **counts
            )
            if ended:
                announce_end(session, task_id, by=by)
        return ended


def _change(
    session: Session,
    task_id: str,
    before: tuple[State, ...],
    state: State,
    message: str,
    **values: datetime | int | None,
) -> bool:
    task = session.get(Task, task_id)
    if task is None or task.state not in before:
        return False
    changed = update(Task).where(Task.id == task_id)
    session.execute(changed.values(state=str(state), message=message, **values))
    return True


def _standings() -> Select[str, str, str, bool]:
    held = func.coalesce(Deployment.state == "paused", False)
    return (
        select(Task.id, Task.owner_id, Task.version_id, held)
        .outerjoin(Deployment, Deployment.id == Task.deployment_id)
        .where(Task.state.in_(UNFINISHED))
        .order_by(Task.created, Task.id)
    )


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"
