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
from core.services.sign_in_cookie import COOKIE
from tests.pages.conftest import PASSWORD, ran, visit

SetCookie = Callable[[str], None]


@pytest.fixture
def set_cookie(monkeypatch: pytest.MonkeyPatch) -> SetCookie:
    """Give every browser of this test a cookie."""

    def set_(token: str) -> None:
        cookies = property(lambda _: {COOKIE: token})
        monkeypatch.setattr(ContextProxy, "cookies", cookies)

    return set_


def signed(platform: Platform, sign_in: str, *, days_left: float, key: str = "") -> str:
    """Return a cookie as streamlit-authenticator makes it, or signed by another key."""
    days = platform.settings.cookie_days
    own = f"{platform.files.secret('cookie')}:{days}"
    ends = (datetime.now() + timedelta(days=days_left)).timestamp()  # noqa: DTZ005 - as it does
    return jwt.encode({"username": sign_in, "exp_date": ends}, key or own, algorithm="HS256")


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
    set_cookie(signed(platform, platform.sign_ins.begin(ann), days_left=14))
    assert is_signed_in(visit(None))


@pytest.mark.parametrize("named", ["ann", "", "0" * 64])
def test_a_signed_cookie_that_names_no_sign_in_signs_nobody_in(
    platform: Platform, ann: Caller, set_cookie: SetCookie, named: str
) -> None:
    assert ann
    set_cookie(signed(platform, named, days_left=14))
    assert not is_signed_in(visit(None))


@pytest.mark.parametrize(
    ("days_left", "key"), [(-0.1, ""), (14.001, "k" * 40)], ids=["past its end", "forged"]
)
def test_a_bad_cookie_signs_nobody_in(
    platform: Platform, ann: Caller, set_cookie: SetCookie, days_left: float, key: str
) -> None:
    sign_in = platform.sign_ins.begin(ann)
    set_cookie(signed(platform, sign_in, days_left=days_left, key=key))
    assert not is_signed_in(visit(None))


@pytest.mark.parametrize("token", ["", "no token", "a.b.c"])
def test_what_is_no_token_signs_nobody_in(ann: Caller, set_cookie: SetCookie, token: str) -> None:
    assert ann
    set_cookie(token)
    assert not is_signed_in(visit(None))


def test_a_cookie_from_before_a_password_change_is_over(
    platform: Platform, ann: Caller, set_cookie: SetCookie
) -> None:
    set_cookie(signed(platform, platform.sign_ins.begin(ann), days_left=14))
    assert is_signed_in(visit(None))
    platform.accounts.change_password(ann, PASSWORD, "another horse")
    assert not is_signed_in(visit(None))


def test_signing_out_ends_every_copy_of_the_cookie_and_every_tab(
    platform: Platform, ann: Caller, set_cookie: SetCookie
) -> None:
    set_cookie(signed(platform, platform.sign_ins.begin(ann), days_left=14))
    app, other_tab = visit(None), visit(None)
    app.button(key="shell_sign_out").click()
    assert not is_signed_in(ran(app))
    assert not is_signed_in(ran(app))
    assert not is_signed_in(ran(other_tab))
    assert not is_signed_in(visit(None)), "a copy of the cookie"


def test_who_waits_for_approval_is_told_so(platform: Platform, ann: Caller) -> None:
    platform.live.set_(ann, "registration", "approval")
    app = visit(None)
    assert any("has to approve" in info.value for info in app.info)
    app.text_input(key="register_name").set_value("ben")
    for field in ("password", "again"):
        app.text_input(key=f"register_{field}").set_value(PASSWORD)
    app.button(key="register_submit").click()
    assert "waits for an admin to approve it" in ran(app).error[0].value
    assert not is_signed_in(app)
    platform.people.approve(ann, "ben")
    assert is_signed_in(sign_in(app, "ben", PASSWORD))


def test_closed_registration_is_not_offered(platform: Platform, ann: Caller) -> None:
    platform.live.set_(ann, "registration", "closed")
    app = visit(None)
    assert not app.tabs
    assert {button.label for button in app.button} == {"Sign in"}


def test_a_one_time_password_opens_nothing_but_the_choice_of_ones_own(
    platform: Platform, ann: Caller, ben: Caller, iris: ModelView
) -> None:
    handed = platform.people.reset_password(ann, ben.name)
    app = sign_in(visit(None, "pages/models.py", model=iris.id), ben.name, handed.password)
    assert not is_signed_in(app)
    assert not is_signed_in(ran(app))
    app.text_input(key="first_password_old").set_value(handed.password)
    for field in ("new", "again"):
        app.text_input(key=f"first_password_{field}").set_value("my own horse")
    app.button(key="first_password_submit").click()
    assert [title.value for title in ran(app).title] == ["Iris"]
    assert platform.accounts.sign_in(ben.name, "my own horse") == ben
