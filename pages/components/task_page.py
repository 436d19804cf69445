"""The page of one task: how far it is, what it found, and its result to read and download."""

from functools import partial

import streamlit as st

from core.runtimes.base import ERROR_COLUMN
from core.services.accounts import Caller
from core.services.job_views import TaskView
from pages.components import links, session
from pages.components.errors import showing_errors
from pages.components.states import draw_task_state
from pages.components.tables import height_of
from pages.components.task_list import MOVING
from pages.components.text import ago, plain, short, span, stamp

PAGE_ROWS = 100
_REFRESH = "1s"
_ROWS_PAGE = "tasks_rows_page"
_FORMATS = {"csv": "CSV", "parquet": "Parquet", "json": "JSON"}


def draw(caller: Caller, task_id: str) -> None:
    """Draw a task; its progress is drawn anew every second until it has ended."""
    links.back(links.TASKS, "All tasks")
    with showing_errors():
        task = session.platform().jobs.get(caller, task_id)
        moving = task.state in MOVING
        _draw_head(task)
        st.fragment(_draw_progress, run_every=_REFRESH if moving else None)(task_id, moving)
        if not moving:
            _draw_end(caller, task)


def _draw_head(task: TaskView) -> None:
    st.title(plain(short(task.file_name or "Task", 120)))
    with st.container(horizontal=True, vertical_alignment="center"):
        links.to_model(task.model_id, task.model_name)
        if task.deployment_id and task.deployment_name:
            links.to_deployment(task.deployment_id, task.deployment_name)
        st.caption(f"version {task.version} · {plain(task.owner)} · {stamp(task.created)}")


def _draw_progress(task_id: str, moving: bool) -> None:
    caller = session.require_caller()
    with showing_errors():
        task = session.platform().jobs.get(caller, task_id)
        if moving and task.state not in MOVING:
            st.rerun()  # the whole page: the result can be read now
        with st.container(horizontal=True, vertical_alignment="center"):
            draw_task_state(task.state)
            st.caption(_times(task))
        if moving:
            _draw_bar(task)
            st.button(
                "Cancel",
                key="tasks_cancel",
                icon=":material/cancel:",
                on_click=_cancel,
                args=(task_id,),
            )


def _draw_bar(task: TaskView) -> None:
    if not task.rows_total:
        st.progress(0.0, "Reading the file…" if task.state == "running" else "Waiting its turn…")
        return
    left = f", about {span(task.eta_s)} left" if task.eta_s else ""
    text = f"{task.rows_done:,} of {task.rows_total:,} rows{left}"
    st.progress(min(1.0, task.rows_done / task.rows_total), text)


def _times(task: TaskView) -> str:
    if task.started is None:
        return f"submitted {ago(task.created)}"
    if task.finished is None:
        return f"started {ago(task.started)}"
    taken = (task.finished - task.started).total_seconds()
    return f"ended {ago(task.finished)}, after {span(taken)}"


def _cancel(task_id: str) -> None:
    with showing_errors():
        session.platform().jobs.cancel(session.require_caller(), task_id)


def _draw_end(caller: Caller, task: TaskView) -> None:
    _draw_message(task)
    with st.container(horizontal=True):
        if task.state == "succeeded":
            _draw_downloads(caller, task)
        elif st.button("Retry", key="tasks_retry", type="primary", icon=":material/replay:"):
            again = session.platform().jobs.retry(caller, task.id)
            st.switch_page(links.TASKS, query_params={"task": again.id})
        if st.button("Delete", key="tasks_delete", icon=":material/delete:"):
            _delete(task)
    if task.state == "succeeded":
        _draw_result(caller, task)


def _draw_message(task: TaskView) -> None:
    if not task.message:
        return
    if task.state == "failed":
        st.error(plain(task.message), icon=":material/error:")
    elif task.state == "succeeded" and not task.rows_failed:
        st.success(plain(task.message), icon=":material/check_circle:")
    else:
        st.warning(plain(task.message), icon=":material/warning:")


def _draw_downloads(caller: Caller, task: TaskView) -> None:
    for kind, label in _FORMATS.items():
        st.download_button(
            label,
            partial(_exported, caller, task.id, kind),
            file_name=f"{(task.file_name or 'result').rsplit('.', 1)[0]}-scored.{kind}",
            key=f"tasks_download_{kind}",
            icon=":material/download:",
            on_click="ignore",
        )


def _exported(caller: Caller, task_id: str, kind: str) -> bytes:
    """Return the whole result as a file.

    Runs when the button is clicked, outside of any page: nothing of the session can be asked.
    """
    return b"".join(session.platform().jobs.export(caller, task_id, kind))


def _draw_result(caller: Caller, task: TaskView) -> None:
    jobs = session.platform().jobs
    page = st.session_state.get(_ROWS_PAGE, 1)
    first = (page - 1) * PAGE_ROWS
    table = jobs.table(caller, task.id, first, PAGE_ROWS).table.to_pandas()
    table.index = range(first + 1, first + len(table) + 1)
    total = task.rows_total or len(table)
    st.caption(f"Rows {first + 1:,} to {first + len(table):,} of {total:,}")
    st.dataframe(
        table,
        key="tasks_result",
        height=height_of(len(table)),
        placeholder="",
        column_config={ERROR_COLUMN: st.column_config.Column(pinned=bool(task.rows_failed))},
    )
    if total > PAGE_ROWS:
        st.pagination(-(-total // PAGE_ROWS), key=_ROWS_PAGE)


@st.dialog("Delete this task?", width="medium")
def _delete(task: TaskView) -> None:
    caller = session.require_caller()
    st.markdown(f"The result of **{plain(short(task.file_name or task.id))}** goes for good.")
    if st.button("Delete", key="tasks_delete_confirm", type="primary"):
        with showing_errors():
            session.platform().jobs.delete(caller, task.id)
            session.say("The task is deleted.")
            st.switch_page(links.TASKS)
