"""A service goes to another version and back, and its history says what was live when (I10-I12)."""

from functools import partial
from itertools import pairwise

import pytest

from core.db.engine import Database
from core.errors import (
    DeploymentNotFound,
    InvalidInput,
    ModelUnavailable,
    NotAllowed,
    VersionNotFound,
)
from core.runtimes.cache import ScorerCache
from core.services.accounts import Caller
from core.services.deployment_history import Change
from core.services.deployment_views import DeploymentView
from core.services.deployments import Deployments
from core.services.models import Models
from core.services.releases import Releases
from core.services.timeline import Timeline
from tests.core.services.conftest import Loads, Uploads, at_once, counts


@pytest.fixture
def service(
    models: Models, deployments: Deployments, ann: Caller, upload: Uploads
) -> DeploymentView:
    """A service of version 1 of a model that has three."""
    model = models.add(ann, "churn", upload("one")).model
    models.add_version(ann, model.id, upload("two"))
    models.add_version(ann, model.id, upload("pickle three"))
    return deployments.create(ann, model.id, "prod", 1, note="  the first  ")


def told(history: list[Change]) -> list[tuple[str, int, str]]:
    return [(change.action.value, change.version, change.state.value) for change in history]


def test_a_switched_service_answers_with_the_other_version_at_the_same_address(
    releases: Releases,
    deployments: Deployments,
    models: Models,
    ann: Caller,
    service: DeploymentView,
) -> None:
    release = releases.switch(ann, service.id, 2)
    assert (release.service.version, release.previous, release.changes) == (2, 1, ())
    live = deployments.live("churn-prod")
    second = models.get(ann, "churn", version=2)
    assert (live.version, live.version_id, live.artifact) == (2, second.id, second.artifact)


def test_a_version_that_cannot_be_loaded_changes_nothing(
    releases: Releases,
    deployments: Deployments,
    models: Models,
    ann: Caller,
    service: DeploymentView,
    loads: Loads,
    database: Database,
) -> None:
    broken = models.get(ann, "churn", version=2).id
    loads.broken[broken] = ModelUnavailable("The file is damaged.")
    before, rows = deployments.live("churn-prod"), counts(database)
    with pytest.raises(ModelUnavailable, match="damaged"):
        releases.switch(ann, service.id, 2)
    with pytest.raises(ModelUnavailable, match="damaged"):
        deployments.create(ann, service.model_id, "other", 2)
    assert deployments.live("churn-prod") == before
    assert counts(database) == rows
    loads.broken.clear()
    assert releases.switch(ann, service.id, 2).service.version == 2


def test_a_service_is_not_started_with_a_version_that_cannot_be_loaded(
    deployments: Deployments,
    ann: Caller,
    service: DeploymentView,
    loads: Loads,
    scorers: ScorerCache[str],
) -> None:
    deployments.pause(ann, service.id)
    scorers.drop(service.version_id)
    loads.broken[service.version_id] = ModelUnavailable("The file is gone.")
    for again in (deployments.start, deployments.reload):
        with pytest.raises(ModelUnavailable, match="gone"):
            again(ann, service.id)
    assert deployments.get_by_id(ann, service.id).state == "paused"
    loads.broken.clear()
    deployments.reload(ann, service.id)
    assert scorers.is_loaded(service.version_id)


def test_a_version_is_loaded_before_the_service_that_needs_it_answers(
    releases: Releases, deployments: Deployments, ann: Caller, service: DeploymentView, loads: Loads
) -> None:
    seen: list[int] = []
    deployments.on_refresh(lambda lives: seen.append(len(loads.asked)))
    releases.switch(ann, service.id, 3)
    assert (len(loads.asked), seen) == (2, [2])
    releases.roll_back(ann, service.id)
    assert len(loads.asked) == 2, "what was live before is still in memory"


def test_what_no_service_needs_any_more_is_the_next_to_leave_the_memory(
    releases: Releases, deployments: Deployments, ann: Caller, service: DeploymentView
) -> None:
    small: ScorerCache[str] = ScorerCache(Loads(), 2)
    kept = deployments.create(ann, service.model_id, "kept", 1)
    for version_id in (service.version_id, "another"):
        with small.get(version_id):
            pass
    switching = Releases(releases._database, deployments, small)
    switching.switch(ann, kept.id, 2)
    assert not small.is_loaded(service.version_id), "there is no room for three"
    assert small.is_loaded(deployments.get_by_id(ann, kept.id).version_id)


def test_rolling_back_goes_to_what_was_live_and_twice_undoes_itself(
    releases: Releases, deployments: Deployments, ann: Caller, service: DeploymentView
) -> None:
    with pytest.raises(InvalidInput, match="never live with another version"):
        releases.roll_back(ann, service.id)
    releases.switch(ann, service.id, 2)
    deployments.pause(ann, service.id)
    releases.switch(ann, service.id, 3)
    release = releases.roll_back(ann, service.id)
    assert (release.service.version, release.previous, release.service.state) == (2, 3, "paused")
    deployments.start(ann, service.id)
    assert releases.roll_back(ann, service.id).service.version == 1, "3 was never live"
    assert releases.roll_back(ann, service.id).service.version == 2


def test_the_history_says_what_was_live_when_by_whom_and_why(
    releases: Releases,
    deployments: Deployments,
    ann: Caller,
    admin: Caller,
    service: DeploymentView,
    database: Database,
) -> None:
    releases.switch(admin, service.id, 2, note="fewer false alarms")
    deployments.pause(ann, service.id)
    deployments.pause(ann, service.id)
    deployments.start(ann, service.id)
    releases.roll_back(ann, service.id)
    history = releases.history(ann, service.id)
    assert told(reversed_(history)) == [
        ("deployed", 1, "running"),
        ("switched", 2, "running"),
        ("paused", 2, "paused"),
        ("started", 2, "running"),
        ("rolled back", 1, "running"),
    ]
    assert [change.number for change in history] == [5, 4, 3, 2, 1]
    assert [change.by for change in history] == ["ann", "ann", "ann", "root", "ann"]
    assert (history[-1].note, history[-2].note) == ("the first", "fewer false alarms")
    assert [change.until for change in history] == [None, *(each.at for each in history[:-1])]
    actions = [event.action for event in Timeline(database).page(admin).events]
    assert "rolled back" in actions


def reversed_(history: list[Change]) -> list[Change]:
    return list(reversed(history))


def test_what_cannot_be_switched_to_is_refused(
    releases: Releases, ann: Caller, service: DeploymentView
) -> None:
    with pytest.raises(InvalidInput, match='"prod" has version 1 already'):
        releases.switch(ann, service.id, 1)
    with pytest.raises(VersionNotFound, match="no version 9; its versions are 1 to 3"):
        releases.switch(ann, service.id, 9)
    with pytest.raises(DeploymentNotFound):
        releases.switch(ann, "nothing", 2)
    with pytest.raises(InvalidInput, match="note"):
        releases.switch(ann, service.id, 2, note="x" * 10_001)
    assert told(releases.history(ann, service.id)) == [("deployed", 1, "running")]


def test_others_see_the_history_of_a_team_service_and_switch_nothing(
    releases: Releases, models: Models, ann: Caller, bob: Caller, service: DeploymentView
) -> None:
    for look in (releases.history, releases.roll_back, partial(releases.switch, version=2)):
        with pytest.raises(DeploymentNotFound):
            look(bob, service.id)
    models.update(ann, service.model_id, visibility="team")
    assert len(releases.history(bob, service.id)) == 1
    for change in (releases.roll_back, partial(releases.switch, version=2)):
        with pytest.raises(NotAllowed):
            change(bob, service.id)


def test_of_threads_that_switch_at_once_each_change_is_in_the_history_once(
    releases: Releases, ann: Caller, service: DeploymentView
) -> None:
    works = [partial(releases.switch, ann, service.id, version) for version in (2, 3, 2, 3)]
    done = [outcome for outcome in at_once(works) if outcome != "invalid_input"]
    history = releases.history(ann, service.id)
    assert len(history) == 1 + len(done) > 1
    assert all(after.version != before.version for after, before in pairwise(history))
