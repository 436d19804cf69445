"""The form that knows its model: what is odd is said at the field before anything is sent (P5)."""

import json

import pytest
from streamlit.testing.v1 import AppTest

from core.platform import Platform
from core.runtimes.edits import FieldEdit, SchemaEdits
from core.services.accounts import Caller
from core.services.deployment_views import DeploymentView
from core.services.model_views import ModelView
from tests.pages.conftest import ran, texts, visit

PAGE = "pages/predict.py"


@pytest.fixture
def subscriptions(platform: Platform, ann: Caller) -> ModelView:
    return platform.samples.add(ann, "subscriptions").model


@pytest.fixture
def form(ann: Caller, subscriptions: ModelView) -> AppTest:
    return visit(ann, PAGE, model=subscriptions.id)


def fee(app: AppTest) -> float:
    return float(next(each for each in app.number_input if "fee" in each.label).value or 0)


def set_fee(app: AppTest, value: float | None) -> AppTest:
    next(each for each in app.number_input if "fee" in each.label).set_value(value)
    return ran(app)


def predict(app: AppTest) -> AppTest:
    app.button(key="predict_submit").click()
    return ran(app)


def test_a_form_shows_labels_units_and_ranges(form: AppTest) -> None:
    assert [each.label for each in form.number_input][1] == "Monthly fee (€)"
    assert r"0 to 120 · in data: monthly\_fee" in texts(form)


def test_a_value_out_of_range_turns_amber_before_anything_is_sent(form: AppTest) -> None:
    """P5."""
    app = set_fee(form, 500)
    assert ":orange[:material/warning: The model takes 0 to 120; this will be refused.]" in texts(
        app
    )
    assert not app.error
    assert not app.metric
    assert r"monthly\_fee: 500.0 is not allowed" in predict(app).error[0].value
    assert ":orange" not in texts(set_fee(app, 50))


def test_an_empty_field_that_the_model_needs_is_told_before_anything_is_sent(form: AppTest) -> None:
    assert "The model needs a value." in texts(set_fee(form, None))


def test_an_answer_stays_while_the_form_changes_and_says_what_it_answers(form: AppTest) -> None:
    app = predict(form)
    assert len(app.metric) == 1
    assert "have changed since" not in texts(app)
    app = set_fee(app, 60)
    assert len(app.metric) == 1
    assert "The inputs have changed since the answer below." in texts(app)


def test_reset_sets_every_field_to_what_it_started_with(form: AppTest) -> None:
    app = set_fee(form, 60)
    app.button(key="predict_reset").click()
    assert fee(ran(app)) == 39.9


def test_a_form_is_filled_in_from_the_data_that_a_sample_brings(form: AppTest) -> None:
    fill = form.selectbox(key="predict_fill")
    assert len(fill.options) == 5
    assert fill.options[0].startswith("subscribers.csv, row 1: 48, ")
    fill.set_value(fill.options[1])
    app = ran(form)
    assert f", {fee(app):g}, " in fill.options[1]
    assert app.selectbox(key="predict_fill").value is None
    assert len(predict(app).metric) == 1


def test_a_form_is_filled_in_from_what_was_tried_before(form: AppTest) -> None:
    app = predict(set_fee(form, 61))
    app = predict(set_fee(app, 62))
    fill = app.selectbox(key="predict_fill")
    assert [name.partition(":")[0] for name in fill.options[:2]] == [
        "The last input",
        "Earlier input 2",
    ]
    fill.set_value(fill.options[1])
    assert fee(ran(app)) == 61


def test_a_picture_is_filled_in_from_the_data_that_a_sample_brings(
    platform: Platform, ann: Caller
) -> None:
    digits = platform.samples.add(ann, "digits").model
    app = visit(ann, PAGE, model=digits.id)
    fill = app.selectbox(key="predict_fill")
    fill.set_value(fill.options[0])
    app = predict(ran(app))
    assert len(app.metric) == 1
    assert not app.error


def copies(app: AppTest) -> list[str]:
    app.session_state["predict_copies"] = True
    return [str(each.value) for each in ran(app).code]


def test_what_is_in_the_form_is_copied_as_json_and_as_a_call_of_the_model(form: AppTest) -> None:
    as_json, as_call = copies(set_fee(form, 61.5))[:2]
    assert json.loads(as_json)["monthly_fee"] == 61.5
    assert "/api/model/test" in as_call
    assert "--form-string version=1" in as_call
    assert '"monthly_fee": 61.5' in as_call


def test_the_call_of_a_service_is_copied_from_its_form(
    platform: Platform, ann: Caller, service: DeploymentView
) -> None:
    as_call = copies(visit(ann, PAGE, deployment=service.id))[1]
    assert "/api/deployment/predict" in as_call
    assert "--form-string deployment=production" in as_call


def test_a_form_begins_anew_once_the_schema_was_edited(
    platform: Platform, ann: Caller, iris: ModelView
) -> None:
    app = visit(ann, PAGE, model=iris.id)
    edits = SchemaEdits((FieldEdit("length", default="3"), *[FieldEdit()] * 3))
    platform.revisions.save(ann, iris.id, edits)
    first = ran(app).number_input[0]
    assert (first.label, first.value) == ("length", 3.0)
