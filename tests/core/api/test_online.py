"""I16: the short path, and what happens to calls where there is too much to do."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from core.api.online import Lanes
from core.db.engine import Database
from core.errors import Overloaded
from core.platform import Platform
from core.services.online_load import OnlineLoad
from core.settings import Settings
from tests.core.api.conftest import FLOWER, Api

Way = Callable[[TestClient, dict[str, str]], Response]
SERVICE = {"modelname": "iris", "deployment": "prod"}


def lanes(
    *, per_service: int = 1, seconds: float = 60, workers: int = 2, waiting: int = 2
) -> Lanes:
    settings = Settings(service_calls=per_service, queue_seconds=seconds)
    load = OnlineLoad()
    return Lanes(lambda: settings, lambda: load, workers=workers, waiting=waiting)


class Held:
    """Work that goes on until it is let go, and says when it began."""

    def __init__(self) -> None:
        self.began = threading.Event()
        self._go = threading.Event()

    def __call__(self) -> str:
        self.began.set()
        assert self._go.wait(30)
        return "done"

    def let_go(self) -> None:
        self._go.set()


async def start(lanes: Lanes, service: str, work: Callable[[], Any]) -> "asyncio.Task[Any]":
    task = asyncio.create_task(lanes.run(False, service, work))
    await asyncio.sleep(0)
    return task


def test_what_is_fast_is_done_on_the_spot() -> None:
    async def story() -> int:
        return await lanes().run(True, "a", threading.get_ident)

    assert asyncio.run(story()) == threading.get_ident()


def test_a_slow_service_leaves_threads_to_the_others() -> None:
    async def story() -> None:
        shared, slow = lanes(waiting=6), Held()
        held = [await start(shared, "slow", slow) for _ in range(3)]
        assert await shared.run(False, "other", lambda: "at once") == "at once"
        assert not any(task.done() for task in held)
        slow.let_go()
        assert await asyncio.gather(*held) == ["done"] * 3

    asyncio.run(story())


def test_one_service_cannot_take_all_places_in_line() -> None:
    async def story() -> None:
        shared, slow = lanes(workers=2, waiting=2), Held()
        held = [await start(shared, "slow", slow) for _ in range(2)]
        with pytest.raises(Overloaded) as refusal:
            await shared.run(False, "slow", slow)
        assert refusal.value.retry_after == 1
        slow.let_go()
        await asyncio.gather(*held)
        assert await shared.run(False, "slow", lambda: "again") == "again"

    asyncio.run(story())


def test_where_too_many_wait_a_call_is_refused_at_once() -> None:
    async def story() -> None:
        shared, slow = lanes(workers=1, waiting=1), Held()
        held = [await start(shared, service, slow) for service in ("a", "b")]
        with pytest.raises(Overloaded, match="2 calls are waiting already"):
            await shared.run(False, "c", slow)
        slow.let_go()
        await asyncio.gather(*held)

    asyncio.run(story())


@pytest.mark.parametrize("service", ["slow", "other"])
def test_a_call_that_has_waited_too_long_is_refused_and_never_begun(service: str) -> None:
    async def story() -> None:
        shared, slow, late = lanes(workers=1, waiting=8, seconds=0.01), Held(), Held()
        held = await start(shared, "slow", slow)
        with pytest.raises(Overloaded, match="was not begun"):
            await shared.run(False, service, late)
        slow.let_go()
        assert await held == "done"
        assert not late.began.is_set()
        assert await shared.run(False, service, lambda: "free again") == "free again"

    asyncio.run(story())


@pytest.fixture
def headers(ann: Api, iris_file: Path) -> dict[str, str]:
    ann.upload(iris_file)
    ann.post("deployment/create", **SERVICE)
    return {"Authorization": f"Bearer {ann.post('token/create', name='t')['token']}"}


def by_form(client: TestClient, headers: dict[str, str]) -> Response:
    form = {**SERVICE, "input": '{"sepal_length": 5.1, "sepal_width": 3.5, "petal_length": 1.4}'}
    form["input"] = form["input"].replace("}", ', "petal_width": 0.2}')
    return client.post("/api/deployment/predict", data=form, headers=headers)


def by_protocol(client: TestClient, headers: dict[str, str]) -> Response:
    whole = {"name": "x", "shape": [1, 4], "datatype": "FP64", "data": list(FLOWER.values())}
    return client.post("/v2/models/iris-prod/infer", json={"inputs": [whole]}, headers=headers)


def by_invocation(client: TestClient, headers: dict[str, str]) -> Response:
    body = {"dataframe_records": [FLOWER]}
    return client.post("/invocations/iris-prod", json=body, headers=headers)


WAYS = [by_form, by_protocol, by_invocation]


@contextmanager
def unreachable_database() -> Iterator[None]:
    """Fail whoever opens a session, but for the thread that writes the record of calls."""
    failure = AssertionError("a session was opened on the way")

    def refuse(self: Database) -> None:
        if threading.current_thread().name != "calls":
            raise failure

    with patch.object(Database, "reading", refuse), patch.object(Database, "writing", refuse):
        yield


@pytest.mark.parametrize("call", WAYS)
def test_a_call_by_token_asks_no_database(
    client: TestClient, headers: dict[str, str], call: Way
) -> None:
    """Decision 9: token, service and model are looked up in memory."""
    assert call(client, headers).status_code == 200
    with unreachable_database():
        assert call(client, headers).status_code == 200


@pytest.mark.parametrize("call", WAYS)
def test_a_fast_model_is_scored_on_the_event_loop(
    client: TestClient, headers: dict[str, str], platform: Platform, call: Way
) -> None:
    assert call(client, headers).status_code == 200
    failure = AssertionError("a fast call went to a thread")
    with (
        patch.object(platform.predictions, "is_fast", return_value=True),
        patch.object(ThreadPoolExecutor, "submit", side_effect=failure),
    ):
        assert call(client, headers).status_code == 200


@pytest.mark.parametrize("call", WAYS)
def test_a_full_line_is_answered_with_when_to_come_back(
    client: TestClient, headers: dict[str, str], ann: Api, call: Way
) -> None:
    """E1: 503 with Retry-After, told apart in the record of calls."""
    full = Overloaded("Too many calls are waiting already; try again in a second.")
    with patch.object(Lanes, "run", side_effect=full):
        answer = call(client, headers)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert "try again" in answer.text
    assert ann.post("deployment/status", **SERVICE)["errors"] == 1


def test_a_paused_service_says_when_to_come_back(
    client: TestClient, headers: dict[str, str], ann: Api
) -> None:
    ann.post("deployment/pause", **SERVICE)
    for call in WAYS:
        answer = call(client, headers)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")


def test_binary_tensors_are_refused_with_the_way_to_send_json(
    client: TestClient, headers: dict[str, str]
) -> None:
    binary = {**headers, "Inference-Header-Content-Length": "10"}
    answer = client.post("/v2/models/iris-prod/infer", content=b"{}" * 9, headers=binary)
    assert answer.status_code == 422
    assert "binary_data=False" in answer.json()["error"]
