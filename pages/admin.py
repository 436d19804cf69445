"""What only an admin sees: the accounts, everything that anybody made, and what was done."""

import streamlit as st

from core.services.accounts import Role
from pages.components import admin_parts, shell

caller = shell.open_page("Admin")
st.title("Admin")
if caller.role is not Role.ADMIN:
    st.error("Only an admin may see this page. Ask one to make you an admin.")
    st.stop()
accounts, models, services, tasks, events = st.tabs(
    ["Accounts", "Models", "Deployments", "Tasks", "What was done"]
)
with accounts:
    admin_parts.draw_accounts(caller)
with models:
    admin_parts.draw_models(caller)
with services:
    admin_parts.draw_deployments(caller)
with tasks:
    admin_parts.draw_tasks(caller)
with events:
    admin_parts.draw_events(caller)
