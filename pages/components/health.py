"""How a service's health looks: a colour, an icon and a word, with its reasons."""

from dataclasses import replace

import streamlit as st

from core.services.thresholds import Health, Level, Thresholds
from pages.components.language import N_, _, plural, said
from pages.components.text import plain

_LOOKS = {
    Level.GREEN: ("green", ":material/check_circle:", N_("healthy")),
    Level.AMBER: ("orange", ":material/warning:", N_("amber: needs a look")),
    Level.RED: ("red", ":material/error:", N_("red: in trouble")),
    Level.UNKNOWN: ("gray", ":material/help:", N_("too few calls to tell")),
}


def ails(health: Health) -> bool:
    """Return whether somebody should look at a service."""
    return health.level in (Level.AMBER, Level.RED)


def badge_of(health: Health) -> str:
    """Return the badge of a health as Markdown, for a line that may hold more than that."""
    colour, icon, word = _LOOKS[health.level]
    return f":{colour}-badge[{icon} {_(word)}]"


def reasons_of(health: Health) -> list[str]:
    """Return why a service is not well, as a line of Markdown for each reason."""
    colour = "red" if health.level is Level.RED else "orange"
    return [f":small[:{colour}[{plain(said(reason))}]]" for reason in health.reasons]


def draw_banner(health: Health, limits: Thresholds, told: str | None = None) -> None:
    """Draw a health over the figures that it was read from, without a reason told already."""
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.markdown(badge_of(health), width="content")
        lately = _("the last {minutes:,} min", minutes=limits.minutes)
        if health.level is Level.UNKNOWN:
            few = plural(limits.calls, "{count} call", "{count} calls")
            st.caption(
                _("A service is judged once it had {few} in {lately}.", few=few, lately=lately)
            )
        elif not health.reasons:
            st.caption(
                _("Errors and latency of {lately} are within the thresholds.", lately=lately)
            )
    rest = tuple(reason for reason in health.reasons if reason != told)
    for line in reasons_of(replace(health, reasons=rest)):
        st.markdown(line)
