"""The files that a result can be taken as: links that the server streams, nothing is held here."""

from dataclasses import replace

import streamlit as st

from core.services.accounts import Caller
from core.services.job_downloads import FILE_KINDS
from core.services.job_queries import EVERYTHING, Query
from core.services.job_sheets import MOST_ROWS
from core.services.job_tickets import Wanted
from core.services.job_views import TaskView
from pages.components import session
from pages.components.language import N_, _, said

_ALL, _FOUND, _REJECTS = (
    N_("All rows"),
    N_("The rows that are filtered"),
    N_("Only rows with an error"),
)


def draw(caller: Caller, task: TaskView, query: Query) -> None:
    """Draw a link for each kind of file; `query` is what the table shows."""
    query = _draw_choice(task, query)
    neutralised = st.checkbox(
        _("Stop spreadsheets from running cells of the CSV as formulas"),
        key="tasks_neutralised",
        help=_(
            "Texts that begin with =, +, -, @, a tab or a line end get an apostrophe before them."
        ),
    )
    with st.container(horizontal=True):
        for kind in FILE_KINDS:
            _draw_link(caller, task, Wanted(task.id, kind, query, neutralised))
    st.caption(_("The links hold for an hour. The rows are in the order of the upload."))


def _draw_choice(task: TaskView, query: Query) -> Query:
    choices = {_ALL: EVERYTHING}
    if query.conditions:
        choices[_FOUND] = replace(query, sort=None, descending=False)
    if task.rows_failed:
        choices[_REJECTS] = Query(only_rejects=True)
    if len(choices) == 1:
        return EVERYTHING
    chosen = st.segmented_control(
        _("Which rows"),
        list(choices),
        default=_ALL,
        required=True,
        format_func=_,
        key="tasks_files_rows",
    )
    if chosen == _REJECTS:
        st.caption(_("The columns of your file and the error: correct them and submit them again."))
    return choices[chosen]


def _draw_link(caller: Caller, task: TaskView, wanted: Wanted) -> None:
    too_many = wanted.kind == "xlsx" and wanted.query.is_everything and _exceeds_a_sheet(task)
    st.link_button(
        said(FILE_KINDS[wanted.kind].label),
        f"/api/task/download?ticket={session.platform().tickets.issue(caller, wanted)}",
        key=f"tasks_download_{wanted.kind}",
        icon=":material/download:",
        disabled=too_many,
        help=_("An Excel sheet holds {most_rows:,} rows; filter, or take CSV.", most_rows=MOST_ROWS)
        if too_many
        else None,
    )


def _exceeds_a_sheet(task: TaskView) -> bool:
    return (task.rows_total or 0) > MOST_ROWS
