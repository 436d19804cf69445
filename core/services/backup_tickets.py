"""Links to a backup: for an admin's browser, which has no header to send, and for the operator.

Each is good once, for five minutes. The operator signs one with the key that lies in the storage
folder: who may read that has everything that a backup has.
"""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import jwt

from core.db.tables import new_id, utc_now
from core.errors import InvalidToken
from core.files import Files
from core.services.accounts import Accounts, Caller, Role
from core.services.backups import require_admin
from core.services.restoring import OPERATOR

SECRET = "backup"  # noqa: S105 - the name of one
_LIFE = timedelta(minutes=5)
_ALGORITHM = "HS256"
_OVER = "This link to a backup is no longer valid; make another on the admin page."


class BackupTickets:
    """Makes links and reads them back."""

    def __init__(
        self, accounts: Accounts, files: Files, *, now: Callable[[], datetime] = utc_now
    ) -> None:
        self._accounts = accounts
        self._key = files.secret(SECRET)
        self._now = now
        self._lock = threading.Lock()
        self._used: dict[str, datetime] = {}

    def issue(self, caller: Caller, *, results: bool) -> str:
        """Return a ticket for one backup, with the results of tasks or without.

        Raises NotAllowed for everybody but admins.
        """
        require_admin(caller)
        return signed(self._key, caller.name, self._now(), results=results)

    def redeem(self, ticket: str) -> tuple[Caller, bool]:
        """Return who made a ticket, and whether results are wanted, once; raises InvalidToken."""
        try:
            claims = jwt.decode(ticket, self._key, algorithms=[_ALGORITHM])
        except jwt.InvalidTokenError:
            raise InvalidToken(_OVER) from None
        made = datetime.fromisoformat(claims["made"])
        caller = self._maker(claims["account"], made)
        if caller is None or not self._is_first(claims["id"], made):
            raise InvalidToken(_OVER)
        return caller, bool(claims["results"])

    def _maker(self, account: str, made: datetime) -> Caller | None:
        if not account:
            return Caller(OPERATOR.id, OPERATOR.name, Role.ADMIN)
        return self._accounts.find_since(account, made)

    def _is_first(self, which: str, made: datetime) -> bool:
        now = self._now()
        with self._lock:
            self._used = {each: at for each, at in self._used.items() if now <= at + _LIFE}
            first = which not in self._used and made <= now <= made + _LIFE
            self._used[which] = made
        return first


def signed(key: str, account: str, made: datetime, *, results: bool) -> str:
    """Return a ticket; one of nobody's account is the operator's."""
    claims = {"id": new_id(), "account": account, "made": made.isoformat(), "results": results}
    return jwt.encode(claims, key, _ALGORITHM)
