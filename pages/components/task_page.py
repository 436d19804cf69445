"""The page of one task: how far it is, what it found, and its result to read and download."""

import streamlit as st

from core.services.accounts import Caller
from core.services.job_queries import EVERYTHING
from core.services.job_views import TaskView
from pages.components import (
    links,
    missing,
    session,
    task_files,
    task_summary,
    task_table,
    task_video,
)
from pages.components.errors import showing_errors
from pages.components.language import N_, _, dialog, plural, said
from pages.components.states import badge_of_task
from pages.components.task_list import MOVING, pace
from pages.components.text import ago, plain, short, size, span, stamp

_REFRESH = "1s"


def draw(caller: Caller, task_id: str) -> None:
    """Draw a task; its progress is drawn anew every second until it has ended."""
    with showing_errors():
        with missing.told(links.TASKS, _("All tasks")):
            task = session.platform().jobs.get(caller, task_id)
        links.back(links.TASKS, _("All tasks"))
        moving = task.state in MOVING
        _draw_head(task)
        st.fragment(_draw_progress, run_every=_REFRESH if moving else None)(task_id, moving)
        if not moving:
            _draw_end(caller, task)


def _draw_head(task: TaskView) -> None:
    st.title(plain(short(task.file_name or _("Task"), 120)))
    with st.container(horizontal=True, vertical_alignment="center"):
        links.to_model(task.model_id, task.model_name)
        if task.deployment_id and task.deployment_name:
            links.to_deployment(task.deployment_id, task.deployment_name)
        if task.retry_of:
            links.to_task(task.retry_of, _("The task before"))
        st.caption(
            _(
                "version {version} · {owner} · {created} · task {id}",
                version=task.version,
                owner=plain(task.owner),
                created=stamp(task.created),
                id=task.id,
            )
        )


def _draw_progress(task_id: str, moving: bool) -> None:
    caller = session.require_caller()
    with showing_errors():
        task = session.platform().jobs.get(caller, task_id)
        if moving and task.state not in MOVING:
            st.rerun()  # the whole page: the result can be read now
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(badge_of_task("held" if task.held else task.state), width="content")
            st.caption(_times(task))
        if moving:
            _draw_bar(task)
            st.button(
                _("Cancel"),
                key="tasks_cancel",
                icon=":material/cancel:",
                on_click=_cancel,
                args=(task_id,),
            )


def _draw_bar(task: TaskView) -> None:
    if task.held:
        st.warning(plain(said(task.message)), icon=":material/pause_circle:")
    if not task.rows_total:
        st.progress(
            0.0, _("Reading the file…") if task.state == "running" else _("Waiting its turn…")
        )
        return
    text = _(
        "{done:,} of {all:,} rows{pace}",
        done=task.rows_done,
        all=task.rows_total,
        pace=pace(task),
    )
    st.progress(min(1.0, task.rows_done / task.rows_total), text)


def _times(task: TaskView) -> str:
    if task.started is None:
        return _("submitted {created}", created=ago(task.created))
    if task.finished is None:
        return _("started {started}", started=ago(task.started))
    taken = (task.finished - task.started).total_seconds()
    speed = _(", {speed:,.0f} rows/s", speed=task.rows_per_s) if task.rows_per_s else ""
    return _(
        "ended {finished}, after {taken}{speed}",
        finished=ago(task.finished),
        taken=span(taken),
        speed=speed,
    )


def _cancel(task_id: str) -> None:
    with showing_errors():
        session.platform().jobs.cancel(session.require_caller(), task_id)


def _draw_end(caller: Caller, task: TaskView) -> None:
    _draw_message(task)
    _draw_actions(task)
    if task.removed is None:
        _draw_storage(caller, task)
        if task.state == "succeeded":
            _draw_result(caller, task)


def _draw_message(task: TaskView) -> None:
    if task.removed is not None:
        st.info(
            _(
                "{message} The files were removed on {day}; to read the result "
                "again, submit the file again.",
                message=plain(said(task.message)),
                day=f"{task.removed:%Y-%m-%d}",
            ),
            icon=":material/auto_delete:",
        )
    elif task.state == "failed":
        st.error(plain(said(task.message)), icon=":material/error:")
    elif task.state == "succeeded" and not task.rows_failed:
        st.success(plain(said(task.message)), icon=":material/check_circle:")
    else:
        st.warning(plain(said(task.message)), icon=":material/warning:")


def _draw_actions(task: TaskView) -> None:
    with st.container(horizontal=True):
        if task.removed is None:
            if st.button(
                _("Retry"),
                key="tasks_retry",
                type="secondary" if task.state == "succeeded" else "primary",
                icon=":material/replay:",
            ):
                _retry(task)
            if task.state == "succeeded" and task.rows_failed:
                label = plural(
                    task.rows_failed, "Retry {count} failed row", "Retry {count} failed rows"
                )
                if st.button(label, key="tasks_retry_failed", icon=":material/rule:"):
                    _retry(task, only_failed=True)
        if st.button(_("Delete"), key="tasks_delete", icon=":material/delete:"):
            _delete(task)


def _retry(task: TaskView, *, only_failed: bool = False) -> None:
    caller = session.require_caller()
    again = session.platform().jobs.retry(caller, task.id, only_failed=only_failed)
    st.switch_page(links.TASKS, query_params={"task": again.id})


def _draw_storage(caller: Caller, task: TaskView) -> None:
    """Draw what the files take, and whether they stay; a changed mind is written at once."""
    days = session.platform().settings.keep_results_days
    taken = size(session.platform().jobs.size(caller, task.id))
    with st.container(horizontal=True, vertical_alignment="center"):
        if not days:
            st.caption(_("The files take {size}.", size=taken))
            return
        st.toggle(
            _("Keep the files for good"),
            value=task.kept,
            key=f"tasks_keep_{task.id}",
            on_change=_keep,
            args=(task.id,),
        )
        st.caption(
            _(
                "They take {size}; otherwise they are removed {days} after the end.",
                size=taken,
                days=plural(round(days), "{count} day", "{count} days"),
            )
        )


def _keep(task_id: str) -> None:
    kept = bool(st.session_state[f"tasks_keep_{task_id}"])
    with showing_errors():
        session.platform().jobs.keep(session.require_caller(), task_id, kept=kept)


def _draw_result(caller: Caller, task: TaskView) -> None:
    tabs = [_("Rows"), _("Summary"), _("Download")]
    is_video = task_video.may_have(task)
    rows, summary, files, *video = st.tabs(
        [*tabs, _("Timeline")] if is_video else tabs, key="tasks_tabs"
    )
    query = EVERYTHING
    with rows, showing_errors():
        query = task_table.draw(caller, task)
    with summary, showing_errors():
        task_summary.draw(caller, task)
    with files, showing_errors():
        task_files.draw(caller, task, query)
    for tab in video:
        with tab, showing_errors():
            task_video.draw(caller, task)


@dialog(N_("Delete this task?"))
def _delete(task: TaskView) -> None:
    caller = session.require_caller()
    st.markdown(
        _(
            "The result of **{file_name}** goes for good.",
            file_name=plain(short(task.file_name or task.id)),
        )
    )
    if st.button(_("Delete"), key="tasks_delete_confirm", type="primary"):
        with showing_errors():
            session.platform().jobs.delete(caller, task.id)
            session.say(_("The task is deleted."))
            st.switch_page(links.TASKS)
