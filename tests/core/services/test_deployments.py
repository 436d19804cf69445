from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest
from sqlalchemy import select

from core.db.engine import Database
from core.db.tables import Task, utc_now
from core.errors import (
    DeploymentNotFound,
    DeploymentPaused,
    Duplication,
    InvalidInput,
    ModelNotFound,
    NotAllowed,
    VersionNotFound,
)
from core.files import Files
from core.runtimes.cache import ScorerCache
from core.services.accounts import Accounts, Caller
from core.services.call_records import CallRecord, append
from core.services.deployment_views import State, may_call
from core.services.deployments import Deployments
from core.services.model_views import ModelView
from core.services.models import Models
from core.services.people import People
from core.services.timeline import Timeline
from tests.core.services.conftest import Uploads, at_once, counts, info


@pytest.fixture
def churn(models: Models, ann: Caller, upload: Uploads) -> ModelView:
    return models.add(ann, "churn", upload("one")).model


def test_a_deployed_model_is_running_at_its_newest_version(
    deployments: Deployments, models: Models, ann: Caller, churn: ModelView, upload: Uploads
) -> None:
    second = models.add_version(ann, churn.id, upload("two"))
    view = deployments.create(ann, churn.id, " prod ")
    assert (view.name, view.endpoint, view.state) == ("prod", "churn-prod", State.RUNNING)
    assert (view.model_name, view.owner, view.created_by) == ("churn", "ann", "ann")
    assert (view.version, view.version_id) == (2, second.id)
    assert deployments.get(ann, churn.id, "PROD") == view
    assert deployments.get_by_id(ann, view.id) == view


def test_what_calls_need_is_in_the_registry(
    deployments: Deployments, models: Models, ann: Caller, churn: ModelView, upload: Uploads
) -> None:
    models.add_version(ann, churn.id, upload("two"))
    first = models.get(ann, "churn", version=1)
    view = deployments.create(ann, churn.id, "prod", version=1)
    live = deployments.live("churn-prod")
    assert (live.deployment_id, live.model_id, live.owner_id) == (view.id, churn.id, ann.id)
    assert (live.version, live.version_id, live.artifact) == (1, first.id, first.artifact)
    assert (live.visibility, live.info) == ("private", info())


def test_a_name_is_taken_once_per_model(
    deployments: Deployments, models: Models, ann: Caller, churn: ModelView, upload: Uploads
) -> None:
    deployments.create(ann, churn.id, "prod")
    with pytest.raises(Duplication, match="already"):
        deployments.create(ann, churn.id, "Prod")
    other = models.add(ann, "Churn!", upload()).model
    assert deployments.create(ann, other.id, "prod").endpoint == "churn-prod-2"


def test_of_threads_that_deploy_under_one_name_one_wins(
    deployments: Deployments, ann: Caller, churn: ModelView, database: Database
) -> None:
    outcomes = at_once([partial(deployments.create, ann, churn.id, "prod")] * 6)
    assert outcomes.count("duplication") == 5
    assert counts(database)["deployments"] == 1


def test_services_deployed_at_once_are_all_in_the_registry(
    deployments: Deployments, ann: Caller, churn: ModelView
) -> None:
    at_once([partial(deployments.create, ann, churn.id, f"s{number}") for number in range(6)])
    assert {deployments.live(f"churn-s{number}").version for number in range(6)} == {1}


def test_what_cannot_be_deployed_is_refused(
    deployments: Deployments, ann: Caller, churn: ModelView, database: Database
) -> None:
    with pytest.raises(InvalidInput, match="deployment name"):
        deployments.create(ann, churn.id, "a/b")
    with pytest.raises(VersionNotFound, match="no version 2; its versions are 1 to 1"):
        deployments.create(ann, churn.id, "prod", version=2)
    with pytest.raises(ModelNotFound):
        deployments.create(ann, "no such id", "prod")
    assert counts(database)["deployments"] == 0


def test_a_paused_service_answers_no_calls_until_it_is_started(
    deployments: Deployments, ann: Caller, churn: ModelView
) -> None:
    view = deployments.create(ann, churn.id, "prod")
    for _ in range(2):
        deployments.pause(ann, view.id)
        assert deployments.get_by_id(ann, view.id).state is State.PAUSED
        with pytest.raises(DeploymentPaused, match="churn-prod is paused"):
            deployments.live("churn-prod")
    for _ in range(2):
        deployments.start(ann, view.id)
        assert deployments.live("churn-prod").state is State.RUNNING


def test_an_unknown_address_is_not_found(deployments: Deployments, admin: Caller) -> None:
    with pytest.raises(DeploymentNotFound):
        deployments.live("nothing")
    with pytest.raises(DeploymentNotFound):
        deployments.live_for(admin, "nothing")


def test_a_deleted_service_takes_its_calls_along_and_leaves_its_tasks_to_the_model(
    deployments: Deployments, ann: Caller, churn: ModelView, database: Database
) -> None:
    view = deployments.create(ann, churn.id, "prod")
    _called(database, view.id, ann)
    _add_task(database, "t1", churn, ann, view.id)
    deployments.delete(ann, view.id)
    with pytest.raises(DeploymentNotFound):
        deployments.live("churn-prod")
    with pytest.raises(DeploymentNotFound):
        deployments.get_by_id(ann, view.id)
    rows = counts(database)
    assert (rows["deployments"], rows["calls"], rows["tasks"]) == (0, 0, 1)
    with database.reading() as session:
        assert session.scalars(select(Task.deployment_id)).all() == [None]


def test_a_model_is_not_deleted_while_a_service_of_it_runs(
    deployments: Deployments, models: Models, ann: Caller, churn: ModelView
) -> None:
    view = deployments.create(ann, churn.id, "prod")
    with pytest.raises(InvalidInput, match="in use by prod"):
        models.delete(ann, churn.id)
    assert deployments.live("churn-prod").deployment_id == view.id
    deployments.pause(ann, view.id)
    models.delete(ann, churn.id)
    with pytest.raises(DeploymentNotFound):
        deployments.live("churn-prod")


def test_no_orphan_is_left_by_a_model_deleted_with_all_that_hangs_on_it(
    people: People,
    deployments: Deployments,
    models: Models,
    accounts: Accounts,
    ann: Caller,
    bob: Caller,
    admin: Caller,
    churn: ModelView,
    upload: Uploads,
    database: Database,
    files: Files,
) -> None:
    models.add_version(ann, churn.id, upload("pickle two"))
    view = deployments.create(ann, churn.id, "prod")
    other = models.add(bob, "other", upload("three")).model
    kept = deployments.create(bob, other.id, "prod")
    for deployment in (view, kept):
        _called(database, deployment.id, bob)
    _add_task(database, "t1", churn, bob, view.id)
    _add_task(database, "t2", churn, ann, None)
    _add_task(database, "t3", other, ann, kept.id)
    folders = [files.job(task) for task in ("t1", "t2", "t3")]
    models.delete(ann, churn.id, with_deployments=True)
    people.delete(admin, "ann")
    assert counts(database) == {
        "accounts": 2,
        "column_choices": 0,
        "deliveries": 0,
        "webhooks": 0,
        "tokens": 0,
        "models": 1,
        "versions": 1,
        "deployments": 1,
        "deployment_changes": 1,
        "tasks": 0,
        "cases": 0,
        "calls": 1,
        "call_minutes": 1,
        "call_hours": 1,
        "latency_minutes": 1,
        "latency_hours": 1,
        "thresholds": 0,
        "call_logs": 0,
        "call_logging": 0,
        "verdicts": 0,
        "revisions": 0,
        "sign_ins": 0,
        "known_addresses": 2,
        "settings": 0,
        "approvals": 0,
    }
    assert not any(folder.exists() for folder in folders)
    assert deployments.list_(admin) == [kept]
    with pytest.raises(DeploymentNotFound):
        deployments.live("churn-prod")


def test_who_sees_a_model_may_call_its_services_and_others_find_none(
    deployments: Deployments,
    models: Models,
    ann: Caller,
    bob: Caller,
    viewer: Caller,
    admin: Caller,
    churn: ModelView,
) -> None:
    view = deployments.create(ann, churn.id, "prod")
    for caller in (ann, admin):
        assert deployments.live_for(caller, "churn-prod").deployment_id == view.id
        assert deployments.list_(caller) == deployments.list_(caller, churn.id) == [view]
    for caller in (bob, viewer):
        _finds_nothing(deployments, caller, churn.id, view.id)
    models.update(ann, churn.id, visibility="team")
    for caller in (bob, viewer):
        assert may_call(caller, deployments.live_for(caller, "churn-prod"))
        assert [seen.id for seen in deployments.list_(caller, churn.id)] == [view.id]
    models.update(ann, churn.id, visibility="private")
    _finds_nothing(deployments, bob, churn.id, view.id)


def test_a_paused_service_is_no_hint_to_those_who_may_not_see_it(
    deployments: Deployments, ann: Caller, bob: Caller, churn: ModelView
) -> None:
    deployments.pause(ann, deployments.create(ann, churn.id, "prod").id)
    with pytest.raises(DeploymentNotFound):
        deployments.live_for(bob, "churn-prod")
    with pytest.raises(DeploymentPaused):
        deployments.live_for(ann, "churn-prod")


def _finds_nothing(
    deployments: Deployments, caller: Caller, model_id: str, deployment_id: str
) -> None:
    assert deployments.list_(caller) == []
    for look in (deployments.start, deployments.pause, deployments.delete, deployments.get_by_id):
        with pytest.raises(DeploymentNotFound):
            look(caller, deployment_id)
    with pytest.raises(DeploymentNotFound):
        deployments.live_for(caller, "churn-prod")
    looks: list[Callable[[], object]] = [
        lambda: deployments.list_(caller, model_id),
        lambda: deployments.get(caller, model_id, "prod"),
        lambda: deployments.create(caller, model_id, "mine"),
    ]
    for look_at_model in looks:
        with pytest.raises(ModelNotFound):
            look_at_model()


def test_only_the_owner_and_admins_change_a_service_of_the_team(
    deployments: Deployments,
    models: Models,
    ann: Caller,
    bob: Caller,
    viewer: Caller,
    admin: Caller,
    churn: ModelView,
) -> None:
    models.update(ann, churn.id, visibility="team")
    view = deployments.create(admin, churn.id, "prod")
    assert (view.owner, view.created_by) == ("ann", "root")
    for caller in (bob, viewer):
        for change in (deployments.start, deployments.pause, deployments.delete):
            with pytest.raises(NotAllowed):
                change(caller, view.id)
        with pytest.raises(NotAllowed):
            deployments.create(caller, churn.id, "mine")
    deployments.pause(admin, view.id)
    deployments.delete(ann, view.id)


def test_a_service_that_a_model_has_not_is_said_so_by_name(
    deployments: Deployments, ann: Caller, churn: ModelView
) -> None:
    with pytest.raises(DeploymentNotFound, match='"churn" has no deployment named "prod"'):
        deployments.get(ann, churn.id, "prod")


def test_a_service_keeps_its_address_and_version_when_the_model_changes(
    deployments: Deployments, models: Models, ann: Caller, churn: ModelView, upload: Uploads
) -> None:
    deployments.create(ann, churn.id, "prod")
    before = deployments.live("churn-prod")
    models.update(ann, churn.id, name="leavers")
    models.add_version(ann, churn.id, upload("two"))
    after = deployments.live("churn-prod")
    assert after.names == ("ann", "leavers", "prod")
    assert replace(after, names=before.names) == before
    assert deployments.get(ann, churn.id, "prod").model_name == "leavers"


def test_a_service_is_found_in_memory_by_the_names_that_people_use(
    deployments: Deployments,
    models: Models,
    ann: Caller,
    bob: Caller,
    churn: ModelView,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    models.update(ann, churn.id, visibility="team")
    deployments.create(ann, churn.id, "prod")
    live = deployments.live("churn-prod")
    monkeypatch.setattr(models, "get", lambda *_, **__: pytest.fail("read from the database"))
    assert deployments.live_named(ann, "Churn", "PROD") == live
    assert deployments.live_named(bob, "churn", "prod", owner="ann") == live


def test_a_name_that_leads_to_no_service_is_told_which_it_is(
    deployments: Deployments, models: Models, ann: Caller, bob: Caller, churn: ModelView
) -> None:
    view = deployments.create(ann, churn.id, "prod")
    with pytest.raises(DeploymentNotFound, match='"churn" has no deployment named "test"'):
        deployments.live_named(ann, "churn", "test")
    with pytest.raises(ModelNotFound):
        deployments.live_named(ann, "chrn", "prod")
    with pytest.raises(ModelNotFound):
        deployments.live_named(bob, "churn", "prod", owner="ann")
    deployments.pause(ann, view.id)
    with pytest.raises(DeploymentPaused):
        deployments.live_named(ann, "churn", "prod")
    deployments.delete(ann, view.id)
    with pytest.raises(DeploymentNotFound):
        deployments.live_named(ann, "churn", "prod")


def test_services_are_as_they_were_after_a_restart(
    deployments: Deployments,
    models: Models,
    ann: Caller,
    churn: ModelView,
    database: Database,
    scorers: ScorerCache[str],
) -> None:
    deployments.create(ann, churn.id, "prod")
    deployments.pause(ann, deployments.create(ann, churn.id, "test").id)
    again = Deployments(database, models, scorers)
    assert again.live("churn-prod") == deployments.live("churn-prod")
    with pytest.raises(DeploymentPaused):
        again.live("churn-test")


def test_what_happened_to_a_service_is_recorded(
    deployments: Deployments, ann: Caller, churn: ModelView, database: Database
) -> None:
    view = deployments.create(ann, churn.id, "prod")
    deployments.pause(ann, view.id)
    deployments.start(ann, view.id)
    deployments.delete(ann, view.id)
    seen = [event for event in Timeline(database).page(ann).events if event.object_id == view.id]
    actions = [event.action for event in reversed(seen)]
    assert actions == ["deployed", "paused", "started", "deleted"]
    assert seen[-1].detail == "version 1 of churn"


def _called(database: Database, deployment_id: str, caller: Caller) -> None:
    call = CallRecord(deployment_id, 1, utc_now(), 1, 0, "", 1.0, caller.id)
    with database.writing() as session:
        append(session, [call])


def _add_task(
    database: Database, task_id: str, model: ModelView, owner: Caller, deployment_id: str | None
) -> None:
    with database.writing() as session:
        session.add(
            Task(
                id=task_id,
                model_id=model.id,
                deployment_id=deployment_id,
                version_id="v",
                version=1,
                owner_id=owner.id,
                kind="csv",
                file_name="a.csv",
                state="succeeded",
                options="{}",
                message="",
                created=utc_now(),
            )
        )
