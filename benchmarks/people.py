"""Many people at once: moving between pages, testing models, submitting tasks, for ten minutes.

`python -m benchmarks people`, or `python -m benchmarks.people --minutes 1 --clients 3` for a look.
Most of them speak Streamlit's websocket, timers of live parts included; two are real browsers. Each
does something every five seconds or so, on a platform with 200 models and 1,000,000 calls.

Wanted with 25 people on 2 cores: no error, the p95 of a page change under 2 s, and memory that is
flat in the second half.
"""

import argparse
import asyncio
import itertools
import random
import statistics
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import psutil
from sqlalchemy import select

from benchmarks._big_platform import PASSWORD, Person, Size, fill
from benchmarks._browser import frame_was_kept, move, open_app
from benchmarks._streamlit_client import Tab, open_tab
from core.db.engine import Database
from core.db.tables import Model, Version
from core.samples.catalogue import SAMPLES
from core.settings import Settings
from tests.browser import required
from tests.server import Server, running_server

MINUTES = 10.0
CLIENTS = 23
BROWSERS = 2
TARGET_S = 2.0
FLAT = 1.05
_THINK_S = (2.0, 8.0)
_SAMPLE_S = 15.0
_PAGES = ("", "models", "predict", "deployments", "tasks", "account")
_MENU = {"/": "Home", "/models": "Models", "/deployments": "Deployments", "/tasks": "Tasks"}
_TABLES = [sample for sample in SAMPLES if sample.data_name.endswith(".csv")]
_OFTEN = (0.7, 0.2, 0.1)


@dataclass(frozen=True)
class Plan:
    """How many people there are, for how long, and what the platform holds.

    Whatever the time, each of those without a browser does `least` things.
    """

    minutes: float = MINUTES
    clients: int = CLIENTS
    browsers: int = BROWSERS
    think: tuple[float, float] = _THINK_S
    least: int = 0
    size: Size = field(default_factory=lambda: Size(people=CLIENTS + BROWSERS))


@dataclass
class Seen:
    """What the people saw: seconds of page changes and of tests, what went wrong, and memory."""

    changes: list[float] = field(default_factory=list)
    tests: list[float] = field(default_factory=list)
    browser_changes: list[float] = field(default_factory=list)
    tasks: int = 0
    errors: list[str] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)

    def p95(self) -> float:
        """Return the p95 of all page changes, in seconds."""
        return float(np.percentile(self.changes + self.browser_changes, 95))

    def growth(self) -> float:
        """Return the memory of the last quarter as a multiple of that of the quarter before."""
        quarter = len(self.memory) // 4
        if not quarter:
            return 1.0
        before, after = self.memory[-2 * quarter : -quarter], self.memory[-quarter:]
        return statistics.mean(after) / statistics.mean(before)


def main(plan: Plan = Plan()) -> None:
    """Print what the people saw."""
    seen = watch_people(plan)
    people = plan.clients + plan.browsers
    print(f"{people} people for {plan.minutes:g} min, {plan.browsers} of them in real browsers")
    _print_times("page changes", seen.changes)
    _print_times("in browsers", seen.browser_changes)
    _print_times("tests of models", seen.tests)
    print(f"  {seen.tasks} tasks submitted and finished, {len(seen.errors)} errors")
    for error in sorted(set(seen.errors))[:10]:
        print(f"    {seen.errors.count(error)} times: {error[:300]}")
    print(f"  memory {', '.join(f'{each:,.0f}' for each in seen.memory)} MB")
    print(f"  in the last quarter {seen.growth():.3f} times that of the one before")
    passed = not seen.errors and seen.p95() < TARGET_S and seen.growth() < FLAT
    print(f"  p95 {seen.p95():.2f} s: {'as wanted' if passed else 'NOT AS WANTED'}")


def watch_people(plan: Plan) -> Seen:
    """Have people use a server of its own, and return what they saw."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        people = fill(folder / "storage", plan.size)
        models = _models_for_forms(folder / "storage")
        with (
            running_server(folder / "storage", folder / "server.log") as server,
            ThreadPoolExecutor(1) as pool,  # Playwright may have an event loop in this thread
        ):
            seen = pool.submit(asyncio.run, _use(server, people, models, plan)).result()
        log = (folder / "server.log").read_text(errors="replace")
    seen.errors += [line for line in log.splitlines() if "Traceback" in line or "ERROR" in line]
    return seen


async def _use(server: Server, people: list[Person], models: list[str], plan: Plan) -> Seen:
    seen, end = Seen(), time.monotonic() + plan.minutes * 60
    clients, browsing = people[: plan.clients], people[plan.clients :][: plan.browsers]
    threads = [
        threading.Thread(target=_browse, args=(server.url, person, plan, seen, end))
        for person in browsing
    ]
    for thread in threads:
        thread.start()
    watching = asyncio.create_task(_watch_memory(server.process.pid, seen))
    work = [_live(server.url, person, models, plan, seen, end) for person in clients]
    for found in await asyncio.gather(*work, return_exceptions=True):
        if found is not None:
            seen.errors.append(f"a client ended: {found!r}")
    watching.cancel()
    for thread in threads:
        await asyncio.to_thread(thread.join)
    return seen


async def _live(
    url: str, person: Person, models: list[str], plan: Plan, seen: Seen, end: float
) -> None:
    async with httpx2.AsyncClient(base_url=url, timeout=60) as http:
        await _Client(person, http, models, plan, seen).live(url, end)


class _Client:
    """Somebody without a browser."""

    def __init__(
        self,
        person: Person,
        http: httpx2.AsyncClient,
        models: list[str],
        plan: Plan,
        seen: Seen,
    ) -> None:
        self._person = person
        self._http = http
        self._models = models
        self._plan = plan
        self._seen = seen
        self._chance = random.Random(person.name)

    async def live(self, url: str, end: float) -> None:
        """Do something again and again until the end, each time after a while of thought."""
        await asyncio.sleep(self._chance.uniform(*self._plan.think))
        token = await self._post(
            "token/create", user=self._person.name, password=PASSWORD, name="p"
        )
        self._http.headers["Authorization"] = f"Bearer {token['token']}"
        async with open_tab(url, self._person.cookie) as tab:
            self._seen.changes.append(await tab.open(""))
            for turn in itertools.count():
                if turn >= self._plan.least and time.monotonic() >= end:
                    break
                await asyncio.sleep(self._chance.uniform(*self._plan.think))
                await self._do_something(tab, turn)
            self._seen.errors += tab.errors

    async def _do_something(self, tab: Tab, turn: int) -> None:
        """Do one thing of each kind at first, then whatever comes to mind."""
        kinds = (self._move, self._test, self._submit)
        [what] = kinds[turn : turn + 1] or self._chance.choices(kinds, _OFTEN)
        await what(tab)

    async def _move(self, tab: Tab) -> None:
        self._seen.changes.append(await tab.open(self._chance.choice(_PAGES)))

    async def _test(self, tab: Tab) -> None:
        """Try a model on its form, as it is filled in at first."""
        query = f"model={self._chance.choice(self._models)}"
        self._seen.changes.append(await tab.open("predict", query))
        self._seen.tests.append(await tab.press("predict_submit"))

    async def _submit(self, tab: Tab) -> None:
        """Give a sample's service its data as a task, and look at the tasks until it is done."""
        sample = self._chance.choice(_TABLES)
        fields = {"modelname": sample.name, "owner": "ann", "deployment": "live", "filetype": "csv"}
        task = await self._post("deployment/submit", sample.write_data(), **fields)
        state = "queued"
        while state in ("queued", "running"):
            self._seen.changes.append(await tab.open("tasks"))
            await asyncio.sleep(1)
            state = (await self._post("task/status", task=task["task"]))["state"]
        if state != "succeeded":
            self._seen.errors.append(f"a task has {state}")
        self._seen.tasks += 1

    async def _post(self, path: str, file: bytes = b"", **fields: str) -> dict[str, Any]:
        files = {"input": ("data.csv", file)} if file else None
        answer = await self._http.post(f"/api/{path}", data=fields, files=files)
        if answer.is_error:
            self._seen.errors.append(f"{path} answered {answer.status_code}: {answer.text[:200]}")
        answer.raise_for_status()
        body: dict[str, Any] = answer.json()
        return body


def _browse(url: str, person: Person, plan: Plan, seen: Seen, end: float) -> None:
    """Move between pages in a real browser until the end; runs in a thread of its own."""
    chance = random.Random(person.name)
    try:
        with required() as browser:
            page = open_app(browser, url, person.cookie)
            while time.monotonic() < end:
                page.wait_for_timeout(1e3 * chance.uniform(*plan.think))
                title = page.locator("[data-testid=stMain] h1").first.inner_text().strip()
                path = chance.choice([path for path, name in _MENU.items() if name != title])
                seen.browser_changes.append(move(page, path, _MENU[path]))
                if page.get_by_test_id("stException").count():
                    seen.errors.append(f"an exception on {path} in a browser")
            if not frame_was_kept(page):
                seen.errors.append("the frame was made anew in a browser")
    except Exception as error:  # noqa: BLE001 - whatever happens to a browser is told of at the end
        seen.errors.append(f"a browser ended: {error!r}")


async def _watch_memory(pid: int, seen: Seen) -> None:
    """Note the memory of the server and its children, in MB, again and again."""
    server = psutil.Process(pid)
    while True:
        processes = [server, *server.children(recursive=True)]
        seen.memory.append(sum(each.memory_info().rss for each in processes) / 1e6)
        await asyncio.sleep(_SAMPLE_S)


def _models_for_forms(storage: Path) -> list[str]:
    """Return the ids of models that everybody sees and that need no picture."""
    database = Database(Settings(storage=storage).database)
    shown = select(Model.id).join(Version, Version.model_id == Model.id)
    files = {sample.file_name for sample in _TABLES}
    query = shown.where(Model.visibility == "team", Version.file_name.in_(files)).distinct()
    with database.reading() as session:
        found = list(session.scalars(query))
    database.close()
    return found


def _print_times(title: str, times: list[float]) -> None:
    if times:
        middle, high = np.percentile(times, [50, 95])
        most = f"at most {max(times):.3f} s"
        print(f"  {len(times)} {title}: p50 {middle:.3f} s, p95 {high:.3f} s, {most}")


def _arguments() -> Plan:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--minutes", type=float, default=MINUTES)
    parser.add_argument("--clients", type=int, default=CLIENTS)
    parser.add_argument("--browsers", type=int, default=BROWSERS)
    given = parser.parse_args()
    size = Size(people=given.clients + given.browsers)
    return Plan(given.minutes, given.clients, given.browsers, size=size)


if __name__ == "__main__":
    main(_arguments())
