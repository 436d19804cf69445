"""Single sign-on on the pages, with what Streamlit would say of the browser put in its place."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
import streamlit as st

from core.platform import Platform
from core.services.accounts import Caller
from pages.components import single_sign_on
from tests.pages.conftest import ran, texts, visit


def _claims(email: str = "cat@example.org") -> dict[str, object]:
    # Some time ago: providers tell whole seconds, and a sign-out in the same one is not told apart.
    issued = datetime.now(UTC).timestamp() - 10
    verified = {"email": email, "email_verified": True}
    return {"iss": "https://idp.example.org", "sub": "42", "iat": issued, **verified}


@pytest.fixture
def vouched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the provider vouch for every browser of this test."""
    claims = _claims()
    monkeypatch.setattr(single_sign_on, "is_configured", lambda: True)
    user = SimpleNamespace(is_logged_in=True, to_dict=lambda: claims)
    monkeypatch.setattr(st, "user", user)
    monkeypatch.setattr(st, "logout", lambda: None)


@pytest.mark.usefixtures("vouched")
def test_whom_the_provider_vouches_for_is_in_and_out_for_good_after_a_sign_out(
    platform: Platform, ann: Caller
) -> None:
    assert ann
    app = visit(None, "pages/account.py")
    assert "cat@example.org" in texts(ran(app))
    app.button(key="shell_sign_out").click()
    assert [title.value for title in ran(app).title] == ["Slipway"]
    copied = visit(None, "pages/account.py")
    assert [title.value for title in copied.title] == ["Slipway"]
    assert "signed out since" in copied.error[0].value
    assert "cat@example.org" in platform.accounts.credentials()


@pytest.mark.usefixtures("vouched")
def test_who_may_not_come_in_is_told_why(platform: Platform, ann: Caller) -> None:
    platform.live.set_(ann, "registration", "closed")
    app = visit(None)
    assert "Registration is closed" in app.error[0].value
    assert "sign_in_provider" in {button.key for button in app.button}


def test_without_a_provider_nobody_is_vouched_for(
    monkeypatch: pytest.MonkeyPatch, ann: Caller
) -> None:
    assert ann
    user = SimpleNamespace(is_logged_in=True, to_dict=_claims)
    monkeypatch.setattr(st, "user", user)
    app = visit(None)
    assert [title.value for title in app.title] == ["Slipway"]
    assert "sign_in_provider" not in {button.key for button in app.button}
