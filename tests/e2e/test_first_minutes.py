"""The first five minutes: from an empty folder to a scored CSV, counted in clicks.

The seconds are printed for people to read; nothing here is held against a clock.
"""

import csv
import io
import time
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.stock import model_file
from tests.server import Server, running_server

pytestmark = pytest.mark.browser

PASSWORD = "correct horse"
MOST_CLICKS = 12
MOST_CLICKS_WITH_OWN_FILE = 15
LONG = 90_000


class Clicks:
    """Clicks, and counts; a field is clicked before it is typed into, as by hand."""

    def __init__(self) -> None:
        self.count = 0

    def on(self, target: Locator) -> None:
        self.count += 1
        target.click(timeout=LONG)

    def choose(self, uploader: Locator, file: Path) -> None:
        """Choose a file: a click on the button, and one in a window that no test can open."""
        self.count += 2
        uploader.locator("input[type=file]").set_input_files(file, timeout=LONG)

    def type(self, target: Locator, text: str) -> None:
        self.on(target)
        target.fill(text)


def test_from_an_empty_folder_to_a_scored_csv_in_twelve_clicks(
    page: Page, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    clicks, started = Clicks(), time.monotonic()
    make_first_account(page, server, clicks)
    clicks.on(page.get_by_role("button", name="Add the sample models"))
    expect(page.get_by_role("heading", name="Models", exact=True)).to_be_visible(timeout=LONG)
    clicks.on(page.get_by_role("link", name="Subscriptions (sample)"))
    clicks.on(page.get_by_role("button", name="Try it"))
    clicks.on(page.get_by_role("tab", name="File"))
    clicks.on(page.get_by_role("button", name="Score the sample file"))
    rows = take_csv(page, clicks)
    with capsys.disabled():
        print(f"\n{clicks.count} clicks, {time.monotonic() - started:.0f} s to a scored CSV")
    assert len(rows) == 100
    assert {row["prediction"] for row in rows} == {"leaves", "stays"}
    assert clicks.count <= MOST_CLICKS


def test_from_a_file_of_ones_own_to_a_scored_csv_in_fifteen_clicks(
    page: Page, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = model_file(tmp_path, ["small", "large"])
    data = tmp_path / "leaves.csv"
    data.write_text("id,length,width\n" + "".join(f"{n},{n},1\n" for n in (1, 2, 8, 9)))
    with running_server(tmp_path / "storage", tmp_path / "server.log") as server:
        clicks, started = Clicks(), time.monotonic()
        make_first_account(page, server, clicks)
        clicks.on(page.get_by_role("link", name="Choose a file").first)
        clicks.choose(page.locator(".st-key-models_upload_file"), model)
        expect(page.get_by_text("leaves.skops")).to_be_visible(timeout=LONG)
        clicks.on(page.locator(".st-key-models_upload_submit button"))
        clicks.on(page.get_by_role("button", name="Try it"))
        clicks.on(page.get_by_role("tab", name="File"))
        clicks.choose(page.locator(".st-key-predict_file_upload"), data)
        clicks.on(page.get_by_role("button", name="Score all rows"))
        rows = take_csv(page, clicks)
    with capsys.disabled():
        print(f"\n{clicks.count} clicks, {time.monotonic() - started:.0f} s to a scored CSV")
    assert [row["prediction"] for row in rows] == ["small", "small", "large", "large"]
    assert clicks.count <= MOST_CLICKS_WITH_OWN_FILE


def make_first_account(page: Page, server: Server, clicks: Clicks) -> None:
    page.goto(server.url)
    expect(page.get_by_text("you will be the admin")).to_be_visible(timeout=LONG)
    clicks.type(page.get_by_label("Name"), "Ann")
    clicks.type(page.get_by_label("Password", exact=True), PASSWORD)
    clicks.type(page.get_by_label("Password again"), PASSWORD)
    clicks.on(page.get_by_role("button", name="Create the admin account"))


def take_csv(page: Page, clicks: Clicks) -> list[dict[str, str]]:
    """Download the result of the task that is open."""
    clicks.on(page.get_by_role("tab", name="Download"))
    taken = page.get_by_role("link", name="CSV", exact=True)
    expect(taken).to_be_visible(timeout=LONG)
    with page.expect_download() as download:
        clicks.on(taken)
    text = Path(download.value.path()).read_text(encoding="utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))
