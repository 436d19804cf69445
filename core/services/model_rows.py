"""How models and versions lie in the tables: the queries over them, and a model's information."""

from dataclasses import dataclass

import msgspec
from sqlalchemy import Select, delete, func, select
from sqlalchemy.orm import Session

from core.db.tables import (
    Account,
    Case,
    ColumnChoice,
    Deployment,
    DeploymentChange,
    Model,
    Revision,
    Task,
    Verdict,
    Version,
)
from core.errors import VersionNotFound
from core.runtimes.base import ModelInfo
from core.runtimes.edits import SchemaEdits, edited
from core.services.call_records import forget
from core.services.log_rows import forget_logs
from core.services.model_images import with_recipes
from core.services.task_rows import remove_tasks
from core.services.thresholds import forget_thresholds


class Brief(msgspec.Struct):
    """The words of a `ModelInfo` that lists need; the rest is not even decoded."""

    format: str
    algorithm: str


_BRIEF = msgspec.json.Decoder(Brief)
_INFO = msgspec.json.Decoder(ModelInfo)
_EDITS = msgspec.json.Decoder(SchemaEdits)


def encoded_info(info: ModelInfo) -> str:
    """Return a model's information as the JSON that its version holds."""
    return msgspec.json.encode(info).decode()


def decoded_info(text: str) -> ModelInfo:
    """Return the information that a version holds as JSON."""
    return _INFO.decode(text)


def version_info(row: Version) -> ModelInfo:
    """Return a version's information as it stands: what its file says, and the newest revision."""
    return edited(declared_info(row), decoded_edits(row.edits))


def declared_info(row: Version) -> ModelInfo:
    """Return what a version's file says, with how pictures become its inputs."""
    return with_recipes(decoded_info(row.info), row.images)


def encoded_edits(edits: SchemaEdits) -> str:
    """Return edits as the JSON that a revision holds."""
    return msgspec.json.encode(edits).decode()


def decoded_edits(text: str | None) -> SchemaEdits:
    """Return the edits that a revision holds as JSON; none where there is no revision."""
    return SchemaEdits() if text is None else _EDITS.decode(text)


def revision_edits(session: Session, row: Version, number: int) -> SchemaEdits:
    """Return the edits of a version's revision; 0 is before the first. Raises VersionNotFound."""
    if number == 0:
        return SchemaEdits()
    query = select(Revision.edits).where(Revision.version_id == row.id, Revision.number == number)
    text = session.scalar(query)
    if text is None:
        raise VersionNotFound(
            f"There is no revision {number} of version {row.number}; its revisions are 0 (what the "
            f"file says) to {row.revision or 0}."
        )
    return decoded_edits(text)


def decoded_brief(text: str) -> Brief:
    """Return the words for lists out of the information that a version holds as JSON."""
    return _BRIEF.decode(text)


def models_query() -> Select[Model, str, int, int, str]:
    """Select models with the owner's name, the newest version's number, how many, its info."""
    newest = (
        select(Version.model_id, func.max(Version.number).label("number"), func.count().label("n"))
        .group_by(Version.model_id)
        .subquery()
    )
    return (
        select(Model, Account.name, newest.c.number, newest.c.n, Version.info)
        .join(Account, Account.id == Model.owner_id)
        .join(newest, newest.c.model_id == Model.id)
        .join(Version, (Version.model_id == Model.id) & (Version.number == newest.c.number))
        .order_by(Model.updated.desc(), Model.name_key)
    )


def newest_number(session: Session, model_id: str) -> int:
    """Return the number of a model's newest version, 0 if it has none yet."""
    query = select(func.max(Version.number)).where(Version.model_id == model_id)
    return session.scalar(query) or 0


def newest_info(session: Session, model_id: str) -> ModelInfo:
    """Return the information of a model's newest version."""
    query = select(Version.info).where(Version.model_id == model_id)
    return decoded_info(session.scalars(query.order_by(Version.number.desc()).limit(1)).one())


def version_row(
    session: Session, model_id: str, name: str, newest: int, number: int | None
) -> Version:
    """Return a model's version, the newest where no number is given; raises VersionNotFound."""
    wanted = newest if number is None else number
    query = select(Version).where(Version.model_id == model_id, Version.number == wanted)
    row = session.scalar(query)
    if row is None:
        raise VersionNotFound(f'"{name}" has no version {wanted}; its versions are 1 to {newest}.')
    return row


@dataclass(frozen=True, slots=True)
class Removed:
    """What a deleted model leaves to clean up: its tasks' folders and perhaps its artifacts."""

    tasks: list[str]
    artifacts: set[str]


def remove_model(session: Session, model: Model) -> Removed:
    """Delete a model with every row that hangs on it."""
    own = Version.model_id == model.id
    artifacts = set(session.scalars(select(Version.artifact).where(own)))
    artifacts |= set(session.scalars(select(Version.source).where(own)))
    checks = Verdict.model_id == model.id
    artifacts |= set(session.scalars(select(Verdict.file).where(checks)))
    deployments = select(Deployment.id).where(Deployment.model_id == model.id)
    services = list(session.scalars(deployments))
    forget(session, services)
    forget_thresholds(session, services)
    forget_logs(session, services)
    session.execute(delete(DeploymentChange).where(DeploymentChange.deployment_id.in_(deployments)))
    tasks = remove_tasks(session, Task.model_id == model.id)
    session.execute(delete(Deployment).where(Deployment.model_id == model.id))
    session.execute(delete(Verdict).where(checks))
    versions = select(Version.id).where(own)
    session.execute(delete(ColumnChoice).where(ColumnChoice.model_id == model.id))
    session.execute(delete(Case).where(Case.model_id == model.id))
    session.execute(delete(Revision).where(Revision.version_id.in_(versions)))
    session.execute(delete(Version).where(own))
    session.delete(model)
    return Removed(tasks, artifacts)
