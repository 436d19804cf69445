"""The rows of a result: filtered, sorted and paged by the server, whatever their number."""

import streamlit as st

from core.runtimes.base import ERROR_COLUMN
from core.services.accounts import Caller
from core.services.job_queries import MISSING, OPERATORS, PRESENT, Condition, Query
from core.services.job_reading import TablePage
from core.services.job_views import TaskView
from pages.components import session
from pages.components.tables import height_of
from pages.components.text import plain, short

PAGE_ROWS = 100
_ROWS_PAGE = "tasks_rows_page"
_ANY = "Any column"
_UPLOAD = "Order of the upload"


def draw(caller: Caller, task: TaskView) -> Query:
    """Draw the filters and a page of the rows that they find; return what was asked for."""
    columns = session.platform().jobs.table(caller, task.id, 0, 0).table.column_names
    query = _draw_filters(task, columns)
    _draw_page(_read(caller, task, query), task)
    return query


def _draw_filters(task: TaskView, columns: list[str]) -> Query:
    with st.grid("auto", min_column_width=160):
        column = st.selectbox(
            "Filter by", [_ANY, *columns], key="tasks_rows_column", format_func=short
        )
        conditions = _draw_condition(column) if column != _ANY else ()
        order = st.selectbox(
            "Sort by", [_UPLOAD, *columns], key="tasks_rows_sort", format_func=short
        )
        down = order != _UPLOAD and st.toggle("Largest first", key="tasks_rows_down")
        rejects = bool(task.rows_failed) and st.toggle("Errors only", key="tasks_rows_rejects")
    return Query(conditions, rejects, None if order == _UPLOAD else order, down)


def _draw_condition(column: str) -> tuple[Condition, ...]:
    operator = st.selectbox("How", OPERATORS, key="tasks_rows_operator")
    if operator in (MISSING, PRESENT):
        return (Condition(column, operator),)
    value = st.text_input("Value", key="tasks_rows_value")
    return (Condition(column, operator, value),) if value else ()


def _read(caller: Caller, task: TaskView, query: Query) -> TablePage:
    """Return the rows of the page that is looked at; of the first where that has none."""
    page = st.session_state.get(_ROWS_PAGE, 1)
    jobs = session.platform().jobs
    found = jobs.table(caller, task.id, (page - 1) * PAGE_ROWS, PAGE_ROWS, query)
    if found.numbers or page == 1:
        return found
    st.session_state[_ROWS_PAGE] = 1
    return _read(caller, task, query)


def _draw_page(found: TablePage, task: TaskView) -> None:
    if not found.total:
        st.info("No row fits; try another value.")
        return
    has_errors = found.table.column(ERROR_COLUMN).null_count < found.table.num_rows
    table = found.table.to_pandas()
    table.index = found.numbers
    first = (st.session_state.get(_ROWS_PAGE, 1) - 1) * PAGE_ROWS
    of_all = f" of {task.rows_total:,}" if found.total != task.rows_total else ""
    st.caption(f"Rows {first + 1:,} to {first + len(table):,} of {found.total:,}{of_all}")
    st.dataframe(
        table,
        key="tasks_result",
        height=height_of(len(table)),
        placeholder="",
        alt=f"Rows of {plain(task.file_name)}",
        column_config={
            ERROR_COLUMN: st.column_config.Column(
                pinned=has_errors, width="medium" if has_errors else None
            )
        },
    )
    if found.total > PAGE_ROWS:
        st.pagination(-(-found.total // PAGE_ROWS), key=_ROWS_PAGE)
