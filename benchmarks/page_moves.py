"""Moving between the pages of a platform with much in it, beside an empty two-page Streamlit app.

200 models, 50 services, 1,000,000 calls and 500 tasks; a real browser goes from each page of the
menu to each other, in alternate rounds with the empty application. Then the pages that read calls,
with 10,000,000 of them, and the questions that the home page asks of the services.

Wanted: the p95 of a move is under 2.5 times that of the empty application, and the frame around the
pages is never made anew; with 10,000,000 calls each page is drawn in less than a second, and what
Home asks takes less than 100 ms.
"""

import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import permutations
from pathlib import Path

import numpy as np
from playwright.sync_api import Page

from benchmarks._big_platform import PASSWORD, Person, Size, fill
from benchmarks._browser import frame_was_kept, move, open_app
from core.platform import Platform, open_platform
from core.services.accounts import Caller
from core.settings import Settings
from tests.browser import required
from tests.server import free_port, running_server

ROUNDS = 3
OPENINGS = 7
MANY_CALLS = 10_000_000
MENU = {
    "/": "Home",
    "/models": "Models",
    "/predict": "Try it",
    "/deployments": "Deployments",
    "/tasks": "Tasks",
    "/account": "Account",
    "/admin": "Admin",
}
_EMPTY = {"/": "One", "/second": "Two"}
_SERVICE = "[class*=st-key-deployments_row_] a"
_TARGET = 2.5


def main() -> None:
    """Print the times of moves, their ratio, and the times of the pages that read calls."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _compare(folder, fill(folder / "storage", Size()))
        many = fill(folder / "many", Size(calls=MANY_CALLS))
        _ask(folder / "many")
        _open(folder, many)


def _compare(folder: Path, people: list[Person]) -> None:
    """Move through Slipway and the empty application by turns, and print how they compare."""
    with ExitStack() as stack:
        storage, log = folder / "storage", folder / "server.log"
        slipway = stack.enter_context(running_server(storage, log))
        empty = stack.enter_context(_empty_app(folder))
        browser = stack.enter_context(required())
        pages = {
            "empty": (open_app(browser, empty), _EMPTY),
            "slipway": (open_app(browser, slipway.url, people[0].cookie), MENU),
        }
        for page, menu in pages.values():
            _round(page, menu)
        taken: dict[str, dict[str, list[float]]] = {name: {} for name in pages}
        for _ in range(ROUNDS):
            for name, (page, menu) in pages.items():
                for title, seconds in _round(page, menu):
                    taken[name].setdefault(title, []).append(seconds)
        kept = frame_was_kept(pages["slipway"][0])
    _report(taken, kept)


def _round(page: Page, menu: dict[str, str]) -> list[tuple[str, float]]:
    """Go from each page of the menu to each other once, or as often in the empty application."""
    pairs = list(permutations(menu, 2)) * (1 if len(menu) > 2 else 20)
    taken = []
    for start, end in pairs:
        if page.locator("[data-testid=stMain] h1").first.inner_text().strip() != menu[start]:
            move(page, start, menu[start])
        taken.append((menu[end], move(page, end, menu[end])))
    return taken


def _report(taken: dict[str, dict[str, list[float]]], kept: bool) -> None:
    everything = {name: [s for each in by.values() for s in each] for name, by in taken.items()}
    p95 = {name: float(np.percentile(times, 95)) for name, times in everything.items()}
    for name, times in everything.items():
        middle = statistics.median(times)
        print(f"  {name:8} {len(times)} moves, median {middle:.3f} s, p95 {p95[name]:.3f} s")
    for title, times in taken["slipway"].items():
        print(
            f"    to {title:12} median {statistics.median(times):.3f} s, at most {max(times):.3f}"
        )
    ratio = p95["slipway"] / p95["empty"]
    print(f"  p95 of slipway / empty: {ratio:.2f} (wanted: under {_TARGET})")
    print(f"  the frame {'was never made anew' if kept else 'WAS MADE ANEW'}")


def _ask(storage: Path) -> None:
    """Print how long the questions take that the home page asks, one after the other."""
    platform = open_platform(Settings(storage=storage), inline=True)
    caller = platform.accounts.sign_in("ann", PASSWORD)
    times: dict[str, list[float]] = {}
    for _ in range(OPENINGS + 1):
        for name, seconds in _asked(platform, caller):
            times.setdefault(name, []).append(seconds * 1e3)
    platform.close()
    medians = {name: statistics.median(each[1:]) for name, each in times.items()}
    print(f"What Home asks, with {MANY_CALLS:,} calls: {sum(medians.values()):.0f} ms in all")
    for name, middle in medians.items():
        print(f"  {name:12} {middle:6.1f} ms")


def _asked(platform: Platform, caller: Caller) -> Iterator[tuple[str, float]]:
    services = platform.deployments.list_(caller)
    ids = [service.id for service in services]
    questions: dict[str, Callable[[], object]] = {
        "models": lambda: platform.models.list_(caller),
        "services": lambda: platform.deployments.list_(caller),
        "counts": platform.calls.counts,
        "health": lambda: platform.watching.healths(services),
        "hours": lambda: platform.calls.hourly(ids),
        "outlook": lambda: platform.dashboard.outlook(caller),
        "tasks": lambda: platform.jobs.count_by_state(caller),
        "newest tasks": lambda: platform.jobs.list_(caller, limit=5),
    }
    for name, question in questions.items():
        start = time.perf_counter()
        question()
        yield name, time.perf_counter() - start


def _open(folder: Path, people: list[Person]) -> None:
    """Print how long the pages that read calls take to be drawn."""
    print(f"Pages with {MANY_CALLS:,} calls (medians of {OPENINGS})")
    taken: dict[str, list[float]] = {"Home": [], "Deployments": [], "a service": []}
    with running_server(folder / "many", folder / "many.log") as server, required() as browser:
        page = open_app(browser, server.url, people[0].cookie)
        for _ in range(OPENINGS):
            taken["Deployments"].append(move(page, "/deployments", "Deployments"))
            title = page.locator(f"{_SERVICE} [data-testid=stMarkdownContainer]").first
            taken["a service"].append(
                move(page, _SERVICE, title.inner_text().splitlines()[0].strip())
            )
            taken["Home"].append(move(page, "/", "Home"))
    for name, times in taken.items():
        print(f"  {name:12} {statistics.median(times):.3f} s, at most {max(times):.3f} s")


@contextmanager
def _empty_app(folder: Path) -> Iterator[str]:
    """Serve an application of two pages with nothing but their titles, until the block ends."""
    home = folder / "empty"
    (home / "pages").mkdir(parents=True)
    for name, title in (("one.py", "One"), ("pages/second.py", "Two")):
        (home / name).write_text(f'import streamlit as st\n\nst.title("{title}")\n')
    port = free_port()
    options = {"port": str(port), "headless": "true", "fileWatcherType": "none"}
    command = [sys.executable, "-m", "streamlit", "run", "one.py"]
    command += [part for name, value in options.items() for part in (f"--server.{name}", value)]
    with (folder / "empty.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=home, stdout=log, stderr=log)
    try:
        _wait_for(f"http://127.0.0.1:{port}/_stcore/health")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def _wait_for(address: str) -> None:
    for _ in range(600):
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("The empty application did not start.")


if __name__ == "__main__":
    main()
