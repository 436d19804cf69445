"""How the process is doing: versions, memory, threads, what waits."""

import streamlit as st

from core.services.accounts import Caller
from core.services.system import SystemView
from pages.components import session
from pages.components.language import _
from pages.components.text import plain, size, span

_REFRESH = "10s"


def draw(caller: Caller) -> None:
    """Draw the health of the system, anew every ten seconds."""
    st.fragment(_draw_now, run_every=_REFRESH)()


def _draw_now() -> None:
    view = session.platform().system.view(session.require_caller())
    with st.grid(4, min_column_width=150):
        for label, value in _numbers(view).items():
            st.metric(label, value, border=True, height="stretch")
    st.header(_("Versions"))
    lines = [f"Slipway {view.slipway}", f"Python {view.python}", *view.engines.values()]
    st.markdown("\n".join(f"- {plain(line)}" for line in lines))


def _numbers(view: SystemView) -> dict[str, str]:
    java = _("asleep") if view.java_memory is None else size(view.java_memory)
    return {
        _("Up for"): span(view.seconds_up),
        _("Memory"): size(view.memory),
        _("Memory of Java"): java,
        _("CPU of one core"): f"{view.cpu_percent:.0f}%",
        _("Threads"): f"{view.threads:,}",
        _("Tasks at work"): f"{view.tasks_working:,}",
        _("Tasks waiting"): f"{view.tasks_waiting:,}",
        _("Calls being scored"): f"{view.calls_busy:,}",
        _("Calls waiting"): f"{view.calls_waiting:,}",
        _("Database"): size(view.database),
        _("Free on the disk"): size(view.disk_free),
    }
