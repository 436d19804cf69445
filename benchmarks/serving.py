"""A service called by programs, beside MLServer, MLflow's scoring server and BentoML.

The same logistic regression on iris, 8 connections, in alternate rounds on one machine. Slipway
checks a bearer token, validates each value and records each call; the peers do none of it.

Wanted: at least 2.5 times the calls a second of MLServer and at most its p99; at least 3 times
those of MLflow and of BentoML. While that load runs, opening any page takes less than 1.5 s more
than without. After 100,000 calls `/metrics`, the status route and the page agree to the call.
"""

import json
import re
import socket
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import httpx2
import psutil
import skops.io
from playwright.sync_api import Page, expect
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

from benchmarks._load import Load, call_exactly, load, require_wrk, start_load
from benchmarks._peers import FLOWER, MLSERVER, PEERS, Target, install, running, tensors
from tests.browser import launched
from tests.server import running_server

CONNECTIONS = 8
ROUNDS = 3
SECONDS = 8.0
WARM_SECONDS = 2.0
CALLS = 100_000
OPENINGS = 3
PAGES = {"/": "Home", "/models": "Models", "/deployments": "Deployments", "/tasks": "Tasks"}
PASSWORD = "correct horse"


def main() -> None:
    """Print calls a second, p99, ratios, the times of pages, and whether the counts agree."""
    require_wrk()
    for peer in PEERS:
        install(peer)
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        server = stack.enter_context(running_server(folder / "storage", folder / "server.log"))
        slipway = Slipway(server.url, folder)
        targets = {"slipway": slipway.target}
        for peer in PEERS:
            targets[peer.name] = stack.enter_context(running(peer, _free_ports()))
        _compare(targets)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with running_server(folder / "storage", folder / "server.log") as server:
            slipway = Slipway(server.url, folder)
            with _browser(slipway) as page:
                _open_pages(slipway, page, folder)
                _count(slipway, page)


Files = dict[str, tuple[str, BinaryIO]] | None


class Slipway:
    """A running Slipway with one account and one service of the model."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self._client = httpx2.Client(base_url=url, timeout=60)
        self._post("register")
        self._token = self._post("token/create", name="benchmark")["token"]
        self._upload(folder / "iris.skops")
        endpoint = self._post("deployment/create", modelname="iris", deployment="live")["endpoint"]
        self._headers = {"Authorization": f"Bearer {self._token}"}
        self.target = Target(
            f"{url}/v2/models/{endpoint}/infer",
            json.dumps(tensors()).encode(),
            {"Content-Type": "application/json", **self._headers},
        )
        self.target.answer()

    def calls(self) -> tuple[int, int]:
        """Return the calls that `/metrics` and the status route tell of."""
        text = self._client.get("/metrics", headers=self._headers).text
        [told] = re.findall(r"^slipway_calls_total\{.*\} (\d+)", text, re.MULTILINE)
        status = self._post("deployment/status", modelname="iris", deployment="live")
        return int(told), int(status["calls"])

    def sign_in(self, page: Page) -> None:
        """Sign in on the page as the account of the benchmark."""
        page.goto(self.url)
        page.get_by_label("Name", exact=True).first.fill("ann")
        page.get_by_label("Password", exact=True).first.fill(PASSWORD)
        page.locator(".st-key-sign_in_submit button").click()
        expect(page.get_by_role("heading", name="Home", exact=True)).to_be_visible()
        for _ in range(300):
            if any(cookie.get("name") == "slipway" for cookie in page.context.cookies()):
                return
            page.wait_for_timeout(100)
        raise RuntimeError("The browser was given no cookie; see the log of the server.")

    def shown_calls(self, page: Page) -> int:
        """Return the number of calls that the service's page shows."""
        page.goto(f"{self.url}/deployments")
        page.locator("[class*=st-key-deployments_row_] a").first.click()
        expect(page.get_by_role("heading", name="live", exact=True)).to_be_visible()
        shown = page.get_by_test_id("stMetric").filter(has_text="Calls").first
        expect(shown).to_be_visible()
        _wait_until_drawn(page)
        return int(shown.get_by_test_id("stMetricValue").inner_text().replace(",", ""))

    def _upload(self, path: Path) -> None:
        iris = load_iris(as_frame=True)
        iris.data.columns = list(FLOWER)
        model = LogisticRegression(max_iter=1000).fit(iris.data, iris.target_names[iris.target])
        skops.io.dump(model, path)
        with path.open("rb") as file:
            self._post("model/upload", {"file": (path.name, file)}, modelname="iris")

    def _post(self, path: str, files: Files = None, /, **fields: str) -> dict[str, Any]:
        who = {"user": "ann", "password": PASSWORD}
        answer = self._client.post(f"/api/{path}", data={**who, **fields}, files=files)
        answer.raise_for_status()
        body: dict[str, Any] = answer.json()
        return body


def _compare(targets: dict[str, Target]) -> None:
    seen: dict[str, list[Load]] = {name: [] for name in targets}
    for target in targets.values():
        load(target, WARM_SECONDS, CONNECTIONS)
    busy = []
    for _ in range(ROUNDS):
        for name, target in targets.items():
            busy.append(psutil.getloadavg()[0])
            seen[name].append(load(target, SECONDS, CONNECTIONS))
    print(f"{CONNECTIONS} connections, {ROUNDS} rounds of {SECONDS:g} s, medians")
    print(f"  load of the machine {min(busy):.1f} to {max(busy):.1f} on {psutil.cpu_count()} cores")
    rate = {name: statistics.median(one.per_second for one in runs) for name, runs in seen.items()}
    p99 = {name: statistics.median(one.p99 for one in runs) for name, runs in seen.items()}
    for name, runs in seen.items():
        spread = f"{min(r.per_second for r in runs):,.0f} to {max(r.per_second for r in runs):,.0f}"
        failed = sum(one.failed for one in runs)
        print(
            f"  {name:9} {rate[name]:7,.0f}/s ({spread})   p99 {p99[name]:6.1f} ms"
            f"   failed {failed}"
        )
    for peer in PEERS:
        print(f"  slipway / {peer.name}: {rate['slipway'] / rate[peer.name]:.2f} times the calls")
    print(f"  p99 of slipway / mlserver: {p99['slipway'] / p99[MLSERVER.name]:.2f}")


@contextmanager
def _browser(slipway: Slipway) -> Iterator[Page | None]:
    """Yield a page that is signed in, or None where Chromium is not installed."""
    with launched() as browser:
        if browser is None:
            print("  pages are not measured: Chromium is not installed (apt-get install chromium)")
            yield None
            return
        page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
        page.set_default_timeout(60_000)
        expect.set_options(timeout=60_000)
        slipway.sign_in(page)
        yield page


def _open_pages(slipway: Slipway, page: Page | None, folder: Path) -> None:
    """Print how long pages take to open with and without the load, in alternate rounds."""
    if page is None:
        return
    alone: dict[str, list[float]] = {path: [] for path in PAGES}
    loaded: dict[str, list[float]] = {path: [] for path in PAGES}
    _open_each(slipway, page)
    for _ in range(OPENINGS):
        for path, seconds in _open_each(slipway, page).items():
            alone[path].append(seconds)
        with _under_load(slipway, folder):
            for path, seconds in _open_each(slipway, page).items():
                loaded[path].append(seconds)
    print("Opening a page, without and with the load (medians)")
    for path, title in PAGES.items():
        before, under = statistics.median(alone[path]), statistics.median(loaded[path])
        print(f"  {title:12} {before:5.2f} s {under:5.2f} s   {under - before:+.2f} s")


@contextmanager
def _under_load(slipway: Slipway, folder: Path) -> Iterator[None]:
    process = start_load(slipway.target, folder, CONNECTIONS)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def _open_each(slipway: Slipway, page: Page) -> dict[str, float]:
    taken = {}
    for path, title in PAGES.items():
        started = time.perf_counter()
        page.goto(slipway.url + path)
        expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible()
        _wait_until_drawn(page)
        taken[path] = time.perf_counter() - started
    return taken


def _wait_until_drawn(page: Page) -> None:
    app = page.get_by_test_id("stApp")
    expect(app).to_have_attribute("data-test-script-state", "notRunning")
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0)


def _count(slipway: Slipway, page: Page | None) -> None:
    """Print whether all who count agree on an exact number of calls."""
    before, _ = slipway.calls()
    answered = call_exactly(slipway.target, CALLS, CONNECTIONS)
    metrics, status = slipway.calls()
    print(f"{CALLS:,} calls, {answered:,} of them answered with 200")
    print(f"  /metrics counted {metrics - before:,} of them")
    print(f"  of all calls since the start /metrics knows {metrics:,}, the status route {status:,}")
    shown = metrics if page is None else slipway.shown_calls(page)
    agreed = metrics - before == CALLS and metrics == status == shown
    print(f"  the page shows {shown:,}: {'all agree' if agreed else 'THEY DO NOT AGREE'}")


def _free_ports() -> int:
    """Return the first of three neighbouring ports that are free."""
    for first in range(28_650, 29_650, 3):
        with ExitStack() as probes:
            try:
                for port in range(first, first + 3):
                    probe = probes.enter_context(socket.socket())
                    probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return first
    raise SystemExit("No free ports were found for the peers.")
