"""The calls of a service that somebody may want to look at: the slowest and the failed ones."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core.services.accounts import Caller
from core.services.call_views import CallView
from core.services.deployment_views import DeploymentView
from pages.components import session
from pages.components.language import N_, _, said
from pages.components.tables import height_of

_KINDS = (N_("Slowest"), N_("Failed"))


def draw(caller: Caller, service: DeploymentView, window: str) -> None:
    """Draw the fifty slowest, or the fifty newest failed calls of a window."""
    st.header(_("Calls that stand out"))
    kind = st.segmented_control(
        _("Which"),
        _KINDS,
        default=_KINDS[0],
        format_func=_,
        required=True,
        key="deployments_standout",
        label_visibility="collapsed",
    )
    watching = session.platform().watching
    listed = watching.slowest if kind == _KINDS[0] else watching.failed
    found = listed(caller, service.id, window)
    if not found:
        st.markdown(_("No call failed in this time."))
        return
    st.dataframe(
        _table(found),
        key="deployments_standout_table",
        hide_index=True,
        height=height_of(len(found)),
        column_config={
            _("time (UTC)"): st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm:ss.SSS"),
            _("latency, ms"): st.column_config.NumberColumn(format="%.2f"),
            _("records"): st.column_config.NumberColumn(format="localized"),
        },
    )


def _table(found: Sequence[CallView]) -> pd.DataFrame:
    rows = [
        {
            _("time (UTC)"): each.record.at,
            _("latency, ms"): each.record.latency_ms,
            _("ended with"): said(each.record.code.replace("_", " ")) or _("an answer"),
            _("records"): each.record.rows,
            _("failed records"): each.record.failed_rows,
            _("version"): each.record.version,
            _("caller"): each.caller,
        }
        for each in found
    ]
    table = pd.DataFrame(rows)
    return table if table[_("caller")].notna().any() else table.drop(columns=_("caller"))
