"""The history of services: which version was live when, and who saw to that; only added to."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session

from core.db.tables import Deployment, DeploymentChange, utc_now
from core.services import events
from core.services.accounts import Caller
from core.services.deployment_views import State


class Action(StrEnum):
    """What can be done to a service."""

    DEPLOYED = "deployed"
    STARTED = "started"
    PAUSED = "paused"
    SWITCHED = "switched"
    ROLLED_BACK = "rolled back"


@dataclass(frozen=True, slots=True)
class Change:
    """What somebody did to a service, and how it stood from `at` to `until` (UTC; None is now).

    `number` counts a service's changes from 1. `by` is a name.
    """

    number: int
    at: datetime
    until: datetime | None
    action: Action
    version: int
    state: State
    by: str
    note: str


def record_change(
    session: Session,
    caller: Caller,
    row: Deployment,
    action: Action,
    *,
    note: str = "",
    detail: str = "",
) -> None:
    """Add how a service stands now to its history and to the record of events.

    It belongs in the transaction of the change itself, so that both happen or neither.
    """
    events.record(session, caller, action.value, "deployment", row.id, row.name, detail)
    newest = select(func.max(DeploymentChange.number))
    before = session.scalar(newest.where(DeploymentChange.deployment_id == row.id)) or 0
    session.add(
        DeploymentChange(
            deployment_id=row.id,
            number=before + 1,
            at=utc_now(),
            action=action.value,
            version=row.version,
            state=row.state,
            by=caller.name,
            note=note,
        )
    )


def changes_of(session: Session, deployment_id: str) -> list[Change]:
    """Return the history of a service, newest first."""
    query = select(DeploymentChange).where(DeploymentChange.deployment_id == deployment_id)
    rows = session.scalars(query.order_by(DeploymentChange.number.desc()))
    changes: list[Change] = []
    for row in rows:
        changes.append(_view(row, changes[-1].at if changes else None))
    return changes


def remove_changes(session: Session, which: ColumnElement[bool]) -> None:
    """Delete the history of services that go, too."""
    session.execute(delete(DeploymentChange).where(which))


def find_previous(changes: list[Change]) -> int | None:
    """Return the version that was live before the one that a service has, if there was another.

    `changes` are newest first. A version that a service had only while it was paused was not live.
    """
    for change in changes:
        if change.version != changes[0].version and change.state is State.RUNNING:
            return change.version
    return None


def _view(row: DeploymentChange, until: datetime | None) -> Change:
    return Change(
        number=row.number,
        at=row.at,
        until=until,
        action=Action(row.action),
        version=row.version,
        state=State(row.state),
        by=row.by,
        note=row.note,
    )
