"""The history of a service: which version was live when, by whom, and why."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core.services.deployment_history import Action, Change
from core.services.deployment_views import State
from pages.components.tables import height_of
from pages.components.text import span


def draw(history: Sequence[Change]) -> None:
    """Draw what was done to a service, newest first; times are in UTC."""
    st.markdown("What was live when, in UTC. Nothing here is ever changed.")
    st.dataframe(
        pd.DataFrame([_row(change) for change in history]),
        hide_index=True,
        height=height_of(len(history)),
        key="deployments_history",
        column_config={
            "From": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm:ss", width=150),
            "Live": st.column_config.NumberColumn(help="The version that answered calls"),
        },
    )


def _row(change: Change) -> dict[str, object]:
    return {
        "What was done": _words(change),
        "From": change.at,
        "For": _length(change),
        "Live": change.version if change.state is State.RUNNING else None,
        "By": change.by,
        "Why": change.note,
    }


def _words(change: Change) -> str:
    joint = "to" if change.action in (Action.SWITCHED, Action.ROLLED_BACK) else "with"
    return f"{change.action.value} {joint} version {change.version}"


def _length(change: Change) -> str:
    return "until now" if change.until is None else span((change.until - change.at).total_seconds())
