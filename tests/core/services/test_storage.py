"""What takes room, whose it is, and that only what nobody needs is freed (A1)."""

import os
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from core.db.call_tables import calls as calls_table
from core.db.engine import Database
from core.db.tables import Event
from core.errors import InvalidInput, NotAllowed
from core.files import Files
from core.services.accounts import Caller
from core.services.call_records import CallRecord, append
from core.services.call_upkeep import CallUpkeep
from core.services.deployments import Deployments
from core.services.job_retention import Retention
from core.services.model_views import VersionView
from core.services.models import Models
from core.services.storage import Storage, StorageView, Waste
from tests.core.services.conftest import Clock, Uploads


@pytest.fixture
def storage(database: Database, files: Files, models: Models, clock: Clock) -> Storage:
    retention = Retention(database, files, days=30, now=clock)
    upkeep = CallUpkeep(database, call_days=35, history_days=400, now=clock)
    return Storage(database, files, models.artifacts, retention, upkeep, now=clock)


@pytest.fixture
def churn(models: Models, ann: Caller, upload: Uploads) -> VersionView:
    return models.add(ann, "churn", upload("pickle"))


def freeable(view: StorageView) -> dict[str, tuple[int, int | None]]:
    return {each.what.value: (each.count, each.bytes) for each in view.freeable}


def test_model_files_count_for_each_account_that_uses_them_and_once_in_all(
    storage: Storage,
    models: Models,
    admin: Caller,
    bob: Caller,
    churn: VersionView,
    upload: Uploads,
) -> None:
    """A1."""
    models.add(bob, "the same", upload("pickle"))
    view = storage.view(admin)
    size = len("pickle") + len("converted pickle")
    assert view.artifacts == size
    assert [(each.owner, each.models, each.artifacts) for each in view.holdings] == [
        ("ann", 1, size),
        ("bob", 1, size),
    ]
    assert view.database > 0
    assert view.disk_total >= view.disk_free > 0


def test_artifacts_that_nobody_uses_go_and_the_others_stay(
    storage: Storage,
    database: Database,
    files: Files,
    admin: Caller,
    churn: VersionView,
    tmp_path: Path,
) -> None:
    stray = tmp_path / "stray"
    stray.write_text("nobody's")
    files.keep(stray)
    assert freeable(storage.view(admin))["artifacts"] == (1, len("nobody's"))
    assert storage.free(admin, "artifacts").bytes == len("nobody's")
    assert set(files.artifacts()) == {churn.artifact, churn.source}
    with database.reading() as session:
        event = session.scalars(select(Event).where(Event.action == "freed")).one()
    assert (event.actor, event.object_name, event.detail) == ("root", "artifacts", "1")


def test_what_frees_nothing_is_not_on_record(
    storage: Storage, database: Database, admin: Caller, churn: VersionView
) -> None:
    for what in Waste:
        assert storage.free(admin, what).count == 0
    with database.reading() as session:
        assert not session.scalars(select(Event).where(Event.action == "freed")).all()


def test_the_folder_of_no_task_goes_once_nobody_can_be_making_the_task(
    storage: Storage, files: Files, admin: Caller
) -> None:
    new, old = (files.job(name) for name in ("new", "old"))
    (old / "part").write_text("rows")
    long_ago = 86_400.0
    os.utime(old, (long_ago, long_ago))
    assert storage.free(admin, "results").bytes == len("rows")
    assert (new.exists(), old.exists()) == (True, False)


def test_calls_that_have_had_their_time_go(
    storage: Storage,
    database: Database,
    deployments: Deployments,
    admin: Caller,
    ann: Caller,
    churn: VersionView,
    clock: Clock,
) -> None:
    service = deployments.create(ann, churn.model.id, "live")
    with database.writing() as session:
        append(
            session,
            [
                CallRecord(service.id, 1, clock() - timedelta(days=days), 1, 0, "", 1.0, ann.id)
                for days in (1, 40)
            ],
        )
    assert next(each.calls for each in storage.view(admin).holdings if each.owner == "ann") == 2
    # The old call, and its sums by the minute with their latencies.
    assert storage.free(admin, "records").count == 3
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(calls_table)) == 1
    assert freeable(storage.view(admin))["records"] == (0, None)


@pytest.mark.parametrize(
    ("what", "days"), [("everything", None), ("results", -1), ("results", 1e9)]
)
def test_what_makes_no_sense_is_refused(
    storage: Storage, admin: Caller, what: str, days: float | None
) -> None:
    with pytest.raises(InvalidInput):
        storage.free(admin, what, days=days)


def test_nobody_but_an_admin_looks_or_frees(storage: Storage, ann: Caller) -> None:
    with pytest.raises(NotAllowed):
        storage.view(ann)
    with pytest.raises(NotAllowed):
        storage.free(ann, "artifacts")
