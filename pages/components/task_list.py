"""The browser of tasks: all that one may see, or those of one model or deployment."""

from functools import partial

import streamlit as st

from core.services.accounts import Caller
from core.services.job_views import TaskFilter, TaskPage, TaskView
from core.services.jobs import Usage
from pages.components import filters, links, rows, session
from pages.components.errors import showing_errors
from pages.components.language import N_, _, plural, said
from pages.components.states import badge_of_task
from pages.components.text import ago, fit, plain, short, size, span

PAGE_SIZE = 15
MOVING = frozenset({"queued", "running"})
_ALL, _MINE = "all", "mine"
_STATES = {
    _ALL: N_("All"),
    "queued": N_("queued"),
    "running": N_("running"),
    "succeeded": N_("succeeded"),
    "failed": N_("failed"),
    "cancelled": N_("cancelled"),
}
_WHOSE = {"everyone": N_("Everyone's"), _MINE: N_("Mine")}
_ORDERS = {
    "newest": N_("Newest"),
    "oldest": N_("Oldest"),
    "largest": N_("Most rows"),
    "most errors": N_("Most errors"),
    "longest": N_("Took longest"),
}
_REFRESH = "2s"
_PAGE = "tasks_page"
_NEWEST = 5
_MESSAGE = 120  # letters
_MANY_ROWS = 99_999  # are words enough on a card


def draw(caller: Caller) -> None:
    """Draw the list with its filters; it is drawn anew every two seconds while a task moves."""
    scope = _scope()
    with showing_errors():
        _draw_head(caller, scope)
        if not any(session.platform().jobs.count_by_state(caller).values()):
            _draw_empty(filtered=False)
            return
        wanted = _draw_filters(caller, scope)
        found = _read(caller, wanted)
        moving = _any_moves(found)
        st.fragment(_draw_list, run_every=_REFRESH if moving else None)(
            wanted, [found], moving=moving, by_id=bool(scope)
        )


def _scope() -> dict[str, str]:
    """Return whose tasks the address asks for: of a model, of a deployment, or all."""
    asked = {kind: st.query_params.get(kind) for kind in ("model", "deployment")}
    return {kind: found for kind, found in asked.items() if found}


def _draw_head(caller: Caller, scope: dict[str, str]) -> None:
    platform = session.platform()
    if "deployment" in scope:
        service = platform.deployments.get_by_id(caller, scope["deployment"])
        st.title(_("Tasks of {name}", name=plain(short(service.name))))
        with st.container(horizontal=True):
            links.to_deployment(service.id, service.name)
            links.to_model(service.model_id, service.model_name)
            _draw_way_out()
    elif "model" in scope:
        model = platform.models.get_by_id(caller, scope["model"]).model
        st.title(_("Tasks of {name}", name=plain(short(model.name))))
        with st.container(horizontal=True):
            links.to_model(model.id, model.name)
            _draw_way_out()
    else:
        st.title(_("Tasks"))
        usage = platform.jobs.usage(caller)
        if usage.tasks:
            st.caption(_usage(usage, platform.settings.keep_results_days))


def _usage(usage: Usage, days: float) -> str:
    tasks = plural(usage.tasks, "{count} task", "{count} tasks")
    taken = size(usage.bytes)
    if not days:
        return _("The files of {tasks} take {size}.", tasks=tasks, size=taken)
    kept = plural(round(days), "{count} day", "{count} days")
    return _(
        "The files of {tasks} take {size}; they stay {days}.", tasks=tasks, size=taken, days=kept
    )


def _draw_way_out() -> None:
    st.page_link(links.TASKS, label=_("All tasks"), icon=":material/close:")


def _draw_filters(caller: Caller, scope: dict[str, str]) -> TaskFilter:
    with st.grid(4, min_column_width=200):
        words = st.text_input(
            _("Search"),
            key="tasks_search",
            type="search",
            placeholder=_("File, service, owner or id"),
            live=True,
            bind="query-params",
        )
        model = scope.get("model") if scope else _draw_models(caller)
        whose = filters.segments(_("Whose"), _WHOSE, "tasks_whose")
        order = filters.select(_("Sort by"), _ORDERS, "tasks_sort")
    state = filters.pills(_("State"), _STATES, "tasks_state")
    return TaskFilter(
        model_id=model,
        deployment_id=scope.get("deployment"),
        owner_id=caller.id if whose == _MINE else None,
        state=None if state == _ALL else state,
        search=words or "",
        order=order,
    )


def _draw_models(caller: Caller) -> str | None:
    """Draw the choice of a model and return its id; two of one name are told apart by owner."""
    models = session.platform().models.names(caller)
    named = {each.id: f"{each.name} ({each.owner})" for each in models}
    in_order = sorted(named.items(), key=lambda one: one[1].casefold())
    chosen = filters.select(_("Model"), {_ALL: N_("All models"), **dict(in_order)}, "tasks_model")
    return None if chosen == _ALL else chosen


def _read(caller: Caller, wanted: TaskFilter) -> TaskPage:
    """Return the tasks of the page that is looked at; of the first where that has none."""
    page = st.session_state.get(_PAGE, 1)
    found = session.platform().jobs.list_(
        caller, wanted, offset=(page - 1) * PAGE_SIZE, limit=PAGE_SIZE
    )
    if found.tasks or page == 1:
        return found
    st.session_state[_PAGE] = 1
    return _read(caller, wanted)


def _any_moves(page: TaskPage) -> bool:
    return any(task.state in MOVING and not task.held for task in page.tasks)


def _draw_list(wanted: TaskFilter, read: list[TaskPage], *, moving: bool, by_id: bool) -> None:
    """Draw the list: at first of what the page has just `read`, then of what there is by then."""
    found = read.pop() if read else _read(session.require_caller(), wanted)
    if moving and not _any_moves(found):
        st.rerun()  # the whole page, which then stops refreshing
    if not found.total:
        _draw_empty(filtered=bool(wanted.state or wanted.search or wanted.owner_id))
        return
    st.caption(plural(found.total, "{count} task", "{count} tasks"))
    for task in found.tasks:
        draw_row(task, by_id=by_id)
    if found.total > PAGE_SIZE:
        st.pagination(-(-found.total // PAGE_SIZE), key=_PAGE)


def _draw_empty(*, filtered: bool) -> None:
    if filtered:
        st.info(_("No task fits; try fewer words, another state or Everyone's."))
        return
    with st.container(border=True, horizontal_alignment="center"):
        st.header(_("No tasks yet"), text_alignment="center")
        st.markdown(
            _(
                "A task scores a whole file in the background. Open a model or a deployment, "
                "choose Try it, then File."
            ),
            text_alignment="center",
        )
        st.page_link(links.PREDICT, label=_("Try it"), icon=":material/play_circle:")


def draw_newest(caller: Caller, *, model: str | None = None, deployment: str | None = None) -> None:
    """Draw the newest tasks of a model or a deployment, by its id, and the way to the others."""
    wanted = TaskFilter(model_id=model, deployment_id=deployment)
    page = session.platform().jobs.list_(caller, wanted, limit=_NEWEST)
    if not page.total:
        st.info(_("No tasks yet. Choose Try it, then File, to score a whole file."))
        return
    for task in page.tasks:
        under = _service_of_one(task) if model else task.owner
        draw_row(task, under=under)
    st.page_link(
        links.TASKS,
        label=_("All tasks"),
        icon=":material/arrow_forward:",
        query_params={"model": model} if model else {"deployment": deployment or ""},
    )


def draw_row(task: TaskView, *, by_id: bool = False, under: str | None = None) -> None:
    """Draw one task as a row: its file and service, its state, its progress.

    With `by_id` its id is what one clicks, for a list in which the service is known; `under` is
    what stands below the file in place of the service, for the page of one.
    """
    name = task.file_name or _("records")
    shown = (task.id, name) if by_id else (name, under or _service(task))
    link = partial(links.to_task, task.id, *shown)
    state = badge_of_task("held" if task.held else task.state)
    done = _done(task)
    rows.draw(f"tasks_row_{task.id}", link, [state, "" if done else _told(task)], done)


def link_to_task(task: TaskView) -> None:
    """Draw one task as a link of three lines for a card: its file, its service, how it stands."""
    state = badge_of_task("held" if task.held else task.state)
    links.to_task(
        task.id,
        task.file_name or _("records"),
        _service(task),
        f"{state} :small[{_briefly(task)}]",
        width=links.CARD_WIDTH,
    )


def _briefly(task: TaskView) -> str:
    """Return what is done of a task, what of it failed, or since when it stands so: a few words."""
    if done := _done(task):
        left = _(", {time} left", time=span(task.eta_s)) if task.eta_s else ""
        return f"{done[0]:.0%}{left}"
    if task.rows_failed:
        return _(":red[{count:,} not scored]", count=task.rows_failed)
    since = f":gray[{ago(task.created)}]"
    if task.state != "succeeded":
        return since
    scored = plural(task.rows_total or 0, "{count} row", "{count} rows")
    return scored if (task.rows_total or 0) > _MANY_ROWS else f"{scored} · {since}"


def _service(task: TaskView) -> str:
    service = f" / {task.deployment_name}" if task.deployment_name else ""
    return f"{short(task.model_name + service, 60)} · {task.owner}"


def _service_of_one(task: TaskView) -> str:
    """Return the service and the owner of a task, on the page of its model."""
    service = f"{short(task.deployment_name, 60)} · " if task.deployment_name else ""
    return service + task.owner


def _done(task: TaskView) -> tuple[float, str] | None:
    """Return how much of a task that is being scored is done, and the words for it."""
    if task.state not in MOVING or not task.rows_total or task.held:
        return None
    done = min(1.0, task.rows_done / task.rows_total)
    return done, f"{done:.0%}{pace(task)}"


def _told(task: TaskView) -> str:
    if task.state != "succeeded":
        said_last = plain(fit(said(task.message), _MESSAGE))
        return f":small[:gray[{ago(task.created)} · {said_last}]]"
    failed = _(" · :red[{count:,} not scored]", count=task.rows_failed) if task.rows_failed else ""
    gone = _(" · files removed") if task.removed else ""
    scored = plural(task.rows_total or 0, "{count} row", "{count} rows")
    return f":small[:gray[{scored}]{failed}:gray[ · {ago(task.created)}{gone}]]"


def pace(task: TaskView) -> str:
    """Return how fast a task goes and how long it still takes, as far as that is known."""
    speed = _(", {speed:,.0f} rows/s", speed=task.rows_per_s) if task.rows_per_s else ""
    return speed + (_(", {time} left", time=span(task.eta_s)) if task.eta_s else "")
