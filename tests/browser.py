"""Chromium as the tests, the pictures of pages and the benchmarks start it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


@contextmanager
def launched() -> Iterator[Browser | None]:
    """Open Chromium until the block ends; None where it is not installed."""
    chromium = shutil.which("chromium")
    if chromium is None:
        yield None
        return
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        yield browser
        browser.close()


@contextmanager
def required() -> Iterator[Browser]:
    """Do what `launched` does; end the program with a sentence where there is no Chromium."""
    with launched() as browser:
        if browser is None:
            raise SystemExit("Chromium is not installed: apt-get install chromium")
        yield browser
