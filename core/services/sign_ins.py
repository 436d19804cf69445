"""The sign-ins of browsers: each has an id that its cookie carries, and is over when its row goes.

So a sign-out ends a sign-in for every copy of its cookie and every tab that shares it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from core.db.engine import Database
from core.db.tables import Account, SignIn, new_id, utc_now
from core.errors import AccountNotFound, InvalidInput
from core.services import events
from core.services.account_rows import end_sign_ins
from core.services.accounts import Caller, active_caller, said_address
from core.services.directory import Directory
from core.services.lockout import network_of

_SEEN_EVERY = timedelta(minutes=5)
_LONGEST_AGENT = 300


@dataclass(frozen=True, slots=True)
class Visitor:
    """Whom a browser's sign-in belongs to; until the password is their own they may do nothing."""

    caller: Caller
    must_change_password: bool


@dataclass(frozen=True, slots=True)
class SignInView:
    """A sign-in as its owner sees it: from where, by which browser (its own words), since when.

    `seen` is true to five minutes. Times are in UTC.
    """

    id: str
    created: datetime
    seen: datetime
    address: str
    agent: str


class SignIns:
    """The sign-ins of one platform, which last for `days`; looked up in memory."""

    def __init__(
        self,
        database: Database,
        directory: Directory,
        *,
        days: float,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._database = database
        self._directory = directory
        self._lasting = timedelta(days=days)
        self._now = now
        self._seen: dict[str, datetime] = {}

    def begin(
        self, caller: Caller, *, address: str = "", agent: str = "", by_identity: bool = False
    ) -> str:
        """Begin a sign-in of who has proved who they are, and return its id.

        Raises NotAllowed for an account that is disabled or waits, AccountNotFound if it is gone.
        """
        account = self._directory.contents().by_id.get(caller.id)
        if account is None:
            raise AccountNotFound("Your account was deleted.")
        active_caller(account)
        now = self._now()
        row = SignIn(
            id=new_id() + new_id(),
            account_id=caller.id,
            created=now,
            seen=now,
            address=network_of(address),
            agent=agent[:_LONGEST_AGENT],
            by_identity=by_identity,
        )
        with self._changing() as session:
            _require_account(session, caller)
            session.execute(delete(SignIn).where(SignIn.created <= now - self._lasting))
            session.add(row)
            detail = f"from {said_address(row.address)}"
            events.record(session, caller, "signed in", "account", caller.id, caller.name, detail)
        self._seen[row.id] = now
        return row.id

    def find(self, sign_in_id: str) -> Visitor | None:
        """Return whom a sign-in belongs to, or None if it is over; from memory."""
        contents = self._directory.contents()
        known = contents.sign_ins.get(sign_in_id)
        if known is None or known.created + self._lasting <= self._now():
            return None
        account = contents.by_id.get(known.account_id)
        if account is None or not account.active:
            return None
        self._note_seen(sign_in_id)
        return Visitor(active_caller(account), account.one_time_until is not None)

    def list_(self, caller: Caller) -> list[SignInView]:
        """Return the caller's sign-ins, the last seen first."""
        begun = SignIn.created > self._now() - self._lasting
        with self._database.reading() as session:
            rows = session.scalars(select(SignIn).where(SignIn.account_id == caller.id, begun))
            views = [self._view(row) for row in rows]
        return sorted(views, key=lambda view: view.seen, reverse=True)

    def end(self, caller: Caller, sign_in_id: str) -> None:
        """End one of the caller's sign-ins, as signing out does; raises InvalidInput if it is over.

        One that the single sign-on began ends every identity that was issued before, too: the
        browser's copy of it would sign in again.
        """
        with self._changing() as session:
            row = session.get(SignIn, sign_in_id)
            if row is None or row.account_id != caller.id:
                raise InvalidInput("You have no sign-in of this id; it may be over already.")
            if row.by_identity:
                self._end_identities(session, caller)
            session.delete(row)
            events.record(session, caller, "signed out", "account", caller.id, caller.name)
        self._seen.pop(sign_in_id, None)

    def end_all(self, caller: Caller, *, keep: str = "") -> None:
        """End every sign-in of the caller but the one of the id `keep`; tokens stay."""
        with self._changing() as session:
            account = _require_account(session, caller)
            end_sign_ins(session, account, self._now(), keep=keep)
            events.record(
                session, caller, "signed out everywhere", "account", caller.id, caller.name
            )

    def _end_identities(self, session: Session, caller: Caller) -> None:
        account = session.get(Account, caller.id)
        if account is not None:
            account.valid_after = self._now()

    def _note_seen(self, sign_in_id: str) -> None:
        now = self._now()
        last = self._seen.get(sign_in_id)
        if last is not None and now - last < _SEEN_EVERY:
            return
        self._seen[sign_in_id] = now
        with self._database.writing() as session:
            session.execute(update(SignIn).where(SignIn.id == sign_in_id).values(seen=now))

    def _view(self, row: SignIn) -> SignInView:
        seen = max(row.seen, self._seen.get(row.id, row.seen))
        return SignInView(row.id, row.created, seen, row.address, row.agent)

    @contextmanager
    def _changing(self) -> Iterator[Session]:
        with self._database.writing() as session:
            yield session
        self._directory.forget()


def _require_account(session: Session, caller: Caller) -> Account:
    account = session.get(Account, caller.id)
    if account is None:
        raise AccountNotFound("Your account was deleted.")
    return account
