"""Revisions: what people add to the schemas of versions, and every earlier state of that."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.db.engine import Database
from core.db.tables import Model, Revision, Version, utc_now
from core.errors import InvalidInput
from core.files import Staged
from core.preparation.step import Step
from core.runtimes.edits import SchemaEdits
from core.services import events
from core.services.accounts import Caller
from core.services.artifacts import consuming
from core.services.model_rights import changeable_model
from core.services.model_rows import (
    declared_info,
    decoded_edits,
    encoded_edits,
    newest_number,
    revision_edits,
    version_row,
)
from core.services.model_views import VersionView
from core.services.models import Models
from core.services.names import clean_text
from core.services.schema_checks import checked_edits
from core.services.schema_samples import suggested_edits
from core.services.version_copies import add_copy, require_not_served, revise


@dataclass(frozen=True, slots=True)
class RevisionView:
    """What one save left a schema as. `created_by` is a name, the time is in UTC."""

    number: int
    edits: SchemaEdits
    note: str
    created: datetime
    created_by: str


class Revisions:
    """The revisions of versions' schemas.

    The newest applies at once, to tests, calls and new tasks; a task that has begun goes on with
    the one that it began with. The model's file never changes.
    """

    def __init__(self, database: Database, models: Models) -> None:
        self._database = database
        self._models = models

    def save(
        self,
        caller: Caller,
        model_id: str,
        edits: SchemaEdits,
        *,
        version: int | None = None,
        note: str = "",
    ) -> VersionView:
        """Make a revision of a version, by default the newest; the edits take the place of all.

        Raises ModelNotFound, NotAllowed, VersionNotFound, and InvalidInput for edits that
        contradict the file or themselves, or change nothing.
        """
        note = clean_text(note, "note")
        with self._database.writing() as session:
            model = changeable_model(session, caller, model_id)
            row = _version(session, model, version)
            number = _add(session, caller, model, row, edits, note)
        self._models.tell(model_id)
        return self._models.get_by_id(caller, model_id, number)

    def set_step(
        self,
        caller: Caller,
        model_id: str,
        step: Step | None,
        *,
        version: int | None = None,
        note: str = "",
        as_new: bool = False,
    ) -> VersionView:
        """Give a version a preprocessing step, or take it away; all other edits stay.

        `as_new`: a new version of the same file gets it, and the version stays as it is. Raises
        what `save` raises, and InvalidInput while a service has the version: what a service answers
        is never changed under its callers.
        """
        note = clean_text(note, "note")
        with self._database.writing() as session:
            model = changeable_model(session, caller, model_id)
            row = _version(session, model, version)
            edits = replace(decoded_edits(row.edits), step=step)
            add = add_copy if as_new else _add
            number = add(session, caller, model, row, edits, note)
        self._models.tell(model_id)
        return self._models.get_by_id(caller, model_id, number)

    def restore(
        self, caller: Caller, model_id: str, revision: int, *, version: int | None = None
    ) -> VersionView:
        """Make a new revision that says what an earlier one did; 0 is what the file alone says.

        Raises what `save` raises, VersionNotFound also for a revision that there is not.
        """
        with self._database.writing() as session:
            model = changeable_model(session, caller, model_id)
            row = _version(session, model, version)
            edits = revision_edits(session, row, revision)
            number = _add(session, caller, model, row, edits, f"As revision {revision} was.")
        self._models.tell(model_id)
        return self._models.get_by_id(caller, model_id, number)

    def list_(
        self, caller: Caller, model_id: str, *, version: int | None = None
    ) -> list[RevisionView]:
        """Return the revisions of a version, newest first; raises ModelNotFound, VersionNotFound.

        Whoever sees the model sees them.
        """
        view = self._models.get_by_id(caller, model_id, version)
        query = select(Revision).where(Revision.version_id == view.id)
        with self._database.reading() as session:
            rows = session.scalars(query.order_by(Revision.number.desc()))
            return [_view(row) for row in rows]

    def suggest(
        self,
        caller: Caller,
        model_id: str,
        staged: Staged,
        *,
        version: int | None = None,
        left_out: tuple[str, ...] = (),
    ) -> SchemaEdits:
        """Return what a CSV tells of a version's inputs; nothing is saved, the file is used up.

        `left_out` are columns that the model does not take. Raises ModelNotFound, NotAllowed,
        VersionNotFound, and InvalidInput where the columns do not fit.
        """
        with consuming(staged):
            with self._database.reading() as session:
                model = changeable_model(session, caller, model_id)
                info = declared_info(_version(session, model, version))
            return suggested_edits(info, staged.path, left_out)


def _version(session: Session, model: Model, number: int | None) -> Version:
    newest = newest_number(session, model.id)
    return version_row(session, model.id, model.name, newest, number)


def _add(
    session: Session, caller: Caller, model: Model, row: Version, edits: SchemaEdits, note: str
) -> int:
    """Add a revision to the transaction; return the number of its version."""
    before = decoded_edits(row.edits)
    clean = checked_edits(declared_info(row), edits)
    if clean.step != before.step:
        require_not_served(session, model, row)
    if clean == before:
        now = f"revision {row.revision}" if row.revision else "the file"
        raise InvalidInput(f"This is what {now} says already; change something first.")
    number = (row.revision or 0) + 1
    model.updated = utc_now()
    session.add(revise(row, number, encoded_edits(clean), note, caller, model.updated))
    detail = f"version {row.number}, revision {row.revision}"
    if clean.step != before.step:
        detail = f"version {row.number}, revision {row.revision}: the preprocessing step"
    events.record(session, caller, "edited", "model", model.id, model.name, detail)
    return row.number


def _view(row: Revision) -> RevisionView:
    return RevisionView(
        number=row.number,
        edits=decoded_edits(row.edits),
        note=row.note,
        created=row.created,
        created_by=row.created_by,
    )
