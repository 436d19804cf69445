"""How a service's health looks: a colour, an icon and a word, with its reasons."""

import streamlit as st

from core.services.thresholds import Health, Level, Thresholds
from pages.components.text import plain, plural

_LOOKS = {
    Level.GREEN: ("green", ":material/check_circle:", "healthy"),
    Level.AMBER: ("orange", ":material/warning:", "amber: needs a look"),
    Level.RED: ("red", ":material/error:", "red: in trouble"),
    Level.UNKNOWN: ("gray", ":material/help:", "too few calls to tell"),
}


def ails(health: Health) -> bool:
    """Return whether somebody should look at a service."""
    return health.level in (Level.AMBER, Level.RED)


def draw_badge(health: Health) -> None:
    """Draw the badge of a health."""
    colour, icon, word = _LOOKS[health.level]
    st.badge(word, icon=icon, color=colour)  # type: ignore[arg-type]


def draw_reasons(health: Health) -> None:
    """Draw why a service is not well, a line for each reason."""
    colour = "red" if health.level is Level.RED else "orange"
    for reason in health.reasons:
        st.caption(f":{colour}[{plain(reason)}]")


def draw_banner(health: Health, limits: Thresholds) -> None:
    """Draw a health over the figures that it was read from."""
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        draw_badge(health)
        lately = f"the last {limits.minutes:,} min"
        if health.level is Level.UNKNOWN:
            few = plural(limits.calls, "call")
            st.caption(f"A service is judged once it had {few} in {lately}.")
        elif not health.reasons:
            st.caption(f"Errors and latency of {lately} are within the thresholds.")
    draw_reasons(health)
