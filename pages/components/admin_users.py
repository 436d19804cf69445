"""What an admin does with the accounts of everybody."""

import streamlit as st

from core.services.accounts import AccountView, Caller, Role
from pages.components import session
from pages.components.admin_parts import confirm_delete
from pages.components.errors import showing_errors
from pages.components.states import draw_state
from pages.components.text import plain, plural, short


def draw_accounts(caller: Caller) -> None:
    """Draw every account with its switches; one's own has none."""
    accounts = session.platform().accounts.list_accounts(caller)
    st.caption(plural(len(accounts), "account"))
    for account in accounts:
        with st.container(border=True, key=f"admin_account_{account.id}"):
            _draw_account(account, own=account.id == caller.id)


def _draw_account(account: AccountView, *, own: bool) -> None:
    who, switches = st.columns([4, 6], vertical_alignment="center")
    with who:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{plain(short(account.name))}**{' (you)' if own else ''}")
            draw_state("active" if account.active else "disabled")
        st.caption(f"since {account.created:%Y-%m-%d}")
    with switches, st.container(horizontal=True, vertical_alignment="center"):
        _draw_role(account, own=own)
        if not own:
            _draw_switches(account)


def _draw_role(account: AccountView, *, own: bool) -> None:
    key = f"admin_role_{account.id}"
    st.selectbox(
        "Role",
        list(Role),
        index=list(Role).index(account.role),
        key=key,
        disabled=own,
        label_visibility="collapsed",
        width=130,
        on_change=_set_role,
        args=(account.name, key),
    )


def _draw_switches(account: AccountView) -> None:
    label, icon = ("Disable", "block") if account.active else ("Enable", "check_circle")
    st.button(
        label,
        key=f"admin_active_{account.id}",
        icon=f":material/{icon}:",
        on_click=_set_active,
        args=(account.name, not account.active),
    )
    if st.button("New password", key=f"admin_password_{account.id}", icon=":material/key:"):
        _set_password(account)
    if st.button("Delete", key=f"admin_delete_{account.id}", icon=":material/delete:"):
        confirm_delete(
            account.name,
            f"The account **{plain(short(account.name))}** goes for good, with its tokens and "
            "tasks. An account that still owns models is refused; delete those first.",
            _delete_account,
            account.name,
        )


def _set_role(name: str, key: str) -> None:
    with showing_errors():
        caller = session.require_caller()
        session.platform().accounts.set_role(caller, name, st.session_state[key])
        session.say(f"{name} is now {st.session_state[key]}.")


def _set_active(name: str, active: bool) -> None:
    with showing_errors():
        session.platform().accounts.set_active(session.require_caller(), name, active)
        session.say(f"{name} is {'enabled' if active else 'disabled'}.")


@st.dialog("New password", width="medium")
def _set_password(account: AccountView) -> None:
    caller = session.require_caller()
    st.markdown(f"For people who forgot theirs. **{plain(account.name)}** is signed out by it.")
    with st.form("admin_password_form", border=False):
        new = st.text_input(
            "New password", type="password", key="admin_password", autocomplete="new-password"
        )
        if not st.form_submit_button("Set password", key="admin_password_submit", type="primary"):
            return
    with showing_errors():
        session.platform().accounts.set_password(caller, account.name, new)
        session.say(f"{account.name} has a new password.")
        st.rerun()


def _delete_account(caller: Caller, name: str) -> None:
    session.platform().accounts.delete_account(caller, name)
