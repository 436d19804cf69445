"""What the admin's page says of backups, and the link that makes one."""

import streamlit as st

from core.api.backups import PATH
from core.services.accounts import Caller
from pages.components import session
from pages.components.errors import showing_errors
from pages.components.language import _
from pages.components.text import LINE, size


def draw(caller: Caller) -> None:
    """Draw what a backup holds, whether results are wanted, and then the link to it."""
    with showing_errors():
        platform = session.platform()
        extent = platform.backups.extent(caller)
        st.markdown(
            _(
                "A backup is one archive of this moment: accounts, models with their files, "
                "services, tasks and the timeline. Slipway goes on while it is made. Sign-ins and "
                "keys are not in it, so after a restore everybody signs in again; passwords and "
                "tokens stay as they are."
            ),
            width=LINE,
        )
        st.caption(
            _(
                "Files of models and checks: {artifacts} · files of tasks: {results}",
                artifacts=size(extent.artifacts),
                results=size(extent.results),
            )
        )
        results = st.checkbox(_("With the results of tasks"), key="admin_backup_results")
        if st.button(_("Make a backup"), key="admin_backup_make", icon=":material/archive:"):
            ticket = platform.backup_tickets.issue(caller, results=results)
            st.link_button(
                _("Download the backup"),
                f"{PATH}?ticket={ticket}",
                key="admin_backup_link",
                type="primary",
                icon=":material/download:",
            )
            st.caption(
                _(
                    "The link works once, within five minutes. Keep the file where few people "
                    "can read it."
                )
            )
        said = _("On the server, `make backup` does the same, and `make restore` brings it back.")
        st.markdown(f":small[{said}]")
