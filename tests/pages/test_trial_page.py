"""Trying a model or a service on a form, with JSON, with a file, and as a task."""

import pytest
from streamlit.testing.v1 import AppTest

from core.platform import Platform
from core.services.accounts import Caller
from core.services.deployment_views import DeploymentView
from core.services.model_views import ModelView
from tests.pages.conftest import lose_file, ran, texts, visit

PAGE = "pages/predict.py"


@pytest.fixture
def form(ann: Caller, iris: ModelView) -> AppTest:
    return visit(ann, PAGE, model=iris.id)


def submit(app: AppTest, way: str = "predict_submit") -> AppTest:
    app.button(key=way).click()
    return ran(app)


def test_with_no_model_at_all_the_page_says_where_to_begin(ann: Caller) -> None:
    app = visit(ann, PAGE)
    assert "Nothing to try yet" in texts(app)
    assert "Go to the models" in [link.label for link in app.page_link]


def test_what_is_tried_can_be_chosen_on_the_page(ann: Caller, service: DeploymentView) -> None:
    app = visit(ann, PAGE)
    assert not app.number_input
    app.selectbox(key="predict_choice").set_value(("deployment", service.id))
    assert len(ran(app).number_input) == 4
    assert app.query_params["deployment"] == service.id


def test_a_service_whose_file_cannot_be_loaded_is_called_so_in_the_choice(
    platform: Platform, ann: Caller, service: DeploymentView
) -> None:
    lose_file(platform, ann, service)
    [called] = [each for each in visit(ann, PAGE).selectbox[0].options if "service" in each]
    assert called.endswith("service, cannot be loaded")


def test_the_form_has_a_widget_for_each_input_and_starts_with_the_sample(form: AppTest) -> None:
    labels = [widget.label for widget in form.number_input]
    assert labels == [r"sepal\_length", r"sepal\_width", r"petal\_length", r"petal\_width"]


def test_the_form_predicts_the_class_with_its_probabilities(form: AppTest) -> None:
    for widget, value in zip(form.number_input, (5.1, 3.5, 1.4, 0.2), strict=True):
        widget.set_value(value)
    app = submit(form)
    assert [metric.value for metric in app.metric] == ["setosa"]
    assert "Answered in" in texts(app)
    assert len(app.get("plotly_chart")) == 3  # the chances, and two of what-if


def test_a_missing_field_is_named(form: AppTest) -> None:
    form.text_area[0].set_value('{"sepal_length": 5, "sepal_width": 3, "petal_length": 1}')
    app = submit(form, "predict_json_submit")
    assert r"petal\_width is not given" in app.error[0].value
    assert not app.metric


def test_json_takes_one_record(form: AppTest, iris: ModelView) -> None:
    app = submit(form, "predict_json_submit")
    assert len(app.metric) == 1


def test_an_answer_to_json_stays_while_its_numbers_are_opened_and_goes_with_its_text(
    form: AppTest,
) -> None:
    app = submit(form, "predict_json_submit")
    app.session_state["predict_json_chances_shown"] = True
    assert "versicolor" in set(ran(app).dataframe[0].value["Class"])
    assert len(app.metric) == 1
    app.text_area[0].set_value("{")
    app = submit(app, "predict_json_submit")
    assert app.error
    assert not app.metric


def test_json_takes_a_list_and_a_bad_record_keeps_its_place(form: AppTest) -> None:
    good = '{"sepal_length": 6.7, "sepal_width": 3, "petal_length": 5.2, "petal_width": 2.3}'
    form.text_area[0].set_value(f'[{good}, {{"sepal_length": "x"}}, {good}]')
    app = submit(form, "predict_json_submit")
    table = app.dataframe[0].value
    assert list(table["prediction"].fillna("-")) == ["virginica", "-", "virginica"]
    assert "2 records scored, 1 not" in app.warning[0].value


def test_broken_json_is_refused_with_the_place(form: AppTest) -> None:
    form.text_area[0].set_value('{\n"a": }')
    assert "in line 2, column 6" in submit(form, "predict_json_submit").error[0].value


def test_a_service_counts_what_is_tried_and_a_model_does_not(
    platform: Platform, ann: Caller, iris: ModelView, service: DeploymentView
) -> None:
    submit(visit(ann, PAGE, model=iris.id))
    assert platform.calls.status(service.id, "1h").calls == 0
    submit(visit(ann, PAGE, deployment=service.id))
    assert platform.calls.status(service.id, "1h").calls == 1


def test_a_paused_service_says_so(platform: Platform, ann: Caller, service: DeploymentView) -> None:
    platform.deployments.pause(ann, service.id)
    app = submit(visit(ann, PAGE, deployment=service.id))
    assert "paused" in app.error[0].value


def test_an_address_of_something_gone_says_so(ann: Caller, iris: ModelView) -> None:
    app = visit(ann, PAGE, model="0" * 32)
    assert "There is nothing at this address" in texts(app)
    assert "There is no such model" in texts(app)
    assert not app.error
    assert not app.number_input
