"""Sign-in, registration and tokens over HTTP (I1, I2)."""

from core.api.answers import stamp
from core.api.forms import Answer, Call, Endpoint, Who, may, need


def login(call: Call) -> Answer:
    """Check a name and a password; the role is the answer."""
    return {"role": call.caller.role.value}


def register(call: Call) -> Answer:
    """Make an account."""
    form, accounts = call.form, call.platform.accounts
    caller = accounts.register(form.text("user"), form.text("password"), address=call.address)
    return {"pending": True} if accounts.is_pending(caller) else {}


def change_password(call: Call) -> Answer:
    """Choose another password, also in place of a one-time one; sign-ins end, tokens stay."""
    form, accounts = call.form, call.platform.accounts
    name, old = form.text("user"), form.text("password")
    caller = accounts.sign_in(name, old, address=call.address)
    accounts.change_password(caller, old, form.text("new_password"), address=call.address)
    return {}


def create_token(call: Call) -> Answer:
    """Make a token; its text is shown this once."""
    made = call.platform.accounts.create_token(
        call.caller, call.form.text("name"), call.form.number("days")
    )
    return {"token": made.token, "id": made.id, "expires": stamp(made.expires)}


def revoke_token(call: Call) -> Answer:
    """End a token at once."""
    call.platform.accounts.revoke_token(call.caller, call.form.text("id"))
    return {}


ENDPOINTS = (
    Endpoint("/api/login", login, adds=("role",)),
    Endpoint(
        "/api/register",
        register,
        (need("user"), need("password")),
        may_add=("pending",),
        http=201,
        who=Who.ANYONE,
    ),
    Endpoint(
        "/api/account/password",
        change_password,
        (need("user"), need("password"), need("new_password")),
        who=Who.ANYONE,
    ),
    Endpoint(
        "/api/token/create",
        create_token,
        (need("name"), may("days", "how long it is valid; 90 by default")),
        adds=("token", "id", "expires"),
        http=201,
    ),
    Endpoint("/api/token/revoke", revoke_token, (need("id"),)),
)
