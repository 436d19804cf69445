import re

import pytest
from sqlalchemy import select

from core.db.engine import Database
from core.db.tables import Token
from core.errors import InvalidInput, InvalidToken
from core.services.accounts import Accounts, Caller
from tests.core.services.conftest import Clock


def test_a_token_signs_its_owner_in(accounts: Accounts, ann: Caller) -> None:
    new = accounts.create_token(ann, "ci")
    assert re.fullmatch(r"slip_[A-Za-z0-9_-]{43}", new.token)
    assert accounts.caller_by_token(new.token) == ann


@pytest.mark.parametrize("token", ["", "slip_", "slip_" + "A" * 43, "\ud800"])
def test_an_unknown_token_is_refused(accounts: Accounts, ann: Caller, token: str) -> None:
    with pytest.raises(InvalidToken, match="unknown"):
        accounts.caller_by_token(token)


def test_a_token_ends_after_its_days(accounts: Accounts, ann: Caller, clock: Clock) -> None:
    new = accounts.create_token(ann, "ci", days=2)
    clock.forward(days=2, seconds=-1)
    accounts.caller_by_token(new.token)
    clock.forward(seconds=1)
    with pytest.raises(InvalidToken, match="expired"):
        accounts.caller_by_token(new.token)


@pytest.mark.parametrize(("days", "lasts"), [(None, 90), (1, 1), (3650, 3650)])
def test_a_token_lasts_90_days_unless_said_otherwise(
    accounts: Accounts, ann: Caller, clock: Clock, days: int | None, lasts: int
) -> None:
    assert (accounts.create_token(ann, "ci", days).expires - clock.time).days == lasts


@pytest.mark.parametrize("days", [0, -1, 3651])
def test_days_outside_the_limits_are_refused(accounts: Accounts, ann: Caller, days: int) -> None:
    with pytest.raises(InvalidInput, match=f"from 1 to 3650 days, not {days}"):
        accounts.create_token(ann, "ci", days)


def test_only_the_digest_is_kept(accounts: Accounts, ann: Caller, database: Database) -> None:
    token = accounts.create_token(ann, "ci").token
    with database.reading() as session:
        digest = session.scalars(select(Token.digest)).one()
    assert token not in digest
    assert len(digest) == 64


def test_tokens_are_listed_to_their_owner_newest_first(
    accounts: Accounts, ann: Caller, bob: Caller, clock: Clock
) -> None:
    accounts.create_token(ann, "old")
    clock.forward(hours=1)
    accounts.create_token(ann, "new")
    assert [token.name for token in accounts.list_tokens(ann)] == ["new", "old"]
    assert accounts.list_tokens(bob) == []


def test_a_revoked_token_ends_at_once_and_the_others_go_on(accounts: Accounts, ann: Caller) -> None:
    gone, kept = accounts.create_token(ann, "gone"), accounts.create_token(ann, "kept")
    accounts.caller_by_token(gone.token)
    accounts.revoke_token(ann, gone.id)
    with pytest.raises(InvalidToken):
        accounts.caller_by_token(gone.token)
    assert accounts.caller_by_token(kept.token) == ann


def test_nobody_revokes_the_token_of_another(
    accounts: Accounts, ann: Caller, admin: Caller, bob: Caller
) -> None:
    new = accounts.create_token(ann, "ci")
    for caller in (bob, admin):
        with pytest.raises(InvalidInput, match="no token of this id"):
            accounts.revoke_token(caller, new.id)
    assert accounts.caller_by_token(new.token) == ann


def test_a_token_needs_a_name(accounts: Accounts, ann: Caller) -> None:
    with pytest.raises(InvalidInput, match="token name is empty"):
        accounts.create_token(ann, " ")
