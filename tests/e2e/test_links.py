"""Every thing has an address: it survives sign-in, the browser's back and forward, and a reload."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.stock import NAME, PASSWORD, Stock, fill
from tests.server import Server, running_server

pytestmark = pytest.mark.browser

LONG = 60_000


@pytest.fixture(scope="module")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Stock]]:
    folder = tmp_path_factory.mktemp("links")
    stock = fill(folder / "storage", folder)
    with running_server(folder / "storage", folder / "server.log") as server:
        yield server, stock


def sign_in(page: Page) -> None:
    page.get_by_label("Name").first.fill(NAME, timeout=LONG)
    page.get_by_label("Password", exact=True).first.fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def opened(page: Page, address: str) -> None:
    page.goto(address)
    sign_in(page)


ADDRESSES = {
    "model": ("models?model={model}", "version 2 of 2"),
    "version": ("models?model={model}&version=1", "version 1 of 2"),
    "deployment": ("deployments?deployment={deployment}", "garden"),
    "task": ("tasks?task={task}", "leaves.csv"),
    "case": ("predict?model={model}&case={case}", "A short one"),
}


@pytest.mark.parametrize("kind", list(ADDRESSES))
def test_an_address_survives_sign_in(
    kind: str, browser: Browser, stocked: tuple[Server, Stock]
) -> None:
    """P1."""
    server, stock = stocked
    path, shown = ADDRESSES[kind]
    address = f"{server.url}/{path.format(**vars(stock))}"
    context = browser.new_context(locale="en-GB")
    page = context.new_page()
    opened(page, address)
    expect(page.get_by_test_id("stMain").get_by_text(shown).first).to_be_visible(timeout=LONG)
    assert page.url == address
    context.close()


def test_back_and_forward_go_through_what_was_looked_at(
    page: Page, stocked: tuple[Server, Stock]
) -> None:
    """P3, P10: the list, a model, one of its versions, and back again."""
    server, _ = stocked
    opened(page, f"{server.url}/models")
    page.get_by_role("link", name="Leaves").click(timeout=LONG)
    newest, first = (page.get_by_text(f"version {number} of 2") for number in (2, 1))
    expect(newest).to_be_visible(timeout=LONG)
    page.get_by_role("tab", name="Versions", exact=True).click()
    page.get_by_role("link", name="Version 1").click()
    expect(first).to_be_visible()
    expect(page).to_have_url(re.compile(r"\?model=\w+&version=1$"))
    page.go_back()
    expect(newest).to_be_visible()
    expect(page).to_have_url(re.compile(r"\?model=\w+$"))
    page.go_back()
    expect(page.get_by_role("heading", name="Models", exact=True)).to_be_visible()
    page.go_forward()
    expect(newest).to_be_visible()
    page.go_forward()
    expect(first).to_be_visible()
    expect(page).to_have_url(re.compile(r"version=1$"))


def test_a_case_fills_its_form_on_every_way_to_it_and_a_reload_loses_nothing(
    page: Page, stocked: tuple[Server, Stock]
) -> None:
    """P5."""
    server, stock = stocked
    opened(page, f"{server.url}/predict?model={stock.model}&case={stock.case}")
    length = page.get_by_label("length", exact=True)
    expect(length).to_have_value("1", timeout=LONG)
    expect(page.get_by_text("The answer has changed.")).to_be_visible()
    page.get_by_text("2 saved cases").click()
    page.get_by_role("link", name="A long one").click()
    expect(length).to_have_value("9")
    page.go_back()
    expect(length).to_have_value("1")
    page.go_forward()
    expect(length).to_have_value("9")
    page.reload()
    expect(length).to_have_value("9", timeout=LONG)
    expect(page.get_by_test_id("stMain").get_by_text("A long one").first).to_be_visible()


def test_filters_stay_in_the_address_beside_each_other_and_over_a_change_of_language(
    page: Page, stocked: tuple[Server, Stock]
) -> None:
    server, _ = stocked
    opened(page, f"{server.url}/models")
    page.get_by_role("radio", name="Mine").click(timeout=LONG)
    expect(page).to_have_url(re.compile(r"\?models_whose=mine$"))
    for pause, word in ((0, "le"), (200, "lea"), (400, "leaf"), (100, "lea")):
        page.wait_for_timeout(pause)  # the answer before may be there or not
        page.get_by_label("Search").fill(word)
        expect(page).to_have_url(re.compile(rf"models_search={word}(&|$)"))
        expect(page).to_have_url(re.compile(r"models_whose=mine"))
    page.wait_for_timeout(500)  # and the last answer takes it away no more
    expect(page).to_have_url(re.compile(r"models_search=lea(&|$)"))
    page.get_by_text("简体中文").click()
    mine = page.get_by_role("radio", name="我的")
    expect(mine).to_be_checked(timeout=LONG)
    page.reload()
    expect(mine).to_be_checked(timeout=LONG)
    expect(page.get_by_role("link", name="Leaves")).to_be_visible()
    page.get_by_text("English").click()
    expect(page).to_have_url(re.compile(r"models_whose=mine"))


def test_the_upload_is_open_as_long_as_the_address_asks_for_it(
    page: Page, stocked: tuple[Server, Stock]
) -> None:
    """P10: over a reload, and until it is dismissed."""
    server, _ = stocked
    opened(page, f"{server.url}/models")
    page.get_by_role("button", name="Upload a model").click(timeout=LONG)
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("Who sees it")).to_be_visible(timeout=LONG)
    expect(page).to_have_url(re.compile(r"\?upload=1$"))
    page.reload()
    expect(dialog.get_by_text("Who sees it")).to_be_visible(timeout=LONG)
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(page).to_have_url(re.compile(r"/models$"))
    page.reload()
    expect(page.get_by_role("link", name="Leaves")).to_be_visible(timeout=LONG)
    expect(dialog).to_have_count(0)


def test_an_address_of_nothing_shows_the_way_back(
    page: Page, stocked: tuple[Server, Stock]
) -> None:
    server, _ = stocked
    opened(page, f"{server.url}/models?model=nothing")
    state = page.locator(".st-key-missing")
    expect(state.get_by_text("There is nothing at this address")).to_be_visible(timeout=LONG)
    state.get_by_role("link", name="All models").click()
    expect(page.get_by_role("heading", name="Models", exact=True)).to_be_visible()
    expect(page).to_have_url(re.compile(r"/models$"))


def test_a_form_is_filled_in_and_sent_by_the_keyboard_alone(
    page: Page, stocked: tuple[Server, Stock]
) -> None:
    """P5: Tab goes from field to field, and Ctrl+Enter predicts from any of them."""
    server, stock = stocked
    opened(page, f"{server.url}/predict?model={stock.model}")
    length, width = (page.get_by_label(name, exact=True) for name in ("length", "width"))
    length.focus(timeout=LONG)
    page.keyboard.press("Control+A")
    page.keyboard.type("8")
    page.keyboard.press("Tab")
    expect(width).to_be_focused()
    page.keyboard.press("Control+A")
    page.keyboard.press("Delete")
    page.keyboard.press("Enter")
    expect(page.get_by_text("The model needs a value.")).to_be_visible()
    page.keyboard.type("2")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_test_id("stMetric").get_by_text("small")).to_be_visible(timeout=LONG)
    expect(page.get_by_text("The model needs a value.")).to_be_hidden()
