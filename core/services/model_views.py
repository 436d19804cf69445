"""How models and their versions are shown: what the services return of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from core.db.tables import Model, Version
from core.errors import VersionNotFound
from core.runtimes.base import ModelInfo
from core.runtimes.edits import SchemaEdits, edited
from core.services.accounts import Caller
from core.services.model_rights import no_such_model, visible
from core.services.model_rows import (
    declared_info,
    decoded_brief,
    decoded_edits,
    models_query,
    version_row,
)


@dataclass(frozen=True, slots=True)
class ModelView:
    """A model in brief.

    `version` is the number of the newest version, which `format` and `algorithm` are of;
    `versions` how many there are. `owner` is a name, times are in UTC.
    """

    id: str
    name: str
    owner: str
    owner_id: str
    model_type: str
    description: str
    visibility: str
    created: datetime
    updated: datetime
    version: int
    versions: int
    format: str
    algorithm: str


@dataclass(frozen=True, slots=True)
class ModelName:
    """What a model is called, for choices; `owner` is a name."""

    id: str
    name: str
    owner: str


@dataclass(frozen=True, slots=True)
class VersionView:
    """One version of a model with all its information.

    `artifact` is the SHA-256 of the file that is loaded, `source` of the one that was uploaded as
    `file_name`, of `size` bytes. `created_by` is a name. `info` is what the file says (`declared`)
    with the edits of the newest revision laid over it; `revision` is 0 before the first.
    """

    model: ModelView
    id: str
    number: int
    created: datetime
    created_by: str
    notes: str
    artifact: str
    source: str
    file_name: str
    size: int
    info: ModelInfo
    declared: ModelInfo
    edits: SchemaEdits
    revision: int


def gone_version() -> VersionNotFound:
    """Return the error for a version whose model was deleted meanwhile."""
    return VersionNotFound("The version is gone; its model was deleted.")


def model_views(session: Session, *conditions: ColumnElement[bool]) -> Iterator[ModelView]:
    """Yield the models that fulfil conditions, the last changed first."""
    for model, owner, newest, versions, info in session.execute(models_query().where(*conditions)):
        brief = decoded_brief(info)
        yield ModelView(
            id=model.id,
            name=model.name,
            owner=owner,
            owner_id=model.owner_id,
            model_type=model.model_type,
            description=model.description,
            visibility=model.visibility,
            created=model.created,
            updated=model.updated,
            version=newest,
            versions=versions,
            format=brief.format,
            algorithm=brief.algorithm,
        )


def model_view(session: Session, caller: Caller, model_id: str) -> ModelView:
    """Return a model that the caller may see; raises ModelNotFound."""
    for view in model_views(session, Model.id == model_id, visible(caller)):
        return view
    raise no_such_model()


def version_at(session: Session, model: ModelView, number: int | None) -> VersionView:
    """Return a model's version, the newest where no number is given; raises VersionNotFound."""
    row = version_row(session, model.id, model.name, model.version, number)
    return version_view(model, row)


def version_view(model: ModelView, row: Version) -> VersionView:
    """Return a version with the edits of its newest revision laid over what its file says."""
    declared = declared_info(row)
    edits = decoded_edits(row.edits)
    return VersionView(
        model=model,
        id=row.id,
        number=row.number,
        created=row.created,
        created_by=row.created_by,
        notes=row.notes,
        artifact=row.artifact,
        source=row.source,
        file_name=row.file_name,
        size=row.size,
        info=edited(declared, edits),
        declared=declared,
        edits=edits,
        revision=row.revision or 0,
    )
