"""What if, beside a prediction: what moves it most, and how it goes over one field or two."""

import hashlib
from collections.abc import Mapping

import pandas as pd
import streamlit as st

from core.records import Typed
from core.runtimes.base import PROBABILITY
from core.services.accounts import Caller
from core.services.sweeps import Origin
from core.services.what_if import Curve, Grid, Sweeps
from pages.components import chart_table, session, what_if_charts
from pages.components.errors import showing_errors
from pages.components.language import N_, _, plural, said
from pages.components.text import listed, milliseconds, number, plain, short, with_note
from pages.components.trial_choice import Target

_ORIGINS = {
    Origin.MODEL: N_("the range that the model names"),
    Origin.EXAMPLE: N_("values around this one and the model's example, as no range is named"),
    Origin.AROUND: N_("values around this one, as no range is named"),
}
# Why a field is not swept, as the service says it.
_REASONS = (
    *(N_("a picture"), N_("an array"), N_("free text")),
    *(N_("a date or a time"), N_("no value and no range")),
)


def draw(target: Target, record: Mapping[str, object] | Typed) -> None:
    """Draw what-if under the answer to a record; its choices draw this part alone anew."""
    if target.info.inputs:
        st.fragment(_draw)(target, record)


def _draw(target: Target, record: Mapping[str, object] | Typed) -> None:
    caller = session.require_caller()
    st.header(_("What if"), anchor=False)
    with showing_errors():
        sweeps = _sweeps(caller, target, record)
        if not sweeps.curves:
            nothing = _("Nothing here can be swept.")
            st.info(f"{nothing} {_left_out(target, sweeps)}")
            return
        left, right = st.columns(2, gap="large")
        with left:
            _draw_effects(sweeps)
        with right:
            _draw_choice(caller, target, record, sweeps)
        if sweeps.left_out:
            st.caption(_left_out(target, sweeps))


def _sweeps(caller: Caller, target: Target, record: Mapping[str, object] | Typed) -> Sweeps:
    def sweep() -> Sweeps:
        view = target.view
        return session.platform().what_if.sweep(caller, view.model.id, record, version=view.number)

    return session.made_once("sweeps", _key(target, record), sweep)


def _key(target: Target, record: Mapping[str, object] | Typed) -> tuple[object, ...]:
    told = record.batch.to_pylist() if isinstance(record, Typed) else record
    digest = hashlib.sha256(repr(told).encode()).hexdigest()
    return (target.view.id, target.view.revision, digest)


def _draw_effects(sweeps: Sweeps) -> None:
    st.markdown(f"**{_what(sweeps)}**")
    if any(curve.effect for curve in sweeps.curves):
        _draw_ranking(sweeps)
    else:
        st.info(_("None does: whatever one of them is alone, the answer stays the same."))
    st.caption(
        _(
            "Each field goes over its range while the others stay: {rows:,} records in one batch, "
            "{taken}. None of it counts as a call.",
            rows=sweeps.rows,
            taken=milliseconds(sweeps.latency_ms),
        )
    )


def _draw_ranking(sweeps: Sweeps) -> None:
    figure = what_if_charts.draw_effects(sweeps.curves, sweeps.followed)
    table = pd.DataFrame(
        {
            _("Field"): [what_if_charts.label_of(curve) for curve in sweeps.curves],
            _("Moves it by"): [curve.effect for curve in sweeps.curves],
            _("Swept over"): [_(_ORIGINS[curve.origin]) for curve in sweeps.curves],
        }
    )
    chart_table.draw(
        figure,
        table,
        "what_if_effects",
        alt=_("Which fields move this answer most"),
        hide_index=True,
    )


def _what(sweeps: Sweeps) -> str:
    if sweeps.followed.startswith(PROBABILITY):
        name = plain(short(sweeps.followed.removeprefix(PROBABILITY), 40))
        return _('Which fields move the chance of "{name}" most', name=name)
    return _("Which fields move this answer most")


def _draw_choice(
    caller: Caller, target: Target, record: Mapping[str, object] | Typed, sweeps: Sweeps
) -> None:
    curves = {curve.field: curve for curve in sweeps.curves}
    labels = {curve.field: short(what_if_charts.label_of(curve), 60) for curve in sweeps.curves}
    with st.container(horizontal=True):
        first = st.selectbox(
            _("Field"),
            list(curves),
            format_func=labels.__getitem__,
            key=f"what_if_first_{target.view.id}",
        )
        second = st.selectbox(
            _("And a second"),
            [name for name in curves if name != first],
            index=None,
            format_func=labels.__getitem__,
            key=f"what_if_second_{target.view.id}",
            placeholder=_("None"),
        )
    if second is None:
        _draw_curve(curves[first])
        return
    grid = session.platform().what_if.cross(
        caller, target.view.model.id, record, (first, second), version=target.view.number
    )
    chart_table.draw(
        what_if_charts.draw_grid(grid),
        _grid_table(grid),
        "what_if_grid",
        alt=f"{labels[first]}, {labels[second]}",
        hide_index=True,
    )


def _draw_curve(curve: Curve) -> None:
    named = {name.removeprefix(PROBABILITY): values for name, values in curve.series.items()}
    label = what_if_charts.label_of(curve)
    table = pd.DataFrame({label: [_cell(value) for value in curve.values], **named})
    if "prediction" not in table:
        table["prediction"] = pd.Series(curve.answers)
    chart_table.draw(
        what_if_charts.draw_curve(curve), table, "what_if_curve", alt=label, hide_index=True
    )
    swept = _(_ORIGINS[curve.origin])
    st.caption(
        _("The red mark is the value now; the curve goes over {range}.", range=swept)
        if curve.is_numeric
        else _("The full colour is the value now; the bars go over {range}.", range=swept)
    )


def _cell(value: object) -> object:
    return _("(missing)") if value is None else value


def _grid_table(grid: Grid) -> pd.DataFrame:
    cells = grid.numbers if grid.followed else grid.answers
    across = [str(_cell(number(value))) for value in grid.second.values]
    table = pd.DataFrame([list(line) for line in cells], columns=across)
    table.insert(
        0, what_if_charts.label_of(grid.first), [_cell(value) for value in grid.first.values]
    )
    return table


def _left_out(target: Target, sweeps: Sweeps) -> str:
    """Return which fields are not swept, and why, in one sentence for each reason."""
    reasons: dict[str, list[str]] = {}
    labels = {field.name: said(field.label or field.name) for field in target.info.inputs}
    for field, why in sweeps.left_out.items():
        reasons.setdefault(why, []).append(labels[field])
    parts = []
    for why, fields in reasons.items():
        named = listed(plain(short(field, 40)) for field in fields[:5])
        if (more := len(fields) - 5) > 0:
            named = plural(
                more,
                "{names} and {count} more field",
                "{names} and {count} more fields",
                names=named,
            )
        parts.append(with_note(named, _(why)))
    return _("Not swept: {fields}.", fields=_("; ").join(parts)) if parts else ""
