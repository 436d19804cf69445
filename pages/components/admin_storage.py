"""What takes room in the storage folder, whose it is, and the buttons that make room."""

from collections.abc import Callable

import pandas as pd
import streamlit as st

from core.services.accounts import Caller
from core.services.storage import Freeable, StorageView, Waste
from pages.components import session
from pages.components.errors import showing_errors
from pages.components.language import N_, _, plural
from pages.components.tables import height_of, numbers_in
from pages.components.text import size

_DAYS = 30
_NEARLY_FULL = 0.9
_MEANINGS: dict[Waste, tuple[str, Callable[[int], str]]] = {
    Waste.RESULTS: (
        N_("Old results that nobody keeps, and folders that no task has; the tasks stay listed."),
        lambda count: plural(count, "{count} task", "{count} tasks"),
    ),
    Waste.ARTIFACTS: (
        N_("Model files that no version and no check uses."),
        lambda count: plural(count, "{count} file", "{count} files"),
    ),
    Waste.RECORDS: (
        N_(
            "Calls and their sums that are older than they are kept; their room in the database is "
            "used for new rows."
        ),
        lambda count: plural(count, "{count} record", "{count} records"),
    ),
}


def draw(caller: Caller) -> None:
    """Draw the storage as it is now."""
    sizes = st.container()
    st.header(_("What can be freed"))
    days = st.number_input(
        _("Days until a result is old"),
        min_value=1,
        max_value=3_650,
        value=_DAYS,
        key="admin_storage_days",
        width=280,
    )
    view = session.platform().storage.view(caller, days=days)
    with sizes:
        _draw_sizes(view)
    for each in view.freeable:
        _draw_freeable(each, days)
    st.header(_("Who holds what"))
    _draw_holdings(view)


def _draw_sizes(view: StorageView) -> None:
    used = 1 - view.disk_free / view.disk_total
    if used > _NEARLY_FULL:
        st.warning(
            _("The disk is {used:.0%} full; uploads and tasks fail once it is full.", used=used)
        )
    sizes = {
        _("Model files"): view.artifacts,
        _("Task files"): view.tasks,
        _("Database"): view.database,
        _("Other files"): view.others,
        _("Free on the disk"): view.disk_free,
    }
    with st.grid(5, min_column_width=150):
        for label, count in sizes.items():
            st.metric(label, size(count), border=True)
    if view.database_free:
        free = size(view.database_free)
        st.caption(_("{free} inside the database wait for new rows.", free=free))
    st.caption(_("Slipway writes no log files: its log goes to where it was started from."))


def _draw_freeable(each: Freeable, days: int) -> None:
    meaning, count = _MEANINGS[each.what]
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        what = count(each.count)
        if each.bytes is not None:
            what = _("{what}, {size}", what=what, size=size(each.bytes))
        st.markdown(f"**{what}**  \n{_(meaning)}", width="stretch")
        st.button(
            _("Free"),
            key=f"admin_storage_free_{each.what.value}",
            icon=":material/mop:",
            disabled=not each.count,
            on_click=_free,
            args=(each.what.value, days),
        )


def _free(what: str, days: int) -> None:
    with showing_errors():
        freed = session.platform().storage.free(session.require_caller(), what, days=days)
        count = _MEANINGS[freed.what][1](freed.count)
        if freed.bytes is not None:
            count = _("{what}, {size}", what=count, size=size(freed.bytes))
        session.say(_("Freed: {what}.", what=count))


def _draw_holdings(view: StorageView) -> None:
    if not view.holdings:
        st.info(_("Nobody holds anything yet."))
        return
    rows = [
        {
            _("Owner"): each.owner,
            _("Models"): each.models,
            _("Model files"): size(each.artifacts),
            _("Task files"): size(each.tasks),
            _("Calls on record"): each.calls,
        }
        for each in view.holdings
    ]
    frame = pd.DataFrame(rows)
    st.dataframe(
        frame,
        hide_index=True,
        key="admin_holdings",
        height=height_of(len(rows)),
        column_config=numbers_in(frame),
    )
    st.caption(_("A file that models of several people use counts for each of them."))
