"""Single sign-on: whom an identity that a provider has vouched for stands for here.

An identity is known by its issuer and subject alone once it is linked. It is linked when an admin
has written its verified e-mail address on an account, or when it makes an account of its own by
the rule of registration. The name of an account proves nothing: anybody may have chosen it.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from core.db.engine import Database
from core.db.tables import Account, utc_now
from core.errors import InvalidToken, NotAllowed
from core.services import events
from core.services.accounts import Accounts, Caller, active_caller
from core.services.directory import Directory, KnownAccount
from core.services.names import clean_name, name_key
from core.services.passwords import Passwords

_LONGEST_SUBJECT = 500


@dataclass(frozen=True, slots=True)
class Identity:
    """What a provider says: who it is (`subject`, with the issuer), and since when (UTC).

    `email` is empty unless the provider has verified it.
    """

    subject: str
    email: str
    issued: datetime


class Identities:
    """Finds or makes the accounts of identities; one is good for `days` after it was issued."""

    def __init__(
        self,
        database: Database,
        directory: Directory,
        accounts: Accounts,
        passwords: Passwords,
        *,
        days: float,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._database = database
        self._directory = directory
        self._accounts = accounts
        self._passwords = passwords
        self._lasting = timedelta(days=days)
        self._now = now

    def sign_in(self, claims: Mapping[str, object], *, address: str = "") -> Caller:
        """Return whom the claims of an ID token stand for, whose signature was checked before.

        Raises InvalidToken for claims that are incomplete, or were issued before a sign-out;
        NotAllowed for a person who has no account and may not make one, or may not use it.
        """
        identity = identity_of(claims)
        if identity.issued + self._lasting <= self._now():
            raise InvalidToken("The single sign-on is too old; sign in again.")
        account = self._linked(identity)
        if account is None:
            return self._newcomer(identity, address)
        if identity.issued < account.valid_after.replace(microsecond=0):
            raise InvalidToken("You have signed out since; sign in again.")
        return active_caller(account)

    def _linked(self, identity: Identity) -> KnownAccount | None:
        accounts = self._directory.contents().by_id.values()
        for account in accounts:
            if account.subject == identity.subject:
                return account
        for account in accounts:
            if identity.email and not account.subject and account.email == identity.email:
                return self._link(account, identity)
        return None

    def _link(self, account: KnownAccount, identity: Identity) -> KnownAccount:
        with self._database.writing() as session:
            row = session.get(Account, account.id)
            if row is None or row.email != identity.email or row.subject:
                raise NotAllowed("Your account has just changed; sign in again.")
            row.subject = identity.subject
            who = Caller(row.id, row.name, active_caller(account).role)
            events.record(session, who, "linked", "account", row.id, row.name, identity.email)
        self._directory.forget()
        return self._directory.contents().by_id[account.id]

    def _newcomer(self, identity: Identity, address: str) -> Caller:
        if not identity.email:
            raise NotAllowed(
                "The single sign-on does not vouch for your e-mail address; ask an admin."
            )
        name = clean_name(identity.email, "e-mail address")
        if name_key(name) in self._directory.contents().by_key:
            raise NotAllowed(
                f'There is an account named "{name}" that is not linked to your single sign-on; '
                "ask an admin to write your e-mail address on it."
            )
        # A password that nobody knows: the account is entered by the single sign-on alone.
        unknown = self._passwords.hashed(secrets.token_urlsafe(32))
        return self._accounts.admit(
            name, unknown, address=address, subject=identity.subject, since=identity.issued
        )


def identity_of(claims: Mapping[str, object]) -> Identity:
    """Return what the claims say; raises InvalidToken where issuer, subject or time are missing.

    Source: https://openid.net/specs/openid-connect-core-1_0.html (sections 2 and 5.1).
    """
    issuer, subject, issued = (claims.get(name) for name in ("iss", "sub", "iat"))
    if not (isinstance(issuer, str) and issuer and isinstance(subject, str) and subject):
        raise InvalidToken("The single sign-on does not say who you are; ask an admin.")
    if isinstance(issued, bool) or not isinstance(issued, int | float) or not issued > 0:
        raise InvalidToken("The single sign-on does not say when you signed in; ask an admin.")
    who = f"{issuer} {subject}"
    if len(who) > _LONGEST_SUBJECT:
        raise InvalidToken("The single sign-on names you at too great a length; ask an admin.")
    return Identity(who, _verified_email(claims), _moment(issued))


def _verified_email(claims: Mapping[str, object]) -> str:
    email = claims.get("email")
    verified = claims.get("email_verified") is True
    return email.strip().lower() if verified and isinstance(email, str) else ""


def _moment(seconds: float) -> datetime:
    try:
        return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)
    except (OverflowError, ValueError, OSError) as error:
        raise InvalidToken("The single sign-on names no such time; ask an admin.") from error
