"""The parts of the account page; each is one thing that people do to their own account."""

import streamlit as st

from core.services.accounts import Caller, Role
from core.services.sign_ins import SignInView
from core.services.tokens import NewToken, TokenView
from pages.components import session, sign_in
from pages.components.errors import showing_errors
from pages.components.language import N_, _, named_by
from pages.components.rows import lines
from pages.components.text import ago, plain, short, stamp

ROLES = {
    Role.VIEWER: N_("a viewer: you may try models and call services"),
    Role.ANALYST: N_("an analyst: you may upload and deploy models too"),
    Role.ADMIN: N_("an admin: you may change and delete anything"),
}
# The first that fits: each browser also names those that it is like.
_BROWSERS = {"Edg/": "Edge", "OPR/": "Opera", "Firefox/": "Firefox", "Chrome/": "Chrome"}
_BROWSERS |= {"Safari/": "Safari"}
_SYSTEMS = {"Windows": "Windows", "Android": "Android", "iPhone": "iOS", "iPad": "iOS"}
_SYSTEMS |= {"Mac OS X": "macOS", "CrOS": "ChromeOS", "Linux": "Linux"}
LIFETIMES = {30: N_("30 days"), 90: N_("90 days"), 365: N_("A year")}


def draw_tokens(caller: Caller) -> None:
    """Draw the tokens and the form for a new one, which is shown this once."""
    st.markdown(_("Programs that call Slipway send a token instead of your name and password."))
    made = _draw_new_token(caller)
    if made:
        st.success(_("Copy the token now; it is not shown again."), icon=":material/key:")
        st.code(made.token, language=None, wrap_lines=True)
    tokens = session.platform().accounts.list_tokens(caller)
    if not tokens:
        st.caption(_("You have no tokens."))
    for token in tokens:
        _draw_token(token)


def _draw_new_token(caller: Caller) -> NewToken | None:
    with (
        st.form("account_token_form", clear_on_submit=True),
        st.container(horizontal=True, vertical_alignment="bottom"),
    ):
        name = st.text_input(
            _("Name of the token"),
            key="account_token_name",
            max_chars=100,
            placeholder=_("What it is for"),
            width=280,
        )
        days = st.selectbox(
            _("Valid for"),
            list(LIFETIMES),
            index=1,
            format_func=named_by(LIFETIMES),
            key="account_token_days",
            width=140,
        )
        asked = st.form_submit_button(_("Make a token"), key="account_token_submit", type="primary")
    if asked:
        with showing_errors():
            return session.platform().accounts.create_token(caller, name, days)
    return None


def _draw_token(token: TokenView) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        told = _(
            "made {created} · ends {expires}",
            created=f"{token.created:%Y-%m-%d}",
            expires=f"{token.expires:%Y-%m-%d}",
        )
        text = lines([f"**{plain(short(token.name))}**", f":small[:gray[{told}]]"])
        st.markdown(text, width="stretch")
        st.button(
            _("Revoke"),
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
            _("Password now"),
            type="password",
            key="account_password_old",
            autocomplete="current-password",
        )
        new, again = sign_in.ask_new_password("account_password")
        asked = st.form_submit_button(_("Change password"), key="account_password_submit")
    if asked:
        with showing_errors():
            session.change_password(caller, old, new, again)
            session.say(_("The password is changed; every other browser is signed out."))
            st.rerun()


def draw_sessions(caller: Caller) -> None:
    """Draw where the account is signed in, with the ways to end that."""
    for view in session.platform().sign_ins.list_(caller):
        _draw_session(view)
    st.caption(_("Programs with tokens are no sign-ins; they go on until their token is revoked."))
    if st.button(
        _("Sign out elsewhere"), key="account_sign_out_everywhere", icon=":material/logout:"
    ):
        with showing_errors():
            session.sign_out_elsewhere(caller)
            session.say(_("Every other browser is signed out."))
            st.rerun()


def _draw_session(view: SignInView) -> None:
    here = view.id == session.sign_in_id()
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        name = _(
            "**{browser}** from {address}",
            browser=browser(view.agent),
            address=plain(view.address or _("this machine")),
        )
        told = _("since {created} · seen {seen}", created=stamp(view.created), seen=ago(view.seen))
        st.markdown(lines([name, f":small[:gray[{told}]]"]), width="stretch")
        if here:
            st.badge(_("this browser"), color="green")
        else:
            key = f"account_end_{view.id}"
            st.button(_("End"), key=key, icon=":material/logout:", on_click=_end, args=(view.id,))


def _end(sign_in_id: str) -> None:
    with showing_errors():
        session.platform().sign_ins.end(session.require_caller(), sign_in_id)
        session.say(_("That browser is signed out."))


def browser(agent: str) -> str:
    """Return what a browser that names itself so is called; programs may name themselves anyhow."""
    names = [name for word, name in _BROWSERS.items() if word in agent]
    systems = [name for word, name in _SYSTEMS.items() if word in agent]
    name = names[0] if names else _("A browser")
    return _("{name} on {system}", name=name, system=systems[0]) if systems else name
