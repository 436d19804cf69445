"""What only an admin sees: the accounts, everything that anybody made, and what was done."""

import streamlit as st

from core.services.accounts import Role
from pages.components import admin_backup, admin_parts, admin_users, approval_parts, shell, timeline

PARTS = {
    "Users": admin_users.draw_accounts,
    "Models": admin_parts.draw_models,
    "Deployments": admin_parts.draw_deployments,
    "Tasks": admin_parts.draw_tasks,
    "Approvals": approval_parts.draw_requests,
    "Timeline": timeline.draw,
    "Backup": admin_backup.draw,
}

caller = shell.open_page("Admin")
st.title("Admin")
if caller.role is not Role.ADMIN:
    st.error("Only an admin may see this page. Ask one to make you an admin.")
    st.stop()
for tab, draw in zip(st.tabs(list(PARTS)), PARTS.values(), strict=True):
    with tab:
        draw(caller)
