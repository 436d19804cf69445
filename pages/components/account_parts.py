"""The parts of the account page; each is one thing that people do to their own account."""

import streamlit as st

from core.services.accounts import Caller, Role
from core.services.tokens import NewToken, TokenView
from pages.components import session
from pages.components.errors import showing_errors
from pages.components.text import plain, short, stamp

ROLES = {
    Role.VIEWER: "a viewer: you may try models and call services",
    Role.ANALYST: "an analyst: you may upload and deploy models too",
    Role.ADMIN: "an admin: you may change and delete anything",
}
LIFETIMES = {30: "30 days", 90: "90 days", 365: "A year"}


def draw_tokens(caller: Caller) -> None:
    """Draw the tokens and the form for a new one, which is shown this once."""
    st.markdown("Programs that call Slipway send a token instead of your name and password.")
    made = _draw_new_token(caller)
    if made:
        st.success("Copy the token now; it is not shown again.", icon=":material/key:")
        st.code(made.token, language=None, wrap_lines=True)
    tokens = session.platform().accounts.list_tokens(caller)
    if not tokens:
        st.caption("You have no tokens.")
    for token in tokens:
        _draw_token(token)


def _draw_new_token(caller: Caller) -> NewToken | None:
    with (
        st.form("account_token_form", clear_on_submit=True),
        st.container(horizontal=True, vertical_alignment="bottom"),
    ):
        name = st.text_input(
            "Name of the token",
            key="account_token_name",
            max_chars=100,
            placeholder="What it is for",
            width=280,
        )
        days = st.selectbox(
            "Valid for",
            list(LIFETIMES),
            index=1,
            format_func=LIFETIMES.__getitem__,
            key="account_token_days",
            width=140,
        )
        asked = st.form_submit_button("Create token", key="account_token_submit", type="primary")
    if asked:
        with showing_errors():
            return session.platform().accounts.create_token(caller, name, days)
    return None


def _draw_token(token: TokenView) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{plain(short(token.name))}**", width="stretch")
        st.caption(f"made {stamp(token.created)} · ends {stamp(token.expires)}")
        st.button(
            "Revoke",
            key=f"account_revoke_{token.id}",
            icon=":material/delete:",
            on_click=_revoke,
            args=(token.id,),
        )


def _revoke(token_id: str) -> None:
    with showing_errors():
        session.platform().accounts.revoke_token(session.require_caller(), token_id)


def draw_password(caller: Caller) -> None:
    """Draw the form that changes the password; other browsers are signed out by it."""
    with st.form("account_password_form", clear_on_submit=True, width=440):
        old = st.text_input(
            "Password now",
            type="password",
            key="account_password_old",
            autocomplete="current-password",
        )
        new = st.text_input(
            "New password", type="password", key="account_password_new", autocomplete="new-password"
        )
        again = st.text_input(
            "New password again",
            type="password",
            key="account_password_again",
            autocomplete="new-password",
        )
        asked = st.form_submit_button("Change password", key="account_password_submit")
    if asked:
        with showing_errors():
            session.change_password(caller, old, new, again)
            session.say("The password is changed; every other browser is signed out.")
            st.rerun()


def draw_sessions(caller: Caller) -> None:
    """Draw the button that ends every sign-in of the account but this one."""
    st.markdown("Sign out every browser but this one. Tokens stay valid.")
    if st.button("Sign out elsewhere", key="account_sign_out_everywhere", icon=":material/logout:"):
        with showing_errors():
            session.sign_out_elsewhere(caller)
            session.say("Every other browser is signed out.")
            st.rerun()
