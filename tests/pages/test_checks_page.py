"""The tab of checks on a model's page: verdicts, their badge, and versions side by side."""

from pathlib import Path

import pytest
import skops.io
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from streamlit.testing.v1 import AppTest

from core.platform import Platform
from core.services.accounts import Caller
from core.services.matching import newest_by_version
from core.services.model_views import ModelView
from tests.pages.conftest import ran, texts, visit

PAGE = "pages/models.py"
HEAD = "sepal_length,sepal_width,petal_length,petal_width,species\n"
RIGHT = HEAD + "5.1,3.5,1.4,0.2,setosa\n6.7,3.0,5.2,2.3,virginica\n"
WRONG = RIGHT.replace("2.3,virginica", "2.3,setosa")


def check(app: AppTest, text: str, name: str = "flowers.csv") -> AppTest:
    app.file_uploader(key="models_check_file").set_value((name, text.encode(), "text/csv"))
    app.button(key="models_check_submit").click()
    return ran(app)


def tables(app: AppTest, column: str) -> list[list[str]]:
    """Return the rows of the table that has a column of this name."""
    (table,) = (each.value for each in app.dataframe if column in each.value)
    return [[str(cell) for cell in row] for row in table.to_numpy().tolist()]


@pytest.fixture
def second(platform: Platform, ann: Caller, iris: ModelView, tmp_path: Path) -> ModelView:
    """A version that knows two kinds alone."""
    features, target = load_iris(return_X_y=True, as_frame=True)
    features.columns = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
    names = load_iris().target_names[target]
    path = tmp_path / "second.skops"
    skops.io.dump(LogisticRegression(max_iter=1000).fit(features[:100], names[:100]), path)
    with path.open("rb") as source:
        staged = platform.files.stage(source, path.name, 1 << 20)
    return platform.models.add_version(ann, iris.id, staged).model


def test_a_version_that_was_never_checked_says_so(ann: Caller, iris: ModelView) -> None:
    read = texts(visit(ann, PAGE, model=iris.id))
    assert "Version 1 has not been checked yet." in read
    assert "rows agree" not in read


def test_a_file_that_is_as_expected_gives_a_badge_and_a_sentence(
    platform: Platform, ann: Caller, iris: ModelView
) -> None:
    app = check(visit(ann, PAGE, model=iris.id), RIGHT)
    assert "2 of 2 rows agree to 1e-6." in texts(app)
    badges = [text.value for text in app.markdown if "2 of 2 rows agree" in text.value]
    assert len(badges) == 3  # at the head, beside the version, and in the history
    assert all("green" in badge for badge in badges)
    assert tables(app, "Rows that agree") == [["prediction", "species", "2"]]
    (verdict,) = platform.matching.list_(ann, iris.id)
    assert verdict.agrees


def test_the_rows_that_differ_stand_side_by_side(ann: Caller, iris: ModelView) -> None:
    app = check(visit(ann, PAGE, model=iris.id), WRONG)
    assert app.error[0].value == "1 of 2 rows agree to 1e-6."
    (row,) = tables(app, "Expected")
    assert row[:4] == ["2", "prediction", "setosa", "virginica"]
    assert "petal_width=2.3" in row[-1]


def test_a_file_without_expected_outputs_is_refused_with_what_it_has(
    platform: Platform, ann: Caller, iris: ModelView
) -> None:
    app = check(visit(ann, PAGE, model=iris.id), RIGHT.replace("species", "id"))
    assert "No column holds expected values" in app.error[0].value
    assert platform.matching.list_(ann, iris.id) == []


def test_the_column_the_outputs_and_the_tolerance_can_be_chosen(
    platform: Platform, ann: Caller, iris: ModelView
) -> None:
    app = visit(ann, PAGE, model=iris.id)
    app.text_input(key="models_check_column").set_value("kind")
    app.multiselect(key="models_check_outputs").set_value(["prediction"])
    app.selectbox(key="models_check_tolerance").set_value("1e-3")
    text = "sepal_length,sepal_width,petal_length,petal_width,weight,kind,probability_setosa\n"
    check(app, text + "5.1,3.5,1.4,0.2,7,setosa,0\n")
    (verdict,) = platform.matching.list_(ann, iris.id)
    assert verdict.sentence == "1 of 1 row agrees to 1e-3."
    assert [(pair.output, pair.column) for pair in verdict.pairs] == [("prediction", "kind")]


def test_sending_the_form_without_a_file_asks_for_one(ann: Caller, iris: ModelView) -> None:
    app = visit(ann, PAGE, model=iris.id)
    app.button(key="models_check_submit").click()
    assert "No file is chosen yet" in ran(app).error[0].value


def test_others_read_the_verdict_and_are_offered_no_check(
    ann: Caller, ben: Caller, iris: ModelView
) -> None:
    check(visit(ann, PAGE, model=iris.id), RIGHT)
    app = visit(ben, PAGE, model=iris.id)
    assert "2 of 2 rows agree" in texts(app)
    keys = {str(button.key) for button in app.button}
    assert not any(key.startswith("models_check_") for key in keys)


def test_a_check_is_deleted_from_the_history(
    platform: Platform, ann: Caller, iris: ModelView
) -> None:
    app = check(visit(ann, PAGE, model=iris.id), RIGHT)
    (verdict,) = platform.matching.list_(ann, iris.id)
    app.button(key=f"models_check_delete_{verdict.id}").click()
    assert "rows agree" not in texts(ran(app))
    assert platform.matching.list_(ann, iris.id) == []


def test_a_model_is_checked_as_it_is_uploaded(
    platform: Platform, ann: Caller, iris_file: Path
) -> None:
    app = visit(ann, PAGE)
    app.button(key="models_upload").click()
    ran(app)
    file = (iris_file.name, iris_file.read_bytes(), "application/octet-stream")
    app.file_uploader(key="models_upload_file").set_value(file)
    expected = ("flowers.csv", RIGHT.encode(), "text/csv")
    app.file_uploader(key="models_upload_expected").set_value(expected)
    app.button(key="models_upload").click()
    app.button(key="models_upload_submit").click()
    ran(app)
    (model,) = platform.models.list_(ann)
    (verdict,) = platform.matching.list_(ann, model.id)
    assert verdict.agrees


def test_a_new_version_stays_when_its_file_of_expected_outputs_is_of_no_use(
    platform: Platform, ann: Caller, iris: ModelView, iris_file: Path
) -> None:
    app = visit(ann, PAGE, model=iris.id)
    app.button(key="models_version").click()
    ran(app)
    file = (iris_file.name, iris_file.read_bytes(), "application/octet-stream")
    app.file_uploader(key="models_version_file").set_value(file)
    app.file_uploader(key="models_version_expected").set_value(("a.csv", b"x\n1\n", "text/csv"))
    app.button(key="models_version").click()
    app.button(key="models_version_submit").click()
    ran(app)
    assert len(platform.models.versions(ann, iris.id)) == 2
    assert platform.matching.list_(ann, iris.id) == []


def test_one_version_alone_has_nothing_to_be_compared_with(ann: Caller, iris: ModelView) -> None:
    assert "A second version can be compared" in texts(visit(ann, PAGE, model=iris.id))


def test_two_versions_are_compared_on_a_file(
    platform: Platform, ben: Caller, second: ModelView
) -> None:
    app = visit(ben, PAGE, model=second.id)
    file = ("flowers.csv", RIGHT.encode(), "text/csv")
    app.file_uploader(key="models_compare_file").set_value(file)
    app.button(key="models_compare_submit").click()
    read = texts(ran(app))
    assert "2 of 2 rows change by more than 1e-6 from version 1 to version 2." in read
    assert "Only version 1 has: probability\\_virginica" in read
    assert tables(app, "From") == [["virginica", "versicolor", "1"]]
    assert tables(app, "Largest change")[0][:2] == ["prediction", "1 of 2"]
    assert ["2", "prediction", "virginica", "versicolor"] in [
        row[:4] for row in tables(app, "Version 2")
    ]
    assert len(app.get("plotly_chart")) == 1
    assert newest_by_version(platform.matching.list_(ben, second.id)) == {}
