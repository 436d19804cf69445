"""The form in which an owner says from when on a service is in trouble."""

from typing import Any

import streamlit as st

from core.services.accounts import Caller
from core.services.deployment_views import DeploymentView
from core.services.thresholds import MOST_MINUTES, Thresholds
from pages.components import rights, session
from pages.components.errors import showing_errors
from pages.components.language import N_, _
from pages.components.text import digits

_LIMITS = {
    "error_amber": N_("Error rate for amber (%)"),
    "error_red": N_("Error rate for red (%)"),
    "p95_amber": N_("p95 for amber (ms)"),
    "p95_red": N_("p95 for red (ms)"),
}
_WIDTH = 560  # pixels of the fields, amber beside red


def draw(caller: Caller, service: DeploymentView) -> None:
    """Draw the thresholds of a service, to change for those who may."""
    limits = session.platform().watching.thresholds(caller, service.id)
    with st.expander(_("When is it in trouble?"), icon=":material/notifications:"):
        if not rights.may_change(caller, service):
            _draw_words(limits)
            return
        with st.form("deployments_thresholds", border=False):
            chosen = _draw_fields(limits)
            if st.form_submit_button(_("Save"), key="deployments_thresholds_save"):
                _save(service, chosen)


def _draw_fields(limits: Thresholds) -> Thresholds:
    with st.grid(2, min_column_width=150, width=_WIDTH):
        found: dict[str, Any] = {
            name: st.number_input(
                _(label),
                min_value=0.0,
                step=1.0,
                format="%g",
                value=getattr(limits, name) or 0.0,
                key=f"deployments_{name}",
                help=_("0: not watched."),
            )
            or None
            for name, label in _LIMITS.items()
        }
        found["minutes"] = st.number_input(
            _("Time looked at (min)"), 1, MOST_MINUTES, limits.minutes, key="deployments_minutes"
        )
        found["calls"] = st.number_input(
            _("Fewest calls to judge by"), 1, None, limits.calls, key="deployments_calls_needed"
        )
    return Thresholds(**found)


def _save(service: DeploymentView, chosen: Thresholds) -> None:
    with showing_errors():
        caller = session.require_caller()
        session.platform().watching.set_thresholds(caller, service.id, chosen)
        session.say(_("The thresholds are saved."))
        st.rerun()


def _draw_words(limits: Thresholds) -> None:
    for name, label in _LIMITS.items():
        value = getattr(limits, name)
        shown = _("not watched") if value is None else digits(value)
        st.markdown(_("{label}: {value}", label=_(label), value=shown))
    st.caption(
        _(
            "Over the last {minutes:,} min, from {calls:,} calls on. The owner can change them.",
            minutes=limits.minutes,
            calls=limits.calls,
        )
    )
