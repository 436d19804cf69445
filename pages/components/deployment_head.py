"""The head of a service's page: how it stands, and the buttons that change that."""

import streamlit as st

from core.services.accounts import Caller
from core.services.deployment_history import Change, find_previous
from core.services.deployment_views import DeploymentView
from pages.components import links, release_forms, rights, session
from pages.components.errors import showing_errors
from pages.components.language import _, said
from pages.components.states import draw_state
from pages.components.text import ago, plain, short


def draw(caller: Caller, service: DeploymentView, history: list[Change]) -> None:
    """Draw the name, the state, why the model cannot be loaded if so, and the buttons."""
    problem = session.platform().loader.find_problem(service.version_id)
    st.title(plain(short(service.name, 120)))
    with st.container(horizontal=True, gap="xsmall"):
        draw_state(service.state)
        if problem:
            draw_state("broken")
        st.badge(_("version {version}", version=service.version), color="gray")
        draw_state(service.visibility)
    st.caption(
        _("{owner} · made {created}", owner=plain(service.owner), created=ago(service.created))
    )
    may_change = rights.may_change(caller, service)
    if problem:
        _draw_problem(service, problem, may_change)
    with st.container(horizontal=True, vertical_alignment="center"):
        links.to_model(service.model_id, service.model_name)
        links.to_trial("deployments_try", deployment=service.id)
        if may_change:
            _draw_switches(service, find_previous(history))


def _draw_problem(service: DeploymentView, problem: str, may_change: bool) -> None:
    st.error(
        _("Calls of this service fail. {problem}", problem=plain(said(problem))),
        icon=":material/error:",
    )
    if may_change:
        st.button(
            _("Try to load it again"),
            key="deployments_reload",
            icon=":material/refresh:",
            on_click=_change,
            args=(service, "reload", _("{name} is loaded.", name=service.name)),
        )


def _draw_switches(service: DeploymentView, previous: int | None) -> None:
    if st.button(_("Switch version"), key="deployments_switch", icon=":material/swap_horiz:"):
        release_forms.switch(service)
    if previous is not None:
        st.button(
            _("Roll back to version {previous}", previous=previous),
            key="deployments_roll_back",
            icon=":material/undo:",
            help=_("At once; no call fails, and rolling back again undoes it."),
            on_click=_roll_back,
            args=(service,),
        )
    _draw_pause(service)
    if st.button(_("Delete"), key="deployments_delete", icon=":material/delete:"):
        release_forms.delete(service)


def _draw_pause(service: DeploymentView) -> None:
    if service.state == "running":
        st.button(
            _("Pause"),
            key="deployments_pause",
            icon=":material/pause:",
            help=_("Calls are refused until it is started again."),
            on_click=_change,
            args=(service, "pause"),
        )
        return
    st.button(
        _("Start"),
        key="deployments_start",
        type="primary",
        icon=":material/play_arrow:",
        on_click=_change,
        args=(service, "start"),
    )


def _change(service: DeploymentView, verb: str, said: str = "") -> None:
    """Change a service's state; a callback, so that the page draws the new state at once."""
    with showing_errors():
        deployments = session.platform().deployments
        changes = {
            "pause": deployments.pause,
            "start": deployments.start,
            "reload": deployments.reload,
        }
        changes[verb](session.require_caller(), service.id)
        if said:
            session.say(said)


def _roll_back(service: DeploymentView) -> None:
    with showing_errors():
        release = session.platform().releases.roll_back(session.require_caller(), service.id)
        session.say(
            _(
                "{name} is back at version {version}.",
                name=service.name,
                version=release.service.version,
            )
        )
