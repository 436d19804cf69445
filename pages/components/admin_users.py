"""What an admin does with the accounts of everybody."""

import streamlit as st

from core.services.accounts import Caller, Role
from core.services.people import AccountView
from pages.components import admin_registration, session, single_sign_on
from pages.components.errors import showing_errors
from pages.components.language import N_, _, dialog, plural, said
from pages.components.states import draw_state
from pages.components.text import ago, plain, short

_SEARCHED_FROM = 8
_SHOWN = 100
_NOBODY = ""  # no account has this name


def draw_accounts(caller: Caller) -> None:
    """Draw how people come in, and every account with its switches; one's own has none."""
    admin_registration.draw_registration()
    accounts = session.platform().people.list_(caller)
    admin_registration.draw_waiting([account for account in accounts if account.pending])
    known = [account for account in accounts if not account.pending]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(plural(len(known), "{count} account", "{count} accounts"), width="stretch")
        if st.button(_("Make an account"), key="admin_make", icon=":material/person_add:"):
            admin_registration.make_account()
    for account in _searched(known)[:_SHOWN]:
        with st.container(border=True, key=f"admin_account_{account.id}"):
            _draw_account(account, known, own=account.id == caller.id)


def _searched(accounts: list[AccountView]) -> list[AccountView]:
    if len(accounts) <= _SEARCHED_FROM:
        return accounts
    words = st.text_input(
        _("Search accounts"), key="admin_search", placeholder=_("A name, a role, an e-mail address")
    )
    wanted = words.strip().casefold()
    return [a for a in accounts if wanted in f"{a.name} {a.role} {a.email}".casefold()]


def _draw_account(account: AccountView, others: list[AccountView], *, own: bool) -> None:
    who, switches = st.columns([4, 6], vertical_alignment="center")
    with who, st.container(gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center"):
            you = _(" (you)") if own else ""
            st.markdown(f"**{plain(short(account.name))}**{you}")
            draw_state("active" if account.active else "disabled")
        st.caption(_story(account))
    with switches, st.container(horizontal=True, vertical_alignment="center"):
        _draw_role(account, own=own)
        if not own:
            _draw_switches(account, others)


def _story(account: AccountView) -> str:
    parts = [_("since {day}", day=f"{account.created:%Y-%m-%d}")]
    if account.last_seen:
        parts.append(_("seen {last_seen}", last_seen=ago(account.last_seen)))
    if account.one_time:
        parts.append(_("has a one-time password"))
    if account.email:
        linked = _("linked") if account.linked else _("not yet used")
        parts.append(f"{plain(account.email)} ({linked})")
    return " · ".join(parts)


def _draw_role(account: AccountView, *, own: bool) -> None:
    key = f"admin_role_{account.id}"
    st.selectbox(
        _("Role"),
        list(Role),
        index=list(Role).index(account.role),
        format_func=said,
        key=key,
        disabled=own,
        label_visibility="collapsed",
        width=130,
        on_change=_set_role,
        args=(account.name, key),
    )


def _draw_switches(account: AccountView, others: list[AccountView]) -> None:
    label, icon = (_("Disable"), "block") if account.active else (_("Enable"), "check_circle")
    st.button(
        label,
        key=f"admin_active_{account.id}",
        icon=f":material/{icon}:",
        on_click=_set_active,
        args=(account.name, not account.active),
    )
    if st.button(_("Reset password"), key=f"admin_password_{account.id}", icon=":material/key:"):
        admin_registration.reset_password(account)
    if single_sign_on.is_configured() and st.button(
        _("E-mail"), key=f"admin_email_{account.id}", icon=":material/passkey:"
    ):
        admin_registration.set_email(account)
    if st.button(_("Delete"), key=f"admin_delete_{account.id}", icon=":material/delete:"):
        _delete(account, others)


def _set_role(name: str, key: str) -> None:
    with showing_errors():
        caller = session.require_caller()
        session.platform().people.set_role(caller, name, st.session_state[key])
        session.say(_("{name} is now {role}.", name=name, role=said(st.session_state[key])))


def _set_active(name: str, active: bool) -> None:
    with showing_errors():
        session.platform().people.set_active(session.require_caller(), name, active)
        session.say(
            _("{name} is enabled.", name=name) if active else _("{name} is disabled.", name=name)
        )


@dialog(N_("Delete for good?"), width="medium")
def _delete(account: AccountView, others: list[AccountView]) -> None:
    """Ask what becomes of the models, and delete the account once that is confirmed."""
    caller = session.require_caller()
    st.markdown(
        _(
            "The account **{name}** goes for good, with its sign-ins and tokens.",
            name=plain(short(account.name)),
        )
    )
    models = [m for m in session.platform().models.list_(caller) if m.owner_id == account.id]
    heir, with_models = _ask_heir(account, others) if models else (None, False)
    if models:
        st.caption(
            _("It owns {models}.", models=plural(len(models), "{count} model", "{count} models"))
        )
    if st.button(_("Delete"), key="admin_delete_confirm", type="primary"):
        with showing_errors():
            session.platform().people.delete(
                caller, account.name, heir=heir, with_models=with_models
            )
            session.say(_("{name} is deleted.", name=account.name))
            st.rerun()


def _ask_heir(account: AccountView, others: list[AccountView]) -> tuple[str | None, bool]:
    """Return who gets the models, or that they go, too; until one is chosen neither."""
    heirs = [o.name for o in others if o.id != account.id and o.active and o.role != Role.VIEWER]
    chosen = st.selectbox(
        _("Its models"),
        [*heirs, _NOBODY],
        index=None,
        format_func=_heir,
        placeholder=_("Choose what becomes of them"),
        key="admin_delete_heir",
    )
    return chosen or None, chosen == _NOBODY


def _heir(name: str) -> str:
    if name == _NOBODY:
        return _("Delete them with their services and tasks")
    return _("Hand them over to {name}", name=name)
