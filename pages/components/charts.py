"""The Plotly figures of the pages, drawn from the frames that services return."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.services.call_views import OTHERS
from core.services.job_media import Run
from core.services.match_views import Transition
from pages.components.language import _
from pages.components.text import short

STILL = {"displayModeBar": False, "scrollZoom": False}
_CALLS, _ERRORS = "#0f7d90", "#cf4d5e"
_PERCENTILES = {"p50": "#0f7d90", "p95": "#e0932f", "p99": "#cf4d5e"}
_PARTS = ("#0f7d90", "#e0932f", "#5b6abf", "#4c9f70", "#cf4d5e", "#8a6fb3", "#b8894a", "#3b9bc9")
_REST = "#6b8792"
_MOST_BARS = 12
_FIRST_BARS = 5
_FEW_POINTS = 200
_LEGEND = 28  # pixels
_LETTER, _LINE = 8, 16  # pixels of a tick's letters
# In numbers, as the rest of the pages writes times; the names of months would be English ones.
_TIMES = [
    {"dtickrange": [None, 60_000], "value": "%H:%M:%S"},
    {"dtickrange": [60_000, 86_400_000], "value": "%H:%M\n%m-%d"},
    {"dtickrange": [86_400_000, "M1"], "value": "%m-%d"},
    {"dtickrange": ["M1", None], "value": "%Y-%m"},
]
_INVISIBLE = "\u200b"  # keeps labels apart that are the same once they are cut


def draw_probabilities(chances: Mapping[str, float]) -> go.Figure:
    """Return one bar per class, the most likely on top; the first five where there are many."""
    figure = _draw_bars(chances, "{:.1%}")
    figure.update_xaxes(range=[0, 1], tickformat=".0%")
    return figure


def draw_scores(scores: Mapping[str, float]) -> go.Figure:
    """Return one bar per class, the highest score on top; the first five where there are many."""
    return _draw_bars(scores, "{:.4g}")


def draw_counts(counts: Mapping[str, int]) -> go.Figure:
    """Return one bar per class, the most frequent on top; the first five where there are many."""
    figure = _draw_bars({name: float(count) for name, count in counts.items()}, "{:,.0f}")
    figure.update_xaxes(tickformat=",d")
    return figure


def draw_histogram(low: float, high: float, counts: Sequence[int]) -> go.Figure:
    """Return how many values lie in each of the bins of one width between two bounds."""
    edges = np.linspace(low, high, len(counts) + 1)
    figure = go.Figure(
        go.Bar(
            x=(edges[:-1] + edges[1:]) / 2,
            y=list(counts),
            width=(high - low) / len(counts) or None,
            customdata=np.stack([edges[:-1], edges[1:]], axis=1),
            hovertemplate=_("%{customdata[0]:.4g} to %{customdata[1]:.4g}: %{y:,}")
            + "<extra></extra>",
            marker_color=_CALLS,
        )
    )
    figure.update_xaxes(fixedrange=True)
    figure.update_yaxes(rangemode="tozero", tickformat=",d", fixedrange=True)
    return quiet(figure, 260)


def _draw_bars(values: Mapping[str, float], form: str) -> go.Figure:
    classes = list(values)[: _MOST_BARS if len(values) <= _MOST_BARS else _FIRST_BARS][::-1]
    figure = go.Figure(
        go.Bar(
            x=[values[name] for name in classes],
            y=[short(name, 28) for name in classes],
            orientation="h",
            text=[form.format(values[name]) for name in classes],
            textposition="auto",
            marker_color=_CALLS,
            hovertemplate="%{y}: %{x:.4g}<extra></extra>",
        )
    )
    figure.update_xaxes(fixedrange=True)
    figure.update_yaxes(type="category", fixedrange=True, automargin=True)
    return quiet(figure, 70 + 30 * len(classes))


def draw_calls(buckets: pd.DataFrame, *, legend: bool = True) -> go.Figure:
    """Return calls over time as bars, the failed ones apart.

    `buckets` has the columns at, calls and errors; at is naive UTC. Without a legend, whoever draws
    it says what is red.
    """
    answered = buckets["calls"] - buckets["errors"]
    bars = [
        _bars(buckets["at"], answered, _("Answered"), _CALLS),
        _bars(buckets["at"], buckets["errors"], _("Errors"), _ERRORS),
    ]
    return _stacked(bars, legend=legend)


def draw_parts(parts: pd.DataFrame) -> go.Figure:
    """Return calls over time as stacked bars of a colour for each column; the index is naive UTC.

    What is together in `others` is grey.
    """
    bars = []
    for place, name in enumerate(parts.columns):
        colour = _REST if name == OTHERS else _PARTS[place % len(_PARTS)]
        label = _(OTHERS) if name == OTHERS else short(name, 24)
        bars.append(_bars(parts.index, parts[name], label, colour))
    return _stacked(bars)


def _bars(at: pd.Series | pd.Index, calls: pd.Series, name: str, colour: str) -> dict[str, Any]:
    return {
        "type": "bar",
        "x": at,
        "y": calls,
        "name": name,
        "marker": {"color": colour},
        "hovertemplate": "%{y:,d}",
    }


def draw_latency(buckets: pd.DataFrame) -> go.Figure:
    """Return the percentiles of latency over time as lines, in milliseconds.

    `buckets` has the columns at, p50, p95 and p99; where nothing was called the lines break.
    """
    lines = [
        {
            "type": "scatter",
            "x": buckets["at"],
            "y": buckets[name],
            "name": name,
            "mode": "lines+markers",
            "marker": {"size": 5},
            "line": {"color": colour, "width": 2},
            "hovertemplate": "%{y:,.2f} ms",
        }
        for name, colour in _PERCENTILES.items()
    ]
    heights = {"rangemode": "tozero", "ticksuffix": " ms", "tickformat": ","}
    return _over_time(lines, {"yaxis": {**heights, "exponentformat": "none", "fixedrange": True}})


def draw_labels(runs: Sequence[Run]) -> go.Figure:
    """Return labels over the time of a video as bars, a line for each label, errors in red.

    Where there are many labels the most frequent have lines of their own.
    """
    frames: Counter[str] = Counter()
    for run in runs:
        frames[run.label] += run.frames
    kept = [name for name, _ in frames.most_common(_MOST_BARS)]
    others = _(OTHERS)
    names = [run.label if run.label in kept else others for run in runs]
    figure = go.Figure(
        go.Bar(
            base=[run.start for run in runs],
            x=[run.end - run.start for run in runs],
            y=[short(name, 28) for name in names],
            orientation="h",
            marker_color=[_ERRORS if run.is_error else _CALLS for run in runs],
            marker_line_width=0,
            customdata=[[run.end, short(run.label, 60), run.frames] for run in runs],
            hovertemplate=_(
                "%{customdata[1]}: %{base:.2f} to %{customdata[0]:.2f} s, %{customdata[2]:,} frames"
            )
            + "<extra></extra>",
        )
    )
    order = [short(name, 28) for name in (others, *reversed(kept)) if name in names]
    figure.update_yaxes(
        type="category", categoryorder="array", categoryarray=order, automargin=True
    )
    figure.update_xaxes(rangemode="tozero")
    return _over_video(figure, 90 + 30 * len(order))


def draw_values(times: Sequence[float], values: Sequence[float | None]) -> go.Figure:
    """Return a number over the time of a video as a line; it breaks where a frame has none."""
    figure = go.Figure(
        go.Scatter(
            x=list(times),
            y=list(values),
            mode="lines+markers" if len(times) <= _FEW_POINTS else "lines",
            marker_size=5,
            line={"color": _CALLS, "width": 2},
            hovertemplate="%{x:.2f} s: %{y:.5g}<extra></extra>",
        )
    )
    return _over_video(figure, 280)


def _over_video(figure: go.Figure, height: int) -> go.Figure:
    figure.update_xaxes(ticksuffix=" s", fixedrange=True)
    figure.update_yaxes(fixedrange=True)
    return quiet(figure, height)


def draw_transitions(transitions: Sequence[Transition], before: str, after: str) -> go.Figure:
    """Return how many rows went from which label (down) to which (across) as a heat map.

    The colour is the share of the rows that had the label; the diagonal stayed as it was.
    """
    labels = sorted({label for each in transitions for label in (each.before, each.after)})
    counts = np.zeros((len(labels), len(labels)), dtype=int)
    for each in transitions:
        counts[labels.index(each.before), labels.index(each.after)] += each.rows
    names = [f"{short(label, 28)}{_INVISIBLE * place}" for place, label in enumerate(labels)]
    figure = go.Figure(
        go.Heatmap(
            z=counts / counts.sum(axis=1, keepdims=True).clip(min=1),
            x=names,
            y=names,
            text=[[f"{count:,}" for count in row] for row in counts.tolist()],
            texttemplate="%{text}",
            colorscale=[[0, "rgba(15, 125, 144, 0)"], [1, _CALLS]],
            zmin=0,
            zmax=1,
            showscale=False,
            hovertemplate=_("%{y} to %{x}: %{text} rows") + "<extra></extra>",
        )
    )
    axis = {"type": "category", "showgrid": False, "fixedrange": True}
    figure.update_xaxes(axis, title=after, side="top")
    figure.update_yaxes(axis, title=before, autorange="reversed", automargin=True)
    return quiet(figure, 140 + 34 * len(labels))


def _stacked(bars: list[dict[str, Any]], *, legend: bool = True) -> go.Figure:
    """Return counts over time as bars on one another, in room that is known beforehand.

    Plotly would find out by itself what room the letters of the axes need, by drawing them up to
    three times.
    """
    tallest = max(map(sum, zip(*(bar["y"] for bar in bars), strict=True)), default=0)
    heights = {"rangemode": "tozero", "tickformat": ",d", "minallowed": 0, "fixedrange": True}
    if tallest < 5:  # without a call or with a few there is nothing between whole numbers
        heights |= {"dtick": 1, "range": [0, max(tallest, 1) + 0.2]}
    left = 16 + _LETTER * len(f"{tallest:,.0f}")
    return _over_time(
        bars,
        {
            "barmode": "stack",
            "bargap": 0.15,
            "showlegend": legend,  # also of one part: its name is what one looks for
            "margin": _margin(legend=legend, left=left, bottom=2 * _LINE + 8),
            "xaxis": {"automargin": False},
            "yaxis": {**heights, "automargin": False, "nticks": 5},
        },
    )


def _over_time(data: list[dict[str, Any]], layout: dict[str, Any]) -> go.Figure:
    """Return a figure made at one go, for Plotly takes long to check each change of one."""
    times = {
        "tickformatstops": _TIMES,
        "hoverformat": "%Y-%m-%d %H:%M",
        "tickangle": 0,
        "nticks": 6,
    }
    axis = {"fixedrange": True, **times, **layout.get("xaxis", {})}
    legend = layout.get("showlegend", len(data) > 1)
    return go.Figure(
        data, {**_frame(260, legend=legend), "hovermode": "x unified", **layout, "xaxis": axis}
    )


def quiet(figure: go.Figure, height: int) -> go.Figure:
    """Return a figure without what distracts; `height` is in pixels, with a legend."""
    shown = figure.layout.showlegend
    legend = len(figure.data) > 1 if shown is None else shown
    figure.update_layout(_frame(height, legend=legend))
    return figure


def _frame(height: int, *, legend: bool) -> dict[str, Any]:
    """Return a layout without what distracts: no title, tight margins, a legend that it needs.

    `height` is with a legend, which has a strip of its own on top: placed by the axes it comes to
    lie over the data once the page gets narrower.
    """
    return {
        "height": height - (0 if legend else _LEGEND),
        "margin": _margin(legend=legend),
        "legend": {
            "orientation": "h",
            "yref": "container",
            "y": 1,
            "yanchor": "top",
            "traceorder": "normal",
        },
        "dragmode": False,
    }


def _margin(*, legend: bool, left: int = 8, bottom: int = 8) -> dict[str, int]:
    """Return what is free around the axes, in pixels; a last tick has room for its half."""
    return {"l": left, "r": 20, "t": 8 + (_LEGEND if legend else 0), "b": bottom}
