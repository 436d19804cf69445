"""Two versions of a model on one file: how many rows change, by how much, which class turns."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core.services.accounts import Caller
from core.services.match_views import Comparison, OutputChange, Transition
from core.services.model_views import VersionView
from pages.components import charts, session
from pages.components.checks import KINDS, TOLERANCES, draw_differences
from pages.components.errors import showing_errors
from pages.components.language import _, said
from pages.components.tables import height_of
from pages.components.text import listed, number, plain
from pages.components.uploads import received

_MOST_CLASSES = 15


def draw(caller: Caller, view: VersionView) -> None:
    """Draw the form for two versions and a file, and what comes of it."""
    newest = view.model.version
    if newest < 2:
        st.info(_("A second version can be compared with the first: add it with New version."))
        return
    st.markdown(_("See which rows of a file two versions answer differently, and by how much."))
    numbers = list(range(newest, 0, -1))
    with st.form("models_compare_form"):
        upload = st.file_uploader(_("File with inputs"), type=KINDS, key="models_compare_file")
        left, middle, right = st.columns(3)
        before = view.number - 1 if view.number > 1 else 1
        after = view.number if view.number > 1 else newest
        first = left.selectbox(_("From version"), numbers, numbers.index(before), key="models_from")
        second = middle.selectbox(_("To version"), numbers, numbers.index(after), key="models_to")
        tolerance = right.selectbox(
            _("Tolerance"), list(TOLERANCES), format_func=_, key="models_compare_tolerance"
        )
        if not st.form_submit_button(_("Compare"), key="models_compare_submit"):
            return
    platform = session.platform()
    with (
        showing_errors(),
        st.spinner(_("Scoring the file with both versions…")),
        received(upload, platform.settings.max_input_bytes) as staged,
    ):
        found = platform.matching.compare(
            caller, view.model.id, first, second, staged, tolerance=TOLERANCES[tolerance]
        )
        _draw_outcome(found)


def _draw_outcome(found: Comparison) -> None:
    if found.changed:
        st.warning(said(found.sentence), icon=":material/difference:")
    else:
        st.success(said(found.sentence), icon=":material/check_circle:")
    _draw_lost(found.only_first, found.first)
    _draw_lost(found.only_second, found.second)
    st.dataframe(_summary(found), hide_index=True, key="models_compare_outputs")
    for change in found.outputs:
        if change.transitions:
            _draw_transitions(change, found)
    if found.examples:
        sides = (
            _("Version {number}", number=found.first),
            _("Version {number}", number=found.second),
        )
        draw_differences(found.examples, found.changed, sides, "models_compare_rows")


def _draw_lost(names: Sequence[str], version: int) -> None:
    if names:
        st.caption(
            _(
                "Only version {version} has: {names}",
                version=version,
                names=plain(listed(names[:20])),
            )
        )


def _summary(found: Comparison) -> pd.DataFrame:
    rows = [
        {
            _("Output"): change.output,
            _("Rows that change"): _(
                "{changed:,} of {rows:,}", changed=change.changed, rows=found.rows
            ),
            _("Largest change"): number(change.largest),
            _("Mean change"): number(change.mean),
        }
        for change in found.outputs
    ]
    return pd.DataFrame(rows)


def _draw_transitions(change: OutputChange, found: Comparison) -> None:
    """Draw which label turns into which: all as a table, few classes as a heat map too."""
    st.markdown(_("**What becomes of {output}**", output=plain(change.output)))
    classes = {label for each in change.transitions for label in (each.before, each.after)}
    if len(classes) <= _MOST_CLASSES:
        figure = charts.draw_transitions(
            change.transitions,
            _("Version {number}", number=found.first),
            _("Version {number}", number=found.second),
        )
        key = f"models_compare_map_{change.output}"
        st.plotly_chart(figure, key=key, config=charts.STILL, alt=change.output)
    turned = [each for each in change.transitions if each.before != each.after]
    if turned:
        table = _turned(turned)
        key = f"models_compare_turned_{change.output}"
        st.dataframe(table, hide_index=True, key=key, height=height_of(len(table)))


def _turned(transitions: Sequence[Transition]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {_("From"): each.before, _("To"): each.after, _("Rows"): each.rows}
            for each in transitions
        ]
    )
