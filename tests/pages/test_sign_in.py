"""Signing in, registering, signing out, and what a browser's cookie is worth."""

from collections.abc import Callable
from datetime import datetime, timedelta

import jwt
import pytest
from streamlit.runtime.context import ContextProxy
from streamlit.testing.v1 import AppTest

from core.platform import Platform
from core.services.accounts import Caller
from core.services.model_views import ModelView
from pages.components import session
from tests.pages.conftest import PASSWORD, ran, visit

SetCookie = Callable[[str], None]


@pytest.fixture
def set_cookie(monkeypatch: pytest.MonkeyPatch) -> SetCookie:
    """Give every browser of this test a cookie."""

    def set_(token: str) -> None:
        cookies = property(lambda _: {session.COOKIE: token})
        monkeypatch.setattr(ContextProxy, "cookies", cookies)

    return set_


def signed(platform: Platform, name: str, *, days_left: float, key: str = "") -> str:
    """Return a cookie as streamlit-authenticator makes it, or signed by another key."""
    days = platform.settings.cookie_days
    own = f"{platform.files.secret('cookie')}:{days}"
    ends = (datetime.now() + timedelta(days=days_left)).timestamp()  # noqa: DTZ005 - as it does
    return jwt.encode({"username": name, "exp_date": ends}, key or own, algorithm="HS256")


def sign_in(app: AppTest, name: str, password: str) -> AppTest:
    app.text_input(key="sign_in_name").set_value(name)
    app.text_input(key="sign_in_password").set_value(password)
    app.button(key="sign_in_submit").click()
    return ran(app)


def is_signed_in(app: AppTest) -> bool:
    return [title.value for title in app.title] != ["Slipway"]


def test_the_first_account_becomes_the_admin(platform: Platform) -> None:
    app = visit(None)
    assert any("you will be the admin" in text.value for text in app.markdown)
    app.text_input(key="register_name").set_value("ann")
    app.text_input(key="register_password").set_value(PASSWORD)
    app.text_input(key="register_again").set_value(PASSWORD)
    app.button(key="register_submit").click()
    assert is_signed_in(ran(app))
    assert platform.accounts.sign_in("ann", PASSWORD).role == "admin"


def test_two_different_passwords_make_no_account(platform: Platform) -> None:
    app = visit(None)
    app.text_input(key="register_name").set_value("ann")
    app.text_input(key="register_password").set_value(PASSWORD)
    app.text_input(key="register_again").set_value("another horse")
    app.button(key="register_submit").click()
    assert "differ" in ran(app).error[0].value
    assert not platform.accounts.credentials()


def test_the_right_password_opens_the_page_that_was_asked_for(iris: ModelView) -> None:
    app = visit(None, "pages/models.py", model=iris.id)
    app = sign_in(app, "ANN", PASSWORD)
    assert [title.value for title in app.title] == ["Iris"]


def test_a_wrong_password_says_so_in_its_place(ann: Caller) -> None:
    app = sign_in(visit(None), ann.name, "wrong password")
    assert "password is not right" in app.error[0].value
    assert not is_signed_in(app)


def test_signing_out_ends_the_session(ann: Caller) -> None:
    app = visit(ann)
    app.button(key="shell_sign_out").click()
    assert not is_signed_in(ran(app))
    assert "slipway_sign_in" not in app.session_state


def test_a_cookie_signs_in(platform: Platform, ann: Caller, set_cookie: SetCookie) -> None:
    set_cookie(signed(platform, ann.name, days_left=platform.settings.cookie_days + 0.001))
    assert is_signed_in(visit(None))


@pytest.mark.parametrize(
    ("days_left", "key"), [(-0.1, ""), (14.001, "k" * 40)], ids=["past its end", "forged"]
)
def test_a_bad_cookie_signs_nobody_in(
    platform: Platform, ann: Caller, set_cookie: SetCookie, days_left: float, key: str
) -> None:
    set_cookie(signed(platform, ann.name, days_left=days_left, key=key))
    assert not is_signed_in(visit(None))


@pytest.mark.parametrize("token", ["", "no token", "a.b.c"])
def test_what_is_no_token_signs_nobody_in(ann: Caller, set_cookie: SetCookie, token: str) -> None:
    assert ann
    set_cookie(token)
    assert not is_signed_in(visit(None))


def test_a_cookie_from_before_a_password_change_is_over(
    platform: Platform, ann: Caller, set_cookie: SetCookie
) -> None:
    set_cookie(signed(platform, ann.name, days_left=platform.settings.cookie_days - 1))
    assert not is_signed_in(visit(None)), "it was issued before the account was made"
    set_cookie(signed(platform, ann.name, days_left=platform.settings.cookie_days + 0.001))
    platform.accounts.change_password(ann, PASSWORD, "another horse")
    old = signed(platform, ann.name, days_left=platform.settings.cookie_days - 0.001)
    set_cookie(old)
    assert not is_signed_in(visit(None))


def test_a_cookie_does_not_sign_in_again_whoever_signed_out(
    platform: Platform, ann: Caller, set_cookie: SetCookie
) -> None:
    set_cookie(signed(platform, ann.name, days_left=platform.settings.cookie_days + 0.001))
    app = visit(None)
    app.button(key="shell_sign_out").click()
    assert not is_signed_in(ran(app))
    assert not is_signed_in(ran(app))
