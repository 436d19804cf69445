"""Deployments: versions of models under an address, and the registry that calls look them up in."""

import threading
from collections.abc import Callable, Iterable

from sqlalchemy import select, true
from sqlalchemy.orm import Session

from core.db.engine import Database
from core.db.tables import (
    Deployment,
    DeploymentChange,
    Model,
    Version,
    new_id,
    utc_now,
)
from core.errors import DeploymentPaused, Duplication
from core.runtimes.cache import ScorerCache
from core.services import events
from core.services.accounts import Caller
from core.services.call_records import forget
from core.services.deployment_history import Action, record_change, remove_changes
from core.services.deployment_views import (
    DeploymentView,
    Live,
    State,
    changeable_deployment,
    deployment_views,
    live_services,
    may_call,
    no_deployment_named,
    no_such_deployment,
)
from core.services.endpoints import free_endpoint
from core.services.log_rows import forget_logs
from core.services.model_rights import changeable_model, visible, visible_model
from core.services.model_rows import newest_number, version_row
from core.services.models import Models
from core.services.names import clean_name, clean_text, name_key
from core.services.task_rows import end_tasks_of
from core.services.thresholds import forget_thresholds


class Deployments:
    """The services of one platform.

    A registry in memory holds what calls need; it is read anew, for one model, after each change.
    `scorers` are loaded before a service answers, so that what cannot be loaded is refused first.
    """

    def __init__(self, database: Database, models: Models, scorers: ScorerCache[str]) -> None:
        self._database = database
        self._models = models
        self._scorers = scorers
        self._refreshing = threading.Lock()
        with database.reading() as session:
            self._registry = _Registry(live_services(session, true()))
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
        self,
        caller: Caller,
        model_id: str,
        name: str,
        version: int | None = None,
        *,
        note: str = "",
    ) -> DeploymentView:
        """Make a running service of a model's version, by default the newest; it is loaded first.

        Raises ModelNotFound, NotAllowed, VersionNotFound, ModelUnavailable, InvalidInput for what
        cannot be a name or a note, and Duplication for a name that a service of the model has.
        """
        name, note = clean_name(name, "deployment name"), clean_text(note, "note")
        with self._database.reading() as session:
            model = changeable_model(session, caller, model_id)
            _require_free(session, model, name)
            newest = newest_number(session, model_id)
            used = version_row(session, model_id, model.name, newest, version)
        with self._scorers.get(used.id):
            with self._database.writing() as session:
                model = changeable_model(session, caller, model_id)
                row = _add(session, caller, model, used, name)
                detail = f"version {used.number} of {model.name}"
                record_change(session, caller, row, Action.DEPLOYED, note=note, detail=detail)
            self.refresh(model_id)
        return self.get_by_id(caller, row.id)

    def start(self, caller: Caller, deployment_id: str) -> None:
        """Let a service answer calls; its model is loaded first.

        Raises DeploymentNotFound, NotAllowed and ModelUnavailable.
        """
        with self._database.reading() as session:
            version_id = changeable_deployment(session, caller, deployment_id).version_id
        with self._scorers.get(version_id):
            self._set_state(caller, deployment_id, State.RUNNING, Action.STARTED)

    def pause(self, caller: Caller, deployment_id: str) -> None:
        """Let a service answer no more calls until it is started.

        Raises DeploymentNotFound and NotAllowed.
        """
        self._set_state(caller, deployment_id, State.PAUSED, Action.PAUSED)

    def reload(self, caller: Caller, deployment_id: str) -> None:
        """Try again to load the model of a service; raises as `start`."""
        with self._database.reading() as session:
            version_id = changeable_deployment(session, caller, deployment_id).version_id
        with self._scorers.get(version_id):
            pass

    def delete(self, caller: Caller, deployment_id: str) -> None:
        """Delete a service with its history and the record of its calls; raises as `pause`.

        Its finished tasks stay with the model: their results belong to those who asked for them.
        Those under way are cancelled and say why.
        """
        with self._database.writing() as session:
            row = changeable_deployment(session, caller, deployment_id)
            session.delete(row)
            forget(session, [row.id])
            forget_thresholds(session, [row.id])
            forget_logs(session, [row.id])
            remove_changes(session, DeploymentChange.deployment_id == row.id)
            end_tasks_of(session, row.id, f"{caller.name} deleted the deployment {row.name}.")
            events.record(session, caller, "deleted", "deployment", row.id, row.name)
        self.refresh(row.model_id)

    def get(self, caller: Caller, model_id: str, name: str) -> DeploymentView:
        """Return a model's service by name; raises ModelNotFound and DeploymentNotFound."""
        named = (Deployment.model_id == model_id, Deployment.name_key == name_key(name))
        with self._database.reading() as session:
            model = visible_model(session, caller, model_id)
            for view in deployment_views(session, *named):
                return view
        raise no_deployment_named(name, model.name)

    def get_by_id(self, caller: Caller, deployment_id: str) -> DeploymentView:
        """Return a service; raises DeploymentNotFound."""
        with self._database.reading() as session:
            for view in deployment_views(session, Deployment.id == deployment_id, visible(caller)):
                return view
        raise no_such_deployment()

    def list_(self, caller: Caller, model_id: str | None = None) -> list[DeploymentView]:
        """Return the services that the caller may see, newest first; of one model, if named.

        Raises ModelNotFound.
        """
        if model_id is None:
            key = ("services", caller)
            return list(self._database.remembered(key, lambda: self._list(caller)))
        with self._database.reading() as session:
            visible_model(session, caller, model_id)
            return deployment_views(session, Deployment.model_id == model_id)

    def _list(self, caller: Caller) -> list[DeploymentView]:
        with self._database.reading() as session:
            return deployment_views(session, visible(caller))

    def live(self, endpoint: str) -> Live:
        """Return the service at an address, from memory, for a caller whose rights are known.

        Raises DeploymentNotFound and DeploymentPaused.
        """
        return _running(self._find(endpoint))

    def live_for(self, caller: Caller, endpoint: str) -> Live:
        """Return what `live` does, if the caller may call it; else raises DeploymentNotFound."""
        found = self._find(endpoint)
        if not may_call(caller, found):
            raise no_such_deployment()
        return _running(found)

    def live_named(
        self, caller: Caller, model: str, deployment: str, owner: str | None = None
    ) -> Live:
        """Return what `live_for` does for a service named as people name it, from memory, too.

        `owner` names whose model it is, if not the caller's. Raises ModelNotFound,
        DeploymentNotFound and DeploymentPaused.
        """
        found = self._find_named(caller, model, deployment, owner)
        if found is None:
            shown = self._models.get(caller, model, owner=owner).model
            raise no_deployment_named(deployment, shown.name)
        return _running(found)

    def find_named(
        self, caller: Caller, model: str, deployment: str, owner: str | None = None
    ) -> Live | None:
        """Return what `live_named` does, or None if there is none; raises DeploymentPaused."""
        found = self._find_named(caller, model, deployment, owner)
        return None if found is None else _running(found)

    def services_of(self, caller: Caller) -> list[Live]:
        """Return the services that the caller may call, the paused ones too, from memory."""
        return [live for live in self._registry.by_endpoint.values() if may_call(caller, live)]

    def refresh(self, model_id: str) -> None:
        """Read a model's services anew; to be called after the commit of any change to them."""
        with self._refreshing, self._database.reading() as session:
            lives = self._registry.by_endpoint.values()
            others = [live for live in lives if live.model_id != model_id]
            fresh = live_services(session, Deployment.model_id == model_id)
            self._registry = _Registry([*others, *fresh])
        for listener in self._listeners:
            listener([live for live in fresh if live.state is State.RUNNING])

    def _find_named(
        self, caller: Caller, model: str, deployment: str, owner: str | None
    ) -> Live | None:
        names = (name_key(owner or caller.name), name_key(model), name_key(deployment))
        found = self._registry.by_names.get(names)
        return found if found is not None and may_call(caller, found) else None

    def _find(self, endpoint: str) -> Live:
        found = self._registry.by_endpoint.get(endpoint)
        if found is None:
            raise no_such_deployment()
        return found

    def _set_state(self, caller: Caller, deployment_id: str, state: State, action: Action) -> None:
        with self._database.writing() as session:
            row = changeable_deployment(session, caller, deployment_id)
            if row.state != state:
                row.state = state.value
                record_change(session, caller, row, action)
        self.refresh(row.model_id)


def _running(live: Live) -> Live:
    if live.state is State.PAUSED:
        raise DeploymentPaused(f"{live.endpoint} is paused; its owner or an admin can start it.")
    return live


class _Registry:
    """The services as calls look them up; never changed, but replaced as a whole."""

    def __init__(self, lives: Iterable[Live]) -> None:
        self.by_endpoint = {live.endpoint: live for live in lives}
        self.by_names = {live.names: live for live in self.by_endpoint.values()}


def _add(session: Session, caller: Caller, model: Model, used: Version, name: str) -> Deployment:
    """Add a running service to the transaction; raises Duplication."""
    _require_free(session, model, name)
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
    return row


def _require_free(session: Session, model: Model, name: str) -> None:
    same = (Deployment.model_id == model.id, Deployment.name_key == name_key(name))
    if session.scalar(select(Deployment.id).where(*same)):
        raise Duplication(
            f'"{model.name}" has a deployment named "{name}" already; choose another name.'
        )


def _taken(session: Session) -> set[str]:
    return set(session.scalars(select(Deployment.endpoint)))
