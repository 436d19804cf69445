"""How tasks come to be: from a file, from records, or from a task that has ended."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec
from sqlalchemy.orm import Session

from core.db.tables import Account, Deployment, Task, new_id, utc_now
from core.errors import DeploymentNotFound, DeploymentPaused, NotAllowed
from core.files import Staged, replacing, write_atomically
from core.services import deployment_views
from core.services.accounts import Caller
from core.services.deployment_views import DeploymentView
from core.services.job_exports import Record
from core.services.job_files import JobFiles
from core.services.job_states import State
from core.services.model_views import VersionView

Source = Staged | Sequence[object]

_WAITING = "Waiting for its turn."


def new_task(
    caller: Caller,
    version: VersionView,
    source: Source,
    kind: str,
    deployment: DeploymentView | None,
    options: Mapping[str, object],
) -> Task:
    """Return the row of a task that is submitted now."""
    return Task(
        id=new_id(),
        model_id=version.model.id,
        deployment_id=deployment.id if deployment else None,
        version_id=version.id,
        version=version.number,
        owner_id=caller.id,
        kind=kind,
        file_name=source.name if isinstance(source, Staged) else "",
        state=str(State.QUEUED),
        options=json.dumps(options),
        message=_WAITING,
        created=utc_now(),
    )


def task_again(old: Task, caller: Caller) -> Task:
    """Return the row of a task that does again what an old one did."""
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


def require_owners(session: Session, task: Task) -> None:
    """Raise where the service or the account went, or the service was paused, meanwhile."""
    if task.deployment_id:
        service = session.get(Deployment, task.deployment_id)
        if service is None:
            raise DeploymentNotFound("The service was deleted while the file came in.")
        if service.state != deployment_views.State.RUNNING:
            raise DeploymentPaused(f'"{service.name}" is paused; start it first.')
    account = session.get(Account, task.owner_id)
    if account is None or not account.active:
        raise NotAllowed("Your account was disabled or deleted; ask an admin.")


def take_source(files: JobFiles, source: Source) -> None:
    """Put an upload, or a list of records, where the task finds it."""
    if isinstance(source, Staged):
        files.take_source(source.path)
    else:
        write_atomically(files.source, msgspec.json.encode(source))


def write_records(files: JobFiles, groups: Iterable[Sequence[Record]]) -> None:
    """Make records a task's upload: a list in JSON, one a line, never all in memory."""
    with replacing(files.source) as temporary, temporary.open("wb") as file:
        file.writelines(_lines(groups))


def _lines(groups: Iterable[Sequence[Record]]) -> Iterator[bytes]:
    separator = b"[\n"
    for group in groups:
        for record in group:
            yield separator + msgspec.json.encode(record)
            separator = b",\n"
    yield b"\n]\n"
