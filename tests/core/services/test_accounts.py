from collections.abc import Callable
from datetime import UTC, timedelta
from functools import partial

import bcrypt
import pytest
from sqlalchemy import select

from core.db.engine import Database
from core.db.tables import Task, utc_now
from core.errors import (
    AccountNotFound,
    Duplication,
    InvalidInput,
    InvalidPassword,
    NotAllowed,
    SlipwayError,
    TooManyAttempts,
    UserNotFound,
)
from core.files import Files
from core.services.accounts import Accounts, Caller, Role
from tests.core.services.conftest import PASSWORD, Clock, at_once, counts

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
    accounts: Accounts, admin: Caller, name: str, password: str
) -> None:
    with pytest.raises(InvalidInput):
        accounts.register(name, password)
    assert [view.name for view in accounts.list_accounts(admin)] == ["root"]


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


def test_a_session_lives_from_its_sign_in(accounts: Accounts, ann: Caller, clock: Clock) -> None:
    assert accounts.find_session("ann", clock.time) == ann
    assert accounts.find_session("ANN", clock.time.replace(tzinfo=UTC)) == ann
    assert accounts.find_session("ann", clock.time - timedelta(days=1)) is None
    assert accounts.find_session("nobody", clock.time) is None


@pytest.mark.parametrize("how", ["sign out", "change", "set"])
def test_sessions_from_before_a_sign_out_or_a_new_password_are_over(
    accounts: Accounts, ann: Caller, admin: Caller, clock: Clock, how: str
) -> None:
    issued = clock.time
    clock.forward(hours=1)
    match how:
        case "sign out":
            accounts.sign_out_everywhere(ann)
        case "change":
            accounts.change_password(ann, PASSWORD, OTHER)
        case _:
            accounts.set_password(admin, "ann", OTHER)
    assert accounts.find_session("ann", issued) is None
    assert accounts.find_session("ann", clock.time) == ann


def test_a_disabled_account_is_out_at_once_and_back_when_enabled(
    accounts: Accounts, ann: Caller, admin: Caller, clock: Clock
) -> None:
    token = accounts.create_token(ann, "ci").token
    accounts.caller_by_password("ann", PASSWORD)
    accounts.set_active(admin, "ann", False)
    assert accounts.find_session("ann", clock.time) is None
    assert set(accounts.credentials()) == {"root"}
    attempts: list[Callable[[], object]] = [
        lambda: accounts.sign_in("ann", PASSWORD),
        lambda: accounts.caller_by_password("ann", PASSWORD),
        lambda: accounts.caller_by_token(token),
    ]
    for attempt in attempts:
        with pytest.raises(NotAllowed, match="disabled"):
            attempt()
    accounts.set_active(admin, "ann", True)
    assert accounts.caller_by_token(token) == ann
    assert accounts.find_session("ann", clock.time - timedelta(seconds=1)) is None


def test_credentials_are_hashes_by_name(accounts: Accounts, ann: Caller) -> None:
    known = accounts.credentials()
    assert set(known) == {"root", "ann"}
    assert bcrypt.checkpw(PASSWORD.encode(), known["ann"].encode())


def test_a_new_role_counts_from_the_next_call(
    accounts: Accounts, ann: Caller, admin: Caller
) -> None:
    token = accounts.create_token(ann, "ci").token
    accounts.set_role(admin, "ann", "viewer")
    assert accounts.caller_by_token(token).role is Role.VIEWER
    with pytest.raises(InvalidInput, match="the roles are viewer, analyst, admin"):
        accounts.set_role(admin, "ann", "king")


def test_an_admin_sees_all_accounts_by_name(
    accounts: Accounts, ann: Caller, admin: Caller, clock: Clock
) -> None:
    views = accounts.list_accounts(admin)
    assert [(view.name, view.role, view.active) for view in views] == [
        ("ann", Role.ANALYST, True),
        ("root", Role.ADMIN, True),
    ]
    assert views[0].created == clock.time


def test_others_may_not_do_what_an_admin_does(
    accounts: Accounts, ann: Caller, viewer: Caller
) -> None:
    for caller in (ann, viewer):
        acts: list[Callable[[Caller], object]] = [
            lambda who: accounts.list_accounts(who),
            lambda who: accounts.set_active(who, "root", False),
            lambda who: accounts.set_role(who, who.name, "admin"),
            lambda who: accounts.set_password(who, "root", OTHER),
            lambda who: accounts.delete_account(who, "root"),
        ]
        for act in acts:
            with pytest.raises(NotAllowed):
                act(caller)


def test_an_account_that_is_not_there_is_said_so(accounts: Accounts, admin: Caller) -> None:
    acts: list[Callable[[], object]] = [
        lambda: accounts.set_active(admin, "nobody", True),
        lambda: accounts.set_role(admin, "nobody", "viewer"),
        lambda: accounts.set_password(admin, "nobody", OTHER),
        lambda: accounts.delete_account(admin, "nobody"),
    ]
    for act in acts:
        with pytest.raises(AccountNotFound, match='"nobody"'):
            act()


def test_the_last_active_admin_stays(accounts: Accounts, admin: Caller, ann: Caller) -> None:
    accounts.set_role(admin, "ann", "admin")
    accounts.set_active(admin, "ann", False)
    acts: list[Callable[[], object]] = [
        lambda: accounts.set_active(admin, "root", False),
        lambda: accounts.set_role(admin, "root", "analyst"),
        lambda: accounts.delete_account(admin, "root"),
    ]
    for act in acts:
        with pytest.raises(InvalidInput, match="last active admin"):
            act()
    assert accounts.sign_in("root", PASSWORD) == admin
    accounts.set_active(admin, "ann", True)
    accounts.delete_account(admin, "root")
    assert set(accounts.credentials()) == {"ann"}


def test_a_deleted_account_leaves_no_token_task_or_folder(
    accounts: Accounts, database: Database, files: Files, admin: Caller, ann: Caller
) -> None:
    token = accounts.create_token(ann, "ci").token
    with database.writing() as session:
        session.add(_task("t1", ann))
        session.add(_task("t2", admin, retry_of="t1"))
    folder = files.job("t1")
    accounts.delete_account(admin, "ann")
    with pytest.raises(SlipwayError, match="unknown or was revoked"):
        accounts.caller_by_token(token)
    with database.reading() as session:
        assert [(task.id, task.retry_of) for task in session.scalars(select(Task))] == [
            ("t2", None)
        ]
    assert counts(database)["tokens"] == 0
    assert not folder.exists()


def test_a_caller_who_was_deleted_meanwhile_makes_no_token(
    accounts: Accounts, admin: Caller, ann: Caller
) -> None:
    accounts.delete_account(admin, "ann")
    with pytest.raises(AccountNotFound):
        accounts.create_token(ann, "ci")


def test_accounts_and_tokens_outlive_a_restart(
    accounts: Accounts, ann: Caller, database: Database, files: Files
) -> None:
    token = accounts.create_token(ann, "ci").token
    again = Accounts(database, files, rounds=4)
    assert again.caller_by_token(token) == ann
    assert again.sign_in("ann", PASSWORD) == ann


def _task(task_id: str, owner: Caller, retry_of: str | None = None) -> Task:
    return Task(
        id=task_id,
        model_id="m",
        version_id="v",
        version=1,
        owner_id=owner.id,
        kind="csv",
        file_name="a.csv",
        state="succeeded",
        options="{}",
        message="",
        created=utc_now(),
        retry_of=retry_of,
    )
