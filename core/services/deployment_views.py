"""What is known of services: how they are shown, and what a call needs of them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Row, select
from sqlalchemy.orm import Session

from core.db.tables import Account, Deployment, Model, Version
from core.errors import DeploymentNotFound, ModelNotFound
from core.runtimes.base import ModelInfo
from core.services.accounts import Caller
from core.services.model_rights import changeable_model, sees
from core.services.model_rows import version_info


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


def may_call(caller: Caller, live: Live) -> bool:
    """Return whether the caller may call a service: whoever sees its model may."""
    return sees(caller, live.owner_id, live.visibility)


def live_services(session: Session, condition: ColumnElement[bool]) -> list[Live]:
    """Return what calls need of the services that a condition selects."""
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


def deployment_views(session: Session, *conditions: ColumnElement[bool]) -> list[DeploymentView]:
    """Return the services that conditions select, newest first."""
    query = (
        select(*_SHOWN)
        .join(Model, Model.id == Deployment.model_id)
        .join(Account, Account.id == Model.owner_id)
        .where(*conditions)
        .order_by(Deployment.created.desc(), Deployment.name_key)
    )
    return [_view(row) for row in session.execute(query).all()]


# The columns of a `DeploymentView`, in its order: whole rows would take twice as long.
_SHOWN = (
    Deployment.id,
    Deployment.name,
    Deployment.endpoint,
    Deployment.state,
    Model.id,
    Model.name,
    Account.name,
    Deployment.version,
    Deployment.version_id,
    Deployment.created,
    Deployment.created_by,
    Model.visibility,
)


def _view(row: Row[*tuple[Any, ...]]) -> DeploymentView:
    id_, name, endpoint, state, *others = row
    return DeploymentView(id_, name, endpoint, State(state), *others)


def changeable_deployment(session: Session, caller: Caller, deployment_id: str) -> Deployment:
    """Return a service's row to change; raises DeploymentNotFound, NotAllowed."""
    row = session.get(Deployment, deployment_id)
    if row is None:
        raise no_such_deployment()
    try:
        changeable_model(session, caller, row.model_id)
    except ModelNotFound:
        raise no_such_deployment() from None
    return row


def no_deployment_named(name: str, model: str) -> DeploymentNotFound:
    """Return the error for a name that none of a model's services has."""
    return DeploymentNotFound(f'"{model}" has no deployment named "{name}".')


def no_such_deployment() -> DeploymentNotFound:
    """Return the error for a service that is not there, or not for this caller to see."""
    return DeploymentNotFound("There is no such deployment, or you may not see it.")
