"""Saved cases: inputs of a model under a name, with the answer that they got then (P5).

Whoever sees the model saves and opens them; they go with the model. A case is scored when it is
saved and never changed, so a later version's answer can be held against it.
"""

import base64
import datetime as dt
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from core.db.engine import Database
from core.db.tables import Case, Model, new_id, utc_now
from core.errors import CaseNotFound, Duplication, InvalidInput, NotAllowed
from core.inputs.image import as_scored
from core.runtimes.base import PREDICTION
from core.services import events
from core.services.accounts import Caller, Role
from core.services.model_rights import sees, still_there, visible_model
from core.services.model_views import VersionView
from core.services.models import Models
from core.services.names import clean_name, name_key
from core.services.predictions import Predictions, Record

MOST_BYTES = 2 << 20
MOST_CASES = 1_000
_TOLERANCE = 1e-5  # what arithmetic of 32 bits leaves open


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case in brief: what `version` answered to it when it was saved (in UTC), and by whom.

    `deletable` tells whether the caller may delete it.
    """

    id: str
    model_id: str
    name: str
    version: int
    answer: Record
    created: dt.datetime
    author: str
    deletable: bool

    @property
    def headline(self) -> object:
        """Return the prediction, or the first output of a model that gives none."""
        return headline(self.answer)


@dataclass(frozen=True, slots=True)
class OpenedCase:
    """A case with its inputs; pictures are the bytes of their files."""

    view: CaseView
    record: Record


@dataclass(frozen=True, slots=True)
class Then:
    """What a version answers now to a case, beside what was answered when it was saved."""

    version: int
    then: Record
    now: Record

    @property
    def is_same(self) -> bool:
        """Return whether the answers are the same but for the last digits."""
        return alike(self.then, self.now)


class Cases:
    """The saved cases of the models of one platform."""

    def __init__(self, database: Database, models: Models, predictions: Predictions) -> None:
        self._database = database
        self._models = models
        self._predictions = predictions

    def save(
        self,
        caller: Caller,
        model_id: str,
        name: str,
        record: Mapping[str, object],
        *,
        version: int | None = None,
    ) -> CaseView:
        """Score a record with a version (the newest by default) and keep both under a name.

        Values that are no inputs of the model are left out; pictures are bytes. Raises
        ModelNotFound, VersionNotFound, Duplication, and InvalidInput for a record that the model
        cannot score, for more than 2 MiB of it, and for more than a thousand cases of a model.
        """
        name = clean_name(name, "name of the case")
        view = self._models.get_by_id(caller, model_id, version)
        taken = {each: record[each] for each in view.info.input_schema.names if each in record}
        answer = self._answer(caller, view, taken)
        values, pictures = _encoded(taken)
        with self._database.writing() as session:
            still_there(session, caller)
            model = visible_model(session, caller, model_id)
            _require_room(session, model, name)
            row = Case(
                id=new_id(),
                model_id=model_id,
                name=name,
                name_key=name_key(name),
                record=values,
                pictures=pictures,
                version=view.number,
                answer=json.dumps(answer, ensure_ascii=False),
                created=utc_now(),
                author_id=caller.id,
                author=caller.name,
            )
            session.add(row)
            _record(session, caller, "saved a case", model, row)
            return _view(row, caller, model)

    def list_(self, caller: Caller, model_id: str) -> list[CaseView]:
        """Return the cases of a model, newest first; raises ModelNotFound."""
        query = _cases().where(Case.model_id == model_id).order_by(Case.created.desc(), Case.id)
        with self._database.reading() as session:
            visible_model(session, caller, model_id)
            return [_view(row, caller, model) for row, model in session.execute(query)]

    def get(self, caller: Caller, case_id: str) -> OpenedCase:
        """Return a case with its inputs; raises CaseNotFound."""
        with self._database.reading() as session:
            row, model = _found(session, caller, case_id)
            return OpenedCase(_view(row, caller, model), _decoded(row.record, row.pictures))

    def answer_now(self, caller: Caller, case_id: str, *, version: int | None = None) -> Then:
        """Score a case again with a version, the newest by default; nothing is counted or kept.

        Raises CaseNotFound, VersionNotFound, InvalidInput where the version takes other inputs.
        """
        case = self.get(caller, case_id)
        view = self._models.get_by_id(caller, case.view.model_id, version)
        now = self._answer(caller, view, case.record)
        return Then(view.number, case.view.answer, now)

    def delete(self, caller: Caller, case_id: str) -> None:
        """Delete a case; raises CaseNotFound, NotAllowed to all but author, owner and admins."""
        with self._database.writing() as session:
            row, model = _found(session, caller, case_id)
            if not _may_delete(row, caller, model):
                raise NotAllowed(
                    f'"{row.name}" was saved by {row.author}; ask them, the owner of the model or '
                    "an admin to delete it."
                )
            session.delete(row)
            _record(session, caller, "deleted a case", model, row)

    def _answer(self, caller: Caller, view: VersionView, record: Mapping[str, object]) -> Record:
        scored = as_scored(view.info.input_schema, record)
        answer = self._predictions.test(caller, view.model.id, scored, version=view.number)
        return answer.records[0]


def headline(answer: Record) -> object:
    """Return what an answer says first: the prediction, or else the first of the outputs."""
    return answer.get(PREDICTION, next(iter(answer.values()), None))


def alike(first: object, second: object) -> bool:
    """Return whether two values of answers are the same, numbers but for their last digits."""
    if isinstance(first, dict) and isinstance(second, dict):
        return first.keys() == second.keys() and all(alike(first[k], second[k]) for k in first)
    if isinstance(first, list) and isinstance(second, list):
        return len(first) == len(second) and all(map(alike, first, second))
    if isinstance(first, int | float) and isinstance(second, int | float):
        return math.isclose(first, second, rel_tol=_TOLERANCE, abs_tol=_TOLERANCE)
    return first == second


def _cases() -> Select[Case, Model]:
    return select(Case, Model).join(Model, Model.id == Case.model_id)


def _found(session: Session, caller: Caller, case_id: str) -> tuple[Case, Model]:
    found = session.execute(_cases().where(Case.id == case_id)).one_or_none()
    if found is None or not sees(caller, found[1].owner_id, found[1].visibility):
        raise CaseNotFound("There is no such case, or you may not see its model.")
    return found[0], found[1]


def _require_room(session: Session, model: Model, name: str) -> None:
    own = Case.model_id == model.id
    if session.scalar(select(Case.id).where(own, Case.name_key == name_key(name))):
        raise Duplication(f'"{model.name}" has a case named "{name}" already; choose another name.')
    if (session.scalar(select(func.count()).where(own)) or 0) >= MOST_CASES:
        raise InvalidInput(f"The model has {MOST_CASES:,} cases, the most; delete some first.")


def _may_delete(row: Case, caller: Caller, model: Model) -> bool:
    return caller.role is Role.ADMIN or caller.id in (row.author_id, model.owner_id)


def _view(row: Case, caller: Caller, model: Model) -> CaseView:
    return CaseView(
        id=row.id,
        model_id=row.model_id,
        name=row.name,
        version=row.version,
        answer=json.loads(row.answer),
        created=row.created,
        author=row.author,
        deletable=_may_delete(row, caller, model),
    )


def _record(session: Session, caller: Caller, action: str, model: Model, row: Case) -> None:
    events.record(session, caller, action, "model", model.id, model.name, row.name)


def _encoded(record: Mapping[str, object]) -> tuple[str, str | None]:
    """Return a record that was scored as JSON, its pictures apart; raises InvalidInput."""
    pictures = {
        name: base64.b64encode(value).decode()
        for name, value in record.items()
        if isinstance(value, bytes)
    }
    values = {name: value for name, value in record.items() if name not in pictures}
    texts = [json.dumps(each, ensure_ascii=False, default=_plain) for each in (values, pictures)]
    size = sum(len(text.encode()) for text in texts)
    if size > MOST_BYTES:
        raise InvalidInput(
            f"The inputs take {size / (1 << 20):.1f} MiB; a case holds up to "
            f"{MOST_BYTES >> 20}. Give a smaller picture or array."
        )
    return texts[0], texts[1] if pictures else None


def _plain(value: object) -> object:
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    raise InvalidInput(f"A value of the kind {type(value).__name__} cannot be kept.")


def _decoded(record: str, pictures: str | None) -> Record:
    values: Record = json.loads(record)
    files: dict[str, str] = json.loads(pictures) if pictures else {}
    return {**values, **{name: base64.b64decode(text) for name, text in files.items()}}
