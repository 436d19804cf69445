"""A chart with its numbers as a table beneath it, for whoever cannot see it or wants them exact."""

from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go
import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

from pages.components import charts
from pages.components.language import _
from pages.components.tables import height_of


def draw(
    figure: go.Figure,
    table: pd.DataFrame,
    key: str,
    *,
    alt: str,
    columns: Mapping[str, ColumnConfig] | None = None,
    hide_index: bool = False,
) -> None:
    """Draw a chart and the table; `alt` says what the chart shows, `key` is its key.

    The table is sent once it is opened, for few look at it and a browser takes a while to draw it.
    """
    st.plotly_chart(figure, key=key, config=charts.STILL, alt=alt)
    folded = st.expander(_("Show as a table"), key=f"{key}_shown", on_change="rerun")
    if folded.open:
        folded.dataframe(
            table,
            key=f"{key}_table",
            height=height_of(len(table)),
            column_config=dict(columns or {}),
            hide_index=hide_index,
        )


def table_of_calls(buckets: pd.DataFrame) -> pd.DataFrame:
    """Return the numbers that `charts.draw_calls` draws, for reading: the newest first."""
    named = buckets.rename(columns={"calls": _("calls"), "errors": _("errors")})
    return named.set_index("at").sort_index(ascending=False)


def over_time(names: list[str]) -> dict[str, ColumnConfig]:
    """Return how the columns of counts over time are written, whose index is `at` in UTC."""
    number = st.column_config.NumberColumn(format="localized")
    at = st.column_config.DatetimeColumn(_("from (UTC)"), format="YYYY-MM-DD HH:mm")
    return {"at": at, **dict.fromkeys(names, number)}
