"""Which column goes to which input: drawn where their names differ, with what seems to be meant."""

from collections.abc import Sequence

import streamlit as st

from core.inputs.suggestions import How, Match, in_order
from core.schema import Schema
from core.services.previews import Preview
from pages.components.language import N_, _
from pages.components.text import plain, short

_MOST_DRAWN = 60
_PER_LINE = 3
_WHY = {
    How.SPELLING: N_("same but for spelling"),
    How.NEAR: N_("suggested: a similar name"),
    How.REMEMBERED: N_("as last time"),
    How.CHOSEN: "",
    How.NONE: "",
}


def draw_mapper(schema: Schema, seen: Preview, prefix: str) -> dict[str, str]:
    """Draw the columns of inputs that go by other names; return what is chosen for them."""
    open_ = [match for match in seen.matches if match.how is not How.NAME]
    if not seen.headers or not seen.matches:
        return seen.columns
    same = len(seen.matches) - len(open_)
    if not open_:
        st.caption(
            _("All {same:,} inputs were found by name.", same=same)
            if same > 1
            else _("The input was found by name.")
        )
        return seen.columns
    doubtful = any(match.header is None and match.required for match in open_)
    suggested = any(match.how is How.NEAR for match in open_)
    with st.expander(
        _(
            "Columns: {same:,} of {count:,} inputs found by name",
            same=same,
            count=len(seen.matches),
        ),
        expanded=doubtful or suggested,
        icon=":material/view_column:",
    ):
        if seen.remembered_by:
            st.caption(
                _(
                    "As {remembered_by} chose for such a file before.",
                    remembered_by=plain(short(seen.remembered_by, 40)),
                )
            )
        _draw_order(schema, seen, prefix)
        return _draw_choices(open_[:_MOST_DRAWN], seen, prefix)


def _draw_order(schema: Schema, seen: Preview, prefix: str) -> None:
    """Draw the last resort, for people to ask: the columns by their places."""
    ordered = in_order(schema, seen.headers)
    if not ordered or any(match.how is How.NAME for match in seen.matches):
        return
    st.button(
        _("Take the columns in their order"),
        key=f"{prefix}_order",
        icon=":material/format_list_numbered:",
        type="tertiary",
        on_click=_put,
        args=({f"{prefix}_column_{name}": header for name, header in ordered.items()},),
        help=_("Only right if the columns stand in the order of the model's inputs."),
    )


def _put(values: dict[str, str]) -> None:
    st.session_state.update(values)


def _draw_choices(matches: Sequence[Match], seen: Preview, prefix: str) -> dict[str, str]:
    chosen: dict[str, str] = dict(seen.columns)
    for start in range(0, len(matches), _PER_LINE):
        for place, match in zip(
            st.columns(_PER_LINE), matches[start : start + _PER_LINE], strict=False
        ):
            with place:
                header = _draw_choice(match, seen.headers, prefix)
            chosen.pop(match.field, None)
            if header is not None:
                chosen[match.field] = header
    return chosen


def _draw_choice(match: Match, headers: Sequence[str], prefix: str) -> str | None:
    label = plain(short(match.field, 40))
    if not match.required:
        label = _("{field} (optional)", field=label)
    key = f"{prefix}_column_{match.field}"
    if key not in st.session_state:
        st.session_state[key] = match.header
    header: str | None = st.selectbox(
        label, list(headers), index=None, key=key, placeholder=_("No column")
    )
    if header == match.header and (why := _WHY.get(match.how)):
        st.caption(_(why))
    return header
