"""Whether a service is in trouble, and since which figures (P2, P6, I21)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from core.db.engine import Database
from core.errors import DeploymentNotFound, InvalidInput, NotAllowed
from core.services.accounts import Caller
from core.services.call_lists import Part
from core.services.call_records import CallRecord
from core.services.call_summary import NO_CALLS
from core.services.calls import Calls
from core.services.deployment_views import DeploymentView
from core.services.deployments import Deployments
from core.services.models import Models
from core.services.thresholds import USUAL, Health, Level, Thresholds, check_thresholds, health_of
from core.services.watching import Watching
from tests.core.services.conftest import Clock, Uploads, counts


@pytest.fixture
def calls(database: Database, clock: Clock) -> Iterator[Calls]:
    calls = Calls(database, seconds=3600, now=clock)
    yield calls
    calls.close()


@pytest.fixture
def watching(database: Database, calls: Calls, clock: Clock) -> Watching:
    return Watching(database, calls, lambda _: None, now=clock)


@pytest.fixture
def service(
    deployments: Deployments, models: Models, ann: Caller, upload: Uploads
) -> DeploymentView:
    model = models.add(ann, "churn", upload(), visibility="team").model
    return deployments.create(ann, model.id, "prod")


def _called(errors: int, calls: int = 100, p95: float = 10.0) -> Level:
    return health_of(replace(NO_CALLS, calls=calls, errors=errors, p95=p95), USUAL).level


@pytest.mark.parametrize(
    ("errors", "level"), [(0, "green"), (4, "green"), (5, "amber"), (19, "amber"), (20, "red")]
)
def test_a_share_of_errors_turns_a_service_amber_and_red(errors: int, level: str) -> None:
    assert _called(errors) == level


@pytest.mark.parametrize(("p95", "level"), [(999, "green"), (1000, "amber"), (5000, "red")])
def test_a_slow_service_turns_amber_and_red(p95: float, level: str) -> None:
    assert _called(0, p95=p95) == level


def test_a_few_calls_are_not_judged() -> None:
    assert _called(19, calls=19) is Level.UNKNOWN
    assert _called(20, calls=20) is Level.RED


def test_what_is_not_watched_turns_nothing_red() -> None:
    off = Thresholds(error_amber=None, error_red=None, p95_amber=None, p95_red=None)
    assert health_of(replace(NO_CALLS, calls=50, errors=50, p95=1e9), off) == Health(Level.GREEN)


def test_each_reason_says_what_was_seen_and_what_is_allowed() -> None:
    status = replace(NO_CALLS, calls=1000, errors=60, p95=6000.0)
    health = health_of(status, USUAL)
    assert health.level is Level.RED
    assert health.reasons == (
        "60 of 1,000 calls failed in the last 60 min: 6%, amber from 5% on.",
        "One call in twenty took longer than 6,000 ms in the last 60 min; red from 5,000 ms on.",
    )


def test_a_model_that_cannot_be_loaded_is_red_without_a_call() -> None:
    assert health_of(NO_CALLS, USUAL, "The file is gone.") == Health(
        Level.RED, ("The file is gone.",)
    )


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        (Thresholds(error_amber=0.0), "error_amber is 0; it must be more than 0, at most 100"),
        (Thresholds(error_red=101.0), "error_red is 101"),
        (Thresholds(p95_amber=-1.0), "p95_amber is -1; it must be more than 0."),
        (Thresholds(p95_red=float("inf")), "p95_red is inf"),
        (Thresholds(p95_red=float("nan")), "p95_red is nan"),
        (Thresholds(p95_amber=2e6, p95_red=1e6), "p95_amber is 2000000 and p95_red is 1000000"),
        (Thresholds(error_amber=30.0), "red cannot come before amber"),
        (Thresholds(minutes=0), "minutes is 0; it must be 1 to 1440"),
        (Thresholds(calls=0), "calls is 0"),
    ],
)
def test_thresholds_without_sense_are_refused(chosen: Thresholds, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        check_thresholds(chosen)


def _call(service: DeploymentView, clock: Clock, ago: float, code: str = "") -> CallRecord:
    at = clock.time - timedelta(minutes=ago)
    return CallRecord(service.id, 1, at, 1, 0, code, 5.0, "nobody")


def test_a_service_is_judged_by_its_own_thresholds_and_minutes(
    watching: Watching, calls: Calls, ann: Caller, service: DeploymentView, clock: Clock
) -> None:
    for number in range(40):
        calls.record(_call(service, clock, 30, "overloaded" if number < 4 else ""))
    assert watching.health(ann, service.id).level is Level.AMBER
    watching.set_thresholds(ann, service.id, Thresholds(error_amber=None))
    assert watching.health(ann, service.id).level is Level.GREEN
    watching.set_thresholds(ann, service.id, Thresholds(error_red=10.0, calls=40))
    assert watching.health(ann, service.id).level is Level.RED
    watching.set_thresholds(ann, service.id, Thresholds(minutes=20))
    assert watching.health(ann, service.id).level is Level.UNKNOWN
    assert watching.thresholds(ann, service.id) == Thresholds(minutes=20)


def test_only_the_owner_and_admins_choose_the_thresholds(
    watching: Watching, bob: Caller, admin: Caller, service: DeploymentView
) -> None:
    assert watching.thresholds(bob, service.id) == USUAL
    with pytest.raises(NotAllowed):
        watching.set_thresholds(bob, service.id, Thresholds())
    watching.set_thresholds(admin, service.id, Thresholds(calls=3))


def test_the_thresholds_go_with_their_service(
    watching: Watching,
    deployments: Deployments,
    database: Database,
    ann: Caller,
    service: DeploymentView,
) -> None:
    watching.set_thresholds(ann, service.id, Thresholds(calls=3))
    deployments.delete(ann, service.id)
    assert counts(database)["thresholds"] == 0
    with pytest.raises(DeploymentNotFound):
        watching.health(ann, service.id)


def test_who_called_is_for_the_owner_to_know(
    watching: Watching,
    calls: Calls,
    ann: Caller,
    bob: Caller,
    service: DeploymentView,
    clock: Clock,
) -> None:
    calls.record(replace(_call(service, clock, 1, "overloaded"), caller_id=bob.id))
    calls.record(_call(service, clock, 1))
    named = watching.parts(ann, service.id, "1h", Part.CALLER)["part"].to_pylist()
    assert set(named) == {"bob", "deleted account"}
    assert [each.caller for each in watching.failed(ann, service.id, "1h")] == ["bob"]
    with pytest.raises(NotAllowed):
        watching.parts(bob, service.id, "1h", Part.CALLER)
    assert [each.caller for each in watching.failed(bob, service.id, "1h")] == [None]
    assert len(watching.slowest(bob, service.id, "1h")) == 2


def test_the_smallest_of_many_parts_are_together(
    watching: Watching, calls: Calls, ann: Caller, service: DeploymentView, clock: Clock
) -> None:
    for version in range(1, 12):
        for _ in range(version):
            calls.record(replace(_call(service, clock, 1), version=version))
    parts = watching.parts(ann, service.id, "1h", Part.VERSION)
    found = dict(zip(parts["part"].to_pylist(), parts["calls"].to_pylist(), strict=True))
    assert found == {"others": 6, **{str(number): number for number in range(4, 12)}}


def test_what_one_may_not_see_is_not_found(
    watching: Watching, models: Models, ann: Caller, bob: Caller, service: DeploymentView
) -> None:
    models.update(ann, service.model_id, visibility="private")
    for ask in (watching.health, watching.thresholds):
        with pytest.raises(DeploymentNotFound):
            ask(bob, service.id)
    for listed in (watching.status, watching.series, watching.failed, watching.slowest):
        with pytest.raises(DeploymentNotFound):
            listed(bob, service.id, "1h")
