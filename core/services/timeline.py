"""The timeline: the record of events, read by those whom it concerns.

An admin reads all of it. Others read what they did themselves, what was done to their account, and
what was done to models they may see, to the services of those, and to tasks of theirs.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select, true

from core.db.engine import Database
from core.db.tables import Deployment, Event, Model, Task, utc_now
from core.services.accounts import Caller, Role
from core.services.events import EventView, event_view
from core.services.model_rights import visible

_BATCH = 5_000
_COLUMNS = ("time", "person", "action", "kind", "object", "object_id", "detail")
# A spreadsheet would run what begins so as a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Filter:
    """Which events are asked for; what is empty or None makes no difference.

    `person` is a name: of who did it, or of whose account it was done to. `since` is in, `until`
    is not; both are in UTC.
    """

    person: str = ""
    kind: str = ""
    action: str = ""
    object_id: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class EventPage:
    """Some events, newest first, out of `total`."""

    events: list[EventView]
    total: int


@dataclass(frozen=True, slots=True)
class Words:
    """What there is to filter by: the people, kinds and actions of the caller's timeline."""

    people: list[str]
    kinds: list[str]
    actions: list[str]


class Timeline:
    """Reads the record of one platform; nothing here or elsewhere changes it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def page(
        self, caller: Caller, which: Filter | None = None, *, offset: int = 0, limit: int = 100
    ) -> EventPage:
        """Return the events that concern the caller, newest first."""
        conditions = (_concerns(caller), *_chosen(which or Filter()))
        query = select(Event).where(*conditions).order_by(Event.at.desc(), Event.id)
        with self._database.reading() as session:
            total = session.scalar(select(func.count()).select_from(Event).where(*conditions)) or 0
            rows = session.scalars(query.offset(offset).limit(limit))
            return EventPage([event_view(row) for row in rows], total)

    def words(self, caller: Caller) -> Words:
        """Return what the caller's timeline can be filtered by."""
        columns = (Event.actor, Event.object_kind, Event.action)
        concerns = _concerns(caller)
        with self._database.reading() as session:
            people, kinds, actions = (
                sorted(filter(None, session.scalars(select(column).where(concerns).distinct())))
                for column in columns
            )
        return Words(people, kinds, actions)

    def export(self, caller: Caller, which: Filter | None = None) -> Iterator[bytes]:
        """Return the events that concern the caller as a CSV file, block after block."""
        which = which or Filter()
        if which.until is None:
            which = replace(which, until=utc_now())  # what comes meanwhile would shift the blocks
        yield _csv([_COLUMNS])
        offset = 0
        while events := self.page(caller, which, offset=offset, limit=_BATCH).events:
            yield _csv(_row(event) for event in events)
            offset += _BATCH


def _concerns(caller: Caller) -> ColumnElement[bool]:
    if caller.role is Role.ADMIN:
        return true()
    models = select(Model.id).where(visible(caller))
    services = select(Deployment.id).where(Deployment.model_id.in_(models))
    tasks = select(Task.id).where(Task.owner_id == caller.id)
    return or_(
        Event.actor_id == caller.id,
        (Event.object_kind == "account") & (Event.object_id == caller.id),
        (Event.object_kind == "model") & Event.object_id.in_(models),
        (Event.object_kind == "deployment") & Event.object_id.in_(services),
        (Event.object_kind == "task") & Event.object_id.in_(tasks),
    )


def _chosen(which: Filter) -> list[ColumnElement[bool]]:
    account = (Event.object_kind == "account") & (Event.object_name == which.person)
    conditions = (
        (which.person, (Event.actor == which.person) | account),
        (which.kind, Event.object_kind == which.kind),
        (which.action, Event.action == which.action),
        (which.object_id, Event.object_id == which.object_id),
    )
    chosen = [condition for asked, condition in conditions if asked]
    if which.since:
        chosen.append(Event.at >= which.since)
    if which.until:
        chosen.append(Event.at < which.until)
    return chosen


def _row(event: EventView) -> tuple[str, ...]:
    at = event.at.isoformat(timespec="milliseconds") + "Z"
    who = (event.actor, event.action, event.object_kind, event.object_name)
    return (at, *map(_unarmed, who), event.object_id, _unarmed(event.detail))


def _unarmed(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


def _csv(rows: Iterable[Sequence[str]]) -> bytes:
    sink = io.StringIO()
    csv.writer(sink, lineterminator="\n").writerows(rows)
    return sink.getvalue().encode("utf-8")
