"""Saved cases on the form: kept, opened by their address, compared, deleted (P5)."""

from pathlib import Path

import pytest
import skops.io
from sklearn.datasets import load_iris
from sklearn.tree import DecisionTreeClassifier
from streamlit.testing.v1 import AppTest

from core.platform import Platform
from core.services.accounts import Caller
from core.services.cases import CaseView
from core.services.model_views import ModelView
from tests.pages.conftest import add_model, ran, texts, visit

PAGE = "pages/predict.py"
FLOWER = {"sepal_length": 5.1, "sepal_width": 3.5, "petal_length": 1.4, "petal_width": 0.2}


@pytest.fixture
def case(platform: Platform, ann: Caller, iris: ModelView) -> CaseView:
    return platform.cases.save(ann, iris.id, "A *small* one", FLOWER)


def open_case(who: Caller, case: CaseView) -> AppTest:
    return visit(who, PAGE, model=case.model_id, case=case.id)


def values(app: AppTest) -> list[float]:
    return [float(each.value or 0) for each in app.number_input]


def test_what_is_in_the_form_is_saved_and_its_address_offered(
    platform: Platform, ann: Caller, iris: ModelView
) -> None:
    app = visit(ann, PAGE, model=iris.id)
    app.number_input[0].set_value(4.25)
    app.button(key="predict_case_save").click()
    ran(app)
    app.text_input(key="predict_case_name").set_value("mine")
    app.button(key="predict_case_save").click()
    app.button(key="predict_case_submit").click()
    app = ran(app)
    [saved] = platform.cases.list_(ann, iris.id)
    assert saved.name == "mine"
    assert platform.cases.get(ann, saved.id).record["sepal_length"] == 4.25
    assert app.query_params["case"] == saved.id
    address = f"http://localhost:8501/predict?model={iris.id}&case={saved.id}"
    assert address in [each.value for each in app.code]


def test_an_address_opens_a_case_with_the_answer_of_then_and_now(
    ben: Caller, case: CaseView
) -> None:
    app = open_case(ben, case)
    assert values(app) == list(FLOWER.values())
    assert [(each.label, each.value) for each in app.metric] == [
        ("Then, version 1", "setosa"),
        ("Now, version 1", "setosa"),
    ]
    assert "The answer is the same." in texts(app)
    assert r"A \*small\* one" in texts(app)


def test_a_case_that_is_open_is_the_visitors_to_change(ann: Caller, case: CaseView) -> None:
    app = open_case(ann, case)
    app.number_input[0].set_value(7.5)
    assert values(ran(app))[0] == 7.5
    assert "Saved by ann" in texts(app)


def test_a_later_version_that_answers_otherwise_is_told(
    platform: Platform, ann: Caller, case: CaseView, tmp_path: Path
) -> None:
    features, target = load_iris(return_X_y=True, as_frame=True)
    features.columns = list(FLOWER)
    turned = load_iris().target_names[(target + 1) % 3]
    path = tmp_path / "turned.skops"
    skops.io.dump(DecisionTreeClassifier().fit(features, turned), path)
    with path.open("rb") as source:
        staged = platform.files.stage(source, path.name, 1 << 20)
    platform.models.add_version(ann, case.model_id, staged)
    app = open_case(ann, case)
    assert [(each.label, each.value) for each in app.metric] == [
        ("Then, version 1", "setosa"),
        ("Now, version 2", "versicolor"),
    ]
    assert "The answer has changed." in texts(app)


def test_the_cases_of_a_model_are_listed(
    platform: Platform, ann: Caller, ben: Caller, case: CaseView
) -> None:
    for number in range(9):
        platform.cases.save(ben, case.model_id, f"case {number}", FLOWER)
    app = visit(ann, PAGE, model=case.model_id)
    assert "10 saved cases" in [each.label for each in app.expander]
    assert r"A \*small\* one" in texts(app)
    app.text_input(key="predict_cases_search").set_value("case 7")
    assert "case 7" in texts(ran(app))
    assert "case 6" not in texts(app)


def test_its_author_deletes_a_case_and_others_are_offered_no_button(
    platform: Platform, ann: Caller, ben: Caller, case: CaseView
) -> None:
    assert not [each for each in open_case(ben, case).button if each.key == "predict_case_delete"]
    app = open_case(ann, case)
    app.button(key="predict_case_delete").click()
    ran(app)
    app.button(key="predict_case_delete").click()
    app.button(key="predict_case_delete_confirm").click()
    app = ran(app)
    assert platform.cases.list_(ann, case.model_id) == []
    assert "case" not in app.query_params


def test_an_address_of_a_case_that_is_not_there_leaves_the_form_to_use(
    platform: Platform, ann: Caller, case: CaseView, iris_file: Path
) -> None:
    other = add_model(platform, ann, iris_file, "Other")
    for address in ({"model": case.model_id, "case": "0"}, {"model": other.id, "case": case.id}):
        app = visit(ann, PAGE, **address)
        assert "There is nothing at this address" in texts(app)
        assert "The form without a case" in texts(app)
        assert len(app.number_input) == 4
        assert not app.error


@pytest.mark.parametrize(
    ("page", "kind", "back"),
    [
        ("pages/models.py", "model", "All models"),
        ("pages/deployments.py", "deployment", "All deployments"),
        ("pages/tasks.py", "task", "All tasks"),
    ],
)
def test_an_address_that_leads_to_nothing_says_so_and_shows_the_way_back_once(
    ann: Caller, page: str, kind: str, back: str
) -> None:
    app = visit(ann, page, **{kind: "0" * 32})
    assert "There is nothing at this address" in texts(app)
    assert texts(app).count(back) == 1
    assert not app.error


def test_an_address_of_somebody_elses_private_model_is_as_if_it_were_not_there(
    platform: Platform, ann: Caller, ben: Caller, iris_file: Path
) -> None:
    private = add_model(platform, ann, iris_file, "Private")
    app = visit(ben, "pages/models.py", model=private.id)
    assert "There is nothing at this address" in texts(app)
    assert "Private" not in texts(app)


def test_an_address_of_a_version_that_is_not_there_leads_back_to_the_model(
    ann: Caller, iris: ModelView
) -> None:
    app = visit(ann, "pages/models.py", model=iris.id, version="9")
    assert "has no version 9; its versions are 1 to 1" in texts(app)
    assert "Iris" in [each.label for each in app.page_link]
