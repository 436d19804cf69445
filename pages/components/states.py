"""How states look: one colour, icon and word for each, the same on every page."""

import streamlit as st

_LOOKS = {
    "running": ("green", ":material/radio_button_checked:", "running"),
    "paused": ("gray", ":material/pause_circle:", "paused"),
    "broken": ("red", ":material/error:", "cannot be loaded"),
    "queued": ("gray", ":material/schedule:", "queued"),
    "scoring": ("blue", ":material/progress_activity:", "running"),
    "held": ("orange", ":material/pause_circle:", "waits"),
    "succeeded": ("green", ":material/check_circle:", "succeeded"),
    "failed": ("red", ":material/error:", "failed"),
    "cancelled": ("orange", ":material/cancel:", "cancelled"),
    "private": ("gray", ":material/lock:", "private"),
    "team": ("blue", ":material/group:", "team"),
    "active": ("green", ":material/check_circle:", "active"),
    "pending": ("orange", ":material/pending:", "waits for an admin"),
    "approved": ("green", ":material/verified_user:", "approved"),
    "declined": ("red", ":material/block:", "declined"),
    "revoked": ("red", ":material/gpp_bad:", "revoked"),
    "disabled": ("red", ":material/block:", "disabled"),
}


def draw_state(state: str) -> None:
    """Draw the badge of a deployment's, model's, account's or request's state."""
    colour, icon, word = _LOOKS[state]
    st.badge(word, icon=icon, color=colour)  # type: ignore[arg-type]


def draw_task_state(state: str) -> None:
    """Draw the badge of a task's state: a task that runs will end, a service is meant to stay."""
    draw_state("scoring" if state == "running" else state)
