"""Questions in SQL over the metadata, for looking into things."""

import pandas as pd
import streamlit as st

from core.services.accounts import Caller
from core.services.support import LIMITS, Found
from core.services.support_csv import as_csv
from pages.components import session
from pages.components.errors import showing_errors
from pages.components.language import _, plural
from pages.components.tables import height_of

_EXAMPLE = """SELECT a.name AS owner, count(*) AS models
FROM models m JOIN accounts a ON a.id = m.owner_id
GROUP BY a.name ORDER BY models DESC"""


def draw(caller: Caller) -> None:
    """Draw the form, and under it what the query found."""
    st.caption(
        _(
            "One SELECT, in DuckDB's SQL, over the tables below. Nothing can be changed, no "
            "file read, and what is secret is left out. At most {rows:,} rows and "
            "{seconds:g} seconds.",
            rows=LIMITS.rows,
            seconds=LIMITS.seconds,
        )
    )
    with st.form("admin_sql_form", border=False):
        sql = st.text_area(_("Query"), value=_EXAMPLE, key="admin_sql", height=150)
        asked = st.form_submit_button(_("Run"), key="admin_sql_run", type="primary")
    if asked:
        with showing_errors(), st.spinner(_("Asking")):
            _draw_found(session.platform().support.query(caller, sql))
    with st.expander(_("Tables and their columns")):
        rows = [
            {_("Table"): view.name, _("Columns"): ", ".join(view.columns)}
            for view in session.platform().support.tables(caller)
        ]
        st.dataframe(pd.DataFrame(rows), hide_index=True, key="admin_sql_tables")


def _draw_found(found: Found) -> None:
    rows = found.table.num_rows
    more = _("; there are more, which are not shown") if found.more else ""
    with st.container(horizontal=True, vertical_alignment="center"):
        told = _(
            "{rows} in {seconds:.1f} s{more}",
            rows=plural(rows, "{count} row", "{count} rows"),
            seconds=found.seconds,
            more=more,
        )
        st.caption(told, width="stretch")
        st.download_button(
            _("Download as CSV"),
            as_csv(found.table),
            file_name="query.csv",
            mime="text/csv",
            key="admin_sql_download",
            icon=":material/download:",
            on_click="ignore",
        )
    frame = found.table.to_pandas()
    st.dataframe(frame, hide_index=True, key="admin_sql_found", height=height_of(rows))
