"""What an admin does with the accounts of everybody."""

import streamlit as st

from core.services.accounts import Caller, Role
from core.services.people import AccountView
from pages.components import admin_registration, session, single_sign_on
from pages.components.errors import showing_errors
from pages.components.language import N_, _, dialog, named_by, plural, said
from pages.components.rows import lines
from pages.components.states import badge_of
from pages.components.text import ago, plain, short, with_note

_SEARCHED_FROM = 8
_SHOWN = 100
_NOBODY = ""  # no account has this name
_DISABLE, _ENABLE, _PASSWORD, _EMAIL, _DELETE = "disable", "enable", "password", "email", "delete"
_ROLES = {
    Role.VIEWER.value: N_("Make a viewer"),
    Role.ANALYST.value: N_("Make an analyst"),
    Role.ADMIN.value: N_("Make an admin"),
}
_CHOICES = {
    **_ROLES,
    _DISABLE: N_("Disable"),
    _ENABLE: N_("Enable"),
    _PASSWORD: N_("Reset password"),
    _EMAIL: N_("Set e-mail"),
    _DELETE: N_("Delete"),
}


def draw_accounts(caller: Caller) -> None:
    """Draw how people come in, and every account with its menu; one's own has none."""
    admin_registration.draw_registration()
    accounts = session.platform().people.list_(caller)
    admin_registration.draw_waiting([account for account in accounts if account.pending])
    known = [account for account in accounts if not account.pending]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(plural(len(known), "{count} account", "{count} accounts"), width="stretch")
        if st.button(_("Make an account"), key="admin_make", icon=":material/person_add:"):
            admin_registration.make_account()
    for account in _searched(known)[:_SHOWN]:
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
    """Draw a row of one text and one menu: a page of many accounts is drawn as fast as a list."""
    you = _(" (you)") if own else ""
    name = f"**{plain(short(account.name))}**{you}"
    state = badge_of("active" if account.active else "disabled")
    told = lines([f"{name} {state}", f":small[:gray[{_story(account)}]]"])
    with st.container(
        border=True,
        key=f"admin_account_{account.id}",
        horizontal=True,
        vertical_alignment="center",
    ):
        st.markdown(told, width="stretch")
        if not own:
            _draw_menu(account, others)


def _story(account: AccountView) -> str:
    parts = [said(account.role), _("since {day}", day=f"{account.created:%Y-%m-%d}")]
    if account.last_seen:
        parts.append(_("seen {last_seen}", last_seen=ago(account.last_seen)))
    if account.one_time:
        parts.append(_("has a one-time password"))
    if account.email:
        linked = _("linked") if account.linked else _("not yet used")
        parts.append(with_note(plain(account.email), linked))
    return " · ".join(parts)


def _draw_menu(account: AccountView, others: list[AccountView]) -> None:
    """Draw what can be done to an account, and ask first about what needs a word."""
    key = f"admin_change_{account.id}"
    chosen = st.menu_button(
        _("Change"),
        _choices(account),
        format_func=named_by(_CHOICES),
        key=key,
        icon=":material/edit:",
        on_click=_change,
        args=(account.name, key),
    )
    if chosen == _PASSWORD:
        admin_registration.reset_password(account)
    elif chosen == _EMAIL:
        admin_registration.set_email(account)
    elif chosen == _DELETE:
        _delete(account, others)


def _choices(account: AccountView) -> list[str]:
    roles = [role.value for role in Role if role != account.role]
    linked = [_EMAIL] if single_sign_on.is_configured() else []
    return [*roles, _DISABLE if account.active else _ENABLE, _PASSWORD, *linked, _DELETE]


def _change(name: str, key: str) -> None:
    """Do at once what was chosen of the menu and can be taken back there."""
    chosen = st.session_state[key]
    with showing_errors():
        if chosen in _ROLES:
            session.platform().people.set_role(session.require_caller(), name, chosen)
            session.say(_("{name} is now {role}.", name=name, role=said(chosen)))
        elif chosen in (_DISABLE, _ENABLE):
            _set_active(name, chosen == _ENABLE)


def _set_active(name: str, active: bool) -> None:
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
