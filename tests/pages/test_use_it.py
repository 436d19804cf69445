"""The tab from which people copy calls: their last input, and a token that is shown once (P7)."""

import json

import pytest
from streamlit.testing.v1 import AppTest

from core.errors import InvalidToken
from core.platform import Platform
from core.services.accounts import Caller
from core.services.deployment_views import DeploymentView
from core.services.model_views import ModelView
from tests.pages.conftest import ran, texts, visit

PAGE = "pages/deployments.py"
TRIAL = "pages/predict.py"


def codes(app: AppTest) -> str:
    return "\n".join(code.value for code in app.code)


def tried(app: AppTest, record: object) -> AppTest:
    """Score JSON on the trial page."""
    area = next(each for each in app.text_area if each.key and "predict_json" in each.key)
    area.set_value(record if isinstance(record, str) else json.dumps(record))
    app.button(key="predict_json_submit").click()
    return ran(app)


def reopened(app: AppTest, page: str, **query: str) -> AppTest:
    """Go to another page in the same tab of the browser."""
    app.switch_page(page)
    app.query_params.clear()
    for name, value in query.items():
        app.query_params[name] = value
    return ran(app)


@pytest.mark.parametrize("language", ["bash", "python", "r", "javascript", "powerquery"])
def test_each_language_has_a_call_of_the_service(
    ann: Caller, service: DeploymentView, language: str
) -> None:
    app = visit(ann, PAGE, deployment=service.id)
    written = [code.value for code in app.code if code.language == language]
    assert len(written) == (3 if language in ("bash", "python") else 1)
    assert "/api/deployment/predict" in written[0].replace('RelativePath = "', "/")
    assert "sepal_length" in written[0]


def test_a_call_sends_what_was_tried_last_and_answered(
    ann: Caller, iris: ModelView, service: DeploymentView
) -> None:
    record = {"sepal_length": 7.25, "sepal_width": 3, "petal_length": 1, "petal_width": 0.5}
    app = tried(visit(ann, TRIAL, model=iris.id), [record, {}])
    app = reopened(app, PAGE, deployment=service.id)
    assert codes(app).count("7.25") >= 9
    app = tried(reopened(app, TRIAL, deployment=service.id), {"sepal_length": "wide"})
    assert app.error
    app = reopened(app, PAGE, deployment=service.id)
    assert "7.25" in codes(app)
    assert "wide" not in codes(app)
    assert "7.25" not in codes(visit(ann, PAGE, deployment=service.id)), "another tab"


def test_a_record_of_other_fields_gives_way_to_the_sample(
    ann: Caller, service: DeploymentView
) -> None:
    app = visit(ann, PAGE)
    app.session_state["slipway_inputs"] = {service.model_id: ['{"hue": 7.25}']}
    app = reopened(app, PAGE, deployment=service.id)
    assert "hue" not in codes(app)
    assert "sepal_length" in codes(app)


def test_a_token_made_on_the_spot_is_in_the_calls_of_that_look_alone(
    platform: Platform, ann: Caller, service: DeploymentView
) -> None:
    app = visit(ann, PAGE, deployment=service.id)
    assert "$SLIPWAY_TOKEN" in codes(app)
    app.selectbox(key="deployments_token_days").set_value(30)
    app.button(key="deployments_token_submit").click()
    written = codes(ran(app))
    token = written.split("Authorization: Bearer ")[1].split("'")[0]
    assert platform.accounts.caller_by_token(token).name == "ann"
    assert written.count(token) == 9
    assert [each.name for each in platform.accounts.list_tokens(ann)] == ["production"]
    held = repr(app.session_state._state.filtered_state)
    assert token not in held
    assert token not in texts(ran(app)), "the next look has none"
    with pytest.raises(InvalidToken):
        platform.accounts.caller_by_token("made up")


def test_a_token_without_a_name_is_explained(ann: Caller, service: DeploymentView) -> None:
    app = visit(ann, PAGE, deployment=service.id)
    app.text_input(key=f"deployments_token_name_{service.id}").set_value(" ")
    app.button(key="deployments_token_submit").click()
    assert "name" in ran(app).error[0].value
    assert "$SLIPWAY_TOKEN" in codes(app)


def test_the_page_of_a_model_has_calls_that_try_its_version(ann: Caller, iris: ModelView) -> None:
    written = codes(visit(ann, "pages/models.py", model=iris.id))
    assert "/api/model/test" in written
    assert "/invocations/" not in written
