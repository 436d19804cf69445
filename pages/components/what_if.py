"""What if, beside a prediction: what moves it most, and how it goes over one field or two."""

import hashlib
from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.records import Typed
from core.runtimes.base import PROBABILITY
from core.services.accounts import Caller
from core.services.what_if import Curve, Grid, Sweeps
from pages.components import charts, session, what_if_charts
from pages.components.errors import showing_errors
from pages.components.tables import height_of
from pages.components.text import milliseconds, number, plain, plural, short
from pages.components.trial_choice import Target


def draw(target: Target, record: Mapping[str, object] | Typed) -> None:
    """Draw what-if under the answer to a record; its choices draw this part alone anew."""
    if target.info.inputs:
        st.fragment(_draw)(target, record)


def _draw(target: Target, record: Mapping[str, object] | Typed) -> None:
    caller = session.require_caller()
    st.subheader("What if", anchor=False)
    with showing_errors():
        sweeps = _sweeps(caller, target, record)
        if not sweeps.curves:
            st.info(f"Nothing here can be swept. {_left_out(sweeps)}")
            return
        left, right = st.columns(2, gap="large")
        with left:
            _draw_effects(sweeps)
        with right:
            _draw_choice(caller, target, record, sweeps)
        if sweeps.left_out:
            st.caption(_left_out(sweeps))


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
    st.markdown(f"**Which fields move {_what(sweeps)} most**")
    figure = what_if_charts.draw_effects(sweeps.curves, sweeps.followed)
    table = pd.DataFrame(
        {
            "Field": [curve.label for curve in sweeps.curves],
            "Moves it by": [curve.effect for curve in sweeps.curves],
            "Swept over": [curve.origin.value for curve in sweeps.curves],
        }
    )
    _draw_chart("effects", figure, table)
    st.caption(
        f"Each field goes over its range while the others stay: {sweeps.rows:,} records in one "
        f"batch, {milliseconds(sweeps.latency_ms)}. None of it counts as a call."
    )


def _what(sweeps: Sweeps) -> str:
    if sweeps.followed.startswith(PROBABILITY):
        return f"the chance of {plain(short(sweeps.followed.removeprefix(PROBABILITY), 40))}"
    return "this answer"


def _draw_choice(
    caller: Caller, target: Target, record: Mapping[str, object] | Typed, sweeps: Sweeps
) -> None:
    curves = {curve.field: curve for curve in sweeps.curves}
    labels = {curve.field: short(curve.label, 60) for curve in sweeps.curves}
    with st.container(horizontal=True):
        first = st.selectbox(
            "Field",
            list(curves),
            format_func=labels.__getitem__,
            key=f"what_if_first_{target.view.id}",
        )
        second = st.selectbox(
            "And a second",
            [name for name in curves if name != first],
            index=None,
            format_func=labels.__getitem__,
            key=f"what_if_second_{target.view.id}",
            placeholder="None",
        )
    if second is None:
        _draw_curve(curves[first])
        return
    grid = session.platform().what_if.cross(
        caller, target.view.model.id, record, (first, second), version=target.view.number
    )
    _draw_chart("grid", what_if_charts.draw_grid(grid), _grid_table(grid))


def _draw_curve(curve: Curve) -> None:
    named = {name.removeprefix(PROBABILITY): values for name, values in curve.series.items()}
    table = pd.DataFrame({curve.label: [_cell(value) for value in curve.values], **named})
    if "prediction" not in table:
        table["prediction"] = pd.Series(curve.answers)
    _draw_chart("curve", what_if_charts.draw_curve(curve), table)
    st.caption(f"The red mark is the value now. Swept over {curve.origin.value}.")


def _cell(value: object) -> object:
    return "(missing)" if value is None else value


def _grid_table(grid: Grid) -> pd.DataFrame:
    cells = grid.numbers if grid.followed else grid.answers
    across = [str(_cell(number(value))) for value in grid.second.values]
    table = pd.DataFrame([list(line) for line in cells], columns=across)
    table.insert(0, grid.first.label, [_cell(value) for value in grid.first.values])
    return table


def _draw_chart(name: str, figure: go.Figure, table: pd.DataFrame) -> None:
    st.plotly_chart(figure, key=f"what_if_{name}", config=charts.STILL)
    with st.expander("Show as a table"):
        height = height_of(len(table))
        st.dataframe(table, hide_index=True, key=f"what_if_{name}_table", height=height)


def _left_out(sweeps: Sweeps) -> str:
    """Return which fields are not swept, and why, in one sentence for each reason."""
    reasons: dict[str, list[str]] = {}
    for field, why in sweeps.left_out.items():
        reasons.setdefault(why, []).append(field)
    parts = []
    for why, fields in reasons.items():
        named = ", ".join(plain(short(field, 40)) for field in fields[:5])
        more = f" and {plural(len(fields) - 5, 'more field', 'more fields')}" * (len(fields) > 5)
        parts.append(f"{named}{more} ({why})")
    return f"Not swept: {'; '.join(parts)}." if parts else ""
