"""All accounts, tokens and sign-ins in memory: who calls must not cost a query on every call."""

import threading
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.db.engine import Database
from core.db.tables import Account, KnownAddress, SignIn, Token


@dataclass(frozen=True, slots=True)
class KnownAccount:
    """An account as it is in the database."""

    id: str
    name: str
    key: str
    password_hash: str
    role: str
    active: bool
    pending: bool
    one_time_until: datetime | None
    valid_after: datetime
    email: str
    subject: str
    language: str


@dataclass(frozen=True, slots=True)
class KnownToken:
    """A token's account, and when the token ends."""

    account_id: str
    expires: datetime


@dataclass(frozen=True, slots=True)
class KnownSignIn:
    """A sign-in's account, and when it began."""

    account_id: str
    created: datetime


@dataclass(frozen=True, slots=True)
class Contents:
    """One state of the directory: accounts by name key and by id, tokens by digest.

    `addresses` are pairs of an account's id and an address that it has signed in from.
    """

    by_key: dict[str, KnownAccount]
    by_id: dict[str, KnownAccount]
    tokens: dict[str, KnownToken]
    sign_ins: dict[str, KnownSignIn]
    addresses: frozenset[tuple[str, str]]


class Directory:
    """Reads the accounts when first asked, and again after each change."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._contents: Contents | None = None

    def contents(self) -> Contents:
        """Return the state after the last committed change."""
        found = self._contents
        return found if found is not None else self._read()

    def forget(self) -> None:
        """Say that accounts, tokens or sign-ins have changed; to be called after the commit.

        It waits for a reading under way, which may have begun before the change.
        """
        with self._lock:
            self._contents = None

    def _read(self) -> Contents:
        with self._lock, self._database.reading() as session:
            accounts = [_known(row) for row in session.scalars(select(Account))]
            self._contents = Contents(
                {account.key: account for account in accounts},
                {account.id: account for account in accounts},
                _tokens(session),
                _sign_ins(session),
                _addresses(session),
            )
            return self._contents


def _known(row: Account) -> KnownAccount:
    return KnownAccount(
        id=row.id,
        name=row.name,
        key=row.name_key,
        password_hash=row.password_hash,
        role=row.role,
        active=row.active,
        pending=bool(row.pending),
        one_time_until=row.one_time_until,
        valid_after=row.valid_after,
        email=row.email or "",
        subject=row.subject or "",
        language=row.language or "",
    )


def _tokens(session: Session) -> dict[str, KnownToken]:
    return {
        row.digest: KnownToken(row.account_id, row.expires)
        for row in session.scalars(select(Token))
    }


def _sign_ins(session: Session) -> dict[str, KnownSignIn]:
    return {
        row.id: KnownSignIn(row.account_id, row.created) for row in session.scalars(select(SignIn))
    }


def _addresses(session: Session) -> frozenset[tuple[str, str]]:
    return frozenset((row.account_id, row.address) for row in session.scalars(select(KnownAddress)))
