from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from core.db.engine import Database
from core.db.tables import Task, utc_now
from core.errors import (
    AccountNotFound,
    InvalidInput,
    InvalidPassword,
    NotAllowed,
    SlipwayError,
    UserNotFound,
)
from core.files import Files
from core.services.accounts import Accounts, Caller, Role
from core.services.deployments import Deployments
from core.services.live_settings import LiveSettings
from core.services.models import Models
from core.services.people import People
from tests.core.services.conftest import PASSWORD, Clock, Stopped, Uploads, counts

OTHER = "another password"


def test_a_disabled_account_is_out_at_once_and_back_when_enabled(
    people: People, accounts: Accounts, ann: Caller, admin: Caller
) -> None:
    token = accounts.create_token(ann, "ci").token
    accounts.caller_by_password("ann", PASSWORD)
    people.set_active(admin, "ann", False)
    assert set(accounts.credentials()) == {"root"}
    attempts: list[Callable[[], object]] = [
        lambda: accounts.sign_in("ann", PASSWORD),
        lambda: accounts.caller_by_password("ann", PASSWORD),
        lambda: accounts.caller_by_token(token),
    ]
    for attempt in attempts:
        with pytest.raises(NotAllowed, match="disabled"):
            attempt()
    people.set_active(admin, "ann", True)
    assert accounts.caller_by_token(token) == ann


def test_a_new_role_counts_from_the_next_call(
    people: People, accounts: Accounts, ann: Caller, admin: Caller
) -> None:
    token = accounts.create_token(ann, "ci").token
    people.set_role(admin, "ann", "viewer")
    assert accounts.caller_by_token(token).role is Role.VIEWER
    with pytest.raises(InvalidInput, match="the roles are viewer, analyst, admin"):
        people.set_role(admin, "ann", "king")


def test_an_admin_sees_all_accounts_by_name(
    people: People, accounts: Accounts, ann: Caller, admin: Caller, clock: Clock
) -> None:
    views = people.list_(admin)
    assert [(view.name, view.role, view.active) for view in views] == [
        ("ann", Role.ANALYST, True),
        ("root", Role.ADMIN, True),
    ]
    assert views[0].created == clock.time


def test_others_may_not_do_what_an_admin_does(
    people: People, accounts: Accounts, ann: Caller, viewer: Caller
) -> None:
    for caller in (ann, viewer):
        acts: list[Callable[[Caller], object]] = [
            lambda who: people.list_(who),
            lambda who: people.set_active(who, "root", False),
            lambda who: people.set_role(who, who.name, "admin"),
            lambda who: people.reset_password(who, "root"),
            lambda who: people.delete(who, "root"),
        ]
        for act in acts:
            with pytest.raises(NotAllowed):
                act(caller)


def test_an_account_that_is_not_there_is_said_so(
    people: People, accounts: Accounts, admin: Caller
) -> None:
    acts: list[Callable[[], object]] = [
        lambda: people.set_active(admin, "nobody", True),
        lambda: people.set_role(admin, "nobody", "viewer"),
        lambda: people.reset_password(admin, "nobody"),
        lambda: people.delete(admin, "nobody"),
    ]
    for act in acts:
        with pytest.raises(AccountNotFound, match='"nobody"'):
            act()


def test_the_last_active_admin_stays(
    people: People, accounts: Accounts, admin: Caller, ann: Caller
) -> None:
    people.set_role(admin, "ann", "admin")
    people.set_active(admin, "ann", False)
    acts: list[Callable[[], object]] = [
        lambda: people.set_active(admin, "root", False),
        lambda: people.set_role(admin, "root", "analyst"),
        lambda: people.delete(admin, "root"),
    ]
    for act in acts:
        with pytest.raises(InvalidInput, match="last active admin"):
            act()
    assert accounts.sign_in("root", PASSWORD) == admin
    people.set_active(admin, "ann", True)
    people.delete(admin, "root")
    assert set(accounts.credentials()) == {"ann"}


def test_a_deleted_account_leaves_no_token_task_or_folder(
    people: People, accounts: Accounts, database: Database, files: Files, admin: Caller, ann: Caller
) -> None:
    token = accounts.create_token(ann, "ci").token
    with database.writing() as session:
        session.add(_task("t1", ann))
        session.add(_task("t2", admin, retry_of="t1"))
    folder = files.job("t1")
    people.delete(admin, "ann")
    with pytest.raises(SlipwayError, match="unknown or was revoked"):
        accounts.caller_by_token(token)
    with database.reading() as session:
        assert [(task.id, task.retry_of) for task in session.scalars(select(Task))] == [
            ("t2", None)
        ]
    assert counts(database)["tokens"] == 0
    assert not folder.exists()


def test_a_caller_who_was_deleted_meanwhile_makes_no_token(
    people: People, accounts: Accounts, admin: Caller, ann: Caller
) -> None:
    people.delete(admin, "ann")
    with pytest.raises(AccountNotFound):
        accounts.create_token(ann, "ci")


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


def test_disabling_cancels_what_runs_and_says_why(
    people: People, database: Database, admin: Caller, ann: Caller, stopped: Stopped
) -> None:
    with database.writing() as session:
        for task_id, owner, state in (
            ("t1", ann, "running"),
            ("t2", ann, "succeeded"),
            ("t3", admin, "queued"),
        ):
            task = _task(task_id, owner)
            task.state = state
            task.finished = utc_now() if state == "succeeded" else None
            session.add(task)
    people.set_active(admin, "ann", False)
    with database.reading() as session:
        rows = session.execute(select(Task.id, Task.state, Task.message).order_by(Task.id)).all()
    assert [tuple(row) for row in rows] == [
        ("t1", "cancelled", "Cancelled, because the account of ann was disabled."),
        ("t2", "succeeded", ""),
        ("t3", "queued", ""),
    ]
    assert stopped.ids == ["t1"]


def test_who_waits_is_let_in_or_declined(
    people: People, accounts: Accounts, live: LiveSettings, admin: Caller
) -> None:
    live.set_(admin, "registration", "approval")
    for name in ("ann", "bob"):
        accounts.register(name, PASSWORD)
    assert [(view.name, view.pending) for view in people.list_(admin)][:2] == [
        ("ann", True),
        ("bob", True),
    ]
    with pytest.raises(InvalidInput, match="approve or decline"):
        people.set_active(admin, "ann", True)
    people.approve(admin, "ann")
    people.decline(admin, "bob")
    assert accounts.sign_in("ann", PASSWORD).role is Role.ANALYST
    with pytest.raises(UserNotFound):
        accounts.sign_in("bob", PASSWORD)
    with pytest.raises(InvalidInput, match="does not wait"):
        people.decline(admin, "ann")


def test_an_admin_makes_an_account_while_registration_is_closed(
    people: People, accounts: Accounts, live: LiveSettings, admin: Caller, clock: Clock
) -> None:
    live.set_(admin, "registration", "closed")
    handed = people.add(admin, "vic", "viewer")
    assert len(handed.password) == 23
    assert handed.until == clock.time + timedelta(days=3)
    assert accounts.sign_in("vic", handed.password).role is Role.VIEWER
    clock.forward(days=3)
    with pytest.raises(InvalidPassword, match="run out"):
        accounts.sign_in("vic", handed.password)


def test_one_mail_address_is_one_account(people: People, admin: Caller, ann: Caller) -> None:
    people.set_email(admin, "ann", " Ann@Example.org ")
    assert [view.email for view in people.list_(admin)] == ["ann@example.org", ""]
    with pytest.raises(InvalidInput, match="is the address of ann"):
        people.set_email(admin, "root", "ann@example.org")
    for wrong in ("ann", "@example.org", "a@b", "a b@example.org", "a@b@example.org"):
        with pytest.raises(InvalidInput, match="no e-mail address"):
            people.set_email(admin, "ann", wrong)
    people.set_email(admin, "ann", "")
    people.set_email(admin, "root", "ann@example.org")


def test_models_go_to_an_heir_with_their_tasks_and_services(
    people: People,
    models: Models,
    deployments: Deployments,
    database: Database,
    upload: Uploads,
    admin: Caller,
    ann: Caller,
    bob: Caller,
) -> None:
    for owner in (ann, bob):
        models.add(owner, "churn", upload())
    service = deployments.create(ann, models.get(ann, "churn").model.id, "live")
    with database.writing() as session:
        session.add(_task("t1", ann))
    people.delete(admin, "ann", heir="bob")
    assert [(view.name, view.owner) for view in models.list_(bob)] == [
        ("churn", "bob"),
        ("churn (ann)", "bob"),
    ]
    assert deployments.live_named(bob, "churn (ann)", "live").endpoint == service.endpoint
    with database.reading() as session:
        assert session.scalars(select(Task.owner_id)).all() == [bob.id]
    assert counts(database)["accounts"] == 2


def test_an_heir_may_own_models(
    people: People, models: Models, upload: Uploads, admin: Caller, ann: Caller, viewer: Caller
) -> None:
    models.add(ann, "churn", upload())
    for heir, sentence in (("vic", "may not own"), ("ann", "its own heir")):
        with pytest.raises(InvalidInput, match=sentence):
            people.delete(admin, "ann", heir=heir)
    with pytest.raises(AccountNotFound):
        people.delete(admin, "ann", heir="nobody")
    with pytest.raises(InvalidInput, match="say one of"):
        people.delete(admin, "ann", heir="root", with_models=True)
    assert models.get(ann, "churn")


def test_models_that_go_with_their_owner_leave_nothing(
    people: People,
    models: Models,
    deployments: Deployments,
    database: Database,
    upload: Uploads,
    stored: Callable[[], list[bytes]],
    admin: Caller,
    ann: Caller,
) -> None:
    model = models.add(ann, "churn", upload()).model
    deployments.create(ann, model.id, "live")
    people.delete(admin, "ann", with_models=True)
    left = {table: count for table, count in counts(database).items() if count}
    assert left == {"accounts": 1, "known_addresses": 1}
    assert stored() == []
    assert deployments.running() == []
