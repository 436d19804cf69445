"""What the admin's page shows of everybody's models, deployments and tasks."""

from collections.abc import Callable

import streamlit as st

from core.services.accounts import Caller
from pages.components import links, session
from pages.components.errors import showing_errors
from pages.components.states import draw_state, draw_task_state
from pages.components.text import ago, plain, plural, short

_SHOWN = 50


@st.dialog("Delete for good?", width="medium")
def confirm_delete(
    name: str, consequence: str, remove: Callable[[Caller, str], None], which: str
) -> None:
    """Say what goes, and call `remove(caller, which)` once that is confirmed."""
    caller = session.require_caller()
    st.markdown(consequence)
    if st.button("Delete", key="admin_delete_confirm", type="primary"):
        with showing_errors():
            remove(caller, which)
            session.say(f"{name} is deleted.")
            st.rerun()


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
                confirm_delete(model.name, sentence, _delete_model, model.id)
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
                confirm_delete(service.name, sentence, _delete_deployment, service.id)
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
                confirm_delete(name, sentence, _delete_task, task.id)
    _say_more(page.total, links.TASKS)


def _asks_delete(kind: str, which: str) -> bool:
    return st.button("Delete", key=f"admin_delete_{kind}_{which}", icon=":material/delete:")


def _say_more(total: int, page: str) -> None:
    if total > _SHOWN:
        st.page_link(page, label=f"The other {total - _SHOWN:,} are in the browser")
