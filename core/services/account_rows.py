"""How accounts lie in the tables, with what hangs on them."""

from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from core.db.tables import Account, KnownAddress, SignIn, new_id
from core.errors import AccountNotFound, Duplication
from core.services.names import name_key


def new_account(name: str, password_hash: str, role: str, now: datetime) -> Account:
    """Return the row of a new account that may sign in."""
    return Account(
        id=new_id(),
        name=name,
        name_key=name_key(name),
        password_hash=password_hash,
        role=role,
        active=True,
        created=now,
        valid_after=now,
    )


def find_account(session: Session, name: str) -> Account | None:
    """Return the account of a name, or None."""
    return session.scalar(select(Account).where(Account.name_key == name_key(name)))


def get_account(session: Session, name: str) -> Account:
    """Return the account of a name; raises AccountNotFound."""
    row = find_account(session, name)
    if row is None:
        raise AccountNotFound(f'There is no account named "{name}".')
    return row


def require_free_name(session: Session, name: str) -> None:
    """Raise Duplication for a name that an account has."""
    if find_account(session, name) is not None:
        raise Duplication(f'There is an account named "{name}" already; choose another.')


def is_first(session: Session) -> bool:
    """Return whether there is no account yet."""
    return not session.scalar(select(func.count()).select_from(Account))


def end_sign_ins(session: Session, account: Account, now: datetime, *, keep: str = "") -> None:
    """End every sign-in of an account but one; what was signed in elsewhere has to do so again."""
    session.execute(delete(SignIn).where(SignIn.account_id == account.id, SignIn.id != keep))
    account.valid_after = now


def know_address(session: Session, account_id: str, address: str, now: datetime) -> None:
    """Keep that an account has signed in from an address."""
    session.add(KnownAddress(account_id=account_id, address=address, first=now))
