"""The timeline as a part of pages: who did what to which object, and when."""

import math
from datetime import UTC, datetime, timedelta

import pandas as pd
import streamlit as st

from core.services.accounts import Caller
from core.services.events import EventView
from core.services.timeline import Filter
from pages.components import session
from pages.components.tables import height_of
from pages.components.text import plural

_SHOWN = 100
_SPANS = {"All time": None, "Today": 1, "Last 7 days": 7, "Last 30 days": 30, "Last year": 365}


def draw(caller: Caller) -> None:
    """Draw the events that concern the caller, with filters, pages and the whole as a file."""
    timeline = session.platform().timeline
    which = _draw_filters(caller)
    first = timeline.page(caller, which, limit=_SHOWN)
    if not first.events:
        st.info("Nothing on record fits." if which != Filter() else "Nothing was done yet.")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(plural(first.total, "event"), width="stretch")
        st.download_button(
            "Download as CSV",
            lambda: b"".join(timeline.export(caller, which)),
            file_name="timeline.csv",
            mime="text/csv",
            key="timeline_download",
            icon=":material/download:",
            on_click="ignore",
        )
    number = _draw_pages(first.total)
    page = first
    if number > 1:
        page = timeline.page(caller, which, offset=(number - 1) * _SHOWN, limit=_SHOWN)
    _draw_events(page.events)


def _draw_filters(caller: Caller) -> Filter:
    words = session.platform().timeline.words(caller)
    with st.container(horizontal=True):
        person = _ask("Person", words.people)
        kind = _ask("Object", words.kinds)
        action = _ask("Action", words.actions)
        span = st.selectbox("Time", list(_SPANS), key="timeline_span", width=150)
    days = _SPANS[span]
    since = _midnight() - timedelta(days=days) if days else None
    return Filter(person=person, kind=kind, action=action, since=since)


def _midnight() -> datetime:
    """Return the end of today: a filter that moved with the clock would never be the same."""
    now = datetime.now(UTC).replace(tzinfo=None)
    return now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def _ask(label: str, options: list[str]) -> str:
    chosen = st.selectbox(
        label,
        options,
        index=None,
        placeholder="Any",
        key=f"timeline_{label.lower()}",
        width=190,
    )
    return chosen or ""


def _draw_pages(total: int) -> int:
    pages = math.ceil(total / _SHOWN)
    return st.pagination(pages, key="timeline_page") if pages > 1 else 1


def _draw_events(events: list[EventView]) -> None:
    rows = [
        {
            "When (UTC)": event.at,
            "Who": event.actor or "–",
            "Did": event.action,
            "What": f"{event.object_kind} {event.object_name}",
            "More": event.detail,
        }
        for event in events
    ]
    frame = pd.DataFrame(rows)
    st.dataframe(frame, hide_index=True, key="timeline_events", height=height_of(len(rows)))
