"""Services as cards: state, health, and the calls of the last day as a small chart."""

from collections.abc import Mapping, Sequence

import streamlit as st

from core.services.calls import Counts
from core.services.deployment_views import DeploymentView
from core.services.thresholds import Health
from pages.components import links, sparkline
from pages.components.deployment_list import badges_of, link_on_card, today
from pages.components.language import _
from pages.components.rows import lines

_FEW = 6  # are shown all
_SHOWN = 3  # of many
_NONE = Counts(0, 0, None)


def draw(
    services: Sequence[DeploymentView],
    counts: Mapping[str, Counts],
    healths: Mapping[str, Health],
    hours: Mapping[str, Sequence[tuple[int, int]]],
) -> None:
    """Draw the services that are called most, and the way to the others."""
    st.header(_("Services, last 24 hours"))
    if not services:
        st.info(_("Nothing is deployed yet. Open a model and choose Deploy."))
        return
    shown = sorted(services, key=lambda each: -counts.get(each.id, _NONE).calls)
    if len(shown) > _FEW:
        shown = shown[:_SHOWN]
    with st.grid(3, min_column_width=260):
        for service in shown:
            count = counts.get(service.id, _NONE)
            calls = [calls for calls, _ in hours.get(service.id, ())]
            _draw_card(service, count, calls, healths[service.id])
    st.page_link(links.DEPLOYMENTS, label=_("All deployments"), icon=":material/arrow_forward:")


def _draw_card(service: DeploymentView, count: Counts, hours: list[int], how: Health) -> None:
    with st.container(border=True, gap="xsmall", height="stretch"):
        link_on_card(service)
        bars = sparkline.picture(hours, _("Calls in each of the last 24 hours")) if hours else ""
        st.markdown(lines([badges_of(service, how), f":small[{today(count)}]", bars]))
