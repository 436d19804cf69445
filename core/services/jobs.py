"""Tasks: files scored in the background, for those who may see the model."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import msgspec
import pyarrow as pa
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.db.engine import Database
from core.db.tables import Account, Deployment, Task, Version, new_id, utc_now
from core.errors import (
    DeploymentNotFound,
    DeploymentPaused,
    InvalidInput,
    NotAllowed,
    TaskNotFinished,
    TaskNotFound,
)
from core.files import Files, Staged, write_atomically
from core.inputs.tabular import open_table
from core.runtimes.base import ModelInfo
from core.runtimes.edits import edited
from core.services import deployment_views, events
from core.services.accounts import Caller
from core.services.deployment_views import DeploymentView
from core.services.job_exports import EXPORTS, Record
from core.services.job_files import JobFiles, Plan
from core.services.job_queue import Progress
from core.services.job_results import Result
from core.services.job_states import UNFINISHED, State, TaskStates
from core.services.job_views import (
    Row,
    TaskPage,
    TaskView,
    matching,
    task_row,
    task_rows,
    task_view,
)
from core.services.model_rights import visible_model
from core.services.model_rows import declared_info, revision_edits
from core.services.model_views import VersionView
from core.services.task_rows import remove_tasks

_WAITING = "Waiting for its turn."


class Runner(Protocol):
    """Whoever does the tasks."""

    def add(self, task_id: str) -> None:
        """Take up a task that is in the database."""

    def stop(self, task_id: str, *, drop: bool = False) -> None:
        """Leave a task as it is, and with `drop` remove its files."""

    def find_progress(self, task_id: str, guess: int | None = None) -> Progress | None:
        """Return how far a task is, or None if it is not at work."""


@dataclass(frozen=True, slots=True)
class ResultPage:
    """Some rows of a result out of `total`."""

    rows: list[Record]
    total: int


class Jobs:
    """The tasks of one platform; `part_rows` is how many rows a part of a new one has."""

    def __init__(self, database: Database, files: Files, runner: Runner, *, part_rows: int) -> None:
        self._database = database
        self._files = files
        self._runner = runner
        self._part_rows = part_rows
        self._states = TaskStates(database)

    def submit(
        self,
        caller: Caller,
        version: VersionView,
        source: Staged | Sequence[object],
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
        task = Task(
            id=new_id(),
            model_id=version.model.id,
            deployment_id=deployment.id if deployment else None,
            version_id=version.id,
            version=version.number,
            owner_id=caller.id,
            kind=kind,
            file_name=source.name if isinstance(source, Staged) else "",
            state=str(State.QUEUED),
            options=json.dumps(dict(options or {})),
            message=_WAITING,
            created=utc_now(),
        )
        files = JobFiles(self._files.job(task.id))
        try:
            files.write_plan(Plan(kind, dict(options or {}), self._part_rows, version.revision))
            _take(files, source)
            table = open_table(files.source, kind, version.info.input_schema, options)
            task.rows_total = table.rows
            self._insert(caller, task)
        except BaseException:
            self._files.drop_job(task.id)
            raise
        return self.get(caller, task.id)

    def get(self, caller: Caller, task_id: str) -> TaskView:
        """Return a task and how far it is; raises TaskNotFound."""
        with self._database.reading() as session:
            row = task_row(session, caller, task_id)
        return self._view(row)

    def list_(
        self,
        caller: Caller,
        *,
        model_id: str | None = None,
        deployment_id: str | None = None,
        state: str | None = None,
        search: str = "",
        offset: int = 0,
        limit: int = 50,
    ) -> TaskPage:
        """Return tasks that the caller may see, newest first.

        `search` is looked for in the names of file, model, deployment and owner, and at the start
        of the id. Raises InvalidInput for a state that does not exist.
        """
        query = task_rows(caller).where(*matching(model_id, deployment_id, state, search))
        newest = query.order_by(Task.created.desc(), Task.id).offset(offset).limit(limit)
        with self._database.reading() as session:
            total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
            rows = list(session.execute(newest))
        return TaskPage([self._view(row) for row in rows], total)

    def cancel(self, caller: Caller, task_id: str) -> None:
        """Stop a task that is queued or running; raises TaskNotFound, InvalidInput if it ended."""
        self.get(caller, task_id)
        if not self._states.cancel(task_id, f"Cancelled by {caller.name}."):
            state = self.get(caller, task_id).state
            raise InvalidInput(f"The task has {state} already; there is nothing to cancel.")
        self._runner.stop(task_id)
        self._record(caller, "cancelled", task_id)

    def retry(self, caller: Caller, task_id: str) -> TaskView:
        """Do a task that has ended all over again, as a new one of the caller.

        It goes by the version's schema as that is now. Raises TaskNotFound, ModelNotFound, and
        InvalidInput while it is not over.
        """
        with self._database.reading() as session:
            old = task_row(session, caller, task_id)[0]
            revision = _version(session, old).revision or 0
        if old.state in UNFINISHED:
            raise InvalidInput(f"The task is still {old.state}; cancel it before you retry it.")
        task = _again(old, caller)
        files = JobFiles(self._files.job(task.id))
        try:
            before = JobFiles(self._files.job(task_id))
            files.write_plan(replace(before.plan, revision=revision))
            before.share_source(files)
            self._insert(caller, task)
        except BaseException:
            self._files.drop_job(task.id)
            raise
        return self.get(caller, task.id)

    def delete(self, caller: Caller, task_id: str) -> None:
        """Delete a task with its files, and stop it first if need be; raises TaskNotFound."""
        with self._database.writing() as session:
            task = task_row(session, caller, task_id)[0]
            events.record(session, caller, "deleted", "task", task.id, task.file_name)
            remove_tasks(session, Task.id == task_id)
        self._runner.stop(task_id, drop=True)

    def result(self, caller: Caller, task_id: str, offset: int = 0, limit: int = 100) -> ResultPage:
        """Return some rows of a result as records; raises TaskNotFound, TaskNotFinished."""
        result = self._result(caller, task_id)
        return ResultPage(result.rows(offset, limit), result.total)

    def table(self, caller: Caller, task_id: str, offset: int = 0, limit: int = 100) -> pa.Table:
        """Return some rows of a result as typed columns; raises what `result` raises."""
        return self._result(caller, task_id).table(offset, limit)

    def export(self, caller: Caller, task_id: str, format_: str) -> Iterator[bytes]:
        """Return the whole result as the bytes of a file, part after part.

        `format_` is csv, parquet or json. Raises InvalidInput, and what `result` raises, at once.
        """
        if format_ not in EXPORTS:
            raise InvalidInput(
                f'format is "{format_[:40]}"; it must be one of {", ".join(EXPORTS)}.'
            )
        return self._result(caller, task_id).export(format_)

    def _insert(self, caller: Caller, task: Task) -> None:
        with self._database.writing() as session:
            visible_model(session, caller, task.model_id)
            _require_owners(session, task)
            session.add(task)
            session.flush()
            session.expunge(task)
        self._runner.add(task.id)

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
        counts = JobFiles(self._files.job(task.id)).scored().values()
        done, failed = (sum(column) for column in zip(*counts, strict=True)) if counts else (0, 0)
        return Progress(task.rows_total, done, failed)

    def _result(self, caller: Caller, task_id: str) -> Result:
        with self._database.reading() as session:
            task = task_row(session, caller, task_id)[0]
            files = JobFiles(self._files.job(task_id))
            info = _info(session, task, files.plan.revision)
        ingested = files.find_ingested()
        if task.state != State.SUCCEEDED or ingested is None:
            raise TaskNotFinished(
                f"The task is {task.state} and has no result"
                + (" yet." if task.state in UNFINISHED else f". {task.message}")
            )
        return Result(files, ingested, info)


def _require_owners(session: Session, task: Task) -> None:
    """Raise where the service or the account went, or the service was paused, meanwhile."""
    if task.deployment_id:
        service = session.get(Deployment, task.deployment_id)
        if service is None:
            raise DeploymentNotFound("The service was deleted while the file came in.")
        if service.state != deployment_views.State.RUNNING:
            raise DeploymentPaused(f'"{service.name}" is paused; start it first.')
    if session.get(Account, task.owner_id) is None:
        raise NotAllowed("Your account was deleted.")


def _take(files: JobFiles, source: Staged | Sequence[object]) -> None:
    if isinstance(source, Staged):
        files.take_source(source.path)
    else:
        write_atomically(files.source, msgspec.json.encode(source))


def _again(old: Task, caller: Caller) -> Task:
    return Task(
        id=new_id(),
        model_id=old.model_id,
        deployment_id=old.deployment_id,
        version_id=old.version_id,
        version=old.version,
        owner_id=caller.id,
        kind=old.kind,
        file_name=old.file_name,
        state=str(State.QUEUED),
        options=old.options,
        rows_total=old.rows_total,
        message=_WAITING,
        created=utc_now(),
        retry_of=old.id,
    )


def _info(session: Session, task: Task, revision: int) -> ModelInfo:
    """Return what is known of a task's version as its schema was when the task began."""
    row = _version(session, task)
    return edited(declared_info(row), revision_edits(session, row, revision))


def _version(session: Session, task: Task) -> Version:
    row = session.get(Version, task.version_id)
    if row is None:
        raise TaskNotFound("The task went with its model.")
    return row
