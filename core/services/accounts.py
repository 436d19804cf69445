"""Who may sign in, how callers prove who they are, and what an admin does with accounts."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from core.db.engine import Database
from core.db.tables import Account, Model, Task, Token, new_id, utc_now
from core.errors import (
    AccountNotFound,
    Duplication,
    InvalidInput,
    InvalidPassword,
    InvalidToken,
    NotAllowed,
    UserNotFound,
)
from core.files import Files
from core.services import events
from core.services.directory import Directory, KnownAccount
from core.services.names import clean_name, name_key
from core.services.passwords import Attempts, Passwords, Remembered
from core.services.task_rows import remove_tasks
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


@dataclass(frozen=True, slots=True)
class AccountView:
    """An account as an admin sees it."""

    id: str
    name: str
    role: Role
    active: bool
    created: datetime


class Accounts:
    """The accounts of one platform.

    `rounds` is bcrypt's cost; `now` the clock in UTC without a zone.
    """

    def __init__(
        self,
        database: Database,
        files: Files,
        *,
        rounds: int = 12,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._database = database
        self._files = files
        self._now = now
        self._passwords = Passwords(rounds)
        self._remembered = Remembered()
        self._attempts = Attempts()
        self._directory = Directory(database)

    def register(self, name: str, password: str) -> Caller:
        """Open an account; the first of a platform is its admin, the others are analysts.

        Raises InvalidInput for what cannot be a name or a password, Duplication for a taken name.
        """
        name = clean_name(name, "user name")
        password_hash = self._passwords.hashed(password)
        with self._changing() as session:
            if session.scalar(select(Account.id).where(Account.name_key == name_key(name))):
                raise Duplication(f'There is an account named "{name}" already; choose another.')
            first = not session.scalar(select(func.count()).select_from(Account))
            caller = Caller(new_id(), name, Role.ADMIN if first else Role.ANALYST)
            session.add(_new_account(caller, password_hash, self._now()))
            events.record(session, caller, "registered", "account", caller.id, name)
        return caller

    def sign_in(self, name: str, password: str) -> Caller:
        """Return who has this name and password.

        Raises UserNotFound, InvalidPassword, NotAllowed for a disabled account, and
        TooManyAttempts after ten wrong passwords in a row.
        """
        key = name_key(name)
        self._attempts.check(key)
        account = self._directory.contents().by_key.get(key)
        if self._passwords.match(password, account.password_hash if account else None) and account:
            self._attempts.succeeded(key)
            return _active_caller(account)
        self._attempts.failed(key)
        if account is None:
            raise UserNotFound("There is no account of this name; check it, or register.")
        raise InvalidPassword("The password is not right; check it and try again.")

    def caller_by_password(self, name: str, password: str) -> Caller:
        """Return what `sign_in` does, at once if it was right within the last five minutes."""
        account = self._directory.contents().by_key.get(name_key(name))
        if account and self._remembered.holds(password, account.password_hash):
            return _active_caller(account)
        caller = self.sign_in(name, password)
        if account:
            self._remembered.add(password, account.password_hash)
        return caller

    def caller_by_token(self, token: str) -> Caller:
        """Return whose token this is; raises InvalidToken, and NotAllowed if disabled."""
        contents = self._directory.contents()
        known = contents.tokens.get(token_digest(token))
        if known is None:
            raise InvalidToken("The token is unknown or was revoked; create a new one.")
        if known.expires <= self._now():
            raise InvalidToken("The token has expired; create a new one.")
        return _active_caller(contents.by_id[known.account_id])

    def find_session(self, name: str, issued: datetime) -> Caller | None:
        """Return who a browser's session belongs to, or None if it is over.

        `issued` is when it began: in UTC, or with a zone.
        """
        if issued.tzinfo is not None:
            issued = issued.astimezone(UTC).replace(tzinfo=None)
        account = self._directory.contents().by_key.get(name_key(name))
        if account is None or not account.active or issued < account.valid_after:
            return None
        return _caller(account)

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

    def change_password(self, caller: Caller, old: str, new: str) -> None:
        """Change the caller's password and end all their sessions; tokens stay.

        Raises InvalidPassword if `old` is not right, InvalidInput if `new` cannot be one.
        """
        self.sign_in(caller.name, old)
        self._set_password(caller, caller.name, new, "changed password")

    def sign_out_everywhere(self, caller: Caller) -> None:
        """End every session of the caller; tokens stay."""
        with self._changing() as session:
            _find(session, caller.name).valid_after = self._now()
            events.record(
                session, caller, "signed out everywhere", "account", caller.id, caller.name
            )

    def list_accounts(self, caller: Caller) -> list[AccountView]:
        """Return all accounts by name; raises NotAllowed to anybody but admins."""
        _require_admin(caller)
        with self._database.reading() as session:
            rows = session.scalars(select(Account).order_by(Account.name_key))
            return [_view(row) for row in rows]

    def set_active(self, caller: Caller, account: str, active: bool) -> None:
        """Disable an account, which ends its sessions and tokens at once, or enable it again."""
        _require_admin(caller)
        with self._changing() as session:
            row = _find(session, account)
            row.active = active
            if not active:
                row.valid_after = self._now()
            _require_an_admin_left(session)
            action = "enabled" if active else "disabled"
            events.record(session, caller, action, "account", row.id, row.name)

    def set_role(self, caller: Caller, account: str, role: str) -> None:
        """Give an account another role; raises InvalidInput if there is no such role."""
        _require_admin(caller)
        if role not in set(Role):
            raise InvalidInput(f'"{role}" is no role; the roles are {", ".join(Role)}.')
        with self._changing() as session:
            row = _find(session, account)
            row.role = str(role)
            _require_an_admin_left(session)
            events.record(session, caller, "changed role", "account", row.id, row.name, row.role)

    def set_password(self, caller: Caller, account: str, new: str) -> None:
        """Give an account a new password, for people who forgot theirs; ends their sessions."""
        _require_admin(caller)
        self._set_password(caller, account, new, "set password")

    def delete_account(self, caller: Caller, account: str) -> None:
        """Delete an account with its tokens and tasks.

        Raises InvalidInput while it owns models: others may depend on them.
        """
        _require_admin(caller)
        with self._changing() as session:
            row = _find(session, account)
            _require_no_models(session, row)
            session.delete(row)
            session.execute(delete(Token).where(Token.account_id == row.id))
            _require_an_admin_left(session)
            tasks = remove_tasks(session, Task.owner_id == row.id)
            events.record(session, caller, "deleted", "account", row.id, row.name)
        for task in tasks:
            self._files.drop_job(task)

    def _set_password(self, caller: Caller, account: str, new: str, action: str) -> None:
        password_hash = self._passwords.hashed(new)
        with self._changing() as session:
            row = _find(session, account)
            row.password_hash = password_hash
            row.valid_after = self._now()
            events.record(session, caller, action, "account", row.id, row.name)

    @contextmanager
    def _changing(self) -> Iterator[Session]:
        with self._database.writing() as session:
            yield session
        self._directory.forget()


def _new_account(caller: Caller, password_hash: str, now: datetime) -> Account:
    return Account(
        id=caller.id,
        name=caller.name,
        name_key=name_key(caller.name),
        password_hash=password_hash,
        role=str(caller.role),
        active=True,
        created=now,
        valid_after=now,
    )


def _caller(account: KnownAccount) -> Caller:
    return Caller(account.id, account.name, Role(account.role))


def _active_caller(account: KnownAccount) -> Caller:
    if not account.active:
        raise NotAllowed("This account is disabled; ask an admin to enable it.")
    return _caller(account)


def _view(row: Account) -> AccountView:
    return AccountView(row.id, row.name, Role(row.role), row.active, row.created)


def _find(session: Session, name: str) -> Account:
    row = session.scalar(select(Account).where(Account.name_key == name_key(name)))
    if row is None:
        raise AccountNotFound(f'There is no account named "{name}".')
    return row


def _require_admin(caller: Caller) -> None:
    if caller.role is not Role.ADMIN:
        raise NotAllowed("Only an admin may do this.")


def _require_an_admin_left(session: Session) -> None:
    admins = select(Account.id).where(Account.role == Role.ADMIN, Account.active)
    if session.scalar(admins) is None:
        raise InvalidInput("This is the last active admin; make somebody else an admin first.")


def _require_no_models(session: Session, row: Account) -> None:
    names = list(session.scalars(select(Model.name).where(Model.owner_id == row.id)))
    if names:
        shown = ", ".join(names[:5]) + (" and others" if len(names) > 5 else "")
        raise InvalidInput(
            f"{row.name} still owns models: {shown}. Delete them first, or disable the account."
        )
