"""A preprocessing step on the page of its model: written, tried, saved, taken away (I20)."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.platform import Platform
from core.preparation.step import RawField, Step
from core.schema import DataType
from core.services.accounts import Caller
from core.services.model_views import ModelView
from tests.pages.conftest import add_model, ran, texts, visit

PAGE = "pages/models.py"
SQL = "SELECT *, sepal_mm / 10 AS sepal_length FROM input"
STEP = Step(
    SQL,
    (
        *map(RawField, ("sepal_width", "petal_length", "petal_width")),
        RawField("sepal_mm", DataType.INTEGER, example="51"),
    ),
)
SAMPLE = b"sepal_mm,sepal_width,petal_length,petal_width\n51,3.5,1.4,0.2\n67,3.0,5.2,2.3\n"


@pytest.fixture
def flowers(platform: Platform, ann: Caller, iris_file: Path) -> ModelView:
    return add_model(platform, ann, iris_file, "Flowers", visibility="team")


def pressed(app: AppTest, *keys: str) -> AppTest:
    """Press buttons of one run: a dialog is opened anew for each."""
    for key in keys:
        app.button(key=key).click()
    return ran(app)


def test_a_query_is_written_tried_on_a_sample_and_saved(
    platform: Platform, ann: Caller, flowers: ModelView
) -> None:
    app = pressed(visit(ann, PAGE, model=flowers.id), "models_step_add")
    app.text_area(key="models_step_sql").set_value(SQL)
    app.file_uploader(key="models_step_sample").set_value(("s.csv", SAMPLE, "text/csv"))
    app = pressed(app, "models_step_add")
    assert not app.error
    fields = app.data_editor[0].value
    assert list(fields["Name"]) == [field.name for field in STEP.fields]
    assert list(fields["Type"]) == ["own", "own", "own", "integer"]
    trial = next(each.value for each in app.dataframe if "→ sepal_length" in each.value)
    assert list(trial["→ sepal_length"]) == pytest.approx([5.1, 6.7])
    assert list(trial["→ prediction"]) == ["setosa", "virginica"]
    app = pressed(app, "models_step_add", "models_step_save")
    assert not app.error
    assert platform.models.get(ann, "Flowers").edits.step == STEP
    page = visit(ann, PAGE, model=flowers.id)
    assert page.code[0].value == SQL
    assert "Sent by callers: `sepal_width`" in texts(page)


def test_mistakes_are_told_and_nothing_can_be_saved(ann: Caller, flowers: ModelView) -> None:
    app = pressed(visit(ann, PAGE, model=flowers.id), "models_step_add")
    app.text_area(key="models_step_sql").set_value("SELECT random() AS x,\n lowr(y) FROM input")
    app = pressed(app, "models_step_add")
    first, second = app.error[0].value.split("\n\n")
    assert first.startswith("Line 1, character 8: random gives something else")
    assert second.startswith("Line 2, character 2:")
    assert not [each for each in app.button if each.key == "models_step_save"]


def test_the_step_of_another_version_is_taken_over(
    platform: Platform, ann: Caller, flowers: ModelView
) -> None:
    platform.revisions.set_step(ann, flowers.id, STEP, as_new=True)
    app = visit(ann, PAGE, model=flowers.id, version="1")
    assert app.button(key="models_step_take").label == "Take over the query of version 2"
    app = pressed(app, "models_step_take")
    assert app.text_area(key="models_step_sql").value == SQL
    pressed(app, "models_step_take", "models_step_save")
    assert platform.models.get(ann, "Flowers", version=1).edits.step == STEP


def test_a_served_version_keeps_its_step_and_a_new_one_goes_without(
    platform: Platform, ann: Caller, flowers: ModelView
) -> None:
    platform.revisions.set_step(ann, flowers.id, STEP)
    platform.deployments.create(ann, flowers.id, "live")
    app = pressed(visit(ann, PAGE, model=flowers.id), "models_step_remove")
    app = pressed(app, "models_step_remove", "models_step_remove_now")
    assert 'The service "live" has version 1' in texts(app)
    app = pressed(visit(ann, PAGE, model=flowers.id), "models_step_remove")
    pressed(app, "models_step_remove", "models_step_remove_new")
    newest = platform.models.get(ann, "Flowers")
    assert (newest.number, newest.edits.step) == (2, None)


def test_who_may_only_look_sees_the_query(
    platform: Platform, ann: Caller, ben: Caller, flowers: ModelView
) -> None:
    assert "Preprocessing" not in texts(visit(ben, PAGE, model=flowers.id))
    platform.revisions.set_step(ann, flowers.id, STEP)
    page = visit(ben, PAGE, model=flowers.id)
    assert page.code[0].value == SQL
    assert "models_step_edit" not in {button.key for button in page.button}
