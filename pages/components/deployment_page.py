"""The page of one service: how it stands and does, how to call it, and what was live when."""

import streamlit as st

from core.services.accounts import Caller
from pages.components import deployment_head, links, missing, release_list, session, use_it, watch
from pages.components.errors import showing_errors
from pages.components.language import _
from pages.components.task_list import draw_newest


def draw(caller: Caller, deployment_id: str) -> None:
    """Draw a service; its figures are drawn anew every ten seconds while it runs."""
    with showing_errors():
        with missing.told(links.DEPLOYMENTS, _("All deployments")):
            service = session.platform().deployments.get_by_id(caller, deployment_id)
        links.back(links.DEPLOYMENTS, _("All deployments"))
        history = session.platform().releases.history(caller, deployment_id)
        deployment_head.draw(caller, service, history)
        watching, using, past, tasks = st.tabs([_("Watch"), _("Use it"), _("History"), _("Tasks")])
        with watching:
            watch.draw(caller, service)
        with using:
            use_it.draw(service.id)
        with past:
            release_list.draw(history)
        with tasks:
            draw_newest(caller, deployment=service.id)
