"""Settings that may change while the platform runs: checked, kept in the database, on record.

Each begins as the environment says (`core.settings`) and stays what an admin last made it. One more
is a field of `Settings` and a row of `LIVE`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar

from core.db.engine import Database
from core.db.tables import Setting, utc_now
from core.errors import InvalidInput, NotAllowed
from core.services import events
from core.services.events import Actor
from core.settings import Settings

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
_Choice = TypeVar("_Choice", bound=StrEnum)


class Registration(StrEnum):
    """Who may make an account: anybody, anybody whom an admin approves, or nobody."""

    OPEN = "open"
    APPROVAL = "approval"
    CLOSED = "closed"


class NewRole(StrEnum):
    """The roles that an account can begin with; nobody begins as an admin."""

    VIEWER = "viewer"
    ANALYST = "analyst"


@dataclass(frozen=True, slots=True)
class LiveSetting(Generic[T_co]):
    """A setting by the name of its field in `Settings`; `read` raises InvalidInput."""

    name: str
    read: Callable[[str], T_co]


def choice(name: str, options: type[_Choice]) -> LiveSetting[_Choice]:
    """Return a setting that is one of a few words."""

    def read(text: str) -> _Choice:
        if text not in set(options):
            raise InvalidInput(f'{name} is "{text[:40]}"; it must be one of {", ".join(options)}.')
        return options(text)

    return LiveSetting(name, read)


REGISTRATION = choice("registration", Registration)
REGISTRATION_ROLE = choice("registration_role", NewRole)
LIVE: tuple[LiveSetting[object], ...] = (REGISTRATION, REGISTRATION_ROLE)


@dataclass(frozen=True, slots=True)
class SettingView:
    """A setting as it is, and as it started; `changed` and `changed_by` (a name) if it was."""

    name: str
    description: str
    value: str
    start: str
    changed: datetime | None
    changed_by: str


class LiveSettings:
    """The settings of one platform that an admin may change; read from memory."""

    def __init__(self, database: Database, start: Settings) -> None:
        self._database = database
        self._start = {live.name: str(getattr(start, live.name)) for live in LIVE}
        with database.reading() as session:
            self._kept = {row.name: row.value for row in session.query(Setting)}

    def get(self, setting: LiveSetting[T]) -> T:
        """Return what a setting is now."""
        return setting.read(self._kept.get(setting.name, self._start[setting.name]))

    def set_(self, caller: Actor, name: str, value: str) -> None:
        """Change a setting; raises NotAllowed, and InvalidInput for what it cannot be."""
        _require_admin(caller)
        known = {live.name: live for live in LIVE}
        if name not in known:
            raise InvalidInput(f'There is no setting "{name[:40]}"; there are {", ".join(known)}.')
        text = str(known[name].read(value))
        with self._database.writing() as session:
            before = self._kept.get(name, self._start[name])
            changed = {"value": text, "changed": utc_now(), "changed_by": caller.name}
            session.merge(Setting(name=name, **changed))
            detail = f"{text}, before {before}"
            events.record(session, caller, "changed setting", "setting", name, name, detail)
        self._kept = {**self._kept, name: text}

    def list_(self, caller: Actor) -> list[SettingView]:
        """Return the settings by name; raises NotAllowed to anybody but admins."""
        _require_admin(caller)
        with self._database.reading() as session:
            rows = {row.name: row for row in session.query(Setting)}
        return [self._view(live.name, rows.get(live.name)) for live in LIVE]

    def _view(self, name: str, row: Setting | None) -> SettingView:
        description = Settings.model_fields[name].description or ""
        start = self._start[name]
        if row is None:
            return SettingView(name, description, start, start, None, "")
        return SettingView(name, description, row.value, start, row.changed, row.changed_by)


def _require_admin(caller: Actor) -> None:
    if caller.role != "admin":
        raise NotAllowed("Only an admin may see or change the settings.")
