"""Who is signed in, and the one platform behind all pages.

streamlit-authenticator signs the cookie and writes it in the browser; its component is mounted
only until the browser has answered. The cookie holds the id of a sign-in; each run asks whether it
still holds, so that an account disabled, or a sign-in ended, elsewhere is out at its next click.
This module alone owns `st.session_state`; other keys there are widgets'.
"""

import json
from collections.abc import Callable, Hashable
from functools import partial
from typing import TYPE_CHECKING, Literal, TypeVar

import streamlit as st

from core.errors import InvalidInput
from core.platform import Platform, shared_platform
from core.services.accounts import Caller
from core.services.languages import Language
from core.services.sign_in_cookie import COOKIE, SECRET, cookie_key, sign_in_of
from core.services.sign_ins import Visitor

if TYPE_CHECKING:
    from streamlit_authenticator.controllers import CookieController

_SIGN_IN = "slipway_sign_in"
_SIGNED_OUT = "slipway_signed_out"
_PENDING = "slipway_cookie"
_NOTICE = "slipway_notice"
_INPUTS = "slipway_inputs"
_MADE = "slipway_made_"
_LANGUAGE = "slipway_language"
_LANGUAGE_CHOSEN = "slipway_language_chosen"
_LONGEST_INPUT = 100_000
_MOST_INPUTS, _MOST_MODELS = 6, 20


T = TypeVar("T")


def platform() -> Platform:
    """Return the platform of this process; the server's lifespan opened it and will close it."""
    return shared_platform()


def find_visitor() -> Visitor | None:
    """Return who is signed in here, or None; asked of the sign-ins at every run."""
    for sign_in in (sign_in_id(), _from_cookie()):
        visitor = platform().sign_ins.find(sign_in) if sign_in else None
        if visitor is not None:
            st.session_state[_SIGN_IN] = sign_in
            return visitor
    st.session_state.pop(_SIGN_IN, None)
    return None


def find_caller() -> Caller | None:
    """Return who is signed in here with a password of their own, or None."""
    visitor = find_visitor()
    return None if visitor is None or visitor.must_change_password else visitor.caller


def require_caller() -> Caller:
    """Return who is signed in; if nobody is any more, draw the page anew, which then asks.

    For fragments and dialogs: they run again without the page around them and its guard.
    """
    caller = find_caller()
    if caller is None:
        st.rerun()
    return caller


def sign_in_id() -> str:
    """Return the id of the sign-in of this tab, empty where nobody is signed in."""
    found: str = st.session_state.get(_SIGN_IN, "")
    return found


def address() -> str:
    """Return where the browser is; Streamlit hides the address of the machine itself."""
    return st.context.ip_address or "127.0.0.1"


def sign_in(name: str, password: str) -> None:
    """Check a name and a password and begin a sign-in; raises what `Accounts.sign_in` does."""
    begin(platform().accounts.sign_in(name, password, address=address()))


def register(name: str, password: str, again: str) -> None:
    """Make an account and sign it in; raises InvalidInput if the passwords differ.

    Raises NotAllowed for an account that is made and waits for approval.
    """
    if password != again:
        raise InvalidInput("The two passwords differ; type the same one twice.")
    begin(platform().accounts.register(name, password, address=address()))


def change_password(caller: Caller, old: str, new: str, again: str) -> None:
    """Change the caller's password, which ends every sign-in but this one."""
    if new != again:
        raise InvalidInput("The two new passwords differ; type the same one twice.")
    platform().accounts.change_password(caller, old, new, address=address(), keep=sign_in_id())


def sign_out_elsewhere(caller: Caller) -> None:
    """End every sign-in of the caller but this one."""
    platform().sign_ins.end_all(caller, keep=sign_in_id())


def begin(caller: Caller, *, by_identity: bool = False) -> None:
    """Start a sign-in now; the cookie follows in the same run.

    Raises NotAllowed for an account that is disabled or waits for approval.
    """
    agent = st.context.headers.get("User-Agent") or ""
    st.session_state[_SIGN_IN] = platform().sign_ins.begin(
        caller, address=address(), agent=agent, by_identity=by_identity
    )
    st.session_state[_PENDING] = "set"
    st.session_state.pop(_SIGNED_OUT, None)
    spoken = st.session_state.pop(_LANGUAGE, None)
    if st.session_state.pop(_LANGUAGE_CHOSEN, False):
        platform().languages.choose(caller, spoken)


def sign_out() -> None:
    """End the sign-in, in every tab that shares it, and have the browser delete the cookie."""
    spoken = language()
    visitor = find_visitor()
    if visitor is not None:
        platform().sign_ins.end(visitor.caller, sign_in_id())
    st.session_state.clear()
    st.session_state[_LANGUAGE] = spoken.value
    st.session_state[_SIGNED_OUT] = True
    st.session_state[_PENDING] = "delete"


def has_signed_out() -> bool:
    """Return whether somebody has signed out in this tab, and nobody in again."""
    return bool(st.session_state.get(_SIGNED_OUT))


def language() -> Language:
    """Return the language of this tab: what its account chose, what was chosen here, the browser's.

    After a sign-out the tab goes on as it was; only what is chosen signed out follows into the
    account that signs in next.
    """
    visitor = platform().sign_ins.find(sign_in_id()) if sign_in_id() else None
    chosen = platform().languages.find(visitor.caller) if visitor else None
    if chosen is None and (kept := st.session_state.get(_LANGUAGE)):
        chosen = Language(kept)
    return chosen or _of_browser(st.context.locale or "")


def _of_browser(locale: str) -> Language:
    return Language.CHINESE if locale.lower().startswith("zh") else Language.ENGLISH


def choose_language(chosen: Language) -> None:
    """Keep the language for the account that is signed in here, else for this tab."""
    visitor = find_visitor()
    if visitor is not None:
        platform().languages.choose(visitor.caller, chosen)
        return
    st.session_state[_LANGUAGE] = chosen.value
    st.session_state[_LANGUAGE_CHOSEN] = True


def say(notice: str) -> None:
    """Keep one sentence for the next page that is drawn; actions use it before they move on."""
    st.session_state[_NOTICE] = notice


def take_notice() -> str | None:
    """Return the sentence that was kept, once."""
    notice: str | None = st.session_state.pop(_NOTICE, None)
    return notice


def made_once(name: str, key: Hashable, make: Callable[[], T]) -> T:
    """Return what was made under a name for this key, once per tab; another key replaces it.

    For what takes long and is drawn again at every rerun, such as a look at a large file.
    """
    made = st.session_state.get(f"{_MADE}{name}")
    if made is None or made[0] != key:
        made = st.session_state[f"{_MADE}{name}"] = (key, make())
    value: T = made[1]
    return value


def keep(name: str, key: Hashable, value: object) -> None:
    """Keep what was made under a name for this key, in place of what was there."""
    st.session_state[f"{_MADE}{name}"] = (key, value)


def kept(name: str, key: Hashable, kind: type[T]) -> T | None:
    """Return what is kept under a name, None if nothing is or it is another key's."""
    made = st.session_state.get(f"{_MADE}{name}")
    return made[1] if made is not None and made[0] == key and isinstance(made[1], kind) else None


def remember_input(model_id: str, record: object) -> None:
    """Keep a record that was tried on a model, for calls to copy and for forms to be filled in.

    Kept are the last few of each model that JSON can hold and that are not very long.
    """
    try:
        text = json.dumps(record, ensure_ascii=False, allow_nan=False)
        text.encode()
    except (TypeError, ValueError):
        return
    if len(text) <= _LONGEST_INPUT:
        kept: dict[str, list[str]] = dict(st.session_state.get(_INPUTS, {}))
        before = [each for each in kept.pop(model_id, []) if each != text]
        kept[model_id] = [text, *before][:_MOST_INPUTS]
        st.session_state[_INPUTS] = dict(list(kept.items())[-_MOST_MODELS:])


def last_inputs(model_id: str) -> list[dict[str, object]]:
    """Return the records that were tried on a model in this tab, the last one first."""
    texts = st.session_state.get(_INPUTS, {}).get(model_id, [])
    return [record for record in map(json.loads, texts) if isinstance(record, dict)]


def last_input(model_id: str) -> dict[str, object] | None:
    """Return the record that was tried last on a model in this tab, or None."""
    return next(iter(last_inputs(model_id)), None)


def tend_cookie() -> None:
    """Mount the cookie component while the browser still has to write or delete the cookie."""
    if _PENDING in st.session_state:
        _tend_cookie()


@st.fragment
def _tend_cookie() -> None:
    """Ask the browser once; its answer comes under a key of the same name as the task.

    The answer runs this fragment alone. Were it to run the page, it would break off whatever the
    first click after a sign-in is just doing.
    """
    task: Literal["set", "delete"] | None = st.session_state.get(_PENDING)
    if task is None:
        return
    if st.session_state.get(task):
        del st.session_state[_PENDING]
        return
    _write_cookie() if task == "set" else _delete_cookie()


def _write_cookie() -> None:
    # What the library calls the name of the user is the id of the sign-in: it proves one sign-in,
    # not an account, and is worth nothing once that is over.
    st.session_state["username"] = sign_in_id()
    _controller().set_cookie()


def _delete_cookie() -> None:
    controller = _controller()
    controller.cookie_model.cookie_manager.cookies.setdefault(COOKIE, "")  # else it prints
    controller.delete_cookie()


def _controller() -> "CookieController":
    # Importing it draws and caches things, which only a page may do.
    from streamlit_authenticator.controllers import CookieController

    controller = CookieController(COOKIE, _key(), platform().settings.cookie_days)
    manager = controller.cookie_model.cookie_manager
    # The library has no word for it: behind TLS the cookie is for TLS alone.
    manager.set = partial(manager.set, secure=(st.context.url or "").startswith("https:"))
    return controller


def _key() -> str:
    return cookie_key(platform().files.secret(SECRET), platform().settings.cookie_days)


def _from_cookie() -> str:
    """Return the id of the sign-in that this browser's cookie proves, or an empty text."""
    token = st.context.cookies.get(COOKIE)
    return "" if not token or has_signed_out() else sign_in_of(token, _key())
