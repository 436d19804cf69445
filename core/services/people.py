"""What an admin does with accounts: who comes in, as what, and what becomes of what they made."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from core.db.engine import Database
from core.db.tables import (
    Account,
    Case,
    ColumnChoice,
    Delivery,
    KnownAddress,
    SignIn,
    Task,
    Token,
    Webhook,
    utc_now,
)
from core.errors import InvalidInput, NotAllowed
from core.services import events
from core.services.account_rows import end_sign_ins, get_account, new_account, require_free_name
from core.services.accounts import Caller, Role
from core.services.directory import Directory
from core.services.heritage import Estate, hand_over, models_of, remove_models
from core.services.models import Models
from core.services.names import clean_name, clean_user_name
from core.services.passwords import Passwords, one_time_password
from core.services.task_rows import cancel_tasks, remove_tasks

ONE_TIME_DAYS = 3


class Stopper(Protocol):
    """Whoever works at tasks."""

    def stop(self, task_id: str, *, drop: bool = False) -> None:
        """Leave a task as it is, and with `drop` remove its files."""


@dataclass(frozen=True, slots=True)
class AccountView:
    """An account as an admin sees it.

    `pending` tells who waits for approval, `one_time` whose password was handed out and not yet
    changed. `email` links a single sign-on. `last_seen` is the newest of their sign-ins that last.
    """

    id: str
    name: str
    role: Role
    active: bool
    created: datetime
    pending: bool
    one_time: bool
    email: str
    linked: bool
    last_seen: datetime | None


@dataclass(frozen=True, slots=True)
class OneTime:
    """A password as the admin sees it once, to hand it over; it runs out at `until` (UTC)."""

    account: str
    password: str
    until: datetime


class People:
    """The accounts of one platform, for admins; every method raises NotAllowed to others.

    Accounts are named by their names; AccountNotFound tells that there is none.
    """

    def __init__(
        self,
        database: Database,
        directory: Directory,
        passwords: Passwords,
        models: Models,
        runner: Stopper,
        *,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._database = database
        self._directory = directory
        self._passwords = passwords
        self._models = models
        self._runner = runner
        self._now = now

    def list_(self, caller: Caller) -> list[AccountView]:
        """Return all accounts by name, those who wait for approval first."""
        _require_admin(caller)
        query = select(SignIn.account_id, func.max(SignIn.seen)).group_by(SignIn.account_id)
        with self._database.reading() as session:
            seen = dict(session.execute(query).all())
            rows = session.scalars(select(Account).order_by(Account.name_key))
            views = [_view(row, seen.get(row.id)) for row in rows]
        return sorted(views, key=lambda view: not view.pending)

    def add(self, caller: Caller, name: str, role: str) -> OneTime:
        """Make an account with a one-time password, whatever the rule of registration is.

        Raises InvalidInput for what cannot be a name or a role, Duplication for a taken name.
        """
        _require_admin(caller)
        name, role = clean_user_name(name), _checked_role(role)
        handed = self._one_time(name)
        with self._changing() as session:
            require_free_name(session, name)
            row = new_account(name, self._passwords.hashed(handed.password), role, self._now())
            row.one_time_until = handed.until
            session.add(row)
            events.record(session, caller, "made", "account", row.id, name, role)
        return handed

    def approve(self, caller: Caller, account: str) -> None:
        """Let somebody in who waits for approval; raises InvalidInput if they don't."""
        _require_admin(caller)
        with self._changing() as session:
            row = _waiting(session, account)
            row.active, row.pending = True, None
            events.record(session, caller, "approved", "account", row.id, row.name, row.role)

    def decline(self, caller: Caller, account: str) -> None:
        """Refuse somebody who waits for approval: the account goes, and the name is free again."""
        _require_admin(caller)
        with self._changing() as session:
            row = _waiting(session, account)
            _remove_account(session, row)
            events.record(session, caller, "declined", "account", row.id, row.name)

    def set_active(self, caller: Caller, account: str, active: bool) -> None:
        """Disable an account, or enable it again.

        Disabling ends its sign-ins, tokens and unfinished tasks at once; tokens come back with it.
        """
        _require_admin(caller)
        stopped: list[str] = []
        with self._changing() as session:
            row = get_account(session, account)
            _refuse_waiting(row)
            row.active = active
            if not active:
                end_sign_ins(session, row, self._now())
                stopped = self._cancel_tasks(session, row)
            _require_an_admin_left(session)
            action = "enabled" if active else "disabled"
            events.record(session, caller, action, "account", row.id, row.name)
        for task in stopped:
            self._runner.stop(task)

    def set_role(self, caller: Caller, account: str, role: str) -> None:
        """Give an account another role; raises InvalidInput if there is no such role."""
        _require_admin(caller)
        with self._changing() as session:
            row = get_account(session, account)
            before, row.role = row.role, _checked_role(role)
            _require_an_admin_left(session)
            detail = f"{row.role}, before {before}"
            events.record(session, caller, "changed role", "account", row.id, row.name, detail)

    def set_email(self, caller: Caller, account: str, email: str) -> None:
        """Say whose verified e-mail address signs in as the account; empty unlinks it.

        A link to an earlier identity goes with it. Raises InvalidInput for what is no address, or
        is another account's.
        """
        _require_admin(caller)
        email = _checked_email(email)
        with self._changing() as session:
            row = get_account(session, account)
            same = select(Account.name).where(Account.email == email, Account.id != row.id)
            if email and (other := session.scalar(same)):
                raise InvalidInput(f"{email} is the address of {other}; take it away there first.")
            row.email, row.subject = email or None, None
            detail = email or "none"
            events.record(session, caller, "changed e-mail", "account", row.id, row.name, detail)

    def reset_password(self, caller: Caller, account: str) -> OneTime:
        """Return a one-time password in place of a forgotten one; ends the account's sign-ins.

        It must be changed at the next sign-in, within three days. Tokens stay.
        """
        _require_admin(caller)
        with self._changing() as session:
            row = get_account(session, account)
            handed = self._one_time(row.name)
            row.password_hash = self._passwords.hashed(handed.password)
            row.one_time_until = handed.until
            end_sign_ins(session, row, self._now())
            events.record(session, caller, "reset password", "account", row.id, row.name)
        return handed

    def delete(
        self, caller: Caller, account: str, *, heir: str | None = None, with_models: bool = False
    ) -> None:
        """Delete an account with its sign-ins, tokens and tasks.

        Its models go to the account `heir`, with their services and tasks, or go with it if
        `with_models`. Raises InvalidInput while it owns models and neither is said, for an heir
        who may not own models, and for the last admin.
        """
        _require_admin(caller)
        if heir and with_models:
            raise InvalidInput("Models are handed over or deleted; say one of heir, with_models.")
        with self._changing() as session:
            row = get_account(session, account)
            estate = self._settled(session, row, heir, with_models)
            _remove_account(session, row)
            _require_an_admin_left(session)
            tasks = remove_tasks(session, Task.owner_id == row.id) + estate.tasks
            events.record(session, caller, "deleted", "account", row.id, row.name, estate.said)
        for model_id in estate.models:
            self._models.tell(model_id)
        for task in tasks:
            self._runner.stop(task, drop=True)
        self._models.artifacts.drop_unused(estate.artifacts)

    def _settled(
        self, session: Session, row: Account, heir: str | None, with_models: bool
    ) -> Estate:
        if heir:
            return hand_over(session, row, _checked_heir(session, row, heir))
        models = models_of(session, row)
        if models and not with_models:
            names = ", ".join(model.name for model in models[:5])
            others = " and others" if len(models) > 5 else ""
            raise InvalidInput(
                f"{row.name} still owns models: {names}{others}. Name an heir for them, have them "
                "deleted too, or disable the account."
            )
        return remove_models(session, models)

    def _cancel_tasks(self, session: Session, row: Account) -> list[str]:
        message = f"Cancelled, because the account of {row.name} was disabled."
        return cancel_tasks(session, Task.owner_id == row.id, message)

    def _one_time(self, name: str) -> OneTime:
        return OneTime(name, one_time_password(), self._now() + timedelta(days=ONE_TIME_DAYS))

    @contextmanager
    def _changing(self) -> Iterator[Session]:
        with self._database.writing() as session:
            yield session
        self._directory.forget()


def _view(row: Account, last_seen: datetime | None) -> AccountView:
    return AccountView(
        id=row.id,
        name=row.name,
        role=Role(row.role),
        active=row.active,
        created=row.created,
        pending=bool(row.pending),
        one_time=row.one_time_until is not None,
        email=row.email or "",
        linked=row.subject is not None,
        last_seen=last_seen,
    )


def _remove_account(session: Session, row: Account) -> None:
    for table in (Token, SignIn, KnownAddress, ColumnChoice, Webhook, Delivery):
        session.execute(delete(table).where(table.account_id == row.id))
    session.execute(update(Case).where(Case.author_id == row.id).values(author_id=None))
    session.delete(row)


def _require_admin(caller: Caller) -> None:
    if caller.role is not Role.ADMIN:
        raise NotAllowed("Only an admin may do this.")


def _require_an_admin_left(session: Session) -> None:
    session.flush()
    admins = select(Account.id).where(Account.role == Role.ADMIN, Account.active)
    if session.scalar(admins) is None:
        raise InvalidInput("This is the last active admin; make somebody else an admin first.")


def _waiting(session: Session, account: str) -> Account:
    row = get_account(session, account)
    if not row.pending:
        raise InvalidInput(f"{row.name} does not wait for approval.")
    return row


def _refuse_waiting(row: Account) -> None:
    if row.pending:
        raise InvalidInput(f"{row.name} waits for approval; approve or decline the account.")


def _checked_role(role: str) -> str:
    if role not in set(Role):
        raise InvalidInput(f'"{role[:40]}" is no role; the roles are {", ".join(Role)}.')
    return str(role)


def _checked_email(email: str) -> str:
    cleaned = email.strip().lower()
    if not cleaned:
        return ""
    name, _, host = clean_name(cleaned, "e-mail address").partition("@")
    if not (name and "." in host and "@" not in host and " " not in cleaned):
        raise InvalidInput(f'"{cleaned[:60]}" is no e-mail address.')
    return cleaned


def _checked_heir(session: Session, row: Account, name: str) -> Account:
    heir = get_account(session, name)
    if heir.id == row.id:
        raise InvalidInput("An account cannot be its own heir; name another.")
    if not heir.active or heir.role == Role.VIEWER:
        raise InvalidInput(f"{heir.name} may not own models; name an active analyst or admin.")
    return heir
