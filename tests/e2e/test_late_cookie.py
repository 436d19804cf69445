"""The browser may be slow to write the cookie; what the person does meanwhile goes on."""

import pytest
from playwright.sync_api import Page, Route, expect

from core.services.sign_in_cookie import COOKIE
from tests.server import Server

pytestmark = pytest.mark.browser

PASSWORD = "correct horse"
LONG = 90_000


def test_a_cookie_that_is_written_late_does_not_break_off_the_first_click(
    page: Page, server: Server
) -> None:
    """P1: the answer of the cookie's component comes while the samples are being added."""
    held: list[Route] = []
    component = "**/component/**"
    page.route(component, lambda route: held.append(route))
    page.goto(server.url)
    page.get_by_label("Name").fill("Ann")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password again").fill(PASSWORD)
    page.get_by_role("button", name="Create the admin account").click()
    page.get_by_role("button", name="Add the sample models").click()
    expect(page.get_by_text("Adding")).to_be_visible(timeout=LONG)
    assert held, "the component's files were to be held back"
    page.route(component, lambda route: route.continue_())
    for route in held:
        route.continue_()
    expect(page.get_by_role("heading", name="Models", exact=True)).to_be_visible(timeout=LONG)
    expect(page.get_by_role("link", name="Subscriptions (sample)")).to_be_visible(timeout=LONG)
    assert COOKIE in {cookie["name"] for cookie in page.context.cookies()}
