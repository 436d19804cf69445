"""Acting on many things at once: choose rows, confirm, and read what came of it.

Each thing is one call of the service, so its rights, its checks and its record are the same as
when it is done alone; what is refused leaves the others as they are.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

import pandas as pd
import streamlit as st

from core.errors import SlipwayError
from core.services.accounts import Caller
from pages.components import session
from pages.components.language import N_, _, said
from pages.components.tables import height_of, numbers_in
from pages.components.text import listed, plain, short

_NAMED = 10
_OPEN = N_("Open")


@dataclass(frozen=True, slots=True)
class Item:
    """A row: the thing's id and name, its address, and what else is shown of it."""

    id: str
    name: str
    address: str
    cells: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Action:
    """Something to do to each of the things that were chosen; `consequence` says what goes too.

    `done` says of how many it was done, with the places `done` and `count`.
    """

    label: str
    icon: str
    done: str
    act: Callable[[Caller, str], object]
    consequence: Callable[[Caller, Sequence[Item]], str]


def draw(kind: str, items: Sequence[Item], actions: Sequence[Action]) -> None:
    """Draw the things as a table whose rows can be chosen, and the actions for those."""
    with st.container(horizontal=True, vertical_alignment="center"):
        told = st.container(width="stretch")
        bar = st.container(horizontal=True, width="content")
    frame = pd.DataFrame(
        [{_("Name"): item.name, **item.cells, _(_OPEN): item.address} for item in items]
    )
    # Rows are chosen by their places, so another list must not keep the choice.
    listed = sha256("".join(item.id for item in items).encode()).hexdigest()[:12]
    picked = [items[place] for place in choose(f"admin_{kind}_table_{listed}", frame)]
    told.caption(
        _("{count:,} of {all:,} chosen", count=len(picked), all=len(items))
        if picked
        else _("{all:,} listed; choose rows to act on them", all=len(items))
    )
    with bar:
        for action in actions:
            if st.button(
                _(action.label),
                key=f"admin_{kind}_{action.label.lower()}",
                icon=f":material/{action.icon}:",
                disabled=not picked,
            ):
                _ask(action, picked)


def choose(key: str, frame: pd.DataFrame) -> list[int]:
    """Draw a table, and return the places of the rows that are chosen."""
    chosen = st.dataframe(
        frame,
        hide_index=True,
        key=key,
        on_select="rerun",
        selection_mode="multi-row",
        height=height_of(len(frame)),
        column_config={
            **numbers_in(frame),
            _(_OPEN): st.column_config.LinkColumn(display_text=":material/open_in_new:"),
        },
    )
    return [place for place in chosen.selection.rows if place < len(frame)]


def _ask(action: Action, picked: Sequence[Item]) -> None:
    st.dialog(
        _("{action}: {count:,} chosen", action=_(action.label), count=len(picked)),
        width="medium",
        on_dismiss="rerun",
    )(_confirm)(action, picked)


def _confirm(action: Action, picked: Sequence[Item]) -> None:
    """Say what goes with it, and once that is confirmed do it and say what came of it."""
    caller = session.require_caller()
    place = st.empty()
    with place.container():
        names = [f"**{plain(short(item.name))}**" for item in picked[:_NAMED]]
        others = len(picked) - _NAMED
        st.markdown(
            listed(names) + (_(" and {others:,} others", others=others) if others > 0 else "")
        )
        st.markdown(action.consequence(caller, picked))
        sure = st.button(_(action.label), key="admin_bulk_confirm", type="primary")
    if sure:
        with place.container():
            _draw_outcome(action, picked, do(caller, action, picked))


def do(caller: Caller, action: Action, picked: Sequence[Item]) -> dict[str, str]:
    """Act on each thing, and return why those were refused that were, by their ids."""
    refused = {}
    for item in picked:
        try:
            action.act(caller, item.id)
        except SlipwayError as error:
            refused[item.id] = error.message
    return refused


def _draw_outcome(action: Action, picked: Sequence[Item], refused: dict[str, str]) -> None:
    done = len(picked) - len(refused)
    if done:
        st.success(
            _(action.done, done=f"{done:,}", count=f"{len(picked):,}"),
            icon=":material/check_circle:",
        )
    if refused:
        st.error(
            _("{count:,} of {all:,} were refused:", count=len(refused), all=len(picked)),
            icon=":material/error:",
        )
        names = {item.id: item.name for item in picked}
        rows = [{_("Name"): names[each], _("Why"): said(why)} for each, why in refused.items()]
        st.dataframe(pd.DataFrame(rows), hide_index=True, key="admin_bulk_refused")
    if st.button(_("Close"), key="admin_bulk_close"):
        st.rerun()
