"""The browser of tasks and the page of one."""

import io
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.db.tables import utc_now
from core.errors import TaskNotFound
from core.platform import Platform
from core.services.accounts import Caller
from core.services.deployment_views import DeploymentView
from core.services.job_queries import Condition, Query
from core.services.job_retention import Retention
from core.services.job_tickets import Wanted
from core.services.job_views import TaskView
from core.services.languages import Language
from core.services.model_views import ModelView
from tests.pages.conftest import CSV, names_of, ran, texts, visit

PAGE = "pages/tasks.py"


def submit(
    platform: Platform,
    caller: Caller,
    model: ModelView,
    *,
    content: bytes = CSV,
    name: str = "flowers.csv",
    service: DeploymentView | None = None,
) -> TaskView:
    version = platform.models.get_by_id(caller, model.id)
    staged = platform.files.stage(io.BytesIO(content), name, 1 << 20)
    return platform.jobs.submit(caller, version, staged, kind="csv", deployment=service)


@pytest.fixture
def queued(platform: Platform, ann: Caller, iris: ModelView) -> TaskView:
    return submit(platform, ann, iris)


@pytest.fixture
def done(platform: Platform, queued: TaskView) -> TaskView:
    platform.runner.run_until_idle()
    return queued


def links(app: AppTest) -> Sequence[Any]:
    return app.get("link_button")


def wanted(platform: Platform, app: AppTest) -> list[Wanted]:
    """Return what the links of a page give."""
    tickets = [link.proto.url.partition("?ticket=")[2] for link in links(app)]
    return [platform.tickets.redeem(ticket)[1] for ticket in tickets]


def test_an_empty_list_says_how_tasks_come_about(ann: Caller) -> None:
    app = visit(ann, PAGE)
    assert "choose Try it, then File" in texts(app)
    assert "tasks_search" not in {each.key for each in app.text_input}  # nothing to be filtered


def test_the_list_shows_each_task_with_its_state(ann: Caller, done: TaskView) -> None:
    read = texts(visit(ann, PAGE))
    assert done.file_name in read
    assert "succeeded" in read
    assert "1 not scored" in read


def test_the_list_can_be_narrowed_by_state_and_words(
    platform: Platform, ann: Caller, iris: ModelView, done: TaskView
) -> None:
    submit(platform, ann, iris, name="other.csv")
    app = visit(ann, PAGE)
    app.pills(key="tasks_state").set_value("queued")
    read = texts(ran(app))
    assert "other.csv" in read
    assert done.file_name not in read
    app.pills(key="tasks_state").set_value("all")
    app.text_input(key="tasks_search").set_value("FLOWERS")
    read = texts(ran(app))
    assert done.file_name in read
    assert "other.csv" not in read
    app.text_input(key="tasks_search").set_value("nothing like it")
    assert "No task fits" in texts(ran(app))


def test_the_tasks_of_one_deployment_have_an_address(
    platform: Platform, ann: Caller, iris: ModelView, service: DeploymentView, queued: TaskView
) -> None:
    submit(platform, ann, iris, name="served.csv", service=service)
    assert "served.csv" in texts(visit(ann, PAGE, deployment=service.id))
    assert queued.file_name not in texts(visit(ann, PAGE, deployment=service.id))
    assert queued.file_name in texts(visit(ann, PAGE, model=iris.id))


def test_the_page_of_a_model_or_a_service_does_not_repeat_its_name_in_each_task(
    platform: Platform, ann: Caller, iris: ModelView, service: DeploymentView
) -> None:
    submit(platform, ann, iris, name="served.csv", service=service)
    for page, name, under in (
        ("model", iris.id, f"{service.name} · ann"),
        ("deployment", service.id, "ann"),
    ):
        app = visit(ann, f"pages/{page}s.py", **{page: name})
        (row,) = [link.value for link in app.page_link if "served.csv" in link.value]
        assert row.endswith(f"[{under}]]")


def test_a_long_list_has_pages(platform: Platform, ann: Caller, iris: ModelView) -> None:
    for number in range(21):
        submit(platform, ann, iris, name=f"file{number:02}.csv")
    app = visit(ann, PAGE)
    assert "file00.csv" not in texts(app)
    app.pagination(key="tasks_page").set_value(2)
    assert "file00.csv" in texts(ran(app))


def test_a_search_begins_on_the_first_page(
    platform: Platform, ann: Caller, iris: ModelView
) -> None:
    for number in range(21):
        submit(platform, ann, iris, name=f"file{number:02}.csv")
    app = visit(ann, PAGE)
    app.pagination(key="tasks_page").set_value(2)
    ran(app)
    app.text_input(key="tasks_search").set_value("file20")
    assert "file20.csv" in texts(ran(app))


def test_others_do_not_see_the_task(ben: Caller, queued: TaskView) -> None:
    assert queued.file_name not in texts(visit(ben, PAGE))
    app = visit(ben, PAGE, task=queued.id)
    assert "There is nothing at this address" in texts(app)
    assert queued.file_name not in texts(app)


def test_a_task_that_waits_can_be_cancelled(
    platform: Platform, ann: Caller, queued: TaskView
) -> None:
    app = visit(ann, PAGE, task=queued.id)
    assert len(app.get("progress")) == 1
    app.button(key="tasks_cancel").click()
    ran(app)
    assert platform.jobs.get(ann, queued.id).state == "cancelled"


def test_a_finished_task_shows_its_result_and_the_bad_row_in_its_place(
    ann: Caller, done: TaskView
) -> None:
    app = visit(ann, PAGE, task=done.id)
    table = app.dataframe[0].value
    assert list(table["id"]) == ["a", "b", "c"]
    assert list(table["prediction"].fillna("-")) == ["setosa", "-", "virginica"]
    assert "oops" in table["error"].fillna("").iloc[1]
    assert [link.proto.label for link in links(app)] == ["CSV", "Parquet", "JSON", "Excel"]


def test_a_long_result_is_read_page_by_page(
    platform: Platform, ann: Caller, iris: ModelView
) -> None:
    row = b"x,5.1,3.5,1.4,0.2\n"
    task = submit(platform, ann, iris, content=CSV.splitlines(keepends=True)[0] + row * 150)
    platform.runner.run_until_idle()
    app = visit(ann, PAGE, task=task.id)
    assert len(app.dataframe[0].value) == 100
    app.pagination(key="tasks_rows_page").set_value(2)
    assert "Rows 101 to 150 of 150" in texts(ran(app))


def test_rows_are_filtered_and_sorted_and_the_files_follow(
    platform: Platform, ann: Caller, done: TaskView
) -> None:
    app = visit(ann, PAGE, task=done.id)
    app.selectbox(key="tasks_rows_column_0").set_value("petal_length")
    ran(app)
    app.selectbox(key="tasks_rows_operator_0").set_value(">")
    app.text_input(key="tasks_rows_value_0").set_value("1")
    app.selectbox(key="tasks_rows_sort").set_value("id")
    ran(app)
    app.toggle(key="tasks_rows_down").set_value(True)
    read = texts(ran(app))
    assert list(app.dataframe[0].value["id"]) == ["c", "b", "a"]
    assert list(app.dataframe[0].value.index) == [3, 2, 1]
    assert "Rows 1 to 3 of 3" in read
    assert {each.query for each in wanted(platform, app)} == {Query()}
    app.segmented_control(key="tasks_files_rows").set_value("The rows that are filtered")
    ran(app)
    found = Query((Condition("petal_length", ">", "1"),))
    assert {each.query for each in wanted(platform, app)} == {found}
    assert [each.kind for each in wanted(platform, app)] == ["csv", "parquet", "json", "xlsx"]


def test_a_second_filter_is_offered_once_the_first_is_whole_and_both_hold(
    ann: Caller, done: TaskView
) -> None:
    app = visit(ann, PAGE, task=done.id)
    app.selectbox(key="tasks_rows_column_0").set_value("petal_length")
    ran(app)
    assert "And by" not in {each.label for each in app.selectbox}
    app.selectbox(key="tasks_rows_operator_0").set_value("<")
    app.text_input(key="tasks_rows_value_0").set_value("5")
    ran(app)
    assert list(app.dataframe[0].value["id"]) == ["a", "b"]
    app.selectbox(key="tasks_rows_column_1").set_value("id")
    ran(app)
    app.text_input(key="tasks_rows_value_1").set_value("b")
    ran(app)
    assert list(app.dataframe[0].value["id"]) == ["b"]


def test_a_filter_that_does_not_fit_says_so_and_the_page_goes_on(
    ann: Caller, done: TaskView
) -> None:
    app = visit(ann, PAGE, task=done.id)
    app.selectbox(key="tasks_rows_column_0").set_value("petal_length")
    ran(app)
    app.text_input(key="tasks_rows_value_0").set_value("long")
    read = texts(ran(app))
    assert "holds numbers" in read
    assert len(links(app)) == 4
    app.text_input(key="tasks_rows_value_0").set_value("-7")
    assert "No row fits" in texts(ran(app))


def test_errors_alone_are_shown_counted_and_taken(
    platform: Platform, ann: Caller, done: TaskView
) -> None:
    app = visit(ann, PAGE, task=done.id)
    app.toggle(key="tasks_rows_rejects").set_value(True)
    assert "Rows 1 to 1 of 1 of 3" in texts(ran(app))
    assert list(app.dataframe[0].value.index) == [2]
    assert "Errors by reason" in texts(app)
    assert list(app.dataframe[-1].value["rows"]) == [1]
    app.segmented_control(key="tasks_files_rows").set_value("Only rows with an error")
    app.checkbox(key="tasks_neutralised").check()
    ran(app)
    assert {(each.query, each.neutralised) for each in wanted(platform, app)} == {
        (Query(only_rejects=True), True)
    }


def test_failed_rows_are_retried_alone(platform: Platform, ann: Caller, done: TaskView) -> None:
    app = visit(ann, PAGE, task=done.id)
    assert app.button(key="tasks_retry_failed").label == "Retry 1 failed row"
    app.button(key="tasks_retry_failed").click()
    ran(app)
    newest = platform.jobs.list_(ann).tasks[0]
    assert (newest.retry_of, newest.rows_total) == (done.id, 1)


def test_files_are_kept_or_gone_and_the_page_says_so(
    platform: Platform, ann: Caller, done: TaskView, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = visit(ann, PAGE, task=done.id)
    assert "otherwise they are removed 30 days after the end" in texts(app)
    keep = app.toggle(key=f"tasks_keep_{done.id}")
    keep.set_value(True)
    ran(app)
    assert platform.jobs.get(ann, done.id).kept
    keep = app.toggle(key=f"tasks_keep_{done.id}")
    keep.set_value(False)
    ran(app)
    later = utc_now() + timedelta(days=31)
    monkeypatch.setattr(platform.retention, "_now", lambda: later)
    assert isinstance(platform.retention, Retention)
    assert platform.retention.sweep() == 1
    app = visit(ann, PAGE, task=done.id)
    assert "The files were removed on" in texts(app)
    assert "files removed" in texts(visit(ann, PAGE))


def test_a_task_of_a_paused_service_says_what_it_waits_for(
    platform: Platform, ann: Caller, iris: ModelView, service: DeploymentView
) -> None:
    task = submit(platform, ann, iris, service=service)
    platform.deployments.pause(ann, service.id)
    platform.runner.run_until_idle()
    read = texts(visit(ann, PAGE, task=task.id))
    assert "Waits: the deployment" in read
    assert "waits" in texts(visit(ann, PAGE))


def test_tasks_are_narrowed_by_model_and_owner_and_sorted(
    platform: Platform, ann: Caller, ben: Caller, iris: ModelView, done: TaskView
) -> None:
    submit(platform, ben, iris, name="bens.csv")
    app = visit(ann, PAGE)
    app.segmented_control(key="tasks_whose").set_value("mine")
    read = texts(ran(app))
    assert done.file_name in read
    assert "bens.csv" not in read
    app.segmented_control(key="tasks_whose").set_value("everyone")
    app.selectbox(key="tasks_sort").set_value("most errors")
    read = texts(ran(app))
    assert read.index(done.file_name) < read.index("bens.csv")
    app.selectbox(key="tasks_model").set_value(iris.id)
    assert "bens.csv" in texts(ran(app))
    assert "The files of 2 tasks take" in read


def test_the_page_of_one_model_lists_its_task_ids(
    ann: Caller, iris: ModelView, done: TaskView
) -> None:
    """P8: each id opens its result."""
    app = visit(ann, PAGE, model=iris.id)
    assert "Tasks of Iris" in texts(app)
    assert done.id in names_of(app)
    assert done.file_name in texts(app)


def test_a_cancelled_task_can_be_tried_again(
    platform: Platform, ann: Caller, queued: TaskView
) -> None:
    platform.jobs.cancel(ann, queued.id)
    app = visit(ann, PAGE, task=queued.id)
    app.button(key="tasks_retry").click()
    ran(app)
    states = [task.state for task in platform.jobs.list_(ann).tasks]
    assert sorted(states) == ["cancelled", "queued"]


def test_a_task_is_deleted_after_a_second_word(
    platform: Platform, ann: Caller, done: TaskView
) -> None:
    app = visit(ann, PAGE, task=done.id)
    app.button(key="tasks_delete").click()
    assert "goes for good" in texts(ran(app))
    app.button(key="tasks_delete").click()
    app.button(key="tasks_delete_confirm").click()
    ran(app)
    with pytest.raises(TaskNotFound):
        platform.jobs.get(ann, done.id)


def test_the_end_of_a_task_is_told_on_the_next_page_and_counted_until_one_looks(
    platform: Platform, ann: Caller, queued: TaskView
) -> None:
    assert [toast.value for toast in visit(ann).toast] == []
    platform.runner.run_until_idle()
    app = visit(ann)
    assert [toast.value for toast in app.toast] == [
        "flowers.csv: Scored 2 of 3 rows; 1 has an error."
    ]
    counted = "Tasks :blue-background[\N{NO-BREAK SPACE}1\N{NO-BREAK SPACE}]"
    assert counted in [link.label for link in app.page_link]
    again = visit(ann)
    assert [toast.value for toast in again.toast] == []
    assert counted in [link.label for link in again.page_link]
    visit(ann, PAGE, task=queued.id)
    assert "Tasks" in [link.label for link in visit(ann).page_link]


def test_errors_are_narrowed_by_their_reason(
    platform: Platform, ann: Caller, done: TaskView
) -> None:
    app = visit(ann, PAGE, task=done.id)
    app.toggle(key="tasks_rows_rejects").set_value(True)
    reason = platform.jobs.summary(ann, done.id).errors[0].reason
    ran(app).selectbox(key="tasks_rows_reason").set_value(reason)
    assert list(ran(app).dataframe[0].value.index) == [2]


def test_errors_are_filtered_by_text_only_where_they_are_read_as_they_are(
    platform: Platform, ann: Caller, done: TaskView
) -> None:
    assert "error" in visit(ann, PAGE, task=done.id).selectbox(key="tasks_rows_column_0").options
    platform.languages.choose(ann, Language.CHINESE)
    app = visit(ann, PAGE, task=done.id)
    assert "error" not in app.selectbox(key="tasks_rows_column_0").options
