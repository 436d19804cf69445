"""The list of deployments and the page of one service."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.errors import DeploymentNotFound, InvalidInput
from core.platform import Platform
from core.services.accounts import Caller
from core.services.deployment_views import DeploymentView
from core.services.model_views import ModelView
from tests.pages.conftest import add_model, ran, texts, visit

PAGE = "pages/deployments.py"


def call(platform: Platform, caller: Caller, service: DeploymentView, *, good: bool = True) -> None:
    live = platform.deployments.live(service.endpoint)
    if good:
        platform.predictions.call(caller, live, dict(live.info.sample))
        return
    with pytest.raises(InvalidInput):
        platform.predictions.call(caller, live, {})


def numbers(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def test_an_empty_list_says_what_to_do_next(ann: Caller) -> None:
    assert "Open a model and choose Deploy" in texts(visit(ann, PAGE))


def test_the_list_shows_each_service_with_its_last_day(
    platform: Platform, ann: Caller, service: DeploymentView
) -> None:
    call(platform, ann, service)
    call(platform, ann, service, good=False)
    read = texts(visit(ann, PAGE))
    assert service.name in read
    assert "2 calls" in read
    assert "1 error" in read


def test_the_list_can_be_narrowed_by_state_and_words(
    platform: Platform, ann: Caller, iris: ModelView, service: DeploymentView
) -> None:
    platform.deployments.pause(ann, platform.deployments.create(ann, iris.id, "staging").id)
    app = visit(ann, PAGE)
    app.segmented_control(key="deployments_state").set_value("paused")
    assert "production" not in texts(ran(app))
    app.segmented_control(key="deployments_state").set_value("all")
    app.text_input(key="deployments_search").set_value("IRIS prod")
    read = texts(ran(app))
    assert service.name in read
    assert "staging" not in read


def test_a_service_that_nobody_called_says_how_to_call_it(
    ann: Caller, service: DeploymentView
) -> None:
    app = visit(ann, PAGE, deployment=service.id)
    assert "No calls in this time" in app.info[0].value
    assert f"/invocations/{service.endpoint}" in texts(app)
    assert numbers(app)["p95"] == "–"


def test_a_paused_service_that_nobody_called_says_to_start_it(
    platform: Platform, ann: Caller, service: DeploymentView
) -> None:
    platform.deployments.pause(ann, service.id)
    assert "Start it" in visit(ann, PAGE, deployment=service.id).info[0].value


def test_a_long_name_of_a_model_leaves_its_version_to_be_read(
    platform: Platform, ann: Caller, iris_file: Path
) -> None:
    model = add_model(
        platform, ann, iris_file, "Who of the northern region will not renew next year"
    )
    platform.deployments.create(ann, model.id, "north")
    (row,) = [link.value for link in visit(ann, PAGE).page_link if "north" in link.value]
    assert "… · version 1]" in row


def test_a_service_shows_how_it_does(
    platform: Platform, ann: Caller, service: DeploymentView
) -> None:
    for good in (True, True, True, False):
        call(platform, ann, service, good=good)
    app = visit(ann, PAGE, deployment=service.id)
    assert (numbers(app)["Calls"], numbers(app)["Error rate"]) == ("4", "25.0%")
    headings = {heading.value for heading in app.header}
    assert headings >= {"Calls", "Latency", "Errors by kind", "Calls by version", "Calls by caller"}
    assert len(app.get("plotly_chart")) == 5
    app.segmented_control(key="deployments_window").set_value("1h")
    assert numbers(ran(app))["Calls"] == "4"


def test_a_service_is_paused_and_started(
    platform: Platform, ann: Caller, service: DeploymentView
) -> None:
    app = visit(ann, PAGE, deployment=service.id)
    app.button(key="deployments_pause").click()
    ran(app)
    assert platform.deployments.get_by_id(ann, service.id).state == "paused"
    app.button(key="deployments_start").click()
    ran(app)
    assert platform.deployments.get_by_id(ann, service.id).state == "running"


def test_a_service_is_deleted_only_after_a_second_word(
    platform: Platform, ann: Caller, service: DeploymentView
) -> None:
    app = visit(ann, PAGE, deployment=service.id)
    app.button(key="deployments_delete").click()
    assert "will fail" in texts(ran(app))
    assert platform.deployments.get_by_id(ann, service.id)
    app.button(key="deployments_delete").click()
    app.button(key="deployments_delete_confirm").click()
    ran(app)
    with pytest.raises(DeploymentNotFound):
        platform.deployments.get_by_id(ann, service.id)


def test_others_may_watch_and_call_and_not_switch(ben: Caller, service: DeploymentView) -> None:
    app = visit(ben, PAGE, deployment=service.id)
    keys = {button.key for button in app.button}
    assert "deployments_try" in keys
    assert not keys & {"deployments_pause", "deployments_delete"}
    assert "owner=ann" in texts(app)


def test_an_address_of_nothing_says_so(ann: Caller) -> None:
    app = visit(ann, PAGE, deployment="0" * 32)
    assert "There is nothing at this address" in texts(app)
    assert not app.metric
