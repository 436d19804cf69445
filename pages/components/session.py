"""Who is signed in, and the one platform behind all pages.

streamlit-authenticator signs the cookie and writes it in the browser; its component is mounted
only until the browser has answered. Each run then reads the cookie itself and asks the accounts
whether the sign-in still holds, so that an account disabled elsewhere is out at its next click.
This module alone owns `st.session_state`; other keys there are widgets'.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

import jwt
import streamlit as st

from core.errors import InvalidInput
from core.platform import Platform, shared_platform
from core.services.accounts import Caller

if TYPE_CHECKING:
    from streamlit_authenticator.controllers import CookieController

COOKIE = "slipway"
_SIGN_IN = "slipway_sign_in"
_SIGNED_OUT = "slipway_signed_out"
_PENDING = "slipway_cookie"
_NOTICE = "slipway_notice"
_INPUTS = "slipway_inputs"
_LONGEST_INPUT = 100_000
_MOST_INPUTS = 20


@dataclass(frozen=True)
class SignIn:
    """A sign-in of this browser tab: the account's name, and since when (naive UTC)."""

    name: str
    issued: datetime


def platform() -> Platform:
    """Return the platform of this process; the server's lifespan opened it and will close it."""
    return shared_platform()


def find_caller() -> Caller | None:
    """Return who is signed in here, or None; asked of the accounts at every run."""
    sign_in = st.session_state.get(_SIGN_IN) or _from_cookie()
    if sign_in is None:
        return None
    caller = platform().accounts.find_session(sign_in.name, sign_in.issued)
    if caller is None:
        st.session_state.pop(_SIGN_IN, None)
        return None
    st.session_state[_SIGN_IN] = SignIn(caller.name, sign_in.issued)
    return caller


def require_caller() -> Caller:
    """Return who is signed in; if nobody is any more, draw the page anew, which then asks.

    For fragments and dialogs: they run again without the page around them and its guard.
    """
    caller = find_caller()
    if caller is None:
        st.rerun()
    return caller


def sign_in(name: str, password: str) -> None:
    """Check a name and a password and begin a sign-in; raises what `Accounts.sign_in` does."""
    begin(platform().accounts.sign_in(name, password))


def register(name: str, password: str, again: str) -> None:
    """Make an account and sign it in; raises InvalidInput if the passwords differ."""
    if password != again:
        raise InvalidInput("The two passwords differ; type the same one twice.")
    begin(platform().accounts.register(name, password))


def change_password(caller: Caller, old: str, new: str, again: str) -> None:
    """Change the caller's password, which ends every sign-in, and begin a new one here."""
    if new != again:
        raise InvalidInput("The two new passwords differ; type the same one twice.")
    platform().accounts.change_password(caller, old, new)
    begin(caller)


def sign_out_elsewhere(caller: Caller) -> None:
    """End every sign-in of the caller and begin a new one here."""
    platform().accounts.sign_out_everywhere(caller)
    begin(caller)


def begin(caller: Caller) -> None:
    """Start a sign-in now; the cookie follows in the same run."""
    st.session_state[_SIGN_IN] = SignIn(caller.name, _now())
    st.session_state[_PENDING] = "set"
    st.session_state.pop(_SIGNED_OUT, None)


def sign_out() -> None:
    """Forget everything of this tab and have the browser delete the cookie."""
    st.session_state.clear()
    st.session_state[_SIGNED_OUT] = True
    st.session_state[_PENDING] = "delete"


def say(notice: str) -> None:
    """Keep one sentence for the next page that is drawn; actions use it before they move on."""
    st.session_state[_NOTICE] = notice


def take_notice() -> str | None:
    """Return the sentence that was kept, once."""
    notice: str | None = st.session_state.pop(_NOTICE, None)
    return notice


def remember_input(model_id: str, record: object) -> None:
    """Keep the record that was tried last on a model, for calls to copy, unless it is very long.

    Only what JSON can hold is kept.
    """
    try:
        text = json.dumps(record, ensure_ascii=False, allow_nan=False)
        text.encode()
    except (TypeError, ValueError):
        return
    if len(text) <= _LONGEST_INPUT:
        kept: dict[str, str] = st.session_state.get(_INPUTS, {})
        others = [each for each in kept.items() if each[0] != model_id]
        st.session_state[_INPUTS] = dict([*others, (model_id, text)][-_MOST_INPUTS:])


def last_input(model_id: str) -> dict[str, object] | None:
    """Return the record that was tried last on a model in this tab, or None."""
    text = st.session_state.get(_INPUTS, {}).get(model_id)
    found = None if text is None else json.loads(text)
    return found if isinstance(found, dict) else None


def tend_cookie() -> None:
    """Mount the cookie component while the browser still has to write or delete the cookie.

    The component answers under a key of the same name as its task, which reruns the page.
    """
    task: Literal["set", "delete"] | None = st.session_state.get(_PENDING)
    if task is None:
        return
    if st.session_state.get(task):
        del st.session_state[_PENDING]
        return
    _write_cookie() if task == "set" else _delete_cookie()


def _write_cookie() -> None:
    st.session_state["username"] = st.session_state[_SIGN_IN].name
    _controller().set_cookie()


def _delete_cookie() -> None:
    controller = _controller()
    controller.cookie_model.cookie_manager.cookies.setdefault(COOKIE, "")  # else it prints
    controller.delete_cookie()


def _controller() -> "CookieController":
    # Importing it draws and caches things, which only a page may do.
    from streamlit_authenticator.controllers import CookieController

    return CookieController(COOKIE, _key(), platform().settings.cookie_days)


def _key() -> str:
    """Return what signs the cookies; changing how long they last ends those of before.

    A cookie holds only its end, and its beginning is worked out from the length.
    """
    return f"{platform().files.secret('cookie')}:{platform().settings.cookie_days}"


def _from_cookie() -> SignIn | None:
    """Return the sign-in that this browser's cookie proves, if it does."""
    token = st.context.cookies.get(COOKIE)
    if not token or st.session_state.get(_SIGNED_OUT):
        return None
    try:
        claims = jwt.decode(token, _key(), algorithms=["HS256"])
    except jwt.InvalidTokenError:  # forged, or signed by an earlier key: nobody is signed in
        return None
    return _sign_in_of(claims)


def _sign_in_of(claims: dict[str, object]) -> SignIn | None:
    name, ends = claims.get("username"), claims.get("exp_date")
    if not isinstance(name, str) or not isinstance(ends, int | float):
        return None
    end = datetime.fromtimestamp(ends, UTC).replace(tzinfo=None)
    if end <= _now():
        return None
    return SignIn(name, end - timedelta(days=platform().settings.cookie_days))


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
