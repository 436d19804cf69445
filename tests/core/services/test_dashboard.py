"""What somebody should look at (P2): who is told of what, and of nothing else."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from core.db.call_tables import call_hours
from core.db.engine import Database
from core.db.tables import Account, Model, Task, Verdict, new_id
from core.files import Files
from core.services.accounts import Caller
from core.services.dashboard import UNUSED, Dashboard
from core.services.deployments import Deployments
from core.services.match_views import Report, encoded_report
from core.services.model_views import VersionView
from core.services.models import Models
from tests.core.services.conftest import Clock, Uploads

DAY = timedelta(days=1)
Share = Callable[[str], VersionView]


@pytest.fixture
def dashboard(database: Database, files: Files, clock: Clock) -> Dashboard:
    return Dashboard(database, files, now=clock)


@pytest.fixture
def share(models: Models, ann: Caller, upload: Uploads) -> Share:
    """Adds a model of ann's under a name that the team sees."""

    def add(name: str) -> VersionView:
        return models.add(ann, name, upload(name), visibility="team")

    return add


def failed(version: VersionView, caller: Caller, created: datetime, name: str) -> Task:
    return Task(
        model_id=version.model.id,
        version_id=version.id,
        version=version.number,
        owner_id=caller.id,
        kind="csv",
        file_name=name,
        state="failed",
        options="{}",
        message="No column x.",
        created=created,
        finished=created,
    )


def verdict(version: VersionView, made: datetime, agreeing: int, made_by: str = "") -> Verdict:
    return Verdict(
        model_id=version.model.id,
        version_id=version.id,
        file="f" * 64,
        file_name="expected.csv",
        tolerance=1e-6,
        rows=10,
        agreeing=agreeing,
        report=encoded_report(Report((), ())),
        failure="" if agreeing else "The engine stopped.",
        engine="1",
        slipway="1",
        made=made,
        made_by=made_by,
    )


def age(database: Database, version: VersionView, by: timedelta) -> None:
    """Let a model be as old as that."""
    with database.writing() as session:
        session.get_one(Model, version.model.id).updated -= by


def called(database: Database, deployment_id: str, at: datetime) -> None:
    row: dict[str, object] = {column.name: 1 for column in call_hours.c}
    row |= {"deployment_id": deployment_id, "caller_id": "x", "code": ""}
    with database.writing() as session:
        session.execute(
            call_hours.insert().values({**row, "at": at, "first_call": at, "last_call": at})
        )


def test_tasks_that_failed_within_a_week_are_told_the_newest_first(
    dashboard: Dashboard, database: Database, share: Share, ann: Caller, clock: Clock
) -> None:
    version = share("churn")
    with database.writing() as session:
        for days, name in ((8, "old.csv"), (2, "first.csv"), (1, "second.csv")):
            session.add(failed(version, ann, clock.time - days * DAY, name))
        done = failed(version, ann, clock.time, "done.csv")
        done.state = "succeeded"
        session.add(done)
    told = dashboard.outlook(ann).tasks
    assert [task.file_name for task in told] == ["second.csv", "first.csv"]
    assert told[0].message == "No column x."


def test_a_failed_task_is_told_to_its_owner_the_models_owner_and_admins(
    dashboard: Dashboard,
    database: Database,
    share: Share,
    ann: Caller,
    bob: Caller,
    viewer: Caller,
    admin: Caller,
    clock: Clock,
) -> None:
    version = share("churn")
    with database.writing() as session:
        session.add(failed(version, bob, clock.time, "a.csv"))
    seen = [len(dashboard.outlook(who).tasks) for who in (bob, ann, admin, viewer)]
    assert seen == [1, 1, 1, 0]


def test_a_check_is_told_where_the_newest_of_slipways_own_does_not_agree(
    dashboard: Dashboard, database: Database, share: Share, ann: Caller, clock: Clock
) -> None:
    worse, mended, broken, fine = (share(name) for name in ("worse", "mended", "broken", "fine"))
    with database.writing() as session:
        for version, days, agreeing in (
            (worse, 2, 10),
            (worse, 1, 9),
            (mended, 2, 9),
            (mended, 1, 10),
            (broken, 3, 0),
            (fine, 1, 10),
        ):
            session.add(verdict(version, clock.time - days * DAY, agreeing))
    told = dashboard.outlook(ann).checks
    assert [(check.model, check.version) for check in told] == [("worse", 1), ("broken", 1)]


def test_a_check_that_somebody_asked_for_is_theirs_to_read(
    dashboard: Dashboard, database: Database, share: Share, ann: Caller, clock: Clock
) -> None:
    version = share("churn")
    with database.writing() as session:
        session.add(verdict(version, clock.time - DAY, 3))
        session.add(verdict(version, clock.time, 3, made_by="ann"))
    assert dashboard.outlook(ann).checks == ()


def test_a_model_is_unused_once_nobody_called_it_or_gave_it_a_file_for_a_month(
    dashboard: Dashboard,
    database: Database,
    deployments: Deployments,
    share: Share,
    ann: Caller,
    clock: Clock,
) -> None:
    names = ("never", "called long ago", "called", "given a file", "new")
    versions = {name: share(name) for name in names}
    for name in names[:-1]:
        age(database, versions[name], 2 * UNUSED)
    for name, ago in (("called long ago", UNUSED + DAY), ("called", DAY)):
        service = deployments.create(ann, versions[name].model.id, "live")
        age(database, versions[name], timedelta())
        called(database, service.id, clock.time - ago)
    with database.writing() as session:
        session.add(failed(versions["given a file"], ann, clock.time - DAY, "a.csv"))
    told = dashboard.outlook(ann).unused
    assert [(model.name, model.last) for model in told] == [
        ("never", None),
        ("called long ago", clock.time - UNUSED - DAY),
    ]
    assert told[0].owner == "ann"


def test_what_is_private_is_told_to_its_owner_and_admins_alone(
    dashboard: Dashboard,
    database: Database,
    models: Models,
    upload: Uploads,
    ann: Caller,
    bob: Caller,
    admin: Caller,
    clock: Clock,
) -> None:
    version = models.add(ann, "secret", upload("secret"))
    age(database, version, 2 * UNUSED)
    with database.writing() as session:
        session.add(verdict(version, clock.time, 3))
    for who, seen in ((ann, 1), (admin, 1), (bob, 0)):
        outlook = dashboard.outlook(who)
        assert (len(outlook.checks), len(outlook.unused)) == (seen, seen)


def test_admins_alone_are_told_how_many_wait_to_be_let_in(
    dashboard: Dashboard, database: Database, ann: Caller, admin: Caller, clock: Clock
) -> None:
    with database.writing() as session:
        session.add(
            Account(
                id=new_id(),
                name="eve",
                name_key="eve",
                password_hash="",
                role="analyst",
                active=False,
                created=clock.time,
                valid_after=clock.time,
                pending=True,
            )
        )
    assert (dashboard.outlook(admin).waiting, dashboard.outlook(ann).waiting) == (1, 0)


def test_the_disk_is_told_of_as_a_share(dashboard: Dashboard, ann: Caller) -> None:
    assert 0 < dashboard.outlook(ann).disk_used < 1
