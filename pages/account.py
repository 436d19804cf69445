"""The caller's own account: access tokens, password, sign-ins, and what concerns them."""

import streamlit as st

from pages.components import account_parts, shell, timeline, webhook_parts
from pages.components.text import plain

caller = shell.open_page("Account")
st.title("Account")
st.markdown(f"You are **{plain(caller.name)}**, {account_parts.ROLES[caller.role]}.")
st.subheader("Access tokens")
account_parts.draw_tokens(caller)
st.subheader("Password")
account_parts.draw_password(caller)
st.subheader("Where you are signed in")
account_parts.draw_sessions(caller)
st.subheader("Webhook")
webhook_parts.draw(caller)
st.subheader("Timeline")
st.caption("What you did, and what was done to your account and to what you may see.")
timeline.draw(caller)
