"""Whoever is signed out sees the sign-in and nothing of any page."""

import pytest

from core.platform import Platform
from core.services.accounts import Caller
from core.services.model_views import ModelView
from tests.pages.conftest import PROJECT, texts, visit

PAGES = ["Home.py", *sorted(f"pages/{file.name}" for file in (PROJECT / "pages").glob("[a-z]*.py"))]


def test_there_are_pages_to_guard() -> None:
    assert len(PAGES) == 8


@pytest.mark.parametrize("page", PAGES)
def test_a_page_shows_only_the_sign_in_to_whom_it_does_not_know(page: str, iris: ModelView) -> None:
    app = visit(None, page, model=iris.id)
    assert [title.value for title in app.title] == ["Slipway"]
    assert {button.label for button in app.button} == {"Sign in", "Create account"}
    assert iris.name not in texts(app)
    assert not app.page_link


@pytest.mark.parametrize("page", PAGES)
def test_a_page_opens_for_whom_it_knows(page: str, ann: Caller) -> None:
    app = visit(ann, page)
    assert [title.value for title in app.title] != ["Slipway"]
    assert {link.value for link in app.page_link} >= {"Home", "Models", "Tasks"}


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_over_for_an_account_that_was_disabled(
    page: str, platform: Platform, ann: Caller, ben: Caller
) -> None:
    app = visit(ben, page)
    platform.people.set_active(ann, "ben", False)
    app.run()
    assert [title.value for title in app.title] == ["Slipway"]


def test_the_admin_page_shows_nothing_to_others(ben: Caller) -> None:
    app = visit(ben, "pages/admin.py")
    assert "Only an admin may see this page." in app.error[0].value
    assert not app.tabs


def test_only_an_admin_has_the_admin_page_in_the_menu(ann: Caller, ben: Caller) -> None:
    assert "Admin" in [link.value for link in visit(ann).page_link]
    assert "Admin" not in [link.value for link in visit(ben).page_link]
