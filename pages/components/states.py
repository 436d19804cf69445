"""How states look: one colour, icon and word for each, the same on every page."""

import streamlit as st

from pages.components.language import N_, _

_LOOKS = {
    "running": ("green", ":material/radio_button_checked:", N_("running")),
    "paused": ("gray", ":material/pause_circle:", N_("paused")),
    "broken": ("red", ":material/error:", N_("cannot be loaded")),
    "queued": ("gray", ":material/schedule:", N_("queued")),
    "scoring": ("blue", ":material/progress_activity:", N_("running")),
    "held": ("orange", ":material/pause_circle:", N_("waits")),
    "succeeded": ("green", ":material/check_circle:", N_("succeeded")),
    "failed": ("red", ":material/error:", N_("failed")),
    "cancelled": ("orange", ":material/cancel:", N_("cancelled")),
    "private": ("gray", ":material/lock:", N_("private")),
    "team": ("blue", ":material/group:", N_("team")),
    "active": ("green", ":material/check_circle:", N_("active")),
    "pending": ("orange", ":material/pending:", N_("waits for an admin")),
    "approved": ("green", ":material/verified_user:", N_("approved")),
    "declined": ("red", ":material/block:", N_("declined")),
    "revoked": ("red", ":material/gpp_bad:", N_("revoked")),
    "disabled": ("red", ":material/block:", N_("disabled")),
}


def draw_state(state: str) -> None:
    """Draw the badge of a deployment's, model's, account's or request's state."""
    st.markdown(badge_of(state), width="content")


def badge_of(state: str) -> str:
    """Return the badge of a state as Markdown, for a line that holds more than that."""
    colour, icon, word = _LOOKS[state]
    return f":{colour}-badge[{icon} {_(word)}]"


def word_of(state: str) -> str:
    """Return a state's word in the visitor's language."""
    return _(_LOOKS[state][2])


def badge_of_task(state: str) -> str:
    """Return the badge of a task's state: a task that runs will end, a service is meant to stay."""
    return badge_of("scoring" if state == "running" else state)
