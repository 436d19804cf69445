"""The first five minutes: from an empty folder to a scored CSV by the sample models, by clicks.

The seconds are printed for people to read; nothing here is held against a clock.
"""

import csv
import io
import time
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.server import Server

pytestmark = pytest.mark.browser

PASSWORD = "correct horse"
MOST_CLICKS = 12
LONG = 90_000


class Clicks:
    """Clicks, and counts; a field is clicked before it is typed into, as by hand."""

    def __init__(self) -> None:
        self.count = 0

    def on(self, target: Locator) -> None:
        self.count += 1
        target.click(timeout=LONG)

    def type(self, target: Locator, text: str) -> None:
        self.on(target)
        target.fill(text)


def test_from_an_empty_folder_to_a_scored_csv_in_twelve_clicks(
    page: Page, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    clicks, started = Clicks(), time.monotonic()
    page.goto(server.url)
    expect(page.get_by_text("you will be the admin")).to_be_visible(timeout=LONG)
    clicks.type(page.get_by_label("Name"), "Ann")
    clicks.type(page.get_by_label("Password", exact=True), PASSWORD)
    clicks.type(page.get_by_label("Password again"), PASSWORD)
    clicks.on(page.get_by_role("button", name="Create the admin account"))
    clicks.on(page.get_by_role("button", name="Add the sample models"))
    expect(page.get_by_role("heading", name="Models", exact=True)).to_be_visible(timeout=LONG)
    clicks.on(page.get_by_role("link", name="Subscriptions (sample)"))
    clicks.on(page.get_by_role("button", name="Try it"))
    clicks.on(page.get_by_role("tab", name="File"))
    clicks.on(page.get_by_role("button", name="Score the sample file"))
    clicks.on(page.get_by_role("tab", name="Download"))
    taken = page.get_by_role("link", name="CSV", exact=True)
    expect(taken).to_be_visible(timeout=LONG)
    with page.expect_download() as download:
        clicks.on(taken)
    text = Path(download.value.path()).read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    with capsys.disabled():
        print(f"\n{clicks.count} clicks, {time.monotonic() - started:.0f} s to a scored CSV")
    assert len(rows) == 100
    assert {row["prediction"] for row in rows} == {"leaves", "stays"}
    assert clicks.count <= MOST_CLICKS
