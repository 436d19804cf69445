"""Home, the team's dashboard (P2): what it sums, and what it says needs attention."""

import io
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.db.tables import utc_now
from core.platform import Platform
from core.services import dashboard
from core.services.accounts import Caller
from core.services.call_records import CallRecord
from core.services.deployment_views import DeploymentView
from core.services.job_views import TaskPage
from core.services.model_views import ModelView
from tests.pages.conftest import add_model, names_of, ran, texts, visit


def record(
    platform: Platform, service: DeploymentView, calls: int, *, errors: int, hours_ago: float = 0
) -> None:
    at = utc_now() - timedelta(hours=hours_ago)
    for number in range(calls):
        code = "invalid_input" if number < errors else ""
        platform.calls.record(CallRecord(service.id, 1, at, 1, 0, code, 2.0, service.created_by))


def numbers(app: AppTest) -> dict[str, str]:
    """Return the numbers at the head."""
    return {metric.label: metric.value for metric in app.metric}


def test_an_address_of_no_page_leads_home_which_says_so_once(ann: Caller) -> None:
    """P10."""
    app = visit(ann, stray="1")
    assert "There is no page at the address that you opened" in texts(app)
    assert not ran(app).warning


def test_before_there_is_a_model_home_shows_the_way_to_one_and_no_numbers(ann: Caller) -> None:
    app = visit(ann)
    assert "First steps" in texts(app)
    assert not app.metric


def test_a_viewer_of_an_empty_platform_is_told_what_to_wait_for(
    platform: Platform, ann: Caller, ben: Caller
) -> None:
    platform.people.set_role(ann, "ben", "viewer")
    app = visit(platform.accounts.sign_in("ben", "correct horse"))
    assert "When a colleague shares a model with the team" in texts(app)
    assert "First steps" not in texts(app)


def test_home_sums_the_last_day_of_all_services(
    platform: Platform, ann: Caller, iris: ModelView, service: DeploymentView
) -> None:
    other = platform.deployments.create(ann, iris.id, "staging")
    platform.deployments.pause(ann, other.id)
    record(platform, service, 6, errors=1)
    record(platform, other, 2, errors=1, hours_ago=3)
    record(platform, service, 5, errors=5, hours_ago=30)
    shown = numbers(visit(ann))
    assert shown["Services running"] == "1 of 2"
    assert shown["Calls, 24 h"] == "8"
    assert shown["Errors, 24 h"] == "25.0%"


def test_errors_of_a_service_too_seldom_called_to_be_judged_are_told_all_the_same(
    platform: Platform, ann: Caller, service: DeploymentView
) -> None:
    record(platform, service, 4, errors=1)
    read = texts(visit(ann))
    assert "1 of 4 calls failed in the last 24 hours" in read
    assert "All is well" not in read


def test_a_task_that_failed_lately_is_shown_with_its_reason(
    platform: Platform, ann: Caller, iris: ModelView
) -> None:
    version = platform.models.get_by_id(ann, iris.id)
    records = ", ".join([json.dumps(version.info.sample)] * 10)
    broken = f"[{records}, oops]".encode()
    staged = platform.files.stage(io.BytesIO(broken), "broken.json", 1 << 20)
    platform.jobs.submit(ann, version, staged, kind="json")
    platform.runner.run_until_idle()
    read = texts(visit(ann))
    assert "broken.json" in read
    assert "not JSON around record 11" in read


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ({}, "12 rows · :gray["),
        ({"rows_total": 1_000_000}, "1,000,000 rows]"),
        ({"rows_failed": 3}, ":red[3 not scored]"),
        ({"state": "cancelled"}, ":small[:gray[just now]]"),
        ({"state": "running", "rows_done": 3, "eta_s": 90.0}, "25%, 1 min left]"),
    ],
)
def test_a_recent_task_is_told_in_few_words(
    platform: Platform,
    ann: Caller,
    iris: ModelView,
    monkeypatch: pytest.MonkeyPatch,
    how: dict[str, Any],
    told: str,
) -> None:
    version = platform.models.get_by_id(ann, iris.id)
    records = json.dumps([version.info.sample])
    staged = platform.files.stage(io.BytesIO(records.encode()), "leaves.json", 1 << 20)
    task = platform.jobs.submit(ann, version, staged, kind="json")
    shown = replace(task, **{"state": "succeeded", "rows_total": 12, **how})
    page = TaskPage([shown], 1)
    monkeypatch.setattr(platform.jobs, "list_", lambda *_args, **_named: page)
    labels = [link.label for link in visit(ann).page_link if "leaves" in link.label]
    assert len(labels) == 1
    assert told in labels[0]


def test_others_see_nothing_of_what_is_private(
    platform: Platform, ann: Caller, ben: Caller, iris: ModelView, iris_file: Path
) -> None:
    secret = add_model(platform, ann, iris_file, "Secret plans")
    service = platform.deployments.create(ann, secret.id, "hidden")
    record(platform, service, 3, errors=3)
    app = visit(ben)
    assert "Secret plans" not in texts(app)
    assert "hidden" not in texts(app)
    assert numbers(app)["Calls, 24 h"] == "0"


def test_models_that_nobody_uses_are_listed_after_a_month(
    platform: Platform, ann: Caller, iris: ModelView, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not [each for each in visit(ann).expander if "not used" in each.label]
    monkeypatch.setattr(dashboard, "UNUSED", timedelta(days=-1))
    app = visit(ann)
    assert "1 model was not used for a month" in [each.label for each in app.expander]
    assert "never used" not in texts(app)
    app.session_state["home_unused"] = True
    assert "never used" in texts(ran(app))


def test_of_many_models_that_nobody_uses_a_page_is_shown(
    platform: Platform, ann: Caller, iris: ModelView, monkeypatch: pytest.MonkeyPatch
) -> None:
    unused = tuple(
        dashboard.UnusedModel(f"{n:032x}", f"Forgotten {n}", "ann", None) for n in range(30)
    )
    nothing = platform.dashboard.outlook(ann)
    monkeypatch.setattr(
        platform.dashboard, "outlook", lambda _caller: replace(nothing, unused=unused)
    )
    app = visit(ann)
    app.session_state["home_unused"] = True
    first = [name for name in names_of(ran(app)) if name.startswith("Forgotten")]
    assert first == [f"Forgotten {n}" for n in range(12)]
    app.session_state["home_unused_page"] = 3
    last = [name for name in names_of(ran(app)) if name.startswith("Forgotten")]
    assert last == [f"Forgotten {n}" for n in range(24, 30)]


def test_of_many_services_the_most_called_are_shown_and_the_way_to_the_others(
    platform: Platform, ann: Caller, iris: ModelView
) -> None:
    made = [platform.deployments.create(ann, iris.id, f"service {n}") for n in range(11)]
    record(platform, made[7], 5, errors=0)
    record(platform, made[3], 2, errors=0)
    app = visit(ann)
    cards = [name for name in names_of(app) if name.startswith("service ")]
    assert cards[:2] == ["service 7", "service 3"]
    assert len(cards) == 3
    assert "All deployments" in {link.label for link in app.page_link}


def test_of_much_that_needs_attention_some_of_every_kind_is_shown_and_the_rest_on_request(
    platform: Platform, ann: Caller, iris: ModelView, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P2: four services that failed must hide neither the task nor the check that failed."""
    for number in range(4):
        service = platform.deployments.create(ann, iris.id, f"ailing {number}")
        calls = 1 if number else 50  # enough to be judged
        record(platform, service, calls, errors=calls)
    task = dashboard.FailedTask("id", "broken.csv", "It has no column.", utc_now())
    check = dashboard.FailedCheck("id", "broken model", 1, "1 of 2 rows differs.", utc_now())
    outlook = replace(platform.dashboard.outlook(ann), tasks=(task,), checks=(check,))
    monkeypatch.setattr(dashboard.Dashboard, "outlook", lambda *_: outlook)
    app = visit(ann)
    assert _attended(app) == ["ailing 0", "ailing 3", "broken.csv", "broken model"]
    app.toggle(key="home_attention_all").set_value(True)
    services = [f"ailing {number}" for number in (0, 3, 2, 1)]
    assert _attended(ran(app)) == [*services, "broken.csv", "broken model"]


def _attended(app: AppTest) -> list[str]:
    """Return what is named under the heading that calls for attention."""
    names = names_of(app)
    listed = [name for name in names if name.startswith(("ailing", "broken"))]
    return listed[: len(listed) - 4]  # the four services are cards further down, too
