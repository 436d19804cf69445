"""The checks of a model's versions against expected outputs: badge, form, verdict, history."""

from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from core.coercion import number_of
from core.errors import SlipwayError
from core.runtimes.base import PREDICTION
from core.services.accounts import Caller
from core.services.match_runs import MOST_ROWS
from core.services.match_views import Difference, Verdict
from core.services.matching import newest_by_version
from core.services.model_views import VersionView
from pages.components import rights, session
from pages.components.errors import showing_errors
from pages.components.language import N_, _, said
from pages.components.tables import height_of
from pages.components.text import LINE, ago, plain, short, stamp
from pages.components.uploads import received

KINDS = ["csv", "tsv", "txt"]
TOLERANCES: Mapping[str, float | None] = {
    N_("As usual: 1e-6, for 32-bit models 1e-4"): None,
    N_("Exactly"): 0.0,
    "1e-9": 1e-9,
    "1e-4": 1e-4,
    "1e-3": 1e-3,
    "1e-2": 1e-2,
}
_LONGEST_RECORD = 300


def newest(caller: Caller, model_id: str) -> dict[str, Verdict]:
    """Return the last verdict on each version of a model, by the version's id."""
    return newest_by_version(session.platform().matching.list_(caller, model_id))


def draw_badge(verdict: Verdict | None) -> None:
    """Draw the badge of a version's last verdict, if there is one."""
    if verdict is not None:
        st.markdown(badge_of(verdict), width="content")


def badge_of(verdict: Verdict | None) -> str:
    """Return the badge of a version's last verdict as Markdown; nothing where there is none."""
    if verdict is None:
        return ""
    colour, icon = (
        ("green", ":material/verified:") if verdict.agrees else ("red", ":material/rule:")
    )
    words = _("{agreeing:,} of {rows:,} rows agree", agreeing=verdict.agreeing, rows=verdict.rows)
    said_of_it = _("check failed") if verdict.failure else words
    return f":{colour}-badge[{icon} {said_of_it}]"


def draw(caller: Caller, view: VersionView) -> None:
    """Draw the tab: the form for those who may check, the last verdict, and those before."""
    found = session.platform().matching.list_(caller, view.model.id)
    st.markdown(
        _(
            "Hold this version against a file that says what it should answer. The verdict stays "
            "with the version; after an upgrade of Slipway or of an engine the file is checked "
            "again by itself."
        ),
        width=LINE,
    )
    may_change = rights.may_change(caller, view.model)
    if may_change:
        _draw_form(caller, view)
    verdict = newest_by_version(found).get(view.id)
    if verdict is None:
        st.info(_("Version {number} has not been checked yet.", number=view.number))
    else:
        _draw_verdict(verdict)
    if found:
        _draw_history(caller, found, may_delete=may_change)


def _draw_form(caller: Caller, view: VersionView) -> None:
    outputs = [field.name for field in view.info.outputs if not field.is_tensor]
    with st.form("models_check_form"):
        upload = st.file_uploader(
            _("File with inputs and expected outputs"),
            type=KINDS,
            key="models_check_file",
            help=_(
                "CSV with a header row, at most {most_rows:,} rows. A column of expected outputs "
                "is named like the output, such as prediction or probability_yes.",
                most_rows=MOST_ROWS,
            ),
        )
        left, middle, right = st.columns(3)
        column = left.text_input(
            _("Column of the prediction"),
            key="models_check_column",
            placeholder=_("Found by its name"),
        )
        chosen = middle.multiselect(
            _("Outputs"),
            outputs,
            key="models_check_outputs",
            placeholder=_("All that the file has"),
        )
        tolerance = right.selectbox(
            _("Tolerance"), list(TOLERANCES), format_func=_, key="models_check_tolerance"
        )
        if not st.form_submit_button(_("Check"), key="models_check_submit"):
            return
    main = PREDICTION if PREDICTION in outputs else next(iter(outputs), PREDICTION)
    with showing_errors():
        _checked(
            caller,
            view,
            upload,
            columns={main: column.strip()} if column.strip() else None,
            outputs=chosen or None,
            tolerance=TOLERANCES[tolerance],
        )
        st.rerun()


def _checked(
    caller: Caller,
    view: VersionView,
    upload: UploadedFile | None,
    *,
    columns: Mapping[str, str] | None = None,
    outputs: Sequence[str] | None = None,
    tolerance: float | None = None,
) -> Verdict:
    platform = session.platform()
    with (
        st.spinner(_("Scoring the file…")),
        received(upload, platform.settings.max_input_bytes) as staged,
    ):
        return platform.matching.check(
            caller,
            view.model.id,
            view.number,
            staged,
            columns=columns,
            outputs=outputs,
            tolerance=tolerance,
        )


def draw_expected(key: str) -> UploadedFile | None:
    """Draw the field of an upload's form for a file that the new version is checked with."""
    return st.file_uploader(
        _("Expected outputs, if you have them (CSV)"),
        type=KINDS,
        key=key,
        help=_("Inputs and expected outputs: the version is checked at once, and after upgrades."),
    )


def check_new(caller: Caller, view: VersionView, upload: UploadedFile | None) -> str:
    """Check a version that was just added, if a file came with it; return what to tell of it.

    The version is there already, so a file that cannot be compared is told and not raised.
    """
    if upload is None:
        return ""
    try:
        return " " + said(_checked(caller, view, upload).sentence)
    except SlipwayError as error:
        return " " + _("It could not be checked: {message}", message=said(error.message))


def _draw_verdict(verdict: Verdict) -> None:
    if verdict.agrees:
        st.success(said(verdict.sentence), icon=":material/verified:")
    else:
        st.error(plain(said(verdict.sentence)), icon=":material/rule:")
    st.caption(_circumstances(verdict))
    pairs = [
        {
            _("Output"): pair.output,
            _("Column"): pair.column,
            _("Rows that agree"): f"{pair.agreeing:,}",
        }
        for pair in verdict.pairs
    ]
    st.dataframe(
        pd.DataFrame(pairs), hide_index=True, key="models_check_pairs", height=height_of(len(pairs))
    )
    if verdict.examples:
        draw_differences(
            verdict.examples,
            verdict.rows - verdict.agreeing,
            (_("Expected"), _("Given")),
            "models_check_rows",
        )


def _circumstances(verdict: Verdict) -> str:
    who = (
        _("by {made_by}", made_by=plain(verdict.made_by))
        if verdict.made_by
        else _("by Slipway itself")
    )
    return (
        f"{plain(short(verdict.file_name, 60))} · {stamp(verdict.made)} {who} · "
        f"{plain(verdict.engine)} · Slipway {verdict.slipway}"
    )


def draw_differences(
    differences: Sequence[Difference], total: int, sides: tuple[str, str], key: str
) -> None:
    """Draw the first of all rows that differ side by side, a line for each output that does."""
    what = _("Rows that differ")
    if len(differences) < total:
        what = _(
            "The first {count:,} of {total:,} rows that differ", count=len(differences), total=total
        )
    st.markdown(f"**{what}**")
    lines = [
        {
            _("Row"): difference.row,
            _("Output"): cell.output,
            sides[0]: _shown(cell.before),
            sides[1]: _shown(cell.after),
            _("Difference"): _apart(cell.before, cell.after),
            _("Why"): said(difference.error),
            _("Inputs"): _record(difference.record),
        }
        for difference in differences
        for cell in difference.cells
    ]
    table = pd.DataFrame(lines)
    empty = [name for name in (_("Difference"), _("Why")) if not table[name].any()]
    table = table.drop(columns=empty)
    st.dataframe(table, hide_index=True, key=key, height=height_of(len(table)))


def _shown(value: object) -> str:
    if value is None:
        return "–"
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def _apart(before: object, after: object) -> str:
    numbers = [number_of(str(value)) for value in (before, after) if not isinstance(value, bool)]
    if len(numbers) == 2 and isinstance(numbers[0], float) and isinstance(numbers[1], float):
        return f"{abs(numbers[1] - numbers[0]):.3g}"
    return ""


def _record(record: Mapping[str, object]) -> str:
    return short(
        ", ".join(f"{name}={_shown(value)}" for name, value in record.items()), _LONGEST_RECORD
    )


def _draw_history(caller: Caller, verdicts: Sequence[Verdict], *, may_delete: bool) -> None:
    with st.expander(_("All checks ({count:,})", count=len(verdicts)), icon=":material/history:"):
        for verdict in verdicts:
            badges, facts, action = st.columns([3, 6, 1], vertical_alignment="center")
            with badges.container(horizontal=True, gap="xsmall"):
                st.badge(_("version {version}", version=verdict.version), color="gray")
                draw_badge(verdict)
            facts.caption(f"{_circumstances(verdict)} · {ago(verdict.made)}")
            if may_delete:
                action.button(
                    _("Delete"),
                    key=f"models_check_delete_{verdict.id}",
                    icon=":material/delete:",
                    type="tertiary",
                    on_click=_delete,
                    args=(verdict.id,),
                )


def _delete(verdict_id: str) -> None:
    with showing_errors():
        session.platform().matching.delete(session.require_caller(), verdict_id)
