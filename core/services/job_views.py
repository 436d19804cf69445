"""What people see of tasks, and who sees which: its owner, the model's owner, and admins."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select, true
from sqlalchemy.orm import Session

from core.db.tables import Account, Deployment, Model, Task
from core.errors import InvalidInput, TaskNotFound
from core.services.accounts import Caller, Role
from core.services.job_queue import Progress
from core.services.job_states import UNFINISHED, State

Row = tuple[Task, str, str | None, str | None, str]

_HELD = 'Waits: the deployment "{}" is paused. Start it, and the task goes on.'


@dataclass(frozen=True, slots=True)
class TaskView:
    """A task and how far it is.

    `rows_total` is a guess until the upload was read to its end. `eta_s` is in seconds, times are
    in UTC. `owner` is the name of whoever submitted it; `message` a sentence for people. A task
    that is `held` waits until its service is started. The files of one that is not `kept` are
    `removed` some time after its end.
    """

    id: str
    state: str
    kind: str
    model_id: str
    model_name: str
    deployment_id: str | None
    deployment_name: str | None
    version: int
    owner: str
    rows_total: int | None
    rows_done: int
    rows_failed: int
    created: datetime
    started: datetime | None
    finished: datetime | None
    eta_s: float | None
    rows_per_s: float | None
    message: str
    file_name: str
    retry_of: str | None
    held: bool
    kept: bool
    removed: datetime | None


@dataclass(frozen=True, slots=True)
class TaskPage:
    """Some tasks, newest first, out of `total`."""

    tasks: list[TaskView]
    total: int


def task_rows(caller: Caller) -> Select[Task, str, str | None, str | None, str]:
    """Select the tasks that a caller may see, with the names of model, deployment and owner.

    The deployment's state is there, too: it may hold the task.
    """
    return (
        select(Task, Model.name, Deployment.name, Deployment.state, Account.name)
        .join(Model, Model.id == Task.model_id)
        .join(Account, Account.id == Task.owner_id)
        .outerjoin(Deployment, Deployment.id == Task.deployment_id)
        .where(_visible(caller))
    )


def task_row(session: Session, caller: Caller, task_id: str) -> Row:
    """Return a task's row with its names; raises TaskNotFound."""
    found = session.execute(task_rows(caller).where(Task.id == task_id)).one_or_none()
    if found is None:
        raise TaskNotFound("There is no such task, or you may not see it.")
    return found


@dataclass(frozen=True, slots=True)
class TaskFilter:
    """Which tasks are wanted: those that fit all that is given.

    `search` is looked for in the names of file, model, deployment and owner, and at the start of
    the id. `order` is one of `ORDERS`.
    """

    model_id: str | None = None
    deployment_id: str | None = None
    owner_id: str | None = None
    state: str | None = None
    search: str = ""
    order: str = "newest"


ORDERS: dict[str, ColumnElement[Any]] = {
    "newest": Task.created.desc(),
    "oldest": Task.created.asc(),
    "largest": Task.rows_total.desc().nulls_last(),
    "most errors": Task.rows_failed.desc().nulls_last(),
    "longest": (Task.finished - Task.started).desc().nulls_last(),
}


def wanted_tasks(
    caller: Caller, wanted: TaskFilter
) -> Select[Task, str, str | None, str | None, str]:
    """Select the tasks that a caller wants of those that one may see; raises InvalidInput."""
    exact = (
        (Task.model_id, wanted.model_id),
        (Task.deployment_id, wanted.deployment_id),
        (Task.owner_id, wanted.owner_id),
        (Task.state, _known(wanted.state, "state", list(State)) if wanted.state else None),
    )
    query = task_rows(caller).where(*(column == value for column, value in exact if value))
    if words := wanted.search.strip():
        texts = (Task.file_name, Model.name, Deployment.name, Account.name)
        found = [func.contains(func.lower(text), words.lower()) for text in texts]
        query = query.where(or_(func.starts_with(Task.id, words.lower()), *found))
    return query


def order_of(wanted: TaskFilter) -> ColumnElement[Any]:
    """Return what tasks are ordered by; raises InvalidInput for an order that there is not."""
    return ORDERS[_known(wanted.order, "order", list(ORDERS))]


def _known(given: str, name: str, allowed: Sequence[str]) -> str:
    if given not in allowed:
        raise InvalidInput(f'{name} is "{given[:40]}"; it must be one of {", ".join(allowed)}.')
    return given


def task_view(row: Row, progress: Progress) -> TaskView:
    """Return what people see of a task's row."""
    task, model, deployment, service_state, owner = row
    held = service_state == "paused" and task.state in UNFINISHED
    return TaskView(
        id=task.id,
        state=task.state,
        kind=task.kind,
        model_id=task.model_id,
        model_name=model,
        deployment_id=task.deployment_id,
        deployment_name=deployment,
        version=task.version,
        owner=owner,
        rows_total=progress.rows_total,
        rows_done=progress.rows_done,
        rows_failed=progress.rows_failed,
        created=task.created,
        started=task.started,
        finished=task.finished,
        eta_s=progress.eta_s,
        rows_per_s=progress.rows_per_s or _speed(task),
        message=_HELD.format(deployment) if held else task.message,
        file_name=task.file_name,
        retry_of=task.retry_of,
        held=held,
        kept=bool(task.kept),
        removed=task.removed,
    )


def removed_sentence(task: Task) -> str:
    """Return what there is to say of a task whose files are gone."""
    return (
        f"The files of this task were removed on {task.removed:%Y-%m-%d}, after the time for which "
        "results are kept; submit the file again."
    )


def _speed(task: Task) -> float | None:
    """Return the rows a second of a task that has succeeded, from its first step to its last."""
    if task.state != State.SUCCEEDED or task.started is None or task.finished is None:
        return None
    seconds = (task.finished - task.started).total_seconds()
    return round((task.rows_total or 0) / max(seconds, 1e-3), 1)


def _visible(caller: Caller) -> ColumnElement[bool]:
    if caller.role is Role.ADMIN:
        return true()
    return or_(Task.owner_id == caller.id, Model.owner_id == caller.id)
