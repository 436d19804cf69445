"""The caller's own account: password, access tokens, and signing out everywhere."""

import streamlit as st

from pages.components import account_parts, shell
from pages.components.text import plain

caller = shell.open_page("Account")
st.title("Account")
st.markdown(f"You are **{plain(caller.name)}**, {account_parts.ROLES[caller.role]}.")
st.subheader("Access tokens")
account_parts.draw_tokens(caller)
st.subheader("Password")
account_parts.draw_password(caller)
st.subheader("Other browsers")
account_parts.draw_sessions(caller)
