"""The timeline as a part of pages: who did what to which object, and when."""

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pandas as pd
import streamlit as st

from core.services.accounts import Caller
from core.services.events import EventView
from core.services.timeline import Filter
from pages.components import session
from pages.components.language import N_, _, deed, plural, said
from pages.components.tables import height_of

_SHOWN = 100
_SPANS = {
    N_("All time"): None,
    N_("Today"): 1,
    N_("Last 7 days"): 7,
    N_("Last 30 days"): 30,
    N_("Last year"): 365,
}


def draw(caller: Caller) -> None:
    """Draw the events that concern the caller, with filters, pages and the whole as a file."""
    timeline = session.platform().timeline
    which = _draw_filters(caller)
    first = timeline.page(caller, which, limit=_SHOWN)
    if not first.events:
        none_fits = _("Nothing on record fits; try Any, or a longer time.")
        st.info(none_fits if which != Filter() else _("Nothing was done yet."))
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(plural(first.total, "{count} event", "{count} events"), width="stretch")
        st.download_button(
            _("Download as CSV"),
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
    with st.grid(4, min_column_width=150):
        person = _ask("person", _("Person"), words.people, str)
        kind = _ask("object", _("Object"), words.kinds, said)
        action = _ask("action", _("Action"), words.actions, deed)
        span = st.selectbox(_("Time"), list(_SPANS), format_func=_, key="timeline_span")
    days = _SPANS[span]
    since = _midnight() - timedelta(days=days) if days else None
    return Filter(person=person, kind=kind, action=action, since=since)


def _midnight() -> datetime:
    """Return the end of today: a filter that moved with the clock would never be the same."""
    now = datetime.now(UTC).replace(tzinfo=None)
    return now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def _ask(name: str, label: str, options: list[str], shown: Callable[[str], str]) -> str:
    chosen = st.selectbox(
        label,
        options,
        index=None,
        format_func=shown,
        placeholder=_("Any"),
        key=f"timeline_{name}",
    )
    return chosen or ""


def _draw_pages(total: int) -> int:
    pages = math.ceil(total / _SHOWN)
    return st.pagination(pages, key="timeline_page") if pages > 1 else 1


def _draw_events(events: list[EventView]) -> None:
    rows = [
        {
            _("When (UTC)"): event.at,
            _("Who"): event.actor or "–",
            _("Did"): deed(event.action),
            _("What"): f"{said(event.object_kind)} {event.object_name}",
            _("More"): said(event.detail),
        }
        for event in events
    ]
    frame = pd.DataFrame(rows)
    st.dataframe(frame, hide_index=True, key="timeline_events", height=height_of(len(rows)))
