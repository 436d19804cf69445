"""The figures of what-if: curves, bars, a heat map, and what moves an answer most."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from core.runtimes.base import PROBABILITY
from core.services.sweeps import Value
from core.services.what_if import Curve, Grid
from pages.components.charts import quiet
from pages.components.language import _, said
from pages.components.text import number, short, with_note

_COLOURS = ("#0f7d90", "#e0932f", "#5b6abf", "#4c9f70", "#cf4d5e", "#8a6fb3", "#b8894a", "#3b9bc9")
_PRESENT = "#cf4d5e"
_FAINT = 0.45
_MOST_EFFECTS = 12
_LONGEST = 24


def draw_effects(curves: Sequence[Curve], followed: str) -> go.Figure:
    """Return a bar for each field, the one that moves the answer most on top; the first twelve."""
    shown = [*curves[:_MOST_EFFECTS]][::-1]
    chance = followed.startswith(PROBABILITY) or not followed
    figure = go.Figure(
        go.Bar(
            x=[curve.effect for curve in shown],
            y=[_name(curve) for curve in shown],
            orientation="h",
            text=[f"{c.effect:.1%}" if chance else number(c.effect) for c in shown],
            textposition="auto",
            marker_color=_COLOURS[0],
            hovertemplate="%{y}: %{text}<extra></extra>",
        )
    )
    figure.update_xaxes(fixedrange=True, rangemode="tozero", tickformat=".0%" if chance else None)
    figure.update_yaxes(type="category", fixedrange=True, automargin=True)
    return quiet(figure, 70 + 30 * len(shown))


def draw_curve(curve: Curve) -> go.Figure:
    """Return the answer over a field's range: lines for numbers, bars for categories.

    The present value is marked. An answer that is a label has a row for each label.
    """
    figure = go.Figure()
    series: Mapping[str, Sequence[object]] = curve.series or {"": curve.answers}
    for (name, values), colour in zip(series.items(), _COLOURS, strict=False):
        label = short(name.removeprefix(PROBABILITY), _LONGEST)
        if curve.is_numeric:
            _add_line(figure, curve, label, values, colour, is_label=not curve.series)
        else:
            _add_bars(figure, curve, label, values, colour, is_label=not curve.series)
    chance = any(name.startswith(PROBABILITY) for name in curve.series)
    figure.update_yaxes(fixedrange=True, automargin=True)
    if chance:
        figure.update_yaxes(range=[0, 1.02], tickformat=".0%")
    figure.update_xaxes(title=_name(curve), fixedrange=True)
    figure.update_layout(showlegend=len(series) > 1, barmode="group")
    return quiet(figure, 320)


def _add_line(
    figure: go.Figure,
    curve: Curve,
    name: str,
    values: Sequence[object],
    colour: str,
    *,
    is_label: bool,
) -> None:
    figure.add_scatter(
        x=list(curve.values),
        y=list(values),
        name=name,
        mode="markers" if is_label else "lines",
        line={"color": colour, "width": 2},
        hovertemplate="%{x}: %{y:.4g}" if not is_label else "%{x}: %{y}",
    )
    if curve.present in curve.values and isinstance(curve.present, int | float):
        here = values[curve.values.index(curve.present)]
        figure.add_scatter(
            x=[curve.present],
            y=[here],
            mode="markers",
            marker={"color": colour, "size": 11, "line": {"color": _PRESENT, "width": 2}},
            hovertemplate=_("now %{x}: %{y}") + "<extra></extra>",
            showlegend=False,
        )
        line = {"color": _PRESENT, "width": 1, "dash": "dot"}
        figure.add_vline(x=curve.present, line=line, layer="below")


def _add_bars(
    figure: go.Figure,
    curve: Curve,
    name: str,
    values: Sequence[object],
    colour: str,
    *,
    is_label: bool,
) -> None:
    now = [value == curve.present for value in curve.values]
    figure.add_bar(
        x=[written(v, is_now=here) for v, here in zip(curve.values, now, strict=True)],
        y=[1] * len(now) if is_label else list(values),
        text=[short(str(v), _LONGEST) for v in values] if is_label else None,
        name=name,
        marker={"color": colour, "opacity": [1 if here else _FAINT for here in now]},
        hovertemplate="%{x}: %{text}" if is_label else "%{x}: %{y:.4g}",
    )
    figure.update_xaxes(type="category")
    if is_label:
        figure.update_yaxes(visible=False)


def draw_grid(grid: Grid) -> go.Figure:
    """Return the answer over two fields as a heat map, the first upwards, the second across."""
    labels = sorted({str(answer) for line in grid.answers for answer in line})
    heights = grid.numbers
    if not grid.followed:  # labels: each has a colour of its own
        heights = tuple(tuple(labels.index(str(a)) for a in line) for line in grid.answers)
    chance = grid.followed.startswith(PROBABILITY)
    figure = go.Figure(
        go.Heatmap(
            x=axis_of(grid.second),
            y=axis_of(grid.first),
            z=np.array(heights, dtype=float),
            text=[[number(answer) for answer in line] for line in grid.answers],
            colorscale=[[0, "#e6f4f6"], [0.5, "#55a8b6"], [1, "#073a43"]],
            zmin=0 if chance else None,
            zmax=1 if chance else None,
            showscale=bool(grid.followed),
            colorbar={"tickformat": ".0%" if chance else None, "thickness": 12},
            hovertemplate="%{y}, %{x}: %{text} (%{z:.4g})<extra></extra>",
        )
    )
    _mark_present(figure, grid)
    for update, curve in ((figure.update_xaxes, grid.second), (figure.update_yaxes, grid.first)):
        update(title=_name(curve), fixedrange=True, automargin=True, showgrid=False)
        if not curve.is_numeric:
            update(type="category")
    return quiet(figure, 420)


def _mark_present(figure: go.Figure, grid: Grid) -> None:
    here = [_at(curve) for curve in (grid.second, grid.first)]
    if None not in here:
        figure.add_scatter(
            x=[here[0]],
            y=[here[1]],
            mode="markers",
            marker={"color": "#ffffff", "size": 12, "line": {"color": _PRESENT, "width": 3}},
            hovertemplate=_("now") + "<extra></extra>",
            showlegend=False,
        )


def axis_of(curve: Curve) -> list[object]:
    """Return a field's values as an axis has them: numbers, or categories with the present one."""
    if curve.is_numeric:
        return list(curve.values)
    return [written(value, is_now=value == curve.present) for value in curve.values]


def _at(curve: Curve) -> object:
    if curve.present not in curve.values:
        return None
    return axis_of(curve)[curve.values.index(curve.present)]


def written(value: Value, *, is_now: bool) -> str:
    """Return a category as text; the present one says so, for colour alone is not seen by all."""
    text = _("(missing)") if value is None else short(str(value), _LONGEST)
    return _("{value} (now)", value=text) if is_now else text


def label_of(curve: Curve) -> str:
    """Return what the field of a curve is called on the form, with its unit."""
    return with_note(said(curve.label), short(curve.unit, 20))


def _name(curve: Curve) -> str:
    return short(label_of(curve), 28)
