"""Which buttons to offer; the services decide, and refuse what a page should not have offered."""

from core.services.accounts import Caller, Role
from core.services.deployment_views import DeploymentView
from core.services.model_views import ModelView


def may_make(caller: Caller) -> bool:
    """Return whether the caller may upload models."""
    return caller.role is not Role.VIEWER


def may_change(caller: Caller, thing: ModelView | DeploymentView) -> bool:
    """Return whether the caller may change and deploy a model, or steer its deployment."""
    return caller.role is Role.ADMIN or (may_make(caller) and thing.owner == caller.name)
