"""Models of running services are loaded before anybody calls them."""

import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import cast

import pyarrow as pa
import pytest

from core.errors import InvalidModel
from core.runtimes.base import Scorer
from core.runtimes.cache import ScorerCache
from core.services.deployment_views import Live
from core.services.deployments import Deployments
from core.services.warming import Warming


class Echo(Scorer):
    def score(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        return batch


@dataclass
class Loads:
    """What was asked to be loaded; the ids in `broken` cannot be."""

    broken: dict[str, Exception] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    enough: threading.Event = field(default_factory=threading.Event)
    wanted: int = 1

    def __call__(self, version_id: str) -> Scorer:
        self.asked.append(version_id)
        if len(self.asked) == self.wanted:
            self.enough.set()
        if version_id in self.broken:
            raise self.broken[version_id]
        return Echo()


@dataclass(frozen=True)
class Running:
    version_id: str


@dataclass
class Services:
    """Stands for the deployments: what runs, and who is told of changes."""

    lives: list[Live]
    listeners: list[Callable[[list[Live]], None]] = field(default_factory=list)

    def running(self) -> list[Live]:
        return self.lives

    def on_refresh(self, listener: Callable[[list[Live]], None]) -> None:
        self.listeners.append(listener)


def lives(*version_ids: str) -> list[Live]:
    return [cast(Live, Running(version_id)) for version_id in version_ids]


@pytest.fixture
def loads() -> Loads:
    return Loads()


@pytest.fixture
def start(loads: Loads) -> Iterator[Callable[..., Services]]:
    opened: list[Warming] = []

    def begin(*version_ids: str, wanted: int, most: int = 9) -> Services:
        loads.wanted = wanted
        services = Services(lives(*version_ids))
        cache: ScorerCache[str] = ScorerCache(loads, most)
        opened.append(Warming(cast(Deployments, services), cache, most))
        return services

    yield begin
    for warming in opened:
        warming.close()


def test_what_runs_at_the_start_is_loaded_once(
    start: Callable[..., Services], loads: Loads
) -> None:
    start("a", "b", "a", wanted=2)
    assert loads.enough.wait(20)
    assert sorted(loads.asked) == ["a", "b"]


def test_what_is_deployed_later_is_loaded_too(start: Callable[..., Services], loads: Loads) -> None:
    services = start(wanted=1)
    services.listeners[0](lives("new"))
    assert loads.enough.wait(20)


def test_no_more_is_loaded_than_is_kept(start: Callable[..., Services], loads: Loads) -> None:
    services = start("a", "b", "c", wanted=2, most=2)
    assert loads.enough.wait(20)
    services.listeners[0](lives("a", "b"))
    assert sorted(loads.asked) == ["a", "b"]


@pytest.mark.parametrize("error", [InvalidModel("The file is damaged."), OSError("gone")])
def test_a_model_that_cannot_be_loaded_is_logged_and_the_others_are_loaded(
    start: Callable[..., Services],
    loads: Loads,
    error: Exception,
    caplog: pytest.LogCaptureFixture,
) -> None:
    loads.broken["bad"] = error
    with caplog.at_level(logging.WARNING):
        start("bad", "good", wanted=2)
        assert loads.enough.wait(20)
    assert "good" in loads.asked
    assert "Version bad of a service cannot be loaded" in caplog.text
