"""What a model answered, for people: the prediction large, the rest in order."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.image_recipe import ImageRecipe
from core.inputs.image import seen, shown
from core.runtimes.base import ERROR_COLUMN, PREDICTION, PROBABILITY, SCORE, ModelInfo
from core.schema import Field
from core.services.predictions import Answer
from pages.components import chart_table, charts
from pages.components.language import _, plural, said
from pages.components.tables import height_of
from pages.components.text import milliseconds, number, plain

_MOST_NUMBERS = 200
_LEAST_PIXELS = 8

Record = Mapping[str, object]


def draw_answer(answer: Answer, info: ModelInfo, prefix: str) -> None:
    """Draw an answer: one record in words, numbers and bars, several as a table."""
    if isinstance(answer.output, list):
        _draw_several(answer.output, prefix)
    elif ERROR_COLUMN in answer.output and ERROR_COLUMN not in info.output_schema.names:
        st.error(plain(said(str(answer.output[ERROR_COLUMN]))), icon=":material/error:")
    else:
        _draw_one(answer.output, prefix)
    st.caption(_("Answered in {latency_ms}.", latency_ms=milliseconds(answer.latency_ms)))


def draw_picture(field: Field, recipe: ImageRecipe, content: bytes) -> None:
    """Draw a picture that was scored, and small how the model got it."""
    st.image(shown(content), caption=plain(field.name))
    pixels = seen(content, recipe)
    size = f"{pixels.shape[1]} x {pixels.shape[0]}"
    st.image(
        pixels,
        caption=_("As the model gets it: {size}, {colour}", size=size, colour=recipe.colour.value),
        width=160,
    )


def _draw_one(output: Record, prefix: str) -> None:
    headline = PREDICTION if PREDICTION in output else next(iter(output), None)
    chances = probabilities(output)
    others = {
        name: value
        for name, value in output.items()
        if name != headline and not name.startswith(PROBABILITY)
    }
    if headline is not None:
        _draw_headline(headline, output[headline], chances)
    if chances:
        _draw_ranked(charts.draw_probabilities(chances), chances, f"{prefix}_chances")
    elif scores := _ranked(output, SCORE):
        _draw_ranked(charts.draw_scores(scores), scores, f"{prefix}_scores")
    if others:
        rows = [{_("Output"): name, _("Value"): _brief(value)} for name, value in others.items()]
        st.dataframe(pd.DataFrame(rows), hide_index=True, key=f"{prefix}_outputs")


def _draw_ranked(figure: go.Figure, values: Mapping[str, float], key: str) -> None:
    name = _("Class")
    table = pd.DataFrame(list(values.items()), columns=[name, _("Value")])
    chart_table.draw(figure, table, key, alt=name, hide_index=True)


def _draw_headline(name: str, value: object, chances: Mapping[str, float]) -> None:
    if isinstance(value, list):
        _draw_array(name, np.asarray(value))
        return
    st.metric(plain(said(name.capitalize())), plain(number(value)))
    sure = chances.get(str(value))
    if sure is not None:
        st.caption(_("The model gives this class a probability of {sure:.1%}.", sure=sure))


def _draw_array(name: str, array: np.ndarray) -> None:
    """Draw an array: its numbers if they are few, else its range, and a picture if it is one."""
    st.caption(f"{plain(name)}, {' x '.join(map(str, array.shape))}")
    if array.size <= _MOST_NUMBERS:
        _draw_numbers(array)
        return
    if array.dtype.kind not in "biuf":
        st.caption(
            _("{size:,} values; call the model over HTTP to read them all.", size=array.size)
        )
        return
    picture = _picture(array)
    if picture is not None:
        st.image(picture, width=min(640, max(160, picture.shape[1])))
    low, high = float(array.min()), float(array.max())
    st.caption(
        _(
            "{size:,} values from {low} to {high}.",
            size=array.size,
            low=number(low),
            high=number(high),
        )
    )


def _draw_numbers(array: np.ndarray) -> None:
    if array.ndim > 2:
        st.json(array.tolist(), expanded=True)
    else:
        table = pd.DataFrame(array)
        st.dataframe(table, width="content", height=height_of(len(table)))


def _picture(array: np.ndarray) -> np.ndarray | None:
    """Return an array as grey or RGB values from 0 to 1, or None where it is no picture.

    Pictures are height x width, or that with 1 or 3 channels first or last.
    """
    shown = np.squeeze(array)
    if shown.ndim == 3 and shown.shape[0] == 3:
        shown = np.moveaxis(shown, 0, -1)
    colours = shown.ndim == 3 and shown.shape[-1] == 3
    if not (shown.ndim == 2 or colours) or min(shown.shape[:2]) < _LEAST_PIXELS:
        return None
    low, high = shown.min(), shown.max()
    return np.asarray((shown - low) / ((high - low) or 1.0))


def probabilities(output: Record) -> dict[str, float]:
    """Return the probability of each class, the most likely first."""
    return _ranked(output, PROBABILITY)


def _ranked(output: Record, prefix: str) -> dict[str, float]:
    """Return the numbers of the outputs whose names begin so, by class, the largest first."""
    found = {
        name.removeprefix(prefix): float(value)
        for name, value in output.items()
        if name.startswith(prefix) and isinstance(value, int | float)
    }
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def _draw_several(outputs: Sequence[Record], prefix: str) -> None:
    failed = sum(ERROR_COLUMN in output for output in outputs)
    scored = len(outputs) - failed
    if failed:
        st.warning(
            plural(
                scored,
                "{count} record scored, {failed:,} not: the column {column} says why.",
                "{count} records scored, {failed:,} not: the column {column} says why.",
                failed=failed,
                column=ERROR_COLUMN,
            ),
            icon=":material/warning:",
        )
    else:
        told = plural(scored, "{count} record scored.", "{count} records scored.")
        st.success(told, icon=":material/check_circle:")
    table = table_of(outputs)
    st.dataframe(table, key=f"{prefix}_table", height=height_of(len(table)), placeholder="")
    st.download_button(
        _("Download as CSV"),
        lambda: table.to_csv(index_label="row").encode("utf-8-sig"),
        file_name="predictions.csv",
        mime="text/csv",
        key=f"{prefix}_download",
        icon=":material/download:",
        on_click="ignore",
    )


def table_of(outputs: Sequence[Record]) -> pd.DataFrame:
    """Return several answers as a table whose rows count from 1; arrays become text.

    So does a column of which a row holds a text and another a number: a bad cell stays as written.
    """
    rows = [{name: _cell(value) for name, value in output.items()} for output in outputs]
    table = pd.DataFrame(rows, index=pd.RangeIndex(1, len(rows) + 1, name="row"))
    for name in [name for name in table.columns if _is_mixed(table[name])]:
        table[name] = table[name].map(str, na_action="ignore")
    return table


def _is_mixed(column: pd.Series) -> bool:
    return column.dtype == object and len({type(value) for value in column.dropna()}) > 1


def _brief(value: object) -> str:
    """Return one of several outputs as a short text; of an array, its shape and first numbers."""
    if not isinstance(value, list):
        return number(value)
    array = np.asarray(value)
    first = ", ".join(number(each) for each in array.ravel()[:4].tolist())
    return f"{' x '.join(map(str, array.shape))}: {first}{', …' if array.size > 4 else ''}"


def _cell(value: object) -> object:
    return str(value) if isinstance(value, list | dict) else value
