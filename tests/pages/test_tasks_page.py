"""The browser of tasks and the page of one."""

import io

import pytest

from core.errors import TaskNotFound
from core.platform import Platform
from core.services.accounts import Caller
from core.services.deployment_views import DeploymentView
from core.services.job_views import TaskView
from core.services.model_views import ModelView
from tests.pages.conftest import CSV, ran, texts, visit

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


def test_an_empty_list_says_how_tasks_come_about(ann: Caller) -> None:
    assert "choose Try it, then Batch" in texts(visit(ann, PAGE))


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
    app.pills(key="tasks_state").set_value("All")
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
    assert len(app.error) == 1
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
    assert {button.label for button in app.download_button} == {"CSV", "Parquet", "JSON"}


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
