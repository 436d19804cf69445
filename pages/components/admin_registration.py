"""How people come in: the rule of registration, who waits, and accounts that the admin makes."""

import streamlit as st

from core.services.accounts import Role
from core.services.live_settings import NewRole, Registration, SettingView
from core.services.people import AccountView, OneTime
from pages.components import session
from pages.components.errors import showing_errors
from pages.components.text import ago, plain, short, stamp

_RULES: dict[str, str] = {
    Registration.OPEN: "Open",
    Registration.APPROVAL: "By approval",
    Registration.CLOSED: "Closed",
}
_MEANINGS = {
    Registration.OPEN: "Anybody who can reach this address may make an account, and sees every "
    "model that is shared with the team.",
    Registration.APPROVAL: "Anybody who can reach this address may ask for an account; it waits "
    "until you approve it.",
    Registration.CLOSED: "Nobody can register. You make the accounts.",
}


def draw_registration() -> None:
    """Draw the rule of registration with what it means."""
    live = {view.name: view for view in _settings()}
    rule = Registration(live["registration"].value)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        _draw_choice("registration", "Registration", _RULES, rule.value)
        roles: dict[str, str] = {role: f"{role.value.capitalize()}s" for role in NewRole}
        role = live["registration_role"].value
        _draw_choice("registration_role", "New accounts are", roles, role)
    notice = st.warning if rule is Registration.OPEN else st.caption
    notice(_MEANINGS[rule])


def _settings() -> list[SettingView]:
    return session.platform().live.list_(session.require_caller())


def _draw_choice(name: str, label: str, options: dict[str, str], value: str) -> None:
    key = f"admin_{name}"
    st.segmented_control(
        label,
        [str(option) for option in options],
        default=value,
        required=True,
        format_func=options.__getitem__,
        key=key,
        on_change=_set,
        args=(name, key),
    )


def _set(name: str, key: str) -> None:
    with showing_errors():
        value = st.session_state[key]
        session.platform().live.set_(session.require_caller(), name, value)
        session.say("The setting is changed.")


def draw_waiting(waiting: list[AccountView]) -> None:
    """Draw who asks to be let in."""
    if waiting:
        st.subheader("Waiting for you")
    for account in waiting:
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{plain(short(account.name))}**", width="stretch")
            st.caption(f"asked {ago(account.created)}, as {account.role}")
            for label, icon, act in _ANSWERS:
                key = f"admin_{label.lower()}_{account.id}"
                st.button(
                    label,
                    key=key,
                    icon=f":material/{icon}:",
                    on_click=act,
                    args=(account.name,),
                )


def _approve(name: str) -> None:
    with showing_errors():
        session.platform().people.approve(session.require_caller(), name)
        session.say(f"{name} may sign in now.")


def _decline(name: str) -> None:
    with showing_errors():
        session.platform().people.decline(session.require_caller(), name)
        session.say(f"{name} is declined.")


_ANSWERS = (("Approve", "check", _approve), ("Decline", "close", _decline))


@st.dialog("Make an account", width="medium")
def make_account() -> None:
    """Ask for a name and a role, and show the password to hand over."""
    with st.form("admin_make_form", border=False):
        name = st.text_input("Name", key="admin_make_name", max_chars=100)
        role = st.selectbox("Role", [str(role) for role in Role], index=1, key="admin_make_role")
        asked = st.form_submit_button("Make the account", key="admin_make_submit", type="primary")
    if asked:
        with showing_errors():
            caller = session.require_caller()
            draw_one_time(session.platform().people.add(caller, name, role))


@st.dialog("Reset the password", width="medium")
def reset_password(account: AccountView) -> None:
    """Show a one-time password for somebody who forgot theirs."""
    st.markdown(
        f"For people who forgot theirs. **{plain(account.name)}** is signed out everywhere, and "
        "signs in once with what you hand over."
    )
    if st.button("Make a one-time password", key="admin_reset_confirm", type="primary"):
        with showing_errors():
            caller = session.require_caller()
            draw_one_time(session.platform().people.reset_password(caller, account.name))


def draw_one_time(handed: OneTime) -> None:
    """Show a password once, to hand over."""
    st.success(
        f"Hand this to {plain(handed.account)} now; it is not shown again. It is good for one "
        f"sign-in until {stamp(handed.until)}.",
        icon=":material/key:",
    )
    st.code(handed.password, language=None)


@st.dialog("Single sign-on", width="medium")
def set_email(account: AccountView) -> None:
    """Ask whose verified e-mail address signs in as the account."""
    st.markdown(
        f"Whoever the single sign-on vouches for with this address signs in as "
        f"**{plain(account.name)}**. Empty it to take the link away."
    )
    with st.form("admin_email_form", border=False):
        email = st.text_input("E-mail address", value=account.email, key="admin_email")
        asked = st.form_submit_button("Save", key="admin_email_submit", type="primary")
    if asked:
        with showing_errors():
            session.platform().people.set_email(session.require_caller(), account.name, email)
            session.say(f"The link of {account.name} is changed.")
            st.rerun()
