"""The home page: how the team's services do, what runs, and what needs somebody's attention."""

import streamlit as st

from core.services.calls import Counts
from core.services.deployment_views import DeploymentView
from core.services.job_views import TaskView
from core.services.thresholds import Health, Level
from pages.components import approval_parts, charts, first_steps, health, links, session, shell
from pages.components.deployment_list import draw_row as draw_deployment
from pages.components.errors import showing_errors
from pages.components.task_list import MOVING
from pages.components.task_list import draw_row as draw_task
from pages.components.text import ago, milliseconds, plain, short

_REFRESH = "15s"
_SHOWN_SERVICES = 6
_SHOWN_TASKS = 5
_SHOWN_ALARMS = 6


def draw() -> None:
    """Draw the dashboard, anew every fifteen seconds; before there is a model, the first steps."""
    caller = shell.open_page("Home")
    st.title("Home")
    approval_parts.draw_waiting(caller)
    any_model = bool(session.platform().models.list_(caller))
    first_steps.draw(caller, any_model=any_model)
    if not any_model:
        return
    st.fragment(_draw_dashboard, run_every=_REFRESH)()


def _draw_dashboard() -> None:
    caller = session.require_caller()
    with showing_errors():
        platform = session.platform()
        services = platform.deployments.list_(caller)
        tasks = list(platform.jobs.list_(caller, limit=50).tasks)
        counts = platform.calls.counts()
        healths = platform.watching.healths(services)
        _draw_numbers(services, tasks, counts)
        chart, alarms = st.columns([3, 2], gap="large")
        with chart:
            _draw_calls(services)
        with alarms:
            _draw_attention(services, tasks, healths)
        _draw_services(services, counts, healths)
        _draw_tasks(tasks)


def _draw_numbers(
    services: list[DeploymentView], tasks: list[TaskView], counts: dict[str, Counts]
) -> None:
    seen = [counts[service.id] for service in services if service.id in counts]
    calls, errors = sum(c.calls for c in seen), sum(c.errors for c in seen)
    running = sum(service.state == "running" for service in services)
    slowest = max((c.p95 for c in seen if c.p95 is not None), default=None)
    with st.grid("auto", min_column_width=150):
        st.metric("Services running", f"{running} of {len(services)}", border=True)
        st.metric("Calls, 24 h", f"{calls:,}", border=True)
        st.metric("Errors, 24 h", f"{errors / calls:.1%}" if errors else "0", border=True)
        st.metric("Slowest p95", milliseconds(slowest), border=True)
        moving = sum(task.state in MOVING for task in tasks)
        st.metric("Tasks at work", f"{moving:,}", border=True)


def _draw_attention(
    services: list[DeploymentView], tasks: list[TaskView], healths: dict[str, Health]
) -> None:
    """Draw what somebody should look at, each with its reason."""
    ailing = [service for service in services if health.ails(healths[service.id])]
    ailing.sort(key=lambda service: healths[service.id].level is not Level.RED)
    failed = [task for task in tasks if task.state == "failed"]
    st.subheader("Needs attention")
    if not ailing and not failed:
        st.markdown(":green[:material/check_circle:] All is well.")
    for service in ailing[:_SHOWN_ALARMS]:
        with st.container(border=True, gap="xxsmall"):
            links.to_deployment(service.id, service.name)
            health.draw_badge(healths[service.id])
            health.draw_reasons(healths[service.id])
    for task in failed[:_SHOWN_ALARMS]:
        with st.container(border=True, gap="xxsmall"):
            links.to_task(task.id, task.file_name or task.id)
            st.caption(f":red[failed] {ago(task.created)}: {plain(short(task.message, 120))}")


def _draw_calls(services: list[DeploymentView]) -> None:
    st.subheader("Calls, last 24 hours")
    seen = [service.id for service in services]
    figure = charts.draw_calls(session.platform().calls.series(seen, "24h").to_pandas())
    st.plotly_chart(figure, key="home_calls", config=charts.STILL)


def _draw_services(
    services: list[DeploymentView], counts: dict[str, Counts], healths: dict[str, Health]
) -> None:
    st.subheader("Services")
    if not services:
        st.info("Nothing is deployed yet. Open a model and choose Deploy.")
        return
    busiest = sorted(services, key=lambda each: -_calls(counts, each.id))
    for service in busiest[:_SHOWN_SERVICES]:
        draw_deployment(service, counts, healths[service.id])
    if len(services) > _SHOWN_SERVICES:
        st.page_link(links.DEPLOYMENTS, label=f"All {len(services):,} deployments")


def _calls(counts: dict[str, Counts], deployment_id: str) -> int:
    return counts[deployment_id].calls if deployment_id in counts else 0


def _draw_tasks(tasks: list[TaskView]) -> None:
    st.subheader("Recent tasks")
    if not tasks:
        st.info("No tasks yet. Choose Try it, then Batch, to score a whole file.")
        return
    for task in tasks[:_SHOWN_TASKS]:
        draw_task(task)
    st.page_link(links.TASKS, label="All tasks", icon=":material/arrow_forward:")
