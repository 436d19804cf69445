"""The parts of the admin's page: many things at once, storage, health, settings and SQL (A1)."""

import io

import pytest
from streamlit.testing.v1 import AppTest

from core.platform import Platform
from core.services.accounts import Caller
from core.services.deployment_views import DeploymentView
from core.services.model_views import ModelView
from pages.components import bulk
from tests.pages.conftest import lose_file, ran, texts, visit

ADMIN = "pages/admin.py"


def choose_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """Choose every row of a table: the tests' browser has no mouse."""
    monkeypatch.setattr(bulk, "choose", lambda key, frame: list(range(len(frame))))


def act(caller: Caller, part: str, action: str) -> AppTest:
    """Do something to all that is listed, and return the page that says what came of it."""
    key = f"admin_{part.lower()}_{action}"
    app = visit(caller, ADMIN, admin_part=part)
    app.button(key=key).click()
    ran(app)
    app.button(key=key).click()
    app.button(key="admin_bulk_confirm").click()
    return ran(app)


def states_of(app: AppTest) -> list[str]:
    """Return what a table says of the states of what it lists."""
    return list(app.dataframe[0].value["State"])


def test_nothing_can_be_done_before_something_is_chosen(
    platform: Platform, ann: Caller, iris: ModelView
) -> None:
    app = visit(ann, ADMIN, admin_part="Models")
    assert app.button(key="admin_models_delete").disabled


def test_deleting_models_says_what_goes_with_them_and_leaves_an_event_for_each(
    platform: Platform,
    ann: Caller,
    service: DeploymentView,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A1."""
    choose_all(monkeypatch)
    app = visit(ann, ADMIN, admin_part="Models")
    app.button(key="admin_models_delete").click()
    read = texts(ran(app))
    assert "1 version, 1 service (1 running: programs that call them will fail)" in read
    assert platform.models.list_(ann)
    done = act(ann, "Models", "delete")
    assert "1 of 1 deleted." in texts(done)
    assert platform.models.list_(ann) == []
    deleted = [e for e in platform.timeline.page(ann).events if e.action == "deleted"]
    assert [(e.object_kind, e.object_name) for e in deleted] == [("model", "Iris")]


def test_services_are_paused_and_started_together(
    platform: Platform, ann: Caller, service: DeploymentView, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform.deployments.create(ann, service.model_id, "staging")
    choose_all(monkeypatch)
    for action, done, state in (("pause", "paused", "paused"), ("start", "started", "running")):
        assert f"2 of 2 {done}." in texts(act(ann, "Deployments", action))
        assert {each.state for each in platform.deployments.list_(ann)} == {state}


def test_what_is_refused_is_named_with_the_reason_and_the_others_are_done(
    platform: Platform, ann: Caller, service: DeploymentView, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform.deployments.create(ann, service.model_id, "staging")
    items = [bulk.Item(each.id, each.name, "", {}) for each in platform.deployments.list_(ann)] + [
        bulk.Item("gone", "gone", "", {})
    ]
    pause = bulk.Action("Pause", "pause", "paused", platform.deployments.pause, lambda *_: "")
    refused = bulk.do(ann, pause, items)
    assert list(refused) == ["gone"]
    assert "no such deployment" in refused["gone"]
    assert {each.state for each in platform.deployments.list_(ann)} == {"paused"}


def test_a_search_narrows_what_is_listed(platform: Platform, ann: Caller, iris: ModelView) -> None:
    app = visit(ann, ADMIN, admin_part="Models")
    app.text_input(key="admin_models_search").set_value("no such model")
    assert "No model fits" in texts(ran(app))


def test_an_empty_list_says_whether_there_is_nothing_yet_or_nothing_fits(
    platform: Platform, ann: Caller
) -> None:
    app = visit(ann, ADMIN, admin_part="Tasks")
    assert "No tasks yet. Choose Try it, then File, to score a whole file." in texts(app)
    app.text_input(key="admin_tasks_search").set_value("no such task")
    assert "No task fits" in texts(ran(app))


def test_a_service_that_cannot_be_loaded_is_not_called_running(
    platform: Platform, ann: Caller, service: DeploymentView
) -> None:
    lose_file(platform, ann, service)
    assert states_of(visit(ann, ADMIN, admin_part="Deployments")) == ["cannot be loaded"]


def test_a_task_of_a_paused_service_waits(
    platform: Platform, ann: Caller, service: DeploymentView
) -> None:
    view = platform.models.get_by_id(ann, service.model_id)
    rows = f"{','.join(view.info.input_schema.names)}\n5.1,3.5,1.4,0.2\n"
    staged = platform.files.stage(io.BytesIO(rows.encode()), "one.csv", 1 << 10)
    platform.jobs.submit(ann, view, staged, kind="csv", deployment=service)
    platform.deployments.pause(ann, service.id)
    assert states_of(visit(ann, ADMIN, admin_part="Tasks")) == ["waits"]


def test_storage_tells_sizes_and_frees_what_nobody_uses(
    platform: Platform, ann: Caller, iris: ModelView
) -> None:
    stray = platform.settings.storage / "stray"
    stray.write_text("nobody's")
    platform.files.keep(stray)
    app = visit(ann, ADMIN, admin_part="Storage")
    assert "1 file, 8 bytes" in texts(app)
    app.button(key="admin_storage_free_artifacts").click()
    assert "0 files, 0 bytes" in texts(ran(app))
    assert app.button(key="admin_storage_free_artifacts").disabled


def test_health_tells_the_numbers_of_the_process(platform: Platform, ann: Caller) -> None:
    metrics = {m.label: m.value for m in visit(ann, ADMIN, admin_part="Health").metric}
    assert metrics["Memory of Java"] == "asleep"
    assert metrics["Tasks waiting"] == "0"


def test_a_setting_is_changed_and_a_wrong_value_is_refused_with_a_sentence(
    platform: Platform, ann: Caller
) -> None:
    app = visit(ann, ADMIN, admin_part="Settings")
    app.text_input(key="admin_setting_registration").set_value("closed")
    app.button(key="admin_setting_registration_save").click()
    ran(app)
    live = {view.name: view.value for view in platform.live.list_(ann)}
    assert live["registration"] == "closed"
    app.text_input(key="admin_setting_registration").set_value("ajar")
    app.button(key="admin_setting_registration_save").click()
    assert "open, approval, closed" in ran(app).error[0].value


def test_a_query_is_answered_and_a_change_refused(platform: Platform, ann: Caller) -> None:
    app = visit(ann, ADMIN, admin_part="SQL")
    app.text_area(key="admin_sql").set_value("SELECT name FROM accounts")
    app.button(key="admin_sql_run").click()
    assert list(ran(app).dataframe[0].value["name"]) == ["ann"]
    app.text_area(key="admin_sql").set_value("DROP TABLE accounts")
    app.button(key="admin_sql_run").click()
    assert "one SELECT" in ran(app).error[0].value
