"""The page of one service: how it stands and does, how to call it, and what was live when."""

import pandas as pd
import streamlit as st

from core.services.accounts import Caller
from core.services.call_summary import CallStatus
from pages.components import charts, deployment_head, links, release_list, session, use_it
from pages.components.errors import showing_errors
from pages.components.task_list import draw_newest
from pages.components.text import ago, milliseconds

_WINDOWS = {"1h": "Hour", "24h": "Day", "7d": "Week", "30d": "Month"}
_REFRESH = "10s"


def draw(caller: Caller, deployment_id: str) -> None:
    """Draw a service; its figures are drawn anew every ten seconds while it runs."""
    links.back(links.DEPLOYMENTS, "All deployments")
    with showing_errors():
        service = session.platform().deployments.get_by_id(caller, deployment_id)
        history = session.platform().releases.history(caller, deployment_id)
        deployment_head.draw(caller, service, history)
        watching, using, past, tasks = st.tabs(["Watch", "Use it", "History", "Tasks"])
        with watching:
            live = service.state == "running"
            st.fragment(_draw_figures, run_every=_REFRESH if live else None)(service.id)
        with using:
            use_it.draw(service.id)
        with past:
            release_list.draw(history)
        with tasks:
            draw_newest(caller, deployment=service.id)


def _draw_figures(deployment_id: str) -> None:
    caller = session.require_caller()
    window = st.segmented_control(
        "Over the last",
        list(_WINDOWS),
        default="24h",
        required=True,
        format_func=_WINDOWS.__getitem__,
        key="deployments_window",
    )
    with showing_errors():
        session.platform().deployments.get_by_id(caller, deployment_id)  # may still be seen
        calls = session.platform().calls
        status = calls.status(deployment_id, window)
        _draw_numbers(status)
        if status.calls:
            _draw_charts(calls.series(deployment_id, window).to_pandas())
        else:
            st.info("No calls in this time. The tab Use it has one to copy.")


def _draw_numbers(status: CallStatus) -> None:
    share = status.errors / status.calls if status.calls else 0.0
    with st.grid("auto", min_column_width=115):
        st.metric("Calls", f"{status.calls:,}", border=True)
        st.metric("Records", f"{status.rows:,}", border=True)
        st.metric("Errors", f"{share:.1%}" if status.errors else "0", border=True)
        st.metric("p50", milliseconds(status.p50), border=True)
        st.metric("p95", milliseconds(status.p95), border=True)
        st.metric("p99", milliseconds(status.p99), border=True)
    st.caption(f"Last call {ago(status.last_call)}")


def _draw_charts(buckets: pd.DataFrame) -> None:
    with st.grid("auto", min_column_width=380):
        with st.container():
            st.subheader("Calls")
            figure = charts.draw_calls(buckets)
            st.plotly_chart(figure, key="deployments_calls", config=charts.STILL)
        with st.container():
            st.subheader("Latency")
            figure = charts.draw_latency(buckets)
            st.plotly_chart(figure, key="deployments_latency", config=charts.STILL)
