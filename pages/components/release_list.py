"""The history of a service: which version was live when, by whom, and why."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core.services.deployment_history import Action, Change
from core.services.deployment_views import State
from pages.components.language import N_, _
from pages.components.tables import height_of
from pages.components.text import span

_WORDS = {
    Action.DEPLOYED: N_("deployed with version {version}"),
    Action.STARTED: N_("started with version {version}"),
    Action.PAUSED: N_("paused with version {version}"),
    Action.SWITCHED: N_("switched to version {version}"),
    Action.ROLLED_BACK: N_("rolled back to version {version}"),
}


def draw(history: Sequence[Change]) -> None:
    """Draw what was done to a service, newest first; times are in UTC."""
    st.markdown(_("What was live when, in UTC. Nothing here is ever changed."))
    st.dataframe(
        pd.DataFrame([_row(change) for change in history]),
        hide_index=True,
        height=height_of(len(history)),
        key="deployments_history",
        column_config={
            _("Since"): st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm:ss", width=150),
            _("Live version"): st.column_config.NumberColumn(
                help=_("The version that answered calls")
            ),
        },
    )


def _row(change: Change) -> dict[str, object]:
    return {
        _("What was done"): _words(change),
        _("Since"): change.at,
        _("For"): _length(change),
        _("Live version"): change.version if change.state is State.RUNNING else None,
        _("By"): change.by,
        _("Why"): change.note,
    }


def _words(change: Change) -> str:
    return _(_WORDS[change.action], version=change.version)


def _length(change: Change) -> str:
    return (
        _("until now") if change.until is None else span((change.until - change.at).total_seconds())
    )
