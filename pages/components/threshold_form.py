"""The form in which an owner says from when on a service is in trouble."""

from typing import Any

import streamlit as st

from core.services.accounts import Caller
from core.services.deployment_views import DeploymentView
from core.services.thresholds import MOST_MINUTES, Thresholds
from pages.components import rights, session
from pages.components.errors import showing_errors

_LIMITS = {
    "error_amber": "Errors: amber from %",
    "error_red": "Errors: red from %",
    "p95_amber": "p95: amber from ms",
    "p95_red": "p95: red from ms",
}


def draw(caller: Caller, service: DeploymentView) -> None:
    """Draw the thresholds of a service, to change for those who may."""
    limits = session.platform().watching.thresholds(caller, service.id)
    with st.expander("When is it in trouble?", icon=":material/notifications:"):
        if not rights.may_change(caller, service):
            _draw_words(limits)
            return
        with st.form("deployments_thresholds", border=False):
            chosen = _draw_fields(limits)
            if st.form_submit_button("Save", key="deployments_thresholds_save"):
                _save(service, chosen)


def _draw_fields(limits: Thresholds) -> Thresholds:
    with st.grid("auto", min_column_width=150):
        found: dict[str, Any] = {
            name: st.number_input(
                label,
                min_value=0.0,
                value=getattr(limits, name) or 0.0,
                key=f"deployments_{name}",
                help="0: not watched.",
            )
            or None
            for name, label in _LIMITS.items()
        }
        found["minutes"] = st.number_input(
            "Over the last minutes", 1, MOST_MINUTES, limits.minutes, key="deployments_minutes"
        )
        found["calls"] = st.number_input(
            "From so many calls on", 1, None, limits.calls, key="deployments_calls_needed"
        )
    return Thresholds(**found)


def _save(service: DeploymentView, chosen: Thresholds) -> None:
    with showing_errors():
        caller = session.require_caller()
        session.platform().watching.set_thresholds(caller, service.id, chosen)
        session.say("The thresholds are saved.")
        st.rerun()


def _draw_words(limits: Thresholds) -> None:
    for name, label in _LIMITS.items():
        value = getattr(limits, name)
        st.markdown(f"{label}: {'not watched' if value is None else f'{value:g}'}")
    st.caption(
        f"Over the last {limits.minutes:,} min, from {limits.calls:,} calls on. "
        "The owner can change them."
    )
