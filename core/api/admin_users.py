"""Accounts over HTTP, for admins: who comes in, as what, and what becomes of their models (A1)."""

from collections.abc import Callable

from core.api.answers import stamp
from core.api.forms import Answer, Call, Endpoint, may, need
from core.errors import InvalidInput
from core.services.people import AccountView, OneTime

_ACCOUNT = need("account", "the name of the account that is meant")
_TRUTHS = {"true": True, "1": True, "false": False, "0": False}


def list_accounts(call: Call) -> Answer:
    """Return all accounts, those who wait for approval first."""
    return {"account": [_line(view) for view in call.platform.people.list_(call.caller)]}


def _line(view: AccountView) -> Answer:
    return {
        "account": view.name,
        "role": view.role.value,
        "active": view.active,
        "pending": view.pending,
        "time": stamp(view.created),
        "one_time_password": view.one_time,
        "email": view.email,
        "last_seen": stamp(view.last_seen),
    }


def create(call: Call) -> Answer:
    """Make an account with a one-time password, whatever the rule of registration is."""
    form = call.form
    return _handed(call.platform.people.add(call.caller, form.text("account"), form.text("role")))


def reset(call: Call) -> Answer:
    """Put a one-time password in place of a forgotten one."""
    return _handed(call.platform.people.reset_password(call.caller, call.form.text("account")))


def _handed(handed: OneTime) -> Answer:
    return {"one_time_password": handed.password, "expires": stamp(handed.until)}


def enable(call: Call) -> Answer:
    """Let an account that was disabled sign in again."""
    call.platform.people.set_active(call.caller, call.form.text("account"), True)
    return {}


def disable(call: Call) -> Answer:
    """End an account's sign-ins, tokens and unfinished tasks, until it is enabled."""
    call.platform.people.set_active(call.caller, call.form.text("account"), False)
    return {}


def approve(call: Call) -> Answer:
    """Let somebody in who waits for approval."""
    call.platform.people.approve(call.caller, call.form.text("account"))
    return {}


def decline(call: Call) -> Answer:
    """Refuse somebody who waits for approval."""
    call.platform.people.decline(call.caller, call.form.text("account"))
    return {}


def role(call: Call) -> Answer:
    """Give an account another role."""
    call.platform.people.set_role(call.caller, call.form.text("account"), call.form.text("role"))
    return {}


def email(call: Call) -> Answer:
    """Say whose verified e-mail address signs in as an account; empty takes the link away."""
    address = call.form.texts.get("email", "")
    call.platform.people.set_email(call.caller, call.form.text("account"), address)
    return {}


def delete(call: Call) -> Answer:
    """Delete an account; its models go to an heir or with it, else it is refused."""
    call.platform.people.delete(
        call.caller,
        call.form.text("account"),
        heir=call.form.find("heir"),
        with_models=_truth(call, "with_models"),
    )
    return {}


def _truth(call: Call, name: str) -> bool:
    text = call.form.find(name) or "false"
    if text.lower() not in _TRUTHS:
        raise InvalidInput(f'{name} is "{text[:40]}"; it must be true or false.')
    return _TRUTHS[text.lower()]


def list_settings(call: Call) -> Answer:
    """Return the settings that may change while the platform runs."""
    views = call.platform.live.list_(call.caller)
    return {
        "setting": [
            {
                "name": view.name,
                "value": view.value,
                "start": view.start,
                "description": view.description,
                "changed": stamp(view.changed),
                "changed_by": view.changed_by,
            }
            for view in views
        ]
    }


def set_setting(call: Call) -> Answer:
    """Change a setting; it applies at once and outlives a restart."""
    call.platform.live.set_(call.caller, call.form.text("name"), call.form.text("value"))
    return {}


_ROLE = need("role", "viewer, analyst or admin")
_OF_ONE: tuple[Callable[[Call], Answer], ...] = (disable, enable, approve, decline)

ENDPOINTS = (
    Endpoint("/api/admin/user/list", list_accounts, adds=("account",)),
    Endpoint(
        "/api/admin/user/create",
        create,
        (_ACCOUNT, _ROLE),
        adds=("one_time_password", "expires"),
        http=201,
    ),
    *(Endpoint(f"/api/admin/user/{run.__name__}", run, (_ACCOUNT,)) for run in _OF_ONE),
    Endpoint("/api/admin/user/role", role, (_ACCOUNT, _ROLE)),
    Endpoint("/api/admin/user/reset", reset, (_ACCOUNT,), adds=("one_time_password", "expires")),
    Endpoint("/api/admin/user/email", email, (_ACCOUNT, may("email"))),
    Endpoint(
        "/api/admin/user/delete",
        delete,
        (
            _ACCOUNT,
            may("heir", "the account that gets its models, services and tasks"),
            may("with_models", "true: they are deleted, too"),
        ),
    ),
    Endpoint("/api/admin/setting/list", list_settings, adds=("setting",)),
    Endpoint("/api/admin/setting/set", set_setting, (need("name"), need("value"))),
)
