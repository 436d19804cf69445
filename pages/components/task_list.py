"""The browser of tasks: all that one may see, or those of one model or deployment."""

import streamlit as st

from core.services.accounts import Caller
from core.services.job_views import TaskPage, TaskView
from pages.components import links, session
from pages.components.errors import showing_errors
from pages.components.states import draw_task_state
from pages.components.text import ago, plain, plural, short, span

PAGE_SIZE = 20
MOVING = frozenset({"queued", "running"})
_STATES = ["All", "queued", "running", "succeeded", "failed", "cancelled"]
_REFRESH = "2s"
_PAGE = "tasks_page"
_NEWEST = 5


def draw(caller: Caller) -> None:
    """Draw the list with its filters; it is drawn anew every two seconds while a task moves."""
    st.title("Tasks")
    with showing_errors():
        _draw_scope(caller)
        state, words = _draw_filters()
        moving = _any_moves(_read(caller, state, words))
        st.fragment(_draw_list, run_every=_REFRESH if moving else None)(state, words, moving)


def _scope() -> dict[str, str]:
    """Return whose tasks the address asks for: of a model, of a deployment, or all."""
    asked = {f"{kind}_id": st.query_params.get(kind) for kind in ("model", "deployment")}
    return {name: found for name, found in asked.items() if found}


def _draw_scope(caller: Caller) -> None:
    scope = _scope()
    if not scope:
        return
    platform = session.platform()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("Only the tasks of")
        if "deployment_id" in scope:
            service = platform.deployments.get_by_id(caller, scope["deployment_id"])
            links.to_deployment(service.id, service.name)
        else:
            model = platform.models.get_by_id(caller, scope["model_id"]).model
            links.to_model(model.id, model.name)
        st.page_link(links.TASKS, label="Show all tasks", icon=":material/close:")


def _draw_filters() -> tuple[str | None, str]:
    with st.grid("auto", min_column_width=280):
        words = st.text_input(
            "Search",
            key="tasks_search",
            type="search",
            placeholder="File, model, deployment, owner or id",
            live=True,
            bind="query-params",
        )
        state = st.pills(
            "State",
            _STATES,
            default="All",
            required=True,
            key="tasks_state",
            bind="query-params",
        )
    return (None if state == "All" else state), words or ""


def _read(caller: Caller, state: str | None, words: str) -> TaskPage:
    """Return the tasks of the page that is looked at; of the first where that has none."""
    page = st.session_state.get(_PAGE, 1)
    found = session.platform().jobs.list_(
        caller,
        state=state,
        search=words,
        offset=(page - 1) * PAGE_SIZE,
        limit=PAGE_SIZE,
        **_scope(),
    )
    if found.tasks or page == 1:
        return found
    st.session_state[_PAGE] = 1
    return _read(caller, state, words)


def _any_moves(page: TaskPage) -> bool:
    return any(task.state in MOVING for task in page.tasks)


def _draw_list(state: str | None, words: str, moving: bool) -> None:
    found = _read(session.require_caller(), state, words)
    if moving and not _any_moves(found):
        st.rerun()  # the whole page, which then stops refreshing
    if not found.total:
        _draw_empty(filtered=bool(state or words))
        return
    st.caption(plural(found.total, "task"))
    for task in found.tasks:
        draw_row(task)
    if found.total > PAGE_SIZE:
        st.pagination(-(-found.total // PAGE_SIZE), key=_PAGE)


def _draw_empty(*, filtered: bool) -> None:
    if filtered:
        st.info("No task fits; try another state or fewer words.")
        return
    with st.container(border=True, horizontal_alignment="center"):
        st.subheader("No tasks yet", text_alignment="center")
        st.markdown(
            "A task scores a whole file in the background. Open a model or a deployment, choose "
            "Try it, then Batch.",
            text_alignment="center",
        )


def draw_newest(caller: Caller, *, model: str | None = None, deployment: str | None = None) -> None:
    """Draw the newest tasks of a model or a deployment, by its id, and the way to the others."""
    page = session.platform().jobs.list_(
        caller, model_id=model, deployment_id=deployment, limit=_NEWEST
    )
    if not page.total:
        st.info("No tasks yet. Open Try it and choose Batch to score a whole file.")
    for task in page.tasks:
        draw_row(task)
    if page.total > _NEWEST:
        st.page_link(
            links.TASKS,
            label=f"All {plural(page.total, 'task')}",
            icon=":material/arrow_forward:",
            query_params={"model": model} if model else {"deployment": deployment or ""},
        )


def draw_row(task: TaskView) -> None:
    """Draw one task on one line: its file and service, its state, its progress."""
    with st.container(border=True, key=f"tasks_row_{task.id}"):
        what, state, facts = st.columns([5, 2, 4], vertical_alignment="center")
        with what, st.container(gap="xxsmall"):
            links.to_task(task.id, task.file_name or task.id)
            service = f" / {task.deployment_name}" if task.deployment_name else ""
            st.caption(f"{plain(short(task.model_name + service, 80))} · {plain(task.owner)}")
        with state:
            draw_task_state(task.state)
        with facts:
            _draw_progress(task)


def _draw_progress(task: TaskView) -> None:
    if task.state in MOVING and task.rows_total:
        done = min(1.0, task.rows_done / task.rows_total)
        left = f", {span(task.eta_s)} left" if task.eta_s else ""
        st.progress(done, f"{done:.0%}{left}")
    elif task.state == "succeeded":
        failed = f" · :red[{task.rows_failed:,} not scored]" if task.rows_failed else ""
        st.markdown(f":gray[{plural(task.rows_total or 0, 'row')}]{failed} · {ago(task.created)}")
    else:
        st.caption(f"{plain(short(task.message, 120))} {ago(task.created)}")
