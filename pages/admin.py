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
    filters,
    shell,
    timeline,
)
from pages.components.language import N_, _

PARTS = {
    N_("Users"): admin_users.draw_accounts,
    N_("Models"): admin_parts.draw_models,
    N_("Deployments"): admin_parts.draw_deployments,
    N_("Tasks"): admin_parts.draw_tasks,
    N_("Approvals"): approval_parts.draw_requests,
    N_("Timeline"): timeline.draw,
    N_("Storage"): admin_storage.draw,
    N_("Health"): admin_system.draw,
    N_("Settings"): admin_settings.draw,
    N_("Backup"): admin_backup.draw,
    N_("SQL"): admin_sql.draw,
}

caller = shell.open_page(N_("Admin"))
st.title(_("Admin"))
if caller.role is not Role.ADMIN:
    st.error(_("Only an admin may see this page. Ask one to make you an admin."))
    st.stop()
tabs = filters.tabs(list(PARTS), "admin_part")
for tab, draw in zip(tabs, PARTS.values(), strict=True):
    if tab.open:  # the others are not even asked for
        with tab:
            draw(caller)
