"""The record of what people did to which object and when; only ever added to.

`core.services.timeline` reads it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy.orm import Session

from core.db.tables import Event, utc_now


class Actor(Protocol):
    """Whoever does something: in the services, a `Caller`."""

    @property
    def id(self) -> str:
        """Return the account's id."""

    @property
    def name(self) -> str:
        """Return the account's name."""

    @property
    def role(self) -> str:
        """Return the account's role."""


@dataclass(frozen=True, slots=True)
class Somebody:
    """An actor without an account: who failed to sign in, or who runs Slipway."""

    id: str = ""
    name: str = ""
    role: str = ""


SOMEBODY = Somebody()


@dataclass(frozen=True, slots=True)
class EventView:
    """One thing that happened: at what time (UTC), who did what to which object.

    `detail` says more in words; it may be empty.
    """

    id: str
    at: datetime
    actor: str
    action: str
    object_kind: str
    object_id: str
    object_name: str
    detail: str


def record(
    session: Session,
    actor: Actor,
    action: str,
    kind: str,
    object_id: str,
    name: str,
    detail: str = "",
) -> None:
    """Add an event to the transaction of what it tells of, so that both happen or neither."""
    session.add(
        Event(
            at=utc_now(),
            actor_id=actor.id,
            actor=actor.name,
            action=action,
            object_kind=kind,
            object_id=object_id,
            object_name=name,
            detail=detail,
        )
    )


def event_view(event: Event) -> EventView:
    """Return what people see of an event."""
    return EventView(
        event.id,
        event.at,
        event.actor,
        event.action,
        event.object_kind,
        event.object_id,
        event.object_name,
        event.detail,
    )
