"""Services as cards: state, health, and the calls of the last day as a small chart."""

from collections.abc import Mapping, Sequence

import streamlit as st

from core.services.calls import Counts
from core.services.deployment_views import DeploymentView
from core.services.thresholds import Health, Level
from pages.components import health, links, session
from pages.components.language import _, plural
from pages.components.states import draw_state
from pages.components.text import milliseconds, plain, short

_SHOWN = 9
_WIDTH = 30  # of a name, in a card
_NONE = Counts(0, 0, None)


def draw(
    services: Sequence[DeploymentView],
    counts: Mapping[str, Counts],
    healths: Mapping[str, Health],
    hours: Mapping[str, Sequence[tuple[int, int]]],
) -> None:
    """Draw the services that are called most, and the others where somebody wants them."""
    st.header(_("Services"))
    if not services:
        st.info(_("Nothing is deployed yet. Open a model and choose Deploy."))
        return
    shown = sorted(services, key=lambda each: -counts.get(each.id, _NONE).calls)
    if len(shown) > _SHOWN and not st.toggle(
        _("Show all {count:,} services", count=len(shown)), key="home_services_all"
    ):
        shown = shown[:_SHOWN]
    with st.grid(3, min_column_width=260):
        for service in shown:
            count = counts.get(service.id, _NONE)
            calls = [calls for calls, _ in hours.get(service.id, ())]
            _draw_card(service, count, calls, healths[service.id])
    st.page_link(links.DEPLOYMENTS, label=_("All deployments"), icon=":material/arrow_forward:")


def _draw_card(service: DeploymentView, count: Counts, hours: list[int], how: Health) -> None:
    with st.container(border=True, gap="xsmall", height="stretch"):
        links.to_deployment(service.id, service.name, width=_WIDTH)
        st.caption(
            _(
                "{model_name} · version {version}",
                model_name=plain(short(service.model_name, 40)),
                version=service.version,
            )
        )
        with st.container(horizontal=True, gap="xxsmall"):
            draw_state(service.state)
            if session.platform().loader.find_problem(service.version_id):
                draw_state("broken")
            if how.level is not Level.UNKNOWN:
                health.draw_badge(how)
        st.metric(_("Calls, 24 h"), f"{count.calls:,}", chart_data=hours or None, chart_type="bar")
        st.markdown(f":small[{_told(count)}]")


def _told(count: Counts) -> str:
    if not count.calls:
        return _(":gray[no calls]")
    errors = (
        plural(count.errors, ":red[{count} error]", ":red[{count} errors]")
        if count.errors
        else _(":gray[no errors]")
    )
    return f"{errors} · p95 {milliseconds(count.p95)}"
