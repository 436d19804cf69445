"""What a result comes to, drawn: classes and scores as bars, errors by their reason."""

import numpy as np
import pandas as pd
import streamlit as st

from core.services.accounts import Caller
from core.services.job_summary import Classes, Histogram, Reason, Summary
from core.services.job_views import TaskView
from pages.components import chart_table, charts, session
from pages.components.language import _, plural, said
from pages.components.text import plain, short

_REMEMBERED_SECONDS = 600


def draw(caller: Caller, task: TaskView) -> None:
    """Draw the counts of a result; it never changes, so they are counted once in a while."""
    with st.spinner(_("Counting…")):
        summary = summarise(task.id, caller)
    with st.grid("auto", min_column_width=150):
        st.metric(_("Rows"), f"{summary.rows:,}", border=True)
        st.metric(_("Scored"), f"{summary.rows - summary.failed:,}", border=True)
        st.metric(_("With an error"), f"{summary.failed:,}", border=True)
    with st.grid("auto", min_column_width=320):
        for place, output in enumerate(summary.outputs):
            with st.container(border=True, height="stretch"):
                _draw_output(output, f"tasks_summary_{place}")
    if summary.errors:
        _draw_errors(summary)


@st.cache_data(ttl=_REMEMBERED_SECONDS, max_entries=100, show_spinner=False)
def summarise(task_id: str, _caller: Caller) -> Summary:
    """Return what a result comes to; whether `_caller` may ask is asked at the first time."""
    return session.platform().jobs.summary(_caller, task_id)


def _draw_output(output: Classes | Histogram, key: str) -> None:
    st.markdown(f"**{plain(short(output.output))}**")
    if isinstance(output, Histogram):
        figure = charts.draw_histogram(output.low, output.high, output.counts)
        edges = np.linspace(output.low, output.high, len(output.counts) + 1)
        bounds = {_("From"): edges[:-1], _("To"): edges[1:]}
        table = pd.DataFrame({**bounds, _("Rows"): output.counts})
    else:
        figure = charts.draw_counts(dict(output.counts))
        table = pd.DataFrame(output.counts, columns=[_("Value"), _("Rows")])
        if output.others:
            st.caption(
                plural(
                    output.others,
                    "and {count} row of other values",
                    "and {count} rows of other values",
                )
            )
    chart_table.draw(figure, table, key, alt=output.output, hide_index=True)


def _draw_errors(summary: Summary) -> None:
    st.header(_("Errors by reason"))
    st.dataframe(
        pd.DataFrame([_line(each) for each in summary.errors]),
        key="tasks_summary_errors",
        hide_index=True,
        width="stretch",
    )
    told = sum(each.rows for each in summary.errors)
    if told < summary.failed:
        st.caption(
            plural(
                summary.failed - told,
                "{count} row more, for other reasons.",
                "{count} rows more, for other reasons.",
            )
        )


def _line(reason: Reason) -> dict[str, object]:
    return {
        _("rows"): reason.rows,
        _("reason"): said(reason.reason),
        _("first row"): reason.first_row,
        _("for example"): said(reason.example),
    }
