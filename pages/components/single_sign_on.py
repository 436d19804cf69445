"""Single sign-on by Streamlit's own `st.login`: off unless `.streamlit/secrets.toml` has [auth].

Streamlit checks the provider's signature and keeps the identity in a cookie of its own. That alone
opens nothing here: it begins a sign-in like a password does, once, and the sign-in decides from
then on.
"""

from collections.abc import Mapping

import streamlit as st

from pages.components import session
from pages.components.errors import showing_errors
from pages.components.language import _


def is_configured() -> bool:
    """Return whether there is a provider; without one nothing a browser sends is an identity."""
    return bool(st.secrets.load_if_toml_exists() and st.secrets.get("auth"))


def find_claims() -> Mapping[str, object] | None:
    """Return what a provider says of this browser, or None."""
    if not is_configured() or not st.user.is_logged_in:
        return None
    return st.user.to_dict()


def try_sign_in() -> bool:
    """Begin a sign-in if a provider vouches for this browser; return whether one began.

    Where it may not, the reason is drawn. Who has just signed out here is not signed in again.
    """
    claims = None if session.has_signed_out() else find_claims()
    if claims is None:
        return False
    with showing_errors():
        platform = session.platform()
        caller = platform.identities.sign_in(claims, address=session.address())
        session.begin(caller, by_identity=True)
        return True
    return False  # type: ignore[unreachable]  # showing_errors goes on


def draw() -> None:
    """Draw the button that asks the provider, if there is one."""
    if not is_configured():
        return
    st.button(
        _("Continue with single sign-on"),
        key="sign_in_provider",
        icon=":material/passkey:",
        width="stretch",
        on_click=st.login,
    )


def leave() -> None:
    """Have the provider's identity forgotten, too, if this browser holds one."""
    if find_claims() is not None:
        st.logout()
