"""Tasks: files scored in the background, for those who may see the model."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from sqlalchemy import func, select, update

from core.db.engine import Database
from core.db.tables import Task
from core.errors import (
    DeploymentPaused,
    InvalidInput,
)
from core.files import Files
from core.inputs.tabular import open_table
from core.services import deployment_views, events
from core.services.accounts import Caller
from core.services.deployment_views import DeploymentView
from core.services.job_files import JobFiles, Plan
from core.services.job_queries import Query
from core.services.job_queue import Progress
from core.services.job_reading import TaskResults, version_of
from core.services.job_remains import Remains
from core.services.job_states import UNFINISHED, State, TaskStates
from core.services.job_submission import (
    Source,
    new_task,
    require_owners,
    take_source,
    task_again,
    write_records,
)
from core.services.job_views import (
    Row,
    TaskFilter,
    TaskPage,
    TaskView,
    order_of,
    removed_sentence,
    task_row,
    task_rows,
    task_view,
    wanted_tasks,
)
from core.services.model_rights import visible_model
from core.services.model_views import VersionView
from core.services.task_rows import remove_tasks

_ALL = TaskFilter()


class Runner(Protocol):
    """Whoever does the tasks."""

    def add(self, task_id: str) -> None:
        """Take up a task that is in the database."""

    def stop(self, task_id: str, *, drop: bool = False) -> None:
        """Leave a task as it is, and with `drop` remove its files."""

    def find_progress(self, task_id: str, guess: int | None = None) -> Progress | None:
        """Return how far a task is, or None if it is not at work."""


@dataclass(frozen=True, slots=True)
class Usage:
    """How many tasks have files, and how many bytes these take."""

    tasks: int
    bytes: int


class Jobs(TaskResults):
    """The tasks of one platform; `part_rows` is how many rows a part of a new one has."""

    def __init__(self, database: Database, files: Files, runner: Runner, *, part_rows: int) -> None:
        super().__init__(database, files)
        self._runner = runner
        self._part_rows = part_rows
        self._states = TaskStates(database)
        self._remains = Remains(files)

    def submit(
        self,
        caller: Caller,
        version: VersionView,
        source: Source,
        *,
        kind: str,
        deployment: DeploymentView | None = None,
        options: Mapping[str, object] | None = None,
    ) -> TaskView:
        """Take in a file, or a list of records, to score it in the background.

        `kind` is one of `core.inputs.tabular.TABLE_KINDS`. An upload is used up. Raises
        InvalidInput for what can be seen to be wrong at once, ModelNotFound, DeploymentPaused.
        """
        if deployment is not None and deployment.state != deployment_views.State.RUNNING:
            raise DeploymentPaused(f'"{deployment.name}" is paused; start it first.')
        given = dict(options or {})
        task = new_task(caller, version, source, kind, deployment, given)
        with self._making(caller, task) as files:
            files.write_plan(Plan(kind, given, self._part_rows, version.revision))
            take_source(files, source)
            task.rows_total = open_table(files.source, kind, version.info.input_schema, given).rows
        return self.get(caller, task.id)

    def get(self, caller: Caller, task_id: str) -> TaskView:
        """Return a task and how far it is; raises TaskNotFound."""
        with self._database.reading() as session:
            row = task_row(session, caller, task_id)
        return self._view(row)

    def list_(
        self,
        caller: Caller,
        wanted: TaskFilter = _ALL,
        *,
        offset: int = 0,
        limit: int = 50,
    ) -> TaskPage:
        """Return tasks that the caller may see, newest first unless asked for otherwise.

        Raises InvalidInput for a state or an order that does not exist.
        """
        query = wanted_tasks(caller, wanted)
        ordered = query.order_by(order_of(wanted), Task.created.desc(), Task.id)
        with self._database.reading() as session:
            rows = session.execute(ordered.offset(offset).limit(limit)).all()
            total = len(rows)
            if offset or total >= limit:  # else these are all
                counted = query.with_only_columns(func.count(), maintain_column_froms=True)
                total = session.scalar(counted) or 0
        return TaskPage([self._view(row) for row in rows], total)

    def count_by_state(self, caller: Caller) -> dict[str, int]:
        """Return how many of the tasks that the caller may see are in each state."""
        counts = self._database.remembered(("task_states", caller), lambda: self._states_of(caller))
        return {str(state): counts.get(str(state), 0) for state in State}

    def _states_of(self, caller: Caller) -> dict[str, int]:
        seen = task_rows(caller).with_only_columns(Task.state).subquery()
        query = select(seen.c.state, func.count()).group_by(seen.c.state)
        with self._database.reading() as session:
            return dict(session.execute(query).all())

    def cancel(self, caller: Caller, task_id: str) -> None:
        """Stop a task that is queued or running; raises TaskNotFound, InvalidInput if it ended."""
        self.get(caller, task_id)
        if not self._states.cancel(task_id, f"Cancelled by {caller.name}.", caller.id):
            state = self.get(caller, task_id).state
            raise InvalidInput(f"The task has ended already ({state}); there is nothing to cancel.")
        self._runner.stop(task_id)
        self._record(caller, "cancelled", task_id)

    def retry(self, caller: Caller, task_id: str, *, only_failed: bool = False) -> TaskView:
        """Do a task that has ended all over again, as a new one of the caller.

        It goes by the version's schema as that is now. With `only_failed` the new task has the rows
        of a result that have an error, and no others; `original_row` says where each of them was.
        Raises TaskNotFound, ModelNotFound, and InvalidInput while the task is not over, where its
        files were removed, where no row failed, or where the rows hold pictures.
        """
        with self._database.reading() as session:
            old = task_row(session, caller, task_id)[0]
            revision = version_of(session, old).revision or 0
        _require_over(old)
        task = task_again(old, caller)
        with self._making(caller, task) as files:
            before = JobFiles(self._files.job(task_id))
            plan = replace(before.plan, revision=revision)
            if only_failed:
                plan = replace(plan, kind="json", options={})
                task.rows_total = self._share_rejects(caller, old, files)
            else:
                before.share_source(files)
            files.write_plan(plan)
        return self.get(caller, task.id)

    def keep(self, caller: Caller, task_id: str, *, kept: bool) -> None:
        """Keep a task's files for good, or for as long as those of others; raises TaskNotFound."""
        with self._database.writing() as session:
            task = task_row(session, caller, task_id)[0]
            session.execute(update(Task).where(Task.id == task_id).values(kept=kept))
            action = "kept" if kept else "let go in time"
            events.record(session, caller, action, "task", task.id, task.file_name)

    def delete(self, caller: Caller, task_id: str) -> None:
        """Delete a task with its files, and stop it first if need be; raises TaskNotFound."""
        with self._database.writing() as session:
            task = task_row(session, caller, task_id)[0]
            events.record(session, caller, "deleted", "task", task.id, task.file_name)
            remove_tasks(session, Task.id == task_id)
        self._runner.stop(task_id, drop=True)

    def size(self, caller: Caller, task_id: str) -> int:
        """Return how many bytes of disk a task takes; raises TaskNotFound."""
        self.get(caller, task_id)
        return self._files.job_size(task_id)

    def usage(self, caller: Caller) -> Usage:
        """Return what the tasks that the caller may see take together."""
        rows = self._database.remembered(("tasks_kept", caller), lambda: self._kept(caller))
        sizes = [self._remains.size(task_id, finished) for task_id, finished in rows]
        return Usage(len(sizes), sum(sizes))

    def _kept(self, caller: Caller) -> list[tuple[str, datetime | None]]:
        columns = (Task.id, Task.finished)
        query = task_rows(caller).with_only_columns(*columns).where(Task.removed.is_(None))
        with self._database.reading() as session:
            return [(task_id, finished) for task_id, finished in session.execute(query)]

    @contextmanager
    def _making(self, caller: Caller, task: Task) -> Iterator[JobFiles]:
        """Yield the folder of a new task; what is there at the end is submitted, or removed."""
        try:
            yield JobFiles(self._files.job(task.id))
            self._insert(caller, task)
        except BaseException:
            self._files.drop_job(task.id)
            raise

    def _insert(self, caller: Caller, task: Task) -> None:
        with self._database.writing() as session:
            visible_model(session, caller, task.model_id)
            require_owners(session, task)
            session.add(task)
            action = "submitted again" if task.retry_of else "submitted"
            events.record(session, caller, action, "task", task.id, task.file_name)
            session.flush()
            session.expunge(task)
        self._runner.add(task.id)

    def _share_rejects(self, caller: Caller, old: Task, files: JobFiles) -> int:
        result, rows = self._selected(caller, old.id, Query(only_rejects=True))
        if not len(rows):
            raise InvalidInput("No row of this task failed; there is nothing to do again.")
        if result.pictures:
            raise InvalidInput(
                "Rows with pictures are not sent again by themselves; retry the whole task, or "
                "send the pictures that failed as a new one."
            )
        write_records(files, result.given_records(rows))
        return len(rows)

    def _record(self, caller: Caller, action: str, task_id: str) -> None:
        with self._database.writing() as session:
            task = session.get(Task, task_id)
            if task is not None:
                events.record(session, caller, action, "task", task.id, task.file_name)

    def _view(self, row: Row) -> TaskView:
        task = row[0]
        progress = self._runner.find_progress(task.id, task.rows_total)
        return task_view(row, progress or self._standing(task))

    def _standing(self, task: Task) -> Progress:
        """Return how far a task is that nobody works at."""
        if task.state == State.SUCCEEDED:
            return Progress(task.rows_total, task.rows_total or 0, task.rows_failed or 0)
        if task.state == State.QUEUED:
            return Progress(task.rows_total, 0, 0)
        done, failed = self._remains.rows(task.id, task.finished, task.removed)
        return Progress(task.rows_total, done, failed)


def _require_over(task: Task) -> None:
    if task.state in UNFINISHED:
        raise InvalidInput(f"The task is still {task.state}; cancel it before you retry it.")
    if task.removed is not None:
        raise InvalidInput(removed_sentence(task))
