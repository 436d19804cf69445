"""Releases: a service goes from one version to another, or back, and no call fails meanwhile."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from core.db.engine import Database
from core.db.tables import Deployment, Model, Version
from core.errors import InvalidInput
from core.runtimes.cache import ScorerCache
from core.services.accounts import Caller
from core.services.deployment_history import (
    Action,
    Change,
    changes_of,
    find_previous,
    record_change,
)
from core.services.deployment_views import DeploymentView, changeable_deployment
from core.services.deployments import Deployments
from core.services.model_rows import newest_number, version_info, version_row
from core.services.names import clean_text
from core.services.schema_changes import SchemaChange, schema_changes

Choice = Callable[[Session, Deployment], int]


@dataclass(frozen=True, slots=True)
class Release:
    """A service at its new version, the number of the one before, and what callers will notice."""

    service: DeploymentView
    previous: int
    changes: tuple[SchemaChange, ...]


class Releases:
    """Switches the versions of services.

    The new version is loaded before anything changes; then the registry is replaced as a whole. A
    call that has begun ends with the version that it began with, and tasks keep theirs.
    """

    def __init__(
        self,
        database: Database,
        deployments: Deployments,
        scorers: ScorerCache[str],
    ) -> None:
        self._database = database
        self._deployments = deployments
        self._scorers = scorers

    def switch(
        self, caller: Caller, deployment_id: str, version: int, *, note: str = ""
    ) -> Release:
        """Let a service answer with another version of its model; a paused one stays paused.

        Raises DeploymentNotFound, NotAllowed, VersionNotFound, ModelUnavailable where the version
        cannot be loaded, and InvalidInput where the service has it already.
        """
        return self._release(caller, deployment_id, lambda *_: version, Action.SWITCHED, note)

    def roll_back(self, caller: Caller, deployment_id: str, *, note: str = "") -> Release:
        """Let a service answer with the version that was live before; done twice it undoes itself.

        Raises what `switch` raises, InvalidInput where no other version was live.
        """
        return self._release(caller, deployment_id, _previous, Action.ROLLED_BACK, note)

    def history(self, caller: Caller, deployment_id: str) -> list[Change]:
        """Return what was live when, newest first; raises DeploymentNotFound.

        Whoever sees the service sees it.
        """
        self._deployments.get_by_id(caller, deployment_id)
        with self._database.reading() as session:
            return changes_of(session, deployment_id)

    def _release(
        self, caller: Caller, deployment_id: str, choice: Choice, action: Action, note: str
    ) -> Release:
        note = clean_text(note, "note")
        with self._database.reading() as session:
            before = changeable_deployment(session, caller, deployment_id)
            old = session.get_one(Version, before.version_id)
            new = _chosen(session, before, choice(session, before))
        with self._scorers.get(new.id):
            self._replace(caller, old, new, deployment_id, action, note)
        self._let_go(old.id)
        changes = schema_changes(version_info(old), version_info(new))
        return Release(self._deployments.get_by_id(caller, deployment_id), old.number, changes)

    def _replace(
        self,
        caller: Caller,
        old: Version,
        new: Version,
        deployment_id: str,
        action: Action,
        note: str,
    ) -> None:
        with self._database.writing() as session:
            row = changeable_deployment(session, caller, deployment_id)
            if row.version_id != old.id:
                raise InvalidInput(
                    f'Somebody gave "{row.name}" version {row.version} meanwhile; look at it again.'
                )
            row.version_id, row.version = new.id, new.number
            detail = f"from version {old.number} to version {new.number}"
            record_change(session, caller, row, action, note=note, detail=detail)
        self._deployments.refresh(row.model_id)

    def _let_go(self, version_id: str) -> None:
        """Let a model that no service needs any more be the next to leave the memory."""
        if all(live.version_id != version_id for live in self._deployments.running()):
            self._scorers.demote(version_id)


def _chosen(session: Session, row: Deployment, number: int) -> Version:
    if number == row.version:
        raise InvalidInput(f'"{row.name}" has version {number} already; choose another one.')
    model = session.get_one(Model, row.model_id)
    return version_row(session, model.id, model.name, newest_number(session, model.id), number)


def _previous(session: Session, row: Deployment) -> int:
    found = find_previous(changes_of(session, row.id))
    if found is None:
        raise InvalidInput(f'"{row.name}" was never live with another version; switch it instead.')
    return found
