"""How people come in: the rule of registration, who waits, and accounts that the admin makes."""

import streamlit as st

from core.services.accounts import Role
from core.services.live_settings import NewRole, Registration, SettingView
from core.services.people import AccountView, OneTime
from pages.components import session
from pages.components.errors import showing_errors
from pages.components.language import N_, _, dialog, named_by, said
from pages.components.text import ago, plain, short, stamp

_RULES: dict[str, str] = {
    Registration.OPEN: N_("Open to all"),
    Registration.APPROVAL: N_("By approval"),
    Registration.CLOSED: N_("Closed"),
}
_MEANINGS = {
    Registration.OPEN: N_(
        "Anybody who can reach this address may make an account, and sees every "
        "model that is shared with the team."
    ),
    Registration.APPROVAL: N_(
        "Anybody who can reach this address may ask for an account; it waits until you approve it."
    ),
    Registration.CLOSED: N_("Nobody can register. You make the accounts."),
}

_NEW_ROLES = {NewRole.VIEWER: N_("Viewers"), NewRole.ANALYST: N_("Analysts")}


def draw_registration() -> None:
    """Draw the rule of registration with what it means."""
    live = {view.name: view for view in _settings()}
    rule = Registration(live["registration"].value)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        _draw_choice("registration", _("Registration"), _RULES, rule.value)
        roles: dict[str, str] = {role: _NEW_ROLES[role] for role in NewRole}
        role = live["registration_role"].value
        _draw_choice("registration_role", _("New accounts are"), roles, role)
    notice = st.warning if rule is Registration.OPEN else st.caption
    notice(_(_MEANINGS[rule]))


def _settings() -> list[SettingView]:
    return session.platform().live.list_(session.require_caller())


def _draw_choice(name: str, label: str, options: dict[str, str], value: str) -> None:
    key = f"admin_{name}"
    st.segmented_control(
        label,
        [str(option) for option in options],
        default=value,
        required=True,
        format_func=named_by(options),
        key=key,
        on_change=_set,
        args=(name, key),
    )


def _set(name: str, key: str) -> None:
    with showing_errors():
        value = st.session_state[key]
        session.platform().live.set_(session.require_caller(), name, value)
        session.say(_("The setting is changed."))


def draw_waiting(waiting: list[AccountView]) -> None:
    """Draw who asks to be let in."""
    if waiting:
        st.header(_("Waiting for you"))
    for account in waiting:
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            with st.container(gap="xxsmall", width="stretch"):
                st.markdown(f"**{plain(short(account.name))}**")
                st.caption(
                    _(
                        "asked {created}, as {role}",
                        created=ago(account.created),
                        role=said(account.role),
                    )
                )
            with st.container(horizontal=True, width="content"):  # so that both stand in one line
                _draw_answers(account)


def _draw_answers(account: AccountView) -> None:
    for label, icon, act in _ANSWERS:
        st.button(
            _(label),
            key=f"admin_{label.lower()}_{account.id}",
            icon=f":material/{icon}:",
            on_click=act,
            args=(account.name,),
        )


def _approve(name: str) -> None:
    with showing_errors():
        session.platform().people.approve(session.require_caller(), name)
        session.say(_("{name} may sign in now.", name=name))


def _decline(name: str) -> None:
    with showing_errors():
        session.platform().people.decline(session.require_caller(), name)
        session.say(_("{name} is declined.", name=name))


_ANSWERS = ((N_("Approve"), "check", _approve), (N_("Decline"), "close", _decline))


@dialog(N_("Make an account"), width="medium")
def make_account() -> None:
    """Ask for a name and a role, and show the password to hand over."""
    with st.form("admin_make_form", border=False):
        name = st.text_input(_("User name"), key="admin_make_name", max_chars=100)
        role = st.selectbox(
            _("Role"),
            [str(role) for role in Role],
            index=1,
            format_func=said,
            key="admin_make_role",
        )
        asked = st.form_submit_button(
            _("Make the account"), key="admin_make_submit", type="primary"
        )
    if asked:
        with showing_errors():
            caller = session.require_caller()
            draw_one_time(session.platform().people.add(caller, name, role))


@dialog(N_("Reset the password"), width="medium")
def reset_password(account: AccountView) -> None:
    """Show a one-time password for somebody who forgot theirs."""
    st.markdown(
        _(
            "For people who forgot theirs. **{name}** is signed out everywhere, and signs in "
            "once with what you hand over.",
            name=plain(account.name),
        )
    )
    if st.button(_("Make a one-time password"), key="admin_reset_confirm", type="primary"):
        with showing_errors():
            caller = session.require_caller()
            draw_one_time(session.platform().people.reset_password(caller, account.name))


def draw_one_time(handed: OneTime) -> None:
    """Show a password once, to hand over."""
    st.success(
        _(
            "Hand this to {account} now; it is not shown again. It is good for one sign-in "
            "until {until}.",
            account=plain(handed.account),
            until=stamp(handed.until),
        ),
        icon=":material/key:",
    )
    st.code(handed.password, language=None)


@dialog(N_("Single sign-on"), width="medium")
def set_email(account: AccountView) -> None:
    """Ask whose verified e-mail address signs in as the account."""
    st.markdown(
        _(
            "Whoever the single sign-on vouches for with this address signs in as "
            "**{name}**. Empty it to take the link away.",
            name=plain(account.name),
        )
    )
    with st.form("admin_email_form", border=False):
        email = st.text_input(_("E-mail address"), value=account.email, key="admin_email")
        asked = st.form_submit_button(_("Save"), key="admin_email_submit", type="primary")
    if asked:
        with showing_errors():
            session.platform().people.set_email(session.require_caller(), account.name, email)
            session.say(_("The link of {name} is changed.", name=account.name))
            st.rerun()
