from functools import partial

import bcrypt
import pytest

from core.db.engine import Database
from core.errors import (
    Duplication,
    InvalidInput,
    InvalidPassword,
    NotAllowed,
    SlipwayError,
    TooManyAttempts,
    UserNotFound,
)
from core.services.accounts import Accounts, Caller, Role
from core.services.directory import Directory
from core.services.live_settings import LiveSettings
from core.services.passwords import Passwords
from core.services.people import People
from core.services.timeline import Timeline
from core.settings import Settings
from tests.core.services.conftest import PASSWORD, at_once, counts
from tests.shortcuts import quick_accounts

OTHER = "another password"


def test_the_first_account_is_the_admin_and_the_next_an_analyst(accounts: Accounts) -> None:
    assert accounts.register("root", PASSWORD).role is Role.ADMIN
    assert accounts.register("ann", PASSWORD).role is Role.ANALYST


def test_who_registers_can_sign_in_however_the_name_is_written(
    accounts: Accounts, ann: Caller
) -> None:
    for name in ("ann", "ANN", " ann "):
        assert accounts.sign_in(name, PASSWORD) == ann


@pytest.mark.parametrize("name", ["ann", "ANN", " Ann"])
def test_a_taken_user_name_is_a_duplication(accounts: Accounts, ann: Caller, name: str) -> None:
    with pytest.raises(Duplication, match="choose another"):
        accounts.register(name, PASSWORD)


@pytest.mark.parametrize(("name", "password"), [("", PASSWORD), ("a/b", PASSWORD), ("x", "short")])
def test_a_bad_name_or_password_makes_no_account(
    people: People, accounts: Accounts, admin: Caller, name: str, password: str
) -> None:
    with pytest.raises(InvalidInput):
        accounts.register(name, password)
    assert [view.name for view in people.list_(admin)] == ["root"]


def test_of_threads_that_register_one_name_one_wins(accounts: Accounts, database: Database) -> None:
    outcomes = at_once([lambda: accounts.register("ann", PASSWORD).role] * 6)
    assert sorted(map(str, outcomes)) == ["admin", *["duplication"] * 5]
    assert counts(database)["accounts"] == 1


def test_of_threads_that_register_first_one_is_admin(accounts: Accounts) -> None:
    names = [f"user {number}" for number in range(6)]
    at_once([partial(accounts.register, name, PASSWORD) for name in names])
    roles = [accounts.sign_in(name, PASSWORD).role for name in names]
    assert sorted(roles) == ["admin", *["analyst"] * 5]


def test_a_wrong_password_and_an_unknown_name_are_told_apart(
    accounts: Accounts, ann: Caller
) -> None:
    with pytest.raises(InvalidPassword):
        accounts.sign_in("ann", OTHER)
    with pytest.raises(UserNotFound):
        accounts.sign_in("nobody", PASSWORD)


def test_an_unknown_name_costs_one_comparison_as_a_wrong_password_does(
    accounts: Accounts, ann: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[bytes] = []
    check = bcrypt.checkpw

    def counting(password: bytes, known: bytes) -> bool:
        compared.append(known[:7])
        return check(password, known)

    monkeypatch.setattr(bcrypt, "checkpw", counting)
    for name in ("ann", "nobody"):
        with pytest.raises(SlipwayError):
            accounts.sign_in(name, OTHER)
    assert compared == [b"$2b$04$"] * 2


@pytest.mark.parametrize("name", ["ann", "nobody"])
def test_ten_failures_in_a_row_lock_the_name_out(
    accounts: Accounts, ann: Caller, name: str
) -> None:
    for _ in range(10):
        with pytest.raises((InvalidPassword, UserNotFound)):
            accounts.sign_in(name, OTHER)
    with pytest.raises(TooManyAttempts) as caught:
        accounts.sign_in(name, PASSWORD)
    assert caught.value.retry_after == 30


def test_a_lock_out_does_not_stop_a_program_whose_password_was_right(
    accounts: Accounts, ann: Caller
) -> None:
    accounts.caller_by_password("ann", PASSWORD)
    for _ in range(10):
        with pytest.raises(InvalidPassword):
            accounts.caller_by_password("ann", OTHER)
    assert accounts.caller_by_password("ann", PASSWORD) == ann


def test_a_right_password_is_compared_once_and_then_remembered(
    accounts: Accounts, ann: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert accounts.caller_by_password("ann", PASSWORD) == ann
    monkeypatch.setattr(bcrypt, "checkpw", lambda *_: pytest.fail("compared again"))
    assert accounts.caller_by_password("ann", PASSWORD) == ann


def test_a_remembered_password_ends_with_its_change(accounts: Accounts, ann: Caller) -> None:
    accounts.caller_by_password("ann", PASSWORD)
    accounts.change_password(ann, PASSWORD, OTHER)
    with pytest.raises(InvalidPassword):
        accounts.caller_by_password("ann", PASSWORD)
    assert accounts.caller_by_password("ann", OTHER) == ann


def test_a_password_changes_only_for_who_knows_the_old_one(accounts: Accounts, ann: Caller) -> None:
    with pytest.raises(InvalidPassword):
        accounts.change_password(ann, OTHER, "a third password")
    with pytest.raises(InvalidInput):
        accounts.change_password(ann, PASSWORD, "short")
    assert accounts.sign_in("ann", PASSWORD) == ann


def test_credentials_are_hashes_by_name(accounts: Accounts, ann: Caller) -> None:
    known = accounts.credentials()
    assert set(known) == {"root", "ann"}
    assert bcrypt.checkpw(PASSWORD.encode(), known["ann"].encode())


def test_accounts_with_tokens_last_beyond_a_restart(
    accounts: Accounts, ann: Caller, database: Database
) -> None:
    token = accounts.create_token(ann, "ci").token
    again = quick_accounts(database)
    assert again.caller_by_token(token) == ann
    assert again.sign_in("ann", PASSWORD) == ann


@pytest.mark.parametrize(("rule", "pending"), [("open", False), ("approval", True)])
def test_who_registers_begins_by_the_rule(
    accounts: Accounts, live: LiveSettings, admin: Caller, rule: str, pending: bool
) -> None:
    live.set_(admin, "registration", rule)
    accounts.register("bob", PASSWORD)
    if not pending:
        assert accounts.sign_in("bob", PASSWORD).role is Role.ANALYST
        return
    with pytest.raises(NotAllowed, match="waits for an admin to approve it"):
        accounts.sign_in("bob", PASSWORD)
    with pytest.raises(InvalidPassword):
        accounts.sign_in("bob", OTHER)


def test_closed_registration_takes_nobody_in_but_the_first(
    database: Database, directory: Directory, passwords: Passwords
) -> None:
    closed = LiveSettings(database, Settings(registration="closed"))
    accounts = Accounts(database, directory, passwords, closed)
    assert accounts.register("root", PASSWORD).role is Role.ADMIN
    assert accounts.registration == "closed"
    with pytest.raises(NotAllowed, match="closed"):
        accounts.register("ann", PASSWORD)


def test_a_new_account_has_the_role_that_is_set(
    accounts: Accounts, live: LiveSettings, admin: Caller
) -> None:
    live.set_(admin, "registration_role", "viewer")
    assert accounts.register("vic", PASSWORD).role is Role.VIEWER
    with pytest.raises(InvalidInput, match="it must be one of viewer, analyst"):
        live.set_(admin, "registration_role", "admin")


def test_registrations_from_one_address_are_throttled(accounts: Accounts) -> None:
    for number in range(30):
        accounts.register(f"user {number}", PASSWORD, address="10.0.0.1")
    with pytest.raises(TooManyAttempts):
        accounts.register("one more", PASSWORD, address="10.0.0.1")
    accounts.register("a colleague", PASSWORD, address="10.0.0.2")


def _guess(accounts: Accounts, address: str, times: int = 10, name: str = "ann") -> None:
    for _ in range(times):
        with pytest.raises((InvalidPassword, UserNotFound)):
            accounts.sign_in(name, OTHER, address=address)


def test_strangers_guesses_do_not_shut_people_out_where_they_sign_in(
    accounts: Accounts, admin: Caller
) -> None:
    ann = accounts.register("ann", PASSWORD, address="10.0.0.1")
    for number in range(10):
        _guess(accounts, f"66.6.6.{number}", times=1)
    with pytest.raises(TooManyAttempts):
        accounts.sign_in("ann", PASSWORD, address="66.6.6.66")
    assert accounts.sign_in("ann", PASSWORD, address="10.0.0.1") == ann


def test_an_address_that_was_signed_in_from_is_known_after_a_restart(
    accounts: Accounts, ann: Caller, database: Database
) -> None:
    accounts.sign_in("ann", PASSWORD, address="10.0.0.9")
    again = quick_accounts(database)
    _guess(again, "66.6.6.6")
    assert again.sign_in("ann", PASSWORD, address="10.0.0.9") == ann


def test_guesses_at_many_names_from_one_address_are_throttled(
    accounts: Accounts, ann: Caller
) -> None:
    for number in range(50):
        _guess(accounts, "66.6.6.6", times=1, name=f"name {number}")
    with pytest.raises(TooManyAttempts, match="from this address") as caught:
        accounts.sign_in("ann", PASSWORD, address="66.6.6.6")
    assert caught.value.retry_after == 30


def test_a_thousand_guesses_at_once_are_counted_before_they_are_compared(
    accounts: Accounts, ann: Caller
) -> None:
    outcomes = at_once([partial(accounts.sign_in, "ann", OTHER)] * 30)
    assert outcomes.count("invalid_password") == 10
    assert outcomes.count("too_many_attempts") == 20


def test_a_failed_sign_in_is_on_record_without_what_was_typed(
    accounts: Accounts, ann: Caller, admin: Caller, database: Database
) -> None:
    _guess(accounts, "66.6.6.6", times=1)
    _guess(accounts, "66.6.6.6", times=1, name="my secret password")
    unknown, known = Timeline(database).page(admin).events[:2]
    assert (known.action, known.object_name, known.detail) == (
        "failed to sign in",
        "ann",
        "from 66.6.6.6",
    )
    assert "secret" not in repr(unknown)
