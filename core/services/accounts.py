"""Who may sign in, and how callers prove who they are."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.db.engine import Database
from core.db.tables import Account, Token, utc_now
from core.errors import (
    AccountNotFound,
    InvalidInput,
    InvalidPassword,
    InvalidToken,
    NotAllowed,
    UserNotFound,
)
from core.services import events
from core.services.account_rows import (
    end_sign_ins,
    get_account,
    is_first,
    know_address,
    new_account,
    require_free_name,
)
from core.services.directory import Directory, KnownAccount
from core.services.live_settings import REGISTRATION, REGISTRATION_ROLE, LiveSettings, Registration
from core.services.lockout import Lockout, network_of
from core.services.names import clean_name, clean_user_name, name_key
from core.services.passwords import Passwords, Remembered
from core.services.tokens import NewToken, TokenView, new_token, token_digest, token_view


class Role(StrEnum):
    """What an account may do: look and call; upload and deploy too; or everything."""

    VIEWER = "viewer"
    ANALYST = "analyst"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who has proved who they are."""

    id: str
    name: str
    role: Role


class Accounts:
    """The accounts of one platform, as those who call see them.

    `live` holds the rules of registration; `now` is the clock in UTC without a zone. An `address`
    is where a caller's connection comes from; failed attempts are counted by it.
    """

    def __init__(
        self,
        database: Database,
        directory: Directory,
        passwords: Passwords,
        live: LiveSettings,
        *,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._database = database
        self._directory = directory
        self._passwords = passwords
        self._live = live
        self._now = now
        self._remembered = Remembered()
        self._lockout = Lockout()

    @property
    def registration(self) -> Registration:
        """Return who may make an account now; the first one anybody may."""
        return (
            self._live.get(REGISTRATION) if self._directory.contents().by_id else Registration.OPEN
        )

    def register(self, name: str, password: str, *, address: str = "") -> Caller:
        """Open an account; the first of a platform is its admin, others have the role that is set.

        By the rule of the platform it may wait for an admin's approval. Raises InvalidInput for
        what cannot be a name or a password, Duplication for a taken name, NotAllowed while
        registration is closed, and TooManyAttempts after thirty in a row from one address.
        """
        self._lockout.registration(network_of(address))
        name = clean_user_name(name)
        return self.admit(name, self._passwords.hashed(password), address=address)

    def admit(
        self,
        name: str,
        password_hash: str,
        *,
        address: str = "",
        subject: str | None = None,
        since: datetime | None = None,
    ) -> Caller:
        """Make the account that `register` makes, of what was checked already.

        `subject` is who it is to the single sign-on, which vouched for it at the time `since`.
        """
        now = self._now()
        with self._changing() as session:
            require_free_name(session, name)
            role, pending = self._terms(is_first(session))
            row = new_account(name, password_hash, role, now)
            row.active, row.pending, row.subject = not pending, pending or None, subject
            row.valid_after = since or now
            session.add(row)
            know_address(session, row.id, network_of(address), now)
            caller = Caller(row.id, name, role)
            action = "asked to register" if pending else "registered"
            events.record(session, caller, action, "account", row.id, name)
        return caller

    def is_pending(self, caller: Caller) -> bool:
        """Return whether an account that was registered waits for an admin's approval."""
        account = self._directory.contents().by_id.get(caller.id)
        return account is not None and account.pending

    def sign_in(self, name: str, password: str, *, address: str = "") -> Caller:
        """Return who has this name and password.

        Raises UserNotFound, InvalidPassword, NotAllowed for an account that is disabled or waits
        for approval, and TooManyAttempts as `core.services.lockout` tells.
        """
        return active_caller(self._verified(name, password, network_of(address)))

    def caller_by_password(self, name: str, password: str, *, address: str = "") -> Caller:
        """Return what `sign_in` does, at once if it was right within the last five minutes.

        A one-time password is refused with NotAllowed: it is there to be changed.
        """
        account = self._directory.contents().by_key.get(name_key(name))
        if account is None or not self._remembered.holds(password, account.password_hash):
            account = self._verified(name, password, network_of(address))
            self._remembered.add(password, account.password_hash)
        caller = active_caller(account)
        if account.one_time_until:
            raise NotAllowed(
                "This password is good for one sign-in; choose your own on the pages, or with "
                "/api/account/password."
            )
        return caller

    def caller_by_token(self, token: str) -> Caller:
        """Return whose token this is; raises InvalidToken, and NotAllowed if disabled."""
        contents = self._directory.contents()
        known = contents.tokens.get(token_digest(token))
        if known is None:
            raise InvalidToken("The token is unknown or was revoked; create a new one.")
        if known.expires <= self._now():
            raise InvalidToken("The token has expired; create a new one.")
        return active_caller(contents.by_id[known.account_id])

    def find_since(self, name: str, made: datetime) -> Caller | None:
        """Return the caller of something that was made at a time (UTC), or None if that is over.

        It is over once the account is disabled, has another password, or signed out everywhere.
        """
        account = self._directory.contents().by_key.get(name_key(name))
        if account is None or not account.active or account.one_time_until:
            return None
        return active_caller(account) if made >= account.valid_after else None

    def credentials(self) -> dict[str, str]:
        """Return the bcrypt hash of each active account by its name."""
        accounts = self._directory.contents().by_id.values()
        return {account.name: account.password_hash for account in accounts if account.active}

    def create_token(self, caller: Caller, name: str, days: int | None = None) -> NewToken:
        """Make an access token that is valid for 90 days unless said otherwise.

        Raises InvalidInput for a name that cannot be one, and days outside 1 to 3650.
        """
        new, row = new_token(caller.id, clean_name(name, "token name"), days, self._now())
        with self._changing() as session:
            if session.get(Account, caller.id) is None:
                raise AccountNotFound("Your account was deleted.")
            session.add(row)
            events.record(session, caller, "created", "token", row.id, row.name)
        return new

    def list_tokens(self, caller: Caller) -> list[TokenView]:
        """Return the caller's tokens, newest first."""
        query = select(Token).where(Token.account_id == caller.id).order_by(Token.created.desc())
        with self._database.reading() as session:
            rows = session.scalars(query)
            return [token_view(row) for row in rows]

    def revoke_token(self, caller: Caller, token_id: str) -> None:
        """End one of the caller's tokens at once; raises InvalidInput if there is none such."""
        with self._changing() as session:
            row = session.get(Token, token_id)
            if row is None or row.account_id != caller.id:
                raise InvalidInput("You have no token of this id; it may be revoked already.")
            session.delete(row)
            events.record(session, caller, "revoked", "token", row.id, row.name)

    def change_password(
        self, caller: Caller, old: str, new: str, *, address: str = "", keep: str = ""
    ) -> None:
        """Change the caller's password and end their sign-ins but the one of the id `keep`.

        Tokens stay. Raises InvalidPassword if `old` is not right, InvalidInput if `new` cannot be
        one or is the old one.
        """
        self.sign_in(caller.name, old, address=address)
        if new == old:
            raise InvalidInput("This is the password that you have; choose another.")
        password_hash = self._passwords.hashed(new)
        now = self._now()
        with self._changing() as session:
            row = get_account(session, caller.name)
            row.password_hash = password_hash
            row.one_time_until = None
            end_sign_ins(session, row, now, keep=keep)
            events.record(session, caller, "changed password", "account", row.id, row.name)

    def _terms(self, first: bool) -> tuple[Role, bool]:
        """Return the role of a new account, and whether it waits; raises NotAllowed."""
        if first:
            return Role.ADMIN, False
        rule = self._live.get(REGISTRATION)
        if rule is Registration.CLOSED:
            raise NotAllowed("Registration is closed; ask an admin to make you an account.")
        return Role(self._live.get(REGISTRATION_ROLE)), rule is Registration.APPROVAL

    def _verified(self, name: str, password: str, address: str) -> KnownAccount:
        """Return the account of a name and a password, whatever it may do."""
        key = name_key(name)
        contents = self._directory.contents()
        account = contents.by_key.get(key)
        known = account is not None and (account.id, address) in contents.addresses
        one_time = account.one_time_until if account else None
        self._lockout.attempt(key, address, known=known, watched=one_time is None)
        if not self._passwords.match(password, account.password_hash if account else None):
            self._note_failure(account, address)
            raise _wrong(account)
        if account is None:  # nobody's hash matches nothing
            raise _wrong(account)
        self._lockout.forgive(key, address, known=known)
        if one_time is not None and one_time <= self._now():
            raise InvalidPassword("The one-time password has run out; ask an admin for another.")
        if account.active and not known:
            self._note_address(account, address)
        return account

    def _note_address(self, account: KnownAccount, address: str) -> None:
        with self._changing() as session:
            if session.get(Account, account.id) is None:
                return  # it was deleted while the password was compared
            know_address(session, account.id, address, self._now())
            detail = f"for the first time from {said_address(address)}"
            who = active_caller(account)
            events.record(session, who, "proved", "account", account.id, account.name, detail)

    def _note_failure(self, account: KnownAccount | None, address: str) -> None:
        """Record a refusal; a name that nobody has may be a password in the wrong field."""
        told = (account.id, account.name) if account else ("", "a name that nobody has")
        with self._database.writing() as session:
            detail = f"from {said_address(address)}"
            events.record(session, events.SOMEBODY, "failed to sign in", "account", *told, detail)

    @contextmanager
    def _changing(self) -> Iterator[Session]:
        with self._database.writing() as session:
            yield session
        self._directory.forget()


def active_caller(account: KnownAccount) -> Caller:
    """Return who has an account; raises NotAllowed if it is disabled or waits for approval."""
    if account.pending:
        raise NotAllowed("Your account waits for an admin to approve it; try again later.")
    if not account.active:
        raise NotAllowed("This account is disabled; ask an admin to enable it.")
    return Caller(account.id, account.name, Role(account.role))


def said_address(address: str) -> str:
    """Return an address as people read it."""
    return address or "this machine"


def _wrong(account: KnownAccount | None) -> UserNotFound | InvalidPassword:
    if account is None:
        return UserNotFound("There is no account of this name; check it, or register.")
    return InvalidPassword("The password is not right; check it and try again.")
