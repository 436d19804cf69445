"""Deployments: versions of models under an address, and the registry that calls look them up in."""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, delete, select, true, update
from sqlalchemy.orm import Session

from core.db.engine import Database
from core.db.tables import Account, Deployment, Model, Task, Version, calls, new_id, utc_now
from core.errors import (
    DeploymentNotFound,
    DeploymentPaused,
    Duplication,
    ModelNotFound,
)
from core.runtimes.base import ModelInfo
from core.services import events
from core.services.accounts import Caller
from core.services.endpoints import free_endpoint
from core.services.model_rights import changeable_model, sees, visible, visible_model
from core.services.model_rows import newest_number, version_info, version_row
from core.services.models import Models
from core.services.names import clean_name, name_key


class State(StrEnum):
    """Whether a service answers calls."""

    RUNNING = "running"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class DeploymentView:
    """A service. `owner` is the name of the model's owner, `created_by` is a name, too."""

    id: str
    name: str
    endpoint: str
    state: State
    model_id: str
    model_name: str
    owner: str
    version: int
    version_id: str
    created: datetime
    created_by: str
    visibility: str


@dataclass(frozen=True, slots=True)
class Live:
    """What a call needs to know of a service.

    `names` are the keys of the owner's, the model's and the deployment's names.
    """

    deployment_id: str
    endpoint: str
    model_id: str
    owner_id: str
    visibility: str
    version: int
    version_id: str
    artifact: str
    state: State
    info: ModelInfo
    names: tuple[str, str, str]


class Deployments:
    """The services of one platform.

    A registry in memory holds what calls need; it is read anew, for one model, after each change.
    """

    def __init__(self, database: Database, models: Models) -> None:
        self._database = database
        self._models = models
        self._refreshing = threading.Lock()
        with database.reading() as session:
            self._registry = _Registry(_live(session, true()))
        self._listeners: list[Callable[[list[Live]], None]] = []
        models.on_change(self.refresh)

    def on_refresh(self, listener: Callable[[list[Live]], None]) -> None:
        """Call `listener` with a model's running services after each change to them."""
        self._listeners.append(listener)

    def running(self) -> list[Live]:
        """Return the services that answer calls."""
        lives = self._registry.by_endpoint.values()
        return [live for live in lives if live.state is State.RUNNING]

    def create(
        self, caller: Caller, model_id: str, name: str, version: int | None = None
    ) -> DeploymentView:
        """Make a running service of a model's version, by default the newest.

        Raises ModelNotFound, NotAllowed, VersionNotFound, InvalidInput for what cannot be a name,
        and Duplication for one that the model has a service of already.
        """
        name = clean_name(name, "deployment name")
        with self._database.writing() as session:
            model = changeable_model(session, caller, model_id)
            _require_free(session, model, name)
            newest = newest_number(session, model_id)
            used = version_row(session, model_id, model.name, newest, version)
            row = Deployment(
                id=new_id(),
                model_id=model.id,
                version_id=used.id,
                version=used.number,
                name=name,
                name_key=name_key(name),
                endpoint=free_endpoint(model.name, name, _taken(session)),
                state=State.RUNNING.value,
                created=utc_now(),
                created_by=caller.name,
            )
            session.add(row)
            detail = f"version {used.number} of {model.name}"
            events.record(session, caller, "deployed", "deployment", row.id, name, detail)
        self.refresh(model_id)
        return self.get_by_id(caller, row.id)

    def start(self, caller: Caller, deployment_id: str) -> None:
        """Let a service answer calls; raises DeploymentNotFound and NotAllowed."""
        self._set_state(caller, deployment_id, State.RUNNING, "started")

    def pause(self, caller: Caller, deployment_id: str) -> None:
        """Let a service answer no more calls until it is started; raises as `start`."""
        self._set_state(caller, deployment_id, State.PAUSED, "paused")

    def delete(self, caller: Caller, deployment_id: str) -> None:
        """Delete a service with the record of its calls; raises as `start`.

        Its tasks stay with the model: their results belong to those who asked for them.
        """
        with self._database.writing() as session:
            row = _changeable(session, caller, deployment_id)
            session.delete(row)
            session.execute(delete(calls).where(calls.c.deployment_id == row.id))
            own = update(Task).where(Task.deployment_id == row.id)
            session.execute(own.values(deployment_id=None))
            events.record(session, caller, "deleted", "deployment", row.id, row.name)
        self.refresh(row.model_id)

    def get(self, caller: Caller, model_id: str, name: str) -> DeploymentView:
        """Return a model's service by name; raises ModelNotFound and DeploymentNotFound."""
        named = (Deployment.model_id == model_id, Deployment.name_key == name_key(name))
        with self._database.reading() as session:
            model = visible_model(session, caller, model_id)
            for view in _views(session, *named):
                return view
        raise _no_deployment_named(name, model.name)

    def get_by_id(self, caller: Caller, deployment_id: str) -> DeploymentView:
        """Return a service; raises DeploymentNotFound."""
        with self._database.reading() as session:
            for view in _views(session, Deployment.id == deployment_id, visible(caller)):
                return view
        raise _no_such_deployment()

    def list_(self, caller: Caller, model_id: str | None = None) -> list[DeploymentView]:
        """Return the services that the caller may see, newest first; of one model, if named.

        Raises ModelNotFound.
        """
        with self._database.reading() as session:
            if model_id is None:
                return _views(session, visible(caller))
            visible_model(session, caller, model_id)
            return _views(session, Deployment.model_id == model_id)

    def live(self, endpoint: str) -> Live:
        """Return the service at an address, from memory, for a caller whose rights are known.

        Raises DeploymentNotFound and DeploymentPaused.
        """
        return _running(self._find(endpoint))

    def live_for(self, caller: Caller, endpoint: str) -> Live:
        """Return what `live` does, if the caller may call it; else raises DeploymentNotFound."""
        found = self._find(endpoint)
        if not may_call(caller, found):
            raise _no_such_deployment()
        return _running(found)

    def live_named(
        self, caller: Caller, model: str, deployment: str, owner: str | None = None
    ) -> Live:
        """Return what `live_for` does for a service named as people name it, from memory, too.

        `owner` names whose model it is, if not the caller's. Raises ModelNotFound,
        DeploymentNotFound and DeploymentPaused.
        """
        names = (name_key(owner or caller.name), name_key(model), name_key(deployment))
        found = self._registry.by_names.get(names)
        if found is None or not may_call(caller, found):
            shown = self._models.get(caller, model, owner=owner).model
            raise _no_deployment_named(deployment, shown.name)
        return _running(found)

    def refresh(self, model_id: str) -> None:
        """Read a model's services anew; to be called after the commit of any change to them."""
        with self._refreshing, self._database.reading() as session:
            lives = self._registry.by_endpoint.values()
            others = [live for live in lives if live.model_id != model_id]
            fresh = _live(session, Deployment.model_id == model_id)
            self._registry = _Registry([*others, *fresh])
        for listener in self._listeners:
            listener([live for live in fresh if live.state is State.RUNNING])

    def _find(self, endpoint: str) -> Live:
        found = self._registry.by_endpoint.get(endpoint)
        if found is None:
            raise _no_such_deployment()
        return found

    def _set_state(self, caller: Caller, deployment_id: str, state: State, action: str) -> None:
        with self._database.writing() as session:
            row = _changeable(session, caller, deployment_id)
            row.state = state.value
            events.record(session, caller, action, "deployment", row.id, row.name)
        self.refresh(row.model_id)


def may_call(caller: Caller, live: Live) -> bool:
    """Return whether the caller may call a service: whoever sees its model may."""
    return sees(caller, live.owner_id, live.visibility)


def _running(live: Live) -> Live:
    if live.state is State.PAUSED:
        raise DeploymentPaused(f"{live.endpoint} is paused; ask its owner to start it.")
    return live


class _Registry:
    """The services as calls look them up; never changed, but replaced as a whole."""

    def __init__(self, lives: Iterable[Live]) -> None:
        self.by_endpoint = {live.endpoint: live for live in lives}
        self.by_names = {live.names: live for live in self.by_endpoint.values()}


def _live(session: Session, condition: ColumnElement[bool]) -> list[Live]:
    query = (
        select(Deployment, Model, Account.name_key, Version)
        .join(Model, Model.id == Deployment.model_id)
        .join(Account, Account.id == Model.owner_id)
        .join(Version, Version.id == Deployment.version_id)
        .where(condition)
    )
    return [
        Live(
            deployment_id=row.id,
            endpoint=row.endpoint,
            model_id=model.id,
            owner_id=model.owner_id,
            visibility=model.visibility,
            version=row.version,
            version_id=row.version_id,
            artifact=version.artifact,
            state=State(row.state),
            info=version_info(version),
            names=(owner, model.name_key, row.name_key),
        )
        for row, model, owner, version in session.execute(query)
    ]


def _views(session: Session, *conditions: ColumnElement[bool]) -> list[DeploymentView]:
    query = (
        select(Deployment, Model, Account.name)
        .join(Model, Model.id == Deployment.model_id)
        .join(Account, Account.id == Model.owner_id)
        .where(*conditions)
        .order_by(Deployment.created.desc(), Deployment.name_key)
    )
    return [_view(*found) for found in session.execute(query)]


def _view(row: Deployment, model: Model, owner: str) -> DeploymentView:
    return DeploymentView(
        id=row.id,
        name=row.name,
        endpoint=row.endpoint,
        state=State(row.state),
        model_id=model.id,
        model_name=model.name,
        owner=owner,
        version=row.version,
        version_id=row.version_id,
        created=row.created,
        created_by=row.created_by,
        visibility=model.visibility,
    )


def _changeable(session: Session, caller: Caller, deployment_id: str) -> Deployment:
    row = session.get(Deployment, deployment_id)
    if row is None:
        raise _no_such_deployment()
    try:
        changeable_model(session, caller, row.model_id)
    except ModelNotFound:
        raise _no_such_deployment() from None
    return row


def _require_free(session: Session, model: Model, name: str) -> None:
    same = (Deployment.model_id == model.id, Deployment.name_key == name_key(name))
    if session.scalar(select(Deployment.id).where(*same)):
        raise Duplication(
            f'"{model.name}" has a deployment named "{name}" already; choose another name.'
        )


def _taken(session: Session) -> set[str]:
    return set(session.scalars(select(Deployment.endpoint)))


def _no_deployment_named(name: str, model: str) -> DeploymentNotFound:
    return DeploymentNotFound(f'"{model}" has no deployment named "{name}".')


def _no_such_deployment() -> DeploymentNotFound:
    return DeploymentNotFound("There is no such deployment, or you may not see it.")
