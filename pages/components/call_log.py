"""Inputs and outputs of a service's calls, for the owner: whether they are kept, and what was."""

import pandas as pd
import streamlit as st

from core.services.accounts import Caller
from core.services.call_logs import MOST_READ, LogPage
from core.services.deployment_views import DeploymentView
from core.services.log_csv import as_csv
from core.services.log_rows import MOST_DAYS, Logging
from pages.components import rights, session
from pages.components.errors import showing_errors
from pages.components.language import _, plural, said
from pages.components.tables import height_of
from pages.components.text import number

_SHOWN = 100
_WIDTH = 560  # pixels of the fields


def draw(caller: Caller, service: DeploymentView) -> None:
    """Draw whether calls are logged and, for those who may change the service, the log."""
    with showing_errors():
        chosen = session.platform().logs.logging(caller, service.id)
        title = (
            _("Inputs and outputs: kept") if chosen.active else _("Inputs and outputs: not kept")
        )
        with st.expander(title, icon=":material/receipt_long:"):
            if rights.may_change(caller, service):
                _draw_form(caller, service, chosen)
                _draw_log(caller, service)
            else:
                _draw_words(chosen)


def _draw_words(chosen: Logging) -> None:
    if not chosen.active:
        st.markdown(_("What you send to this service and what it answers are not kept."))
        return
    days = plural(chosen.days, "{count} day", "{count} days")
    st.markdown(
        _(
            "The owner keeps what is sent to this service and what it answers for {days}, of "
            "{percent:g}% of the calls.",
            days=days,
            percent=chosen.percent,
        )
    )


def _draw_form(caller: Caller, service: DeploymentView, chosen: Logging) -> None:
    view = session.platform().models.get_by_id(caller, service.model_id, service.version)
    columns = [*view.info.input_schema.names, *view.info.output_schema.names]
    with st.form("deployments_logging", border=False):
        active = st.toggle(_("Keep what calls carry"), chosen.active, key="deployments_log_active")
        with st.grid(2, min_column_width=150, width=_WIDTH):
            days = st.number_input(
                _("Days to keep"), 1, MOST_DAYS, chosen.days, key="deployments_log_days"
            )
            percent = st.number_input(
                _("Share of the calls (%)"),
                0.01,
                100.0,
                chosen.percent,
                step=1.0,
                format="%g",
                key="deployments_log_percent",
            )
        hidden = st.multiselect(
            _("Never keep"),
            columns,
            [name for name in chosen.hidden if name in columns],
            key="deployments_log_hidden",
            placeholder=_("Choose columns"),
            help=_(
                "Choose anew after columns were renamed. While a column is hidden, no sentence "
                "of an error is kept either, for it may name a value."
            ),
        )
        if st.form_submit_button(_("Save"), key="deployments_log_save"):
            _save(service, Logging(active, days, percent, tuple(hidden)))


def _save(service: DeploymentView, chosen: Logging) -> None:
    with showing_errors():
        caller = session.require_caller()
        session.platform().logs.set_logging(caller, service.id, chosen)
        session.say(
            _("From now on calls are logged.") if chosen.active else _("Calls are not logged.")
        )
        st.rerun()


def _draw_log(caller: Caller, service: DeploymentView) -> None:
    page = session.platform().logs.read(caller, service.id, limit=_SHOWN)
    if not page.total:
        st.caption(_("Nothing is kept yet."))
        return
    st.caption(
        _(
            "{records} kept, the newest {count:,} below.",
            records=plural(page.total, "{count} record", "{count} records"),
            count=len(page.rows),
        )
    )
    st.dataframe(
        _table(page),
        key="deployments_log_table",
        hide_index=True,
        height=height_of(len(page.rows)),
        column_config={
            _("time (UTC)"): st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm:ss.SSS")
        },
    )
    with st.container(horizontal=True):
        st.download_button(
            _("Download as CSV (at most {most_read:,})", most_read=MOST_READ),
            lambda: _csv(service),
            f"{service.endpoint}-log.csv",
            "text/csv",
            key="deployments_log_csv",
            icon=":material/download:",
            on_click="ignore",
        )
        with st.popover(_("Delete all"), icon=":material/delete:"):
            st.markdown(_("The inputs and outputs that were kept are deleted; the figures stay."))
            st.button(
                _("Delete"),
                key="deployments_log_purge",
                type="primary",
                on_click=_purge,
                args=(service,),
            )


def _csv(service: DeploymentView) -> bytes:
    caller = session.require_caller()
    return as_csv(session.platform().logs.read(caller, service.id, limit=MOST_READ))


def _purge(service: DeploymentView) -> None:
    with showing_errors():
        session.platform().logs.purge(session.require_caller(), service.id)
        session.say(_("What was kept is deleted."))


def _table(page: LogPage) -> pd.DataFrame:
    rows = [
        {
            _("time (UTC)"): row.at,
            _("caller"): row.caller,
            _("version"): row.version,
            **_texts(row.input),
            **_texts(row.output, "→ "),
            _("failed with"): said(row.message or row.code),
        }
        for row in page.rows
    ]
    return pd.DataFrame(rows)


def _texts(record: dict[str, object] | None, mark: str = "") -> dict[str, str]:
    """Return the cells of a record as texts: versions may differ in what a column holds."""
    return {f"{mark}{name}": number(value) for name, value in (record or {}).items()}
