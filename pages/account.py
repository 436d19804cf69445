"""The caller's own account: access tokens, password, sign-ins, and what concerns them."""

import streamlit as st

from pages.components import account_parts, filters, shell, timeline, webhook_parts
from pages.components.language import N_, _
from pages.components.text import plain

caller = shell.open_page(N_("Account"))
st.title(_("Account"))
st.markdown(
    _(
        "You are **{name}**, {role}.",
        name=plain(caller.name),
        role=_(account_parts.ROLES[caller.role]),
    )
)
settings, history = filters.tabs([N_("Settings"), N_("Timeline")], "account_part")
if settings.open:
    with settings:
        st.header(_("Access tokens"))
        account_parts.draw_tokens(caller)
        st.header(_("Password"))
        account_parts.draw_password(caller)
        st.header(_("Where you are signed in"))
        account_parts.draw_sessions(caller)
        st.header(_("Webhook"))
        webhook_parts.draw(caller)
if history.open:
    with history:
        st.caption(_("What you did, and what was done to your account and to what you may see."))
        timeline.draw(caller)
