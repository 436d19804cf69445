"""The list of deployments: which services there are, whether they run, and how they do today."""

from collections.abc import Mapping, Sequence
from functools import partial

import streamlit as st

from core.services.accounts import Caller
from core.services.calls import Counts
from core.services.deployment_views import DeploymentView
from core.services.thresholds import Health, Level
from pages.components import filters, health, links, rows, session
from pages.components.language import N_, _, plural
from pages.components.states import badge_of
from pages.components.text import fit, holds, milliseconds

PAGE_SIZE = 15
_MODEL = 32  # letters of a model's name in a row, which leave room for the version
_CARD_MODEL = 18  # and on a card
_WIDTH = 620  # pixels of a text that stands alone in the middle
_ALL = "all"
_STATES = {_ALL: N_("All"), "running": N_("running"), "paused": N_("paused")}


def draw(caller: Caller) -> None:
    """Draw the list with its filters; the filters are in the address."""
    platform = session.platform()
    st.title(_("Deployments"))
    services = platform.deployments.list_(caller)
    if not services:
        _draw_empty()
        return
    found = _filtered(services)
    if not found:
        st.info(_("No deployment fits; try fewer words or another state."))
        return
    st.caption(
        _(
            "{deployments}, with the calls of the last 24 hours",
            deployments=plural(len(found), "{count} deployment", "{count} deployments"),
        )
    )
    slot, shown = rows.page_of(found, PAGE_SIZE, "deployments_page")
    counts, healths = platform.calls.counts(), platform.watching.healths(shown)
    with slot:
        for service in shown:
            draw_row(service, counts, healths[service.id])


def _draw_empty() -> None:
    with st.container(border=True, horizontal_alignment="center"):
        st.header(_("Nothing is deployed yet"), text_alignment="center")
        st.markdown(
            _(
                "Open a model and choose Deploy. The service gets an address of its own that "
                "programs call, and this page shows how often they do."
            ),
            width=_WIDTH,
            text_alignment="center",
        )
        st.page_link(links.MODELS, label=_("Go to the models"), icon=":material/deployed_code:")


def _filtered(services: Sequence[DeploymentView]) -> list[DeploymentView]:
    with st.grid(4, min_column_width=240):
        words = st.text_input(
            _("Search"),
            key="deployments_search",
            type="search",
            placeholder=_("Service, model, owner or address"),
            live=True,
            bind="query-params",
        )
        state = filters.segments(_("State"), _STATES, "deployments_state")
    return [
        service
        for service in services
        if holds(words or "", service.name, service.model_name, service.owner, service.endpoint)
        and state in (_ALL, service.state)
    ]


def draw_row(service: DeploymentView, counts: Mapping[str, Counts], how: Health) -> None:
    """Draw one service as a row: its name and model, its state, its last 24 hours.

    Where it is in trouble the row says why.
    """
    rows.draw(
        f"deployments_row_{service.id}",
        partial(links.to_deployment, service.id, service.name, _model_of(service, _MODEL)),
        [badges_of(service, how), today(counts.get(service.id)), *health.reasons_of(how)],
    )


def _model_of(service: DeploymentView, letters: int) -> str:
    """Return which model a service serves, cut to so many letters, and which version of it."""
    return _(
        "{model_name} · version {version}",
        model_name=fit(service.model_name, letters),
        version=service.version,
    )


def link_on_card(service: DeploymentView) -> None:
    """Draw a link to a service for a card: its name and, under it, what it serves."""
    under = _model_of(service, _CARD_MODEL)
    links.to_deployment(service.id, service.name, under, width=links.CARD_WIDTH)


def badges_of(service: DeploymentView, how: Health) -> str:
    """Return the badges of a service as Markdown: its state, what is broken, how it does."""
    badges = [badge_of(service.state)]
    if session.platform().loader.find_problem(service.version_id):
        badges.append(badge_of("broken"))
    if how.level is not Level.UNKNOWN:
        badges.append(health.badge_of(how))
    return " ".join(badges)


def state_of(service: DeploymentView) -> str:
    """Return a service's state where there is room for one word: that it is broken comes first."""
    broken = session.platform().loader.find_problem(service.version_id)
    return "broken" if broken else service.state


def today(count: Counts | None) -> str:
    """Return the last 24 hours of a service in a few words, as Markdown."""
    if count is None or not count.calls:
        return _(":gray[no calls]")
    errors = (
        plural(count.errors, ":red[{count} error]", ":red[{count} errors]")
        if count.errors
        else _(":gray[no errors]")
    )
    calls = plural(count.calls, "{count} call", "{count} calls")
    return f"{calls} · {errors} · p95 {milliseconds(count.p95)}"
