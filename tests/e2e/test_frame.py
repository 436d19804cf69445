"""Moving between pages leaves the frame around them as it is (P10)."""

import pytest
from playwright.sync_api import Page, expect

from tests.server import Server

pytestmark = pytest.mark.browser

PASSWORD = "correct horse"
LONG = 90_000
PAGES = ("Models", "Try it", "Deployments", "Tasks", "Account", "Admin", "Home")


def test_no_move_between_pages_loads_the_frame_anew(page: Page, server: Server) -> None:
    page.goto(server.url)
    page.get_by_label("Name").fill("Ann")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password again").fill(PASSWORD)
    page.get_by_role("button", name="Create the admin account").click()
    expect(page.get_by_role("heading", name="Home", exact=True)).to_be_visible(timeout=LONG)
    menu = page.get_by_test_id("stSidebar").element_handle()
    page.evaluate("() => { window.sameFrame = true; }")
    for name in PAGES:
        page.get_by_test_id("stSidebar").get_by_role("link", name=name, exact=True).click()
        expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible(timeout=LONG)
    assert page.evaluate("() => window.sameFrame === true")
    assert page.evaluate("menu => menu.isConnected", menu)
