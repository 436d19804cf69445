"""All accounts and tokens in memory: who a caller is must not cost a query on every call."""

import threading
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.db.engine import Database
from core.db.tables import Account, Token


@dataclass(frozen=True, slots=True)
class KnownAccount:
    """An account as it is in the database."""

    id: str
    name: str
    key: str
    password_hash: str
    role: str
    active: bool
    valid_after: datetime


@dataclass(frozen=True, slots=True)
class KnownToken:
    """A token's account, and when the token ends."""

    account_id: str
    expires: datetime


@dataclass(frozen=True, slots=True)
class Contents:
    """One state of the directory: accounts by name key and by id, tokens by digest."""

    by_key: dict[str, KnownAccount]
    by_id: dict[str, KnownAccount]
    tokens: dict[str, KnownToken]


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
        """Say that accounts or tokens have changed; to be called after the commit.

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
            )
            return self._contents


def _known(row: Account) -> KnownAccount:
    return KnownAccount(
        row.id, row.name, row.name_key, row.password_hash, row.role, row.active, row.valid_after
    )


def _tokens(session: Session) -> dict[str, KnownToken]:
    return {
        row.digest: KnownToken(row.account_id, row.expires)
        for row in session.scalars(select(Token))
    }
