"""The tab Watch, and how services in trouble look elsewhere (P2, P6, I21)."""

from datetime import timedelta

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from core.db.tables import utc_now
from core.platform import Platform
from core.services.accounts import Caller
from core.services.call_records import CallRecord
from core.services.deployment_views import DeploymentView
from core.services.log_rows import Logging
from core.services.thresholds import Level, Thresholds
from tests.pages.conftest import ran, texts, visit

PAGE = "pages/deployments.py"
CHARTS = ("calls", "latency", "errors", "versions", "callers")


def _standing_out(app: AppTest) -> pd.DataFrame:
    return next(each.value for each in app.dataframe if "ended with" in each.value)


@pytest.fixture
def failing(platform: Platform, ann: Caller, service: DeploymentView) -> DeploymentView:
    """A service that fails one call in four."""
    for number in range(40):
        at = utc_now() - timedelta(seconds=number)
        code = "" if number % 4 else "invalid_input"
        platform.calls.record(CallRecord(service.id, 1, at, 1, 0, code, 1.0 + number, ann.id))
    assert platform.watching.health(ann, service.id).level is Level.RED
    return service


def test_a_service_in_trouble_says_so_with_words_wherever_it_is_shown(
    ann: Caller, failing: DeploymentView
) -> None:
    for app in (
        visit(ann),
        visit(ann, PAGE),
        visit(ann, PAGE, deployment=failing.id),
    ):
        read = texts(app)
        assert "red: in trouble" in read
        assert "10 of 40 calls failed in the last 60 min" in read


def test_a_service_that_is_called_seldom_is_not_judged(
    ann: Caller, service: DeploymentView
) -> None:
    read = texts(visit(ann, PAGE, deployment=service.id))
    assert "too few calls to tell" in read
    assert "20 calls in the last 60 min" in read
    assert "All is well" in texts(visit(ann))


def test_every_chart_has_its_numbers_as_a_table(ann: Caller, failing: DeploymentView) -> None:
    app = visit(ann, PAGE, deployment=failing.id)
    assert [each.label for each in app.expander].count("Show as a table") == 5
    sent = len(app.dataframe)
    for chart in CHARTS:
        app.session_state[f"deployments_{chart}_shown"] = True
    assert len(ran(app).dataframe) == sent + 5
    tables = [frame.value for frame in app.dataframe]
    assert [table["calls"].sum() for table in tables if "calls" in table] == [40]
    assert [table["invalid input"].sum() for table in tables if "invalid input" in table] == [10]
    assert [table["version 1"].sum() for table in tables if "version 1" in table] == [40]
    assert [table["ann"].sum() for table in tables if "ann" in table] == [40]


def test_the_slowest_and_the_failed_calls_are_listed(ann: Caller, failing: DeploymentView) -> None:
    app = visit(ann, PAGE, deployment=failing.id)
    slowest = _standing_out(app)
    assert slowest["latency, ms"].tolist() == [float(40 - place) for place in range(40)]
    assert set(slowest["caller"]) == {"ann"}
    app.segmented_control(key="deployments_standout").set_value("Failed")
    failed = _standing_out(ran(app))
    assert set(failed["ended with"]) == {"invalid input"}
    assert len(failed) == 10


def test_others_are_not_told_who_called(ben: Caller, failing: DeploymentView) -> None:
    app = visit(ben, PAGE, deployment=failing.id)
    assert "Calls by caller" not in {heading.value for heading in app.header}
    assert "caller" not in _standing_out(app)
    assert "The owner can change them" in texts(app)


def test_the_owner_chooses_from_when_on_a_service_is_in_trouble(
    platform: Platform, ann: Caller, failing: DeploymentView
) -> None:
    app = visit(ann, PAGE, deployment=failing.id)
    app.number_input(key="deployments_error_red").set_value(60.0)
    app.number_input(key="deployments_error_amber").set_value(0.0)
    app.button(key="deployments_thresholds_save").click()
    app = ran(app)
    assert platform.watching.thresholds(ann, failing.id) == Thresholds(None, 60.0)
    assert "healthy" in texts(app)


def test_thresholds_without_sense_are_refused_with_a_sentence(
    platform: Platform, ann: Caller, failing: DeploymentView
) -> None:
    app = visit(ann, PAGE, deployment=failing.id)
    app.number_input(key="deployments_error_amber").set_value(60.0)
    app.button(key="deployments_thresholds_save").click()
    assert "red cannot come before amber" in ran(app).error[-1].value
    assert platform.watching.thresholds(ann, failing.id) == Thresholds()


def test_an_owner_has_calls_kept_but_for_a_column_reads_and_deletes_them(
    platform: Platform, ann: Caller, service: DeploymentView
) -> None:
    app = visit(ann, PAGE, deployment=service.id)
    assert "Inputs and outputs: not kept" in [each.label for each in app.expander]
    app.toggle(key="deployments_log_active").set_value(True)
    app.multiselect(key="deployments_log_hidden").set_value(["petal_width"])
    app.button(key="deployments_log_save").click()
    app = ran(app)
    live = platform.deployments.live(service.endpoint)
    platform.predictions.call(ann, live, dict(live.info.sample))
    app = visit(ann, PAGE, deployment=service.id)
    assert "Inputs and outputs: kept" in [each.label for each in app.expander]
    (kept,) = [each.value for each in app.dataframe if "→ prediction" in each.value]
    assert len(kept) == 1
    assert "petal_length" in kept
    assert "petal_width" not in kept
    app.button(key="deployments_log_purge").click()
    ran(app)
    assert platform.logs.read(ann, service.id).total == 0


def test_who_calls_a_service_may_know_that_it_is_logged(
    platform: Platform, ann: Caller, ben: Caller, service: DeploymentView
) -> None:
    platform.logs.set_logging(ann, service.id, Logging(active=True, percent=50))
    app = visit(ben, PAGE, deployment=service.id)
    assert "for 7 days, of 50% of the calls" in texts(app)
    assert not [each for each in app.toggle if each.key == "deployments_log_active"]
