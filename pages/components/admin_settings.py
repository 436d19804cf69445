"""The settings: those that may change while the platform runs, and those that it started with."""

import pandas as pd
import streamlit as st

from core.services.accounts import Caller
from core.services.live_settings import SettingView
from core.settings import Settings
from pages.components import session
from pages.components.errors import showing_errors
from pages.components.language import _, said
from pages.components.text import ago, digits, plain


def draw(caller: Caller) -> None:
    """Draw what may be changed here, then what a restart would change."""
    views = session.platform().live.list_(caller)
    st.header(_("Changed without a restart"))
    for view in views:
        _draw_live(view)
    st.header(_("As Slipway was started"))
    st.caption(_("Set by environment variables; see docs/settings.md. A change needs a restart."))
    _draw_fixed({view.name for view in views})


def _draw_live(view: SettingView) -> None:
    with st.container(border=True):
        key = f"admin_setting_{view.name}"
        words = said(view.name.replace("_", " ").capitalize())
        with st.container(horizontal=True, vertical_alignment="bottom"):
            st.text_input(words, value=view.value, key=key, width=240)
            st.button(
                _("Save"),
                key=f"{key}_save",
                icon=":material/save:",
                on_click=_save,
                args=(view.name, key),
            )
        changed = ""
        if view.changed:
            changed = _(
                " {changed_by} changed it {changed}.",
                changed_by=plain(view.changed_by),
                changed=ago(view.changed),
            )
        st.caption(
            _(
                "{description} Started as **{start}**.{changed}",
                description=plain(said(view.description)),
                start=plain(view.start),
                changed=changed,
            )
        )


def _save(name: str, key: str) -> None:
    with showing_errors():
        session.platform().live.set_(session.require_caller(), name, st.session_state[key].strip())
        session.say(_("The setting is changed."))


def _draw_fixed(live: set[str]) -> None:
    settings = session.platform().settings
    rows = [
        {
            _("Setting"): f"SLIPWAY_{name.upper()}",
            _("Value"): _written(getattr(settings, name)),
            _("Default"): _written(field.default),
            _("Meaning"): said(field.description or ""),
        }
        for name, field in Settings.model_fields.items()
        if name not in live
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True, key="admin_settings_fixed")


def _written(value: object) -> str:
    return digits(value) if isinstance(value, float) else str(value)
