"""Adding to a schema what the file leaves out, on the page of a model."""

from pathlib import Path

import pandas as pd
import pytest
import skops.io
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from streamlit.testing.v1 import AppTest

from core.platform import Platform
from core.runtimes.edits import FieldEdit, SchemaEdits
from core.services.accounts import Caller
from core.services.model_views import ModelView
from pages.components.schema_edit import edits_of, merged, table_of_inputs
from tests.pages.conftest import add_model, ran, texts, visit

PAGE = "pages/models.py"
NAMES = ["setosa", "versicolor", "virginica"]
SAMPLE = "sl,sw,pl,pw,species\n" + "5.1,3.5,1.4,0.2,a\n6.7,3.0,5.2,2.3,b\n5.9,3.0,4.2,1.5,c\n" * 3


@pytest.fixture(scope="session")
def bare_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model whose file names neither its inputs nor its classes."""
    path = tmp_path_factory.mktemp("models") / "bare.skops"
    skops.io.dump(LogisticRegression(max_iter=1000).fit(*load_iris(return_X_y=True)), path)
    return path


@pytest.fixture
def bare(platform: Platform, ann: Caller, bare_file: Path) -> ModelView:
    return add_model(platform, ann, bare_file, "Bare", visibility="team")


def opened(app: AppTest) -> AppTest:
    app.button(key="models_schema").click()
    return ran(app)


def saved(app: AppTest) -> AppTest:
    """Press Save in the dialog, which AppTest must open anew for every run."""
    app.button(key="models_schema").click()
    app.button(key="models_schema_save").click()
    return ran(app)


def four(*edits: FieldEdit) -> tuple[FieldEdit, ...]:
    return (*edits, *[FieldEdit()] * (4 - len(edits)))


def test_what_is_typed_into_the_table_is_saved(
    platform: Platform, ann: Caller, bare: ModelView
) -> None:
    app = opened(visit(ann, PAGE, model=bare.id))
    typed = {0: {"Name": "sepal", "Label": "Sepal length", "Unit": "cm", "From": 0.5}}
    app.session_state["models_schema_inputs"] = {"edited_rows": typed}
    app.text_area(key="models_schema_classes").set_value("\n".join(NAMES))
    app.text_input(key="models_schema_note").set_value("From the paper")
    app = saved(app)
    assert not app.error
    info = platform.models.get(ann, "Bare").info
    assert (info.inputs[0].name, info.inputs[0].unit) == ("sepal", "cm")
    assert info.outputs[0].categories == tuple(NAMES)
    (revision,) = platform.revisions.list_(ann, bare.id)
    assert revision.note == "From the paper"
    page = visit(ann, PAGE, model=bare.id)
    inputs = page.dataframe[0].value
    assert (inputs["Unit"][0], inputs["Range"][0]) == ("cm", "[0.5, ∞)")
    assert "From the paper" in texts(page)


def test_a_wrong_name_is_refused_in_the_dialog(
    platform: Platform, ann: Caller, bare: ModelView
) -> None:
    app = opened(visit(ann, PAGE, model=bare.id))
    second = platform.models.get(ann, "Bare").info.inputs[1]
    typed = {0: {"Name": second.name}}
    app.session_state["models_schema_inputs"] = {"edited_rows": typed}
    app = saved(app)
    assert f'2 inputs would be named "{second.name}"' in app.error[0].value.replace("\\", "")
    assert platform.revisions.list_(ann, bare.id) == []


def test_a_sample_fills_the_table_once_its_target_is_left_out(
    platform: Platform, ann: Caller, bare: ModelView
) -> None:
    app = opened(visit(ann, PAGE, model=bare.id))
    app.file_uploader(key="models_schema_sample").set_value(
        ("sample.csv", SAMPLE.encode(), "text/csv")
    )
    app = opened(app)
    assert "leave out the 1 that the model does not take" in texts(app)
    app.multiselect(key="models_schema_left_out").set_value(["species"])
    app = opened(app)
    table = app.data_editor[0].value
    assert list(table["Name"]) == ["sl", "sw", "pl", "pw"]
    assert list(table["Start value"]) == ["5.9", "3", "4.2", "1.5"]
    assert table["From"].isna().all()
    app = saved(app)
    assert not app.error
    assert platform.models.get(ann, "Bare").info.input_schema.names == ["sl", "sw", "pl", "pw"]


def test_an_earlier_state_is_restored_with_one_click(
    platform: Platform, ann: Caller, bare: ModelView
) -> None:
    said = platform.models.get(ann, "Bare").info
    platform.revisions.save(ann, bare.id, SchemaEdits(four(FieldEdit("sepal"))))
    app = visit(ann, PAGE, model=bare.id)
    app.button(key="models_restore_0").click()
    ran(app)
    view = platform.models.get(ann, "Bare")
    assert (view.info, view.revision) == (said, 2)


def test_those_who_may_not_change_the_model_read_its_revisions(
    platform: Platform, ann: Caller, ben: Caller, bare: ModelView
) -> None:
    platform.revisions.save(ann, bare.id, SchemaEdits(four(FieldEdit("sepal"))), note="Better")
    app = visit(ben, PAGE, model=bare.id)
    assert "Better" in texts(app)
    keys = {button.key or "" for button in app.button}
    assert not any(key.startswith(("models_schema", "models_restore")) for key in keys)


def test_the_form_shows_labels_units_and_descriptions(
    platform: Platform, ann: Caller, bare: ModelView
) -> None:
    edit = FieldEdit("sepal", "Sepal length", "cm", "At its longest", default="5")
    platform.revisions.save(ann, bare.id, SchemaEdits(four(edit)))
    app = visit(ann, "pages/predict.py", model=bare.id)
    field = app.number_input[0]
    assert (field.label, field.value) == ("Sepal length (cm)", 5.0)
    assert "At its longest" in field.help


def test_a_table_that_nobody_changed_says_what_there_was(
    platform: Platform, ann: Caller, bare: ModelView
) -> None:
    edits = four(FieldEdit("a", low=1, high=9), FieldEdit(categories=("1", "2"), default="2"))
    view = platform.revisions.save(ann, bare.id, SchemaEdits(edits))
    table = table_of_inputs(view, view.edits)
    again = platform.revisions.save
    with pytest.raises(Exception, match="what revision 1 says already"):
        again(ann, bare.id, SchemaEdits(edits_of(table)))
    table["Categories"] = pd.Series([None] * 4, dtype=object)
    assert edits_of(table)[1].categories == ()


def test_only_the_parts_that_are_wanted_are_taken_over() -> None:
    edits = SchemaEdits((FieldEdit("a", low=1),), ("x", "y"))
    suggested = SchemaEdits((FieldEdit("b", low=2, high=3, default="2"),))
    assert merged(edits, suggested, ["Ranges"]) == SchemaEdits(
        (FieldEdit("a", low=2, high=3),), ("x", "y")
    )
    assert merged(edits, suggested, ["Names", "Start values"]).inputs == (
        FieldEdit("b", low=1, default="2"),
    )
