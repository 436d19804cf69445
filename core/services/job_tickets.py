"""Short-lived links to one file of one task, for a browser that has no header to send.

A page makes one for whoever looks at it; for an hour it gives that file to whoever holds it, and
nothing else. It ends sooner with the account: disabled, a new password, signed out everywhere.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import jwt
import msgspec

from core.db.tables import utc_now
from core.errors import InvalidToken
from core.files import Files
from core.services.accounts import Accounts, Caller
from core.services.job_queries import EVERYTHING, Query

_LIFE = timedelta(hours=1)
_ALGORITHM = "HS256"
_OVER = "This link is no longer valid; open the page of the task again and take the file there."


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file of a task: which kind, of which rows; see `TaskResults.export`."""

    task_id: str
    kind: str
    query: Query = field(default=EVERYTHING)
    neutralised: bool = False


class Tickets:
    """Makes links and reads them back."""

    def __init__(
        self, accounts: Accounts, files: Files, *, now: Callable[[], datetime] = utc_now
    ) -> None:
        self._accounts = accounts
        self._files = files
        self._now = now

    def issue(self, caller: Caller, wanted: Wanted) -> str:
        """Return a ticket for one file."""
        claims = {
            "account": caller.name,
            "made": self._now().isoformat(),
            "file": msgspec.to_builtins(wanted),
        }
        return jwt.encode(claims, self._key(), _ALGORITHM)

    def redeem(self, ticket: str) -> tuple[Caller, Wanted]:
        """Return who made a ticket and what it is for; raises InvalidToken."""
        try:
            claims = jwt.decode(ticket, self._key(), algorithms=[_ALGORITHM])
        except jwt.InvalidTokenError:
            raise InvalidToken(_OVER) from None
        made = datetime.fromisoformat(claims["made"])
        caller = self._accounts.find_since(claims["account"], made)
        if caller is None or self._now() > made + _LIFE:
            raise InvalidToken(_OVER)
        return caller, msgspec.convert(claims["file"], Wanted)

    def _key(self) -> str:
        return self._files.secret("tickets")
