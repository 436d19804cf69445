"""The rows of a result: filtered, sorted and paged by the server, whatever their number."""

import base64
from typing import Literal

import pandas as pd
import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

from core.inputs.columns import free_name
from core.runtimes.base import ERROR_COLUMN, PREDICTION, PROBABILITY
from core.services.accounts import Caller
from core.services.job_queries import MISSING, OPERATORS, PRESENT, Condition, Query
from core.services.job_reading import TablePage
from core.services.job_views import TaskView
from core.services.languages import Language
from pages.components import session, task_summary
from pages.components.language import N_, _, current, said
from pages.components.tables import height_of
from pages.components.text import plain, short

PAGE_ROWS = 100
PICTURE_ROWS = 24
_MOST_FILTERS = 5
_PICTURE_HEIGHT = 76
_PICTURES_TALL = 560
_ROWS_PAGE = "tasks_rows_page"
_ANY = N_("Any column")
_UPLOAD = N_("Order of the upload")


def draw(caller: Caller, task: TaskView) -> Query:
    """Draw the filters and a page of the rows that they find; return what was asked for."""
    about = session.platform().jobs.table(caller, task.id, 0, 0)
    query = _draw_filters(caller, task, about.table.column_names)
    rows = PICTURE_ROWS if about.pictures else PAGE_ROWS
    _draw_page(caller, _read(caller, task, query, rows), task, rows)
    return query


def _draw_filters(caller: Caller, task: TaskView, columns: list[str]) -> Query:
    with st.grid("auto", min_column_width=160, vertical_alignment="bottom"):
        names = _named(_UPLOAD, columns)
        order = st.selectbox(
            _("Sort by"), list(names), key="tasks_rows_sort", format_func=names.__getitem__
        )
        down = order != _UPLOAD and st.toggle(_("Largest first"), key="tasks_rows_down")
        filtered = [name for name in columns if name != ERROR_COLUMN or _reads_errors()]
        first = _draw_filter(0, filtered)
        rejects = bool(task.rows_failed) and st.toggle(_("Errors only"), key="tasks_rows_rejects")
        conditions = _draw_reason(caller, task) if rejects else []
    conditions += _draw_more(first, filtered)
    return Query(tuple(conditions), rejects, None if order == _UPLOAD else order, down)


def _draw_more(condition: Condition | None, columns: list[str]) -> list[Condition]:
    """Return the first filter, with those that follow it: each that is whole makes room for one."""
    conditions: list[Condition] = []
    while condition is not None:
        conditions.append(condition)
        if len(conditions) == _MOST_FILTERS:
            break
        with st.grid("auto", min_column_width=160):
            condition = _draw_filter(len(conditions), columns)
    return conditions


def _reads_errors() -> bool:
    """Return whether errors are shown as the result has them, which is in English."""
    return current() is Language.ENGLISH


def _draw_reason(caller: Caller, task: TaskView) -> list[Condition]:
    """Draw the choice of a reason of errors, in the visitor's language."""
    summary = task_summary.summarise(task.id, caller)
    reasons = {each.reason: said(each.reason) for each in summary.errors}
    chosen = st.selectbox(
        _("Reason"),
        list(reasons),
        index=None,
        format_func=reasons.__getitem__,
        placeholder=_("All reasons"),
        key="tasks_rows_reason",
    )
    # What differs from row to row stands between quotes, as an ellipsis.
    parts = (chosen or "").split("…")
    return [Condition(ERROR_COLUMN, "contains", part) for part in parts if part]


def _named(usual: str, columns: list[str]) -> dict[str, str]:
    """Return what choices of a column are called; the usual one is a text of the page."""
    return {usual: _(usual), **{name: short(name) for name in columns}}


def _draw_filter(place: int, columns: list[str]) -> Condition | None:
    """Draw one filter; return it once it is whole, and the next one is drawn below it."""
    names = _named(_ANY, columns)
    column = st.selectbox(
        _("And by") if place else _("Filter by"),
        list(names),
        key=f"tasks_rows_column_{place}",
        format_func=names.__getitem__,
    )
    if column == _ANY:
        return None
    operator = st.selectbox(
        _("How"), OPERATORS, format_func=said, key=f"tasks_rows_operator_{place}"
    )
    if operator in (MISSING, PRESENT):
        return Condition(column, operator)
    value = st.text_input(_("Value"), key=f"tasks_rows_value_{place}")
    return Condition(column, operator, value) if value else None


def _read(caller: Caller, task: TaskView, query: Query, rows: int) -> TablePage:
    """Return the rows of the page that is looked at; of the first where that has none."""
    page = st.session_state.get(_ROWS_PAGE, 1)
    jobs = session.platform().jobs
    found = jobs.table(caller, task.id, (page - 1) * rows, rows, query)
    if found.numbers or page == 1:
        return found
    st.session_state[_ROWS_PAGE] = 1
    return _read(caller, task, query, rows)


def _draw_page(caller: Caller, found: TablePage, task: TaskView, rows: int) -> None:
    if not found.total:
        st.info(_("No row fits; try another value."))
        return
    first = (st.session_state.get(_ROWS_PAGE, 1) - 1) * rows
    of_all = (
        _(" of {rows_total:,}", rows_total=task.rows_total)
        if found.total != task.rows_total
        else ""
    )
    shown = len(found.numbers)
    st.caption(
        _(
            "Rows {first:,} to {last:,} of {total:,}{of_all}",
            first=first + 1,
            last=first + shown,
            total=found.total,
            of_all=of_all,
        )
    )
    _draw_table(_framed(caller, found, task), found, task)
    if found.total > rows:
        st.pagination(-(-found.total // rows), key=_ROWS_PAGE)


def _framed(caller: Caller, found: TablePage, task: TaskView) -> pd.DataFrame:
    """Return the rows with their numbers, and pictures, where there are some, before the rest."""
    table: pd.DataFrame = found.table.to_pandas()
    table.index = pd.Index(found.numbers)
    table[ERROR_COLUMN] = table[ERROR_COLUMN].map(said, na_action="ignore")
    small = session.platform().jobs.thumbnails(caller, task.id, found.numbers)
    for place, (name, pictures) in enumerate(small.items()):
        table.insert(
            place, free_name(name, table.columns), [_as_address(each) for each in pictures]
        )
    return table


def _draw_table(table: pd.DataFrame, found: TablePage, task: TaskView) -> None:
    has_errors = found.table.column(ERROR_COLUMN).null_count < found.table.num_rows
    pictures = table.columns[: len(found.pictures)]
    settings: dict[str, ColumnConfig] = {
        name: st.column_config.ImageColumn(pinned=True, width=96) for name in pictures
    }
    chances = [name for name in table.columns if name.startswith(PROBABILITY)]
    settings |= {name: st.column_config.NumberColumn(format="%.4g") for name in chances}
    error = st.column_config.Column(width="medium" if has_errors else None)
    st.dataframe(
        table,
        key="tasks_result",
        height=_height(len(table), bool(found.pictures)),
        row_height=_PICTURE_HEIGHT if found.pictures else None,
        placeholder="",
        column_order=_in_order(table, len(pictures), has_errors=has_errors),
        alt=_("Rows of {file}", file=plain(task.file_name)),
        column_config={**settings, ERROR_COLUMN: error},
    )


def _in_order(table: pd.DataFrame, pictures: int, *, has_errors: bool) -> list[str]:
    """Return the columns with what is looked for first: a narrow screen shows two or three."""
    names = [str(name) for name in table.columns]
    first = [*names[:pictures], PREDICTION, *([ERROR_COLUMN] if has_errors else [])]
    return [name for name in first if name in names] + [n for n in names if n not in first]


def _height(rows: int, pictures: bool) -> int | Literal["content"]:
    if not pictures:
        return height_of(rows)
    return _PICTURES_TALL if rows * _PICTURE_HEIGHT > _PICTURES_TALL else "content"


def _as_address(picture: bytes | None) -> str | None:
    """Return a picture as an address that holds it whole."""
    if picture is None:
        return None
    return f"data:image/jpeg;base64,{base64.b64encode(picture).decode()}"
