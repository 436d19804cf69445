"""How far a newcomer has come: what they have done, out of the record of events (P2)."""

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.db.engine import Database
from core.db.tables import Event, Model
from core.services import events
from core.services.accounts import Caller
from core.services.model_rights import TEAM, visible_model


class Step(StrEnum):
    """What everybody should have done once, in this order."""

    UPLOAD = "upload"
    TEST = "test"
    DEPLOY = "deploy"
    SCORE = "score"
    SHARE = "share"


_TESTED = ("tested", "model")
_DISMISSED = ("dismissed", "first steps")
_EVENTS = {
    ("uploaded", "model"): Step.UPLOAD,
    _TESTED: Step.TEST,
    ("deployed", "deployment"): Step.DEPLOY,
    ("submitted", "task"): Step.SCORE,
}


@dataclass(frozen=True, slots=True)
class Progress:
    """The steps that a person has done, and the newest of their models to go on with.

    `dismissed` tells that they want to hear no more of it.
    """

    done: frozenset[Step] = frozenset()
    model_id: str | None = None
    dismissed: bool = False

    @property
    def is_over(self) -> bool:
        """Return whether there is nothing left to show."""
        return self.dismissed or len(self.done) == len(Step)


class FirstSteps:
    """Computes the checklist from what was really done; only a test and a dismissal are noted.

    Both are events, so that what a person did away from the page, over HTTP, counts as well.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._over: set[str] = set()
        self._tested: set[str] = set()

    def progress(self, caller: Caller) -> Progress:
        """Return how far the caller is; after the last step no question is asked any more."""
        if caller.id in self._over:
            return Progress(frozenset(Step), dismissed=True)
        found = self._database.remembered(("first_steps", caller), lambda: self._ask(caller))
        if found.is_over:
            self._over.add(caller.id)
        return found

    def _ask(self, caller: Caller) -> Progress:
        with self._database.reading() as session:
            return _progress(session, caller)

    def note_test(self, caller: Caller, model_id: str) -> None:
        """Put the caller's first test of a model on record; raises ModelNotFound."""
        with self._database.reading() as session:
            visible_model(session, caller, model_id)
        if caller.id in self._tested:
            return
        with self._database.writing() as session:
            model = visible_model(session, caller, model_id)
            if not _has(session, caller, _TESTED):
                events.record(session, caller, *_TESTED, model.id, model.name)
        self._tested.add(caller.id)

    def dismiss(self, caller: Caller) -> None:
        """Show the caller no first steps any more, whatever is left of them."""
        with self._database.writing() as session:
            if not _has(session, caller, _DISMISSED):
                events.record(session, caller, *_DISMISSED, caller.id, caller.name)
        self._over.add(caller.id)


def _progress(session: Session, caller: Caller) -> Progress:
    did = select(Event.action, Event.object_kind).where(Event.actor_id == caller.id).distinct()
    kinds = {(action, kind) for action, kind in session.execute(did)}
    own = select(Model.id, Model.visibility).where(Model.owner_id == caller.id)
    models = list(session.execute(own.order_by(Model.updated.desc())))
    done = {step for event, step in _EVENTS.items() if event in kinds}
    if any(visibility == TEAM for _, visibility in models):
        done.add(Step.SHARE)
    return Progress(frozenset(done), models[0][0] if models else None, _DISMISSED in kinds)


def _has(session: Session, caller: Caller, event: tuple[str, str]) -> bool:
    action, kind = event
    query = select(Event.id).where(
        Event.actor_id == caller.id, Event.action == action, Event.object_kind == kind
    )
    return session.scalar(query.limit(1)) is not None
