"""Who calls: a bearer token in the header, or a user name and password in the form."""

from collections.abc import Mapping

from core.errors import InvalidToken
from core.services.accounts import Accounts, Caller


def caller_by_header(accounts: Accounts, authorization: str) -> Caller:
    """Return whom a bearer token stands for; raises InvalidToken."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise InvalidToken("The Authorization header must read: Bearer <token>.")
    return accounts.caller_by_token(token.strip())


def caller_by_form(accounts: Accounts, form: Mapping[str, str], address: str) -> Caller:
    """Return who the form's fields `user` and `password` name; attempts are counted by address.

    Raises InvalidToken where they are not sent, UserNotFound, InvalidPassword, NotAllowed or
    TooManyAttempts.
    """
    if "user" not in form:
        raise InvalidToken(
            "The call does not say who makes it: send the fields user and password, "
            "or the header Authorization: Bearer <token>."
        )
    return accounts.caller_by_password(form["user"], form.get("password", ""), address=address)
