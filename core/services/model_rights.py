"""Who may see and who may change a model.

A private model is seen by its owner and admins, a team model by everyone. Owner and admins change
it. What one may not see is not found; what one sees and may not change is not allowed.
"""

from sqlalchemy import ColumnElement, or_, true
from sqlalchemy.orm import Session

from core.db.tables import Account, Model
from core.errors import ModelNotFound, NotAllowed
from core.services.accounts import Caller, Role

PRIVATE = "private"
TEAM = "team"


def sees(caller: Caller, owner_id: str, visibility: str) -> bool:
    """Return whether the caller may see a model of this owner and visibility."""
    return caller.role is Role.ADMIN or owner_id == caller.id or visibility == TEAM


def visible(caller: Caller) -> ColumnElement[bool]:
    """Return what `sees` decides, as a condition on `Model`."""
    if caller.role is Role.ADMIN:
        return true()
    return or_(Model.owner_id == caller.id, Model.visibility == TEAM)


def require_author(caller: Caller) -> None:
    """Raise NotAllowed for those who may only look and call."""
    if caller.role is Role.VIEWER:
        raise NotAllowed("Viewers cannot upload, change or deploy; ask an admin for another role.")


def require_still_author(session: Session, caller: Caller) -> None:
    """Raise NotAllowed where an account went, or lost its rights, while its file was looked at."""
    account = still_there(session, caller)
    require_author(Caller(account.id, account.name, Role(account.role)))


def still_there(session: Session, caller: Caller) -> Account:
    """Return the caller's row; raises NotAllowed where it went while something took its time."""
    account = session.get(Account, caller.id)
    if account is None or not account.active:
        raise NotAllowed("Your account was disabled or deleted; ask an admin.")
    return account


def visible_model(session: Session, caller: Caller, model_id: str) -> Model:
    """Return a model's row; raises ModelNotFound."""
    model = session.get(Model, model_id)
    if model is None or not sees(caller, model.owner_id, model.visibility):
        raise no_such_model()
    return model


def changeable_model(session: Session, caller: Caller, model_id: str) -> Model:
    """Return a model's row to change; raises ModelNotFound where unseen, NotAllowed where seen."""
    model = visible_model(session, caller, model_id)
    require_author(caller)
    if caller.role is not Role.ADMIN and model.owner_id != caller.id:
        raise NotAllowed(f'"{model.name}" is not yours; ask its owner or an admin.')
    return model


def no_such_model(name: str = "", owner: str = "") -> ModelNotFound:
    """Return the error for a model that is not there, or not for this caller to see."""
    if not name:
        return ModelNotFound("There is no such model, or you may not see it.")
    return ModelNotFound(
        f'{owner} has no model named "{name}" that you may see; check the name, and name the '
        "owner of somebody else's model."
    )
