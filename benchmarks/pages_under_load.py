"""Pages while a service is called as fast as it can be, and while thirty tasks of five people run.

A platform with 200 models and 1,000,000 calls; a real browser opens each page anew, in alternate
rounds without a load, with wrk's eight connections on one service, and with the tasks at work.

Wanted: a page opens at most 1.5 s later than without.
"""

import csv
import io
import itertools
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import httpx2
from playwright.sync_api import Page

from benchmarks._big_platform import PASSWORD, Person, Size, fill
from benchmarks._browser import open_app, wait_until_drawn
from benchmarks._load import require_wrk, start_load
from benchmarks._peers import Target
from core.samples import bike_days, machine_check
from core.samples.sample import Sample
from tests.browser import required
from tests.server import running_server

CONNECTIONS = 8
PEOPLE, TASKS, ROWS = 5, 30, 200_000
ROUNDS = 3
MOST_S = 1.5
_PAGES = {
    "/": "Home",
    "/models": "Models",
    "/predict": "Try it",
    "/deployments": "Deployments",
    "/tasks": "Tasks",
}
_CALLED, _SCORED = bike_days.SAMPLE, machine_check.SAMPLE
Load = Callable[[], AbstractContextManager[object]]


def main() -> None:
    """Print how long each page takes to open, and how much longer under each load."""
    require_wrk()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        people = fill(folder / "storage", Size(people=PEOPLE))
        with (
            running_server(folder / "storage", folder / "server.log") as server,
            required() as browser,
        ):
            platform = Platform(server.url, folder, people)
            page = open_app(browser, server.url, people[0].cookie)
            loads: dict[str, Load] = {
                "alone": nullcontext,
                "called": platform.called,
                "with tasks": platform.at_work,
            }
            _report(_measure(platform.url, page, loads))


class Platform:
    """A running platform: one of its samples is called, another, in PMML, scores files."""

    def __init__(self, url: str, folder: Path, people: list[Person]) -> None:
        self.url = url
        self._folder = folder
        self._http = httpx2.Client(base_url=url, timeout=120)
        self._tokens = [
            self._post("token/create", user=person.name, password=PASSWORD, name="benchmark")[
                "token"
            ]
            for person in people
        ]

    @contextmanager
    def called(self) -> Iterator[None]:
        """Have wrk call the service as often as it answers."""
        process = start_load(self._target(), self._folder, CONNECTIONS)
        time.sleep(1)
        try:
            yield
        finally:
            process.terminate()
            process.wait()

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Have tasks of several people at work, and cancel what is left of them at the end."""
        data = self._csv()
        tasks = [(token, self._submit(token, data)) for token in self._turns()]
        try:
            yield
        finally:
            moving = {"queued", "running"}
            states = [self._post("task/status", token, task=task)["state"] for token, task in tasks]
            for token, task in tasks:
                self._cancel(token, task)
            if not moving & set(states):
                raise RuntimeError("The tasks had ended before the pages were opened; add rows.")

    def _cancel(self, token: str, task: str) -> None:
        """Cancel a task, unless it has ended meanwhile."""
        try:
            self._post("task/cancel", token, task=task)
        except httpx2.HTTPStatusError as error:
            if self._post("task/status", token, task=task)["state"] in ("queued", "running"):
                raise RuntimeError(f"The task {task} could not be cancelled.") from error

    def _turns(self) -> Iterator[str]:
        return itertools.islice(itertools.cycle(self._tokens), TASKS)

    def _submit(self, token: str, data: bytes) -> str:
        fields = {
            "modelname": _SCORED.name,
            "owner": "ann",
            "deployment": "live",
            "filetype": "csv",
        }
        return str(self._post("deployment/submit", token, data, **fields)["task"])

    def _csv(self) -> bytes:
        rows, text = _rows_of(_SCORED), io.StringIO()
        writer = csv.DictWriter(text, list(rows[0]))
        writer.writeheader()
        writer.writerows(itertools.islice(itertools.cycle(rows), ROWS))
        return text.getvalue().encode()

    def _target(self) -> Target:
        listed = self._post("deployment/list", self._tokens[0], modelname=_CALLED.name)
        [endpoint] = [each["endpoint"] for each in listed["deployment"]]
        row = {name: _number(text) for name, text in _rows_of(_CALLED)[0].items()}
        target = Target(
            f"{self.url}/invocations/{endpoint}",
            json.dumps({"dataframe_records": [row]}).encode(),
            {"Content-Type": "application/json", "Authorization": f"Bearer {self._tokens[0]}"},
        )
        target.answer()
        return target

    def _post(self, path: str, token: str = "", file: bytes = b"", **fields: str) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        files = {"input": ("data.csv", file)} if file else None
        answer = self._http.post(f"/api/{path}", data=fields, files=files, headers=headers)
        answer.raise_for_status()
        body: dict[str, Any] = answer.json()
        return body


def _rows_of(sample: Sample) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(sample.write_data().decode())))


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def _measure(url: str, page: Page, loads: dict[str, Load]) -> dict[str, dict[str, list[float]]]:
    """Return the seconds of every opening, by load and page."""
    taken: dict[str, dict[str, list[float]]] = {name: {} for name in loads}
    _open_each(url, page)
    for _ in range(ROUNDS):
        for name, load in loads.items():
            with load():
                for path, seconds in _open_each(url, page).items():
                    taken[name].setdefault(path, []).append(seconds)
    return taken


def _open_each(url: str, page: Page) -> dict[str, float]:
    taken = {}
    for path in _PAGES:
        started = time.perf_counter()
        page.goto(url + path)
        wait_until_drawn(page)
        taken[path] = time.perf_counter() - started
    return taken


def _report(taken: dict[str, dict[str, list[float]]]) -> None:
    print(f"Opening a page (medians of {ROUNDS}): {', '.join(taken)}")
    worst = 0.0
    for path, title in _PAGES.items():
        alone, *under = (statistics.median(by[path]) for by in taken.values())
        worst = max(worst, *(each - alone for each in under))
        more = "   ".join(f"{each:5.2f} s ({each - alone:+.2f})" for each in under)
        print(f"  {title:12} {alone:5.2f} s   {more}")
    print(f"  at most {worst:.2f} s later: {'as wanted' if worst <= MOST_S else 'NOT AS WANTED'}")


if __name__ == "__main__":
    main()
