"""What only an admin sees: the accounts, everything that anybody made, and what was done."""

import streamlit as st

from core.services.accounts import Role
from pages.components import (
    admin_backup,
    admin_parts,
    admin_settings,
    admin_sql,
    admin_storage,
    admin_system,
    admin_users,
    approval_parts,
    shell,
    timeline,
)

PARTS = {
    "Users": admin_users.draw_accounts,
    "Models": admin_parts.draw_models,
    "Deployments": admin_parts.draw_deployments,
    "Tasks": admin_parts.draw_tasks,
    "Approvals": approval_parts.draw_requests,
    "Timeline": timeline.draw,
    "Storage": admin_storage.draw,
    "Health": admin_system.draw,
    "Settings": admin_settings.draw,
    "Backup": admin_backup.draw,
    "SQL": admin_sql.draw,
}

caller = shell.open_page("Admin")
st.title("Admin")
if caller.role is not Role.ADMIN:
    st.error("Only an admin may see this page. Ask one to make you an admin.")
    st.stop()
tabs = st.tabs(list(PARTS), key="admin_part", bind="query-params")
for tab, draw in zip(tabs, PARTS.values(), strict=True):
    if tab.open:  # the others are not even asked for
        with tab:
            draw(caller)
