"""A file on trial: what it is, which column goes where, its first rows, then all of it (P5, P7)."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.platform import Platform
from core.services.accounts import Caller
from core.services.deployment_views import DeploymentView
from core.services.languages import Language
from core.services.model_views import ModelView
from tests.core.api.test_pictures_api import PNG, means
from tests.core.inputs.media import zipped
from tests.core.runtimes.onnx_models import write
from tests.pages.conftest import CSV, add_model, ran, texts, visit

PAGE = "pages/predict.py"
HEADERS = b"id,Sepal Length,sepal width,petalLength,breadth"
RENAMED = CSV.replace(CSV.splitlines()[0], HEADERS)


@pytest.fixture
def page(ann: Caller, iris: ModelView) -> AppTest:
    return visit(ann, PAGE, model=iris.id)


def choose(app: AppTest, content: bytes, name: str = "flowers.csv") -> AppTest:
    app.file_uploader(key="predict_file_upload").set_value((name, content, "text/csv"))
    return ran(app)


def predictions(app: AppTest) -> list[str]:
    return list(app.dataframe[0].value["prediction"].fillna("-"))


def submit(app: AppTest) -> AppTest:
    app.button(key="predict_file_submit").click()
    return ran(app)


def test_the_first_rows_of_a_file_are_tried_out_at_once(page: AppTest) -> None:
    app = choose(page, CSV)
    assert predictions(app) == ["setosa", "-", "virginica"]
    assert list(app.dataframe[0].value["sepal_length"]) == ["5.1", "oops", "6.7"]
    assert "1 row of the first 3 cannot be scored" in app.warning[0].value
    problems = app.dataframe[1].value
    assert list(problems["Field"]) == ["sepal_length"]
    assert list(problems["Row"]) == [2]


def test_what_is_wrong_with_a_row_is_said_in_the_visitors_language(
    platform: Platform, ann: Caller, iris: ModelView
) -> None:
    platform.languages.choose(ann, Language.CHINESE)
    app = choose(visit(ann, PAGE, model=iris.id), CSV)
    assert app.dataframe[0].value["error"].dropna().tolist() == ['sepal_length："oops" 不是数字。']


def test_what_was_found_out_is_said(page: AppTest) -> None:
    app = choose(page, CSV.replace(b",", b";").decode().encode("utf-16"))
    assert "CSV · encoding utf-16 · delimiter semicolon · about 3 rows" in texts(app)
    assert "All 4 inputs were found by name" in texts(app)


def test_before_a_file_is_chosen_the_limit_and_the_way_around_it_are_said(
    ann: Caller, iris: ModelView, service: DeploymentView
) -> None:
    read = texts(visit(ann, PAGE, deployment=service.id))
    assert "larger files go over HTTP" in read
    assert "/api/deployment/submit" in read
    assert "-F input=@file.csv" in read
    assert "Once the model is deployed, its service takes larger files" in texts(
        visit(ann, PAGE, model=iris.id)
    )


def test_all_rows_become_a_task(page: AppTest, platform: Platform, ann: Caller) -> None:
    submit(choose(page, CSV))
    (task,) = platform.jobs.list_(ann).tasks
    assert (task.file_name, task.state) == ("flowers.csv", "queued")


def test_columns_are_suggested_and_the_missing_one_is_chosen(
    page: AppTest, platform: Platform, ann: Caller
) -> None:
    app = choose(page, RENAMED)
    assert r"No column is chosen for petal\_width, which the model needs" in app.error[0].value
    assert app.button(key="predict_file_submit").disabled
    boxes = {box.label: box for box in app.selectbox}
    assert boxes[r"sepal\_length"].value == "Sepal Length"
    boxes[r"petal\_width"].set_value("breadth")
    app = ran(app)
    assert predictions(app) == ["setosa", "-", "virginica"]
    submit(app)
    platform.runner.run_until_idle()
    (task,) = platform.jobs.list_(ann).tasks
    assert platform.jobs.result(ann, task.id).rows[0]["prediction"] == "setosa"


def test_the_choice_is_offered_next_time(
    page: AppTest, ann: Caller, ben: Caller, iris: ModelView
) -> None:
    app = choose(page, RENAMED)
    boxes = {box.label: box for box in app.selectbox}
    boxes[r"petal\_width"].set_value("breadth")
    submit(ran(app))
    for who in (ann, ben):
        again = choose(visit(who, PAGE, model=iris.id), RENAMED)
        assert predictions(again) == ["setosa", "-", "virginica"]
        assert "As ann chose for such a file before" in texts(again)


def test_columns_are_taken_in_their_order_only_when_asked(page: AppTest) -> None:
    lines = [line.split(b",", 1)[1] for line in CSV.splitlines()[1:]]
    app = choose(page, b"\n".join([b"p,q,r,s", *lines]))
    assert app.error
    (order,) = [button for button in app.button if button.label.startswith("Take the columns")]
    order.click()
    assert predictions(ran(app)) == ["setosa", "-", "virginica"]


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.csv", b"sepal_length,sepal_width,petal_length,petal_width\n", "no records below"),
        ("a.xlsx", b"PK\3\4", "no whole zip"),
        ("a.csv", b"\x1f\x8b", "packed with gzip"),
        ("a.png", PNG, "no input that is an image"),
        ("a.zip", zipped({"../a.csv": "x"}), "leads out of its folder"),
    ],
)
def test_a_file_that_is_none_says_what_is_wrong(
    page: AppTest, name: str, content: bytes, sentence: str
) -> None:
    app = choose(page, content, name)
    assert sentence in app.error[0].value
    assert not [button for button in app.button if button.key == "predict_file_submit"]


def test_a_picture_is_answered_as_one_record_and_a_zip_as_rows(
    platform: Platform, ann: Caller, tmp_path: Path
) -> None:
    model = add_model(platform, ann, write(means("photo"), tmp_path / "colours.onnx"), "Colours")
    app = choose(visit(ann, PAGE, model=model.id), PNG, "red.png")
    assert app.metric or app.dataframe
    app = choose(
        visit(ann, PAGE, model=model.id), zipped({"猫.png": PNG, "b.gif": b"GIF8"}), "p.zip"
    )
    table = app.dataframe[0].value
    assert list(table["member"]) == ["猫.png", "b.gif"]
    assert "a zip" in texts(app)


def test_another_file_forgets_what_was_said_of_the_first(page: AppTest) -> None:
    app = choose(page, RENAMED)
    assert app.error
    assert predictions(choose(app, CSV, "other.csv")) == ["setosa", "-", "virginica"]


def test_nothing_received_is_left_behind(page: AppTest, platform: Platform) -> None:
    choose(page, CSV)
    assert list((platform.settings.storage / "incoming").iterdir()) == []


def test_a_paused_service_takes_no_file(
    platform: Platform, ann: Caller, service: DeploymentView
) -> None:
    app = choose(visit(ann, PAGE, deployment=service.id), CSV)
    platform.deployments.pause(ann, service.id)
    assert "paused" in submit(app).error[0].value
    assert platform.jobs.list_(ann).total == 0
