"""The parts of the admin's page."""

from collections.abc import Callable

import pandas as pd
import streamlit as st

from core.services.accounts import AccountView, Caller, Role
from pages.components import links, session
from pages.components.errors import showing_errors
from pages.components.states import draw_state, draw_task_state
from pages.components.tables import height_of
from pages.components.text import ago, plain, plural, short

_SHOWN = 50
_SHOWN_EVENTS = 200


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
        _delete(
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


@st.dialog("Delete for good?", width="medium")
def _delete(name: str, consequence: str, remove: Callable[[Caller, str], None], which: str) -> None:
    """Say what goes, and call `remove(caller, which)` once that is confirmed."""
    caller = session.require_caller()
    st.markdown(consequence)
    if st.button("Delete", key="admin_delete_confirm", type="primary"):
        with showing_errors():
            remove(caller, which)
            session.say(f"{name} is deleted.")
            st.rerun()


def _delete_account(caller: Caller, name: str) -> None:
    session.platform().accounts.delete_account(caller, name)


def _delete_model(caller: Caller, model_id: str) -> None:
    session.platform().models.delete(caller, model_id, with_deployments=True)


def _delete_deployment(caller: Caller, deployment_id: str) -> None:
    session.platform().deployments.delete(caller, deployment_id)


def _delete_task(caller: Caller, task_id: str) -> None:
    session.platform().jobs.delete(caller, task_id)


def draw_models(caller: Caller) -> None:
    """Draw everybody's models, each with the way to delete it."""
    models = session.platform().models.list_(caller)
    st.caption(plural(len(models), "model"))
    for model in models[:_SHOWN]:
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            links.to_model(model.id, model.name)
            draw_state(model.visibility)
            st.caption(f"{plain(model.owner)} · {ago(model.updated)}", width="stretch")
            if _asks_delete("model", model.id):
                text = "goes for good, with its versions, its deployments and their tasks."
                sentence = f"The model **{plain(short(model.name))}** {text}"
                _delete(model.name, sentence, _delete_model, model.id)
    _say_more(len(models), links.MODELS)


def draw_deployments(caller: Caller) -> None:
    """Draw everybody's deployments, each with the way to delete it."""
    services = session.platform().deployments.list_(caller)
    st.caption(plural(len(services), "deployment"))
    for service in services[:_SHOWN]:
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            links.to_deployment(service.id, service.name)
            draw_state(service.state)
            st.caption(
                f"{plain(short(service.model_name, 60))} · {plain(service.owner)}", width="stretch"
            )
            if _asks_delete("deployment", service.id):
                text = "goes for good; programs that call it will fail."
                sentence = f"The deployment **{plain(short(service.name))}** {text}"
                _delete(service.name, sentence, _delete_deployment, service.id)
    _say_more(len(services), links.DEPLOYMENTS)


def draw_tasks(caller: Caller) -> None:
    """Draw everybody's newest tasks, each with the way to delete it."""
    page = session.platform().jobs.list_(caller, limit=_SHOWN)
    st.caption(plural(page.total, "task"))
    for task in page.tasks:
        name = task.file_name or task.id
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            links.to_task(task.id, name)
            draw_task_state(task.state)
            st.caption(f"{plain(task.owner)} · {ago(task.created)}", width="stretch")
            if _asks_delete("task", task.id):
                sentence = f"The task **{plain(short(name))}** goes for good, with its result."
                _delete(name, sentence, _delete_task, task.id)
    _say_more(page.total, links.TASKS)


def _asks_delete(kind: str, which: str) -> bool:
    return st.button("Delete", key=f"admin_delete_{kind}_{which}", icon=":material/delete:")


def _say_more(total: int, page: str) -> None:
    if total > _SHOWN:
        st.page_link(page, label=f"The other {total - _SHOWN:,} are in the browser")


def draw_events(caller: Caller) -> None:
    """Draw what people did lately, the newest first."""
    events = session.platform().events.list_(caller, _SHOWN_EVENTS)
    if not events:
        st.info("Nothing was done yet.")
        return
    rows = [
        {
            "When (UTC)": event.at,
            "Who": event.actor,
            "Did": event.action,
            "What": f"{event.object_kind} {event.object_name}",
            "More": event.detail,
        }
        for event in events
    ]
    st.dataframe(
        pd.DataFrame(rows), hide_index=True, key="admin_events", height=height_of(len(rows))
    )
