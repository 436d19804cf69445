"""How a service does over time: its health, figures, charts, and the calls that stand out."""

from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.services.accounts import Caller
from core.services.call_lists import Part
from core.services.call_summary import CallStatus
from core.services.call_views import OTHERS
from core.services.deployment_views import DeploymentView, State
from pages.components import (
    call_log,
    chart_table,
    charts,
    health,
    rights,
    session,
    standout_calls,
    threshold_form,
)
from pages.components.errors import showing_errors
from pages.components.language import N_, _, named_by, said
from pages.components.text import ago, milliseconds

_WINDOWS = {"1h": N_("Hour"), "24h": N_("Day"), "7d": N_("Week"), "30d": N_("Month")}
_REFRESH = "10s"


@dataclass(frozen=True)
class _Chart:
    """One chart: its title, its figure, and the same numbers as a table."""

    key: str
    title: str
    figure: go.Figure
    table: pd.DataFrame


def draw(caller: Caller, service: DeploymentView) -> None:
    """Draw a service's figures, anew every ten seconds while it runs."""
    live = service.state == "running"
    st.fragment(_draw_figures, run_every=_REFRESH if live else None)(service)
    threshold_form.draw(caller, service)
    call_log.draw(caller, service)


def _draw_figures(service: DeploymentView) -> None:
    caller = session.require_caller()
    window = st.segmented_control(
        _("Over the last"),
        list(_WINDOWS),
        default="24h",
        required=True,
        format_func=named_by(_WINDOWS),
        key="deployments_window",
    )
    with showing_errors():
        watching = session.platform().watching
        health.draw_banner(
            watching.health(caller, service.id),
            watching.thresholds(caller, service.id),
            told=session.platform().loader.find_problem(service.version_id),
        )
        status = watching.status(caller, service.id, window)
        _draw_numbers(status)
        if not status.calls:
            st.info(_no_calls(service))
            return
        _draw_charts(_charts(caller, service, window))
        standout_calls.draw(caller, service, window)
        st.caption(_("All times are in UTC. Percentiles are within 2%, everything else is exact."))


def _no_calls(service: DeploymentView) -> str:
    if service.state is State.PAUSED:
        return _("No calls in this time: the service is paused. Start it, and it answers calls.")
    return _("No calls in this time. Copy an example from the tab Use it.")


def _draw_numbers(status: CallStatus) -> None:
    share = status.errors / status.calls if status.calls else 0.0
    with st.grid(6, min_column_width=115):
        st.metric(_("Calls"), f"{status.calls:,}", border=True)
        st.metric(_("Records"), f"{status.rows:,}", border=True)
        st.metric(_("Error rate"), f"{share:.1%}" if status.errors else "0", border=True)
        st.metric("p50", milliseconds(status.p50), border=True)
        st.metric("p95", milliseconds(status.p95), border=True)
        st.metric("p99", milliseconds(status.p99), border=True)
    rows = (
        _(" · {failed_rows:,} records with an error", failed_rows=status.failed_rows)
        if status.failed_rows
        else ""
    )
    if status.last_call is not None:
        st.caption(_("Last call {time}{rows}", time=ago(status.last_call), rows=rows))


def _charts(caller: Caller, service: DeploymentView, window: str) -> list[_Chart]:
    watching = session.platform().watching
    buckets = watching.series(caller, service.id, window).to_pandas()

    def parts(by: Part) -> pd.DataFrame:
        found: pd.DataFrame = watching.parts(caller, service.id, window, by).to_pandas()
        return found.pivot(index="at", columns="part", values="calls").reindex(buckets["at"])

    latency = buckets[["at", "p50", "p95", "p99"]].dropna()
    drawn = [
        _Chart("calls", _("Calls"), charts.draw_calls(buckets), _called(buckets)),
        _Chart("latency", _("Latency"), charts.draw_latency(buckets), latency.set_index("at")),
    ]
    errors = parts(Part.CODE).drop(columns="", errors="ignore").rename(columns=_word)
    if len(errors.columns):
        drawn.append(_parts_chart("errors", _("Errors by kind"), errors))
    drawn.append(
        _parts_chart("versions", _("Calls by version"), parts(Part.VERSION), _("version {number}"))
    )
    if rights.may_change(caller, service):
        drawn.append(_parts_chart("callers", _("Calls by caller"), parts(Part.CALLER)))
    return drawn


def _word(code: str) -> str:
    return said(code.replace("_", " "))


def _called(buckets: pd.DataFrame) -> pd.DataFrame:
    return chart_table.table_of_calls(buckets.loc[buckets["calls"] > 0, ["at", "calls", "errors"]])


def _parts_chart(key: str, title: str, parts: pd.DataFrame, name: str = "{number}") -> _Chart:
    named = parts.rename(columns=lambda part: part if part == OTHERS else name.format(number=part))
    order = named.sum().sort_values(ascending=False).index
    table = named[order].dropna(how="all").fillna(0).astype(int)
    return _Chart(key, title, charts.draw_parts(named[order].fillna(0)), table)


def _draw_charts(drawn: list[_Chart]) -> None:
    with st.grid(2 if len(drawn) % 2 == 0 else 3, min_column_width=380):  # none is left alone
        for chart in drawn:
            with st.container():
                _draw_chart(chart)


def _draw_chart(chart: _Chart) -> None:
    st.header(chart.title)
    chart_table.draw(
        chart.figure,
        chart.table.sort_index(ascending=False),
        f"deployments_{chart.key}",
        alt=chart.title,
        columns=chart_table.over_time([*chart.table.columns]),
    )
