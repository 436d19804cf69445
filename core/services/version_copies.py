"""New versions of the same file, for what may not change under the callers of a service."""

from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from core.db.tables import Deployment, DeploymentChange, Model, Revision, Version, new_id, utc_now
from core.errors import InvalidInput
from core.runtimes.edits import SchemaEdits
from core.services import events
from core.services.accounts import Caller
from core.services.model_rows import declared_info, encoded_edits, newest_number
from core.services.schema_checks import checked_edits


def add_copy(
    session: Session, caller: Caller, model: Model, row: Version, edits: SchemaEdits, note: str
) -> int:
    """Add a version of the same file with other edits to the transaction; return its number."""
    clean = checked_edits(declared_info(row), edits)
    copy = Version(
        id=new_id(),
        model_id=model.id,
        number=newest_number(session, model.id) + 1,
        artifact=row.artifact,
        source=row.source,
        file_name=row.file_name,
        size=row.size,
        info=row.info,
        notes=note or f"The file of version {row.number} with another preprocessing step",
        created=utc_now(),
        created_by=caller.name,
        images=row.images,
    )
    session.add(copy)
    session.add(revise(copy, 1, encoded_edits(clean), note, caller, copy.created))
    model.updated = copy.created
    detail = f"version {copy.number}"
    events.record(session, caller, "added version", "model", model.id, model.name, detail)
    return copy.number


def revise(
    row: Version, number: int, edits: str, note: str, caller: Caller, at: datetime
) -> Revision:
    """Let a version have these edits; return the revision that keeps them, to be added."""
    row.revision, row.edits = number, edits
    return Revision(
        id=new_id(),
        version_id=row.id,
        number=number,
        edits=edits,
        note=note,
        created=at,
        created_by=caller.name,
    )


def require_not_served(session: Session, model: Model, row: Version) -> None:
    """Raise InvalidInput where a service has a version, or may go back to it."""
    had = select(DeploymentChange.deployment_id).where(DeploymentChange.version == row.number)
    query = select(Deployment.name).where(
        Deployment.model_id == model.id,
        or_(Deployment.version_id == row.id, Deployment.id.in_(had)),
    )
    service = session.scalar(query.order_by(Deployment.name_key).limit(1))
    if service is not None:
        raise InvalidInput(
            f'The service "{service}" has version {row.number}, and its answers would change under '
            "its callers. Save the step as a new version of the same file, and switch the service "
            "to that."
        )
