"""A service is switched 200 times while others call it: no call fails, none is answered wrongly."""

import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from core.platform import Platform
from core.services.accounts import Caller
from core.services.deployment_views import DeploymentView
from tests.constant_models import FLOWER, constant_model
from tests.shortcuts import quick_platform

SWITCHES = 200
CALLERS = 3
PACE = 0.002  # seconds between the calls of one caller, which leave the others their turns
RECORD: dict[str, object] = dict.fromkeys(FLOWER, 1.0)
ANSWERS = {1: "one", 2: "two"}


@dataclass(frozen=True)
class Call:
    """From when to when a call took, which version was asked, and what it answered."""

    began: float
    ended: float
    version: int
    answer: object


@dataclass(frozen=True)
class Switch:
    """From when to when a switch to a version took; somewhere between them it was live."""

    began: float
    ended: float
    version: int


@pytest.fixture(autouse=True)
def _often_interrupted() -> Iterator[None]:
    """Let threads take turns often: more of them meet in the middle of something."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-4)
    yield
    sys.setswitchinterval(before)


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Platform]:
    with quick_platform(tmp_path / "storage") as opened:
        yield opened


@pytest.fixture
def ann(platform: Platform) -> Caller:
    return platform.accounts.register("ann", "correct horse")


@pytest.fixture
def service(platform: Platform, ann: Caller, tmp_path: Path) -> DeploymentView:
    files = [constant_model(tmp_path / f"{word}.skops", word) for word in ANSWERS.values()]
    staged = []
    for file in files:
        with file.open("rb") as source:
            staged.append(platform.files.stage(source, file.name, 1 << 20))
    model = platform.models.add(ann, "m", staged[0]).model
    platform.models.add_version(ann, model.id, staged[1])
    return platform.deployments.create(ann, model.id, "prod", 1)


def test_200_switches_under_load_fail_no_call_and_answer_with_what_was_live(
    platform: Platform, ann: Caller, service: DeploymentView
) -> None:
    """I11, I12, I16: each answer is that of a version that was live at some moment of its call."""
    done = threading.Event()
    calls: list[list[Call]] = [[] for _ in range(CALLERS)]
    failures: list[Exception] = []

    def call(kept: list[Call]) -> None:
        try:
            while not done.wait(PACE):
                kept.append(_called(platform, ann, service))
        except Exception as error:  # noqa: BLE001 - whatever it is, the test shows it
            failures.append(error)

    threads = [threading.Thread(target=call, args=(kept,)) for kept in calls]
    first = Switch(0.0, time.monotonic(), 1)
    for thread in threads:
        thread.start()
    switches = [first, *(_switched(platform, ann, service, turn) for turn in range(SWITCHES))]
    done.set()
    for thread in threads:
        thread.join()
    made = [each for kept in calls for each in kept]
    assert failures == []
    assert all(each.answer == ANSWERS[each.version] for each in made)
    assert [each for each in made if not _was_live(each, switches)] == []
    assert {each.version for each in made} == {1, 2}
    _assert_the_history_tells_the_same(platform, ann, service, switches)
    platform.calls.flush()
    assert platform.calls.status(service.id, "1h").calls == len(made)


def _called(platform: Platform, ann: Caller, service: DeploymentView) -> Call:
    began = time.monotonic()
    live = platform.deployments.live_for(ann, service.endpoint)
    [record] = platform.predictions.call(ann, live, RECORD).records
    return Call(began, time.monotonic(), live.version, record["prediction"])


def _switched(platform: Platform, ann: Caller, service: DeploymentView, turn: int) -> Switch:
    """Switch to the other version, every tenth time by rolling back."""
    began = time.monotonic()
    if turn % 10 == 9:
        release = platform.releases.roll_back(ann, service.id)
    else:
        release = platform.releases.switch(ann, service.id, 2 - turn % 2)
    return Switch(began, time.monotonic(), release.service.version)


def _was_live(call: Call, switches: list[Switch]) -> bool:
    """Return whether a call's version was live at some moment of it.

    A version is live at the earliest from the beginning of the switch to it, and at the latest
    until the end of the switch away from it.
    """
    ends = [*(switch.ended for switch in switches[1:]), float("inf")]
    return any(
        switch.version == call.version and switch.began <= call.ended and call.began <= end
        for switch, end in zip(switches, ends, strict=True)
    )


def _assert_the_history_tells_the_same(
    platform: Platform, ann: Caller, service: DeploymentView, switches: list[Switch]
) -> None:
    history = platform.releases.history(ann, service.id)
    assert [change.version for change in reversed(history)] == [each.version for each in switches]
    assert [change.number for change in history] == list(range(SWITCHES + 1, 0, -1))
