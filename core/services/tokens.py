"""What an access token is: a secret shown once, of which only the digest is kept."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.db.tables import Token, new_id
from core.errors import InvalidInput

TOKEN_PREFIX = "slip_"  # noqa: S105 - it marks tokens and is in every one of them
DEFAULT_TOKEN_DAYS = 90
LONGEST_TOKEN_DAYS = 3650


@dataclass(frozen=True, slots=True)
class TokenView:
    """A token as its owner sees it later: everything but the token."""

    id: str
    name: str
    created: datetime
    expires: datetime


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token as its owner sees it once."""

    id: str
    token: str
    expires: datetime


def new_token(
    account_id: str, name: str, days: int | None, now: datetime
) -> tuple[NewToken, Token]:
    """Return a new token and its row; raises InvalidInput for days outside 1 to 3650."""
    expires = now + timedelta(days=_lifetime(days))
    token = TOKEN_PREFIX + secrets.token_urlsafe(32)
    row = Token(
        id=new_id(),
        account_id=account_id,
        name=name,
        digest=token_digest(token),
        created=now,
        expires=expires,
    )
    return NewToken(row.id, token, expires), row


def token_digest(token: str) -> str:
    """Return the SHA-256 of a token; it is random enough to need no salt."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def token_view(row: Token) -> TokenView:
    """Return what is shown of a row."""
    return TokenView(row.id, row.name, row.created, row.expires)


def _lifetime(days: int | None) -> int:
    days = DEFAULT_TOKEN_DAYS if days is None else days
    if not 1 <= days <= LONGEST_TOKEN_DAYS:
        raise InvalidInput(f"A token lasts from 1 to {LONGEST_TOKEN_DAYS} days, not {days}.")
    return days
