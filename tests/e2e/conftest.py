"""A real server and a real browser; without Chromium these tests are skipped by name."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import launched
from tests.server import PROJECT, Server, running_server


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with launched() as browser:
        if browser is None:
            pytest.skip("Chromium is not installed; install the package chromium to run this test.")
        yield browser


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("server")
    with running_server(folder / "storage", folder / "server.log") as server:
        yield server


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
    context.set_default_timeout(20_000)
    yield context.new_page()
    context.close()


@pytest.fixture(scope="session")
def shots() -> Path:
    """Where screenshots go: artifacts of CI, not kept in git."""
    folder = Path(os.environ.get("SLIPWAY_SHOTS", PROJECT / "build" / "screenshots"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder
