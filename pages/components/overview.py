"""The home page: how the team's services do, what runs, and what needs somebody's attention."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import streamlit as st

from core.services.accounts import Caller
from core.services.calls import Counts
from core.services.deployment_views import DeploymentView
from pages.components import (
    approval_parts,
    attention,
    chart_table,
    charts,
    first_steps,
    links,
    missing,
    service_cards,
    session,
    shell,
)
from pages.components.errors import showing_errors
from pages.components.language import N_, _
from pages.components.task_list import MOVING, link_to_task
from pages.components.text import milliseconds

_REFRESH = "15s"
_SHOWN_TASKS = 3


def draw() -> None:
    """Draw the dashboard, anew every fifteen seconds; before there is a model, the first steps."""
    caller = shell.open_page(N_("Home"))
    st.title(_("Home"))
    missing.draw_stray()
    any_model = bool(session.platform().models.names(caller))
    first_steps.draw(caller, any_model=any_model)
    if not any_model:
        approval_parts.draw_waiting(approval_parts.count_waiting(caller))
        return
    st.fragment(_draw_dashboard, run_every=_REFRESH)()


def _draw_dashboard() -> None:
    caller = session.require_caller()
    with showing_errors():
        platform = session.platform()
        services = platform.deployments.list_(caller)
        counts = platform.calls.counts()
        healths = platform.watching.healths(services)
        hours = platform.calls.hourly([service.id for service in services])
        outlook = platform.dashboard.outlook(caller)
        _draw_numbers(caller, services, counts)
        files = approval_parts.count_waiting(caller)
        attention.draw(services, counts, healths, outlook, files=files)
        _draw_calls(hours)
        service_cards.draw(services, counts, healths, hours)
        _draw_tasks(caller)
        attention.draw_unused(outlook)


def _draw_numbers(
    caller: Caller, services: list[DeploymentView], counts: dict[str, Counts]
) -> None:
    seen = [counts[service.id] for service in services if service.id in counts]
    calls, errors = sum(c.calls for c in seen), sum(c.errors for c in seen)
    running = sum(service.state == "running" for service in services)
    slowest = max((c.p95 for c in seen if c.p95 is not None), default=None)
    tasks = session.platform().jobs.count_by_state(caller)
    with st.grid(5, min_column_width=150):
        st.metric(
            _("Services running"),
            _("{running} of {count}", running=running, count=len(services)),
            border=True,
        )
        st.metric(_("Calls, 24 h"), f"{calls:,}", border=True)
        st.metric(_("Errors, 24 h"), f"{errors / calls:.1%}" if errors else "0", border=True)
        st.metric(_("Slowest p95"), milliseconds(slowest), border=True)
        st.metric(_("Tasks at work"), f"{sum(tasks[each] for each in MOVING):,}", border=True)


def _draw_calls(hours: Mapping[str, Sequence[tuple[int, int]]]) -> None:
    """Draw the calls of all services, hour by hour: their sums, so that nothing is read twice."""
    title = _("Calls, last 24 hours")
    st.header(title)
    st.caption(_("All services together, hour by hour. What is red failed."))
    sums = np.array(list(hours.values()) or np.zeros((1, 24, 2))).sum(axis=0, dtype=int)
    now = pd.Timestamp.now("UTC").tz_localize(None).floor("h")
    at = pd.date_range(end=now, periods=len(sums), freq="h")
    frame = pd.DataFrame({"at": at, "calls": sums[:, 0], "errors": sums[:, 1]})
    chart_table.draw(
        charts.draw_calls(frame, legend=False),
        chart_table.table_of_calls(frame),
        "home_calls",
        alt=title,
        columns=chart_table.over_time([_("calls"), _("errors")]),
    )


def _draw_tasks(caller: Caller) -> None:
    st.header(_("Recent tasks"))
    tasks = session.platform().jobs.list_(caller, limit=_SHOWN_TASKS).tasks
    if not tasks:
        st.info(_("No tasks yet. Choose Try it, then File, to score a whole file."))
        return
    rows = st.container(border=True, key="home_tasks")
    with rows, st.grid(3, min_column_width=240, gap="small"):
        for task in tasks:
            link_to_task(task)
    st.page_link(links.TASKS, label=_("All tasks"), icon=":material/arrow_forward:")
