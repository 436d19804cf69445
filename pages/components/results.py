"""What a model answered, for people: the prediction large, the rest in order."""

from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from core.runtimes.base import ERROR_COLUMN, PREDICTION, PROBABILITY, ModelInfo
from core.services.predictions import Answer
from pages.components import charts
from pages.components.tables import height_of
from pages.components.text import milliseconds, number, plain, plural

Record = Mapping[str, object]


def draw_answer(answer: Answer, info: ModelInfo, prefix: str) -> None:
    """Draw an answer: one record in words, numbers and bars, several as a table."""
    if isinstance(answer.output, list):
        _draw_several(answer.output, prefix)
    elif ERROR_COLUMN in answer.output and ERROR_COLUMN not in info.output_schema.names:
        st.error(plain(str(answer.output[ERROR_COLUMN])), icon=":material/error:")
    else:
        _draw_one(answer.output, prefix)
    st.caption(f"Answered in {milliseconds(answer.latency_ms)}.")


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
        figure = charts.draw_probabilities(chances)
        st.plotly_chart(figure, key=f"{prefix}_chances", config=charts.STILL)
    if others:
        rows = [{"Output": name, "Value": number(value)} for name, value in others.items()]
        st.dataframe(pd.DataFrame(rows), hide_index=True, key=f"{prefix}_outputs")


def _draw_headline(name: str, value: object, chances: Mapping[str, float]) -> None:
    if isinstance(value, list):
        st.caption(plain(name))
        st.json(value, expanded=1)
        return
    st.metric(plain(name.capitalize()), plain(number(value)))
    sure = chances.get(str(value))
    if sure is not None:
        st.caption(f"The model gives this class a probability of {sure:.1%}.")


def probabilities(output: Record) -> dict[str, float]:
    """Return the probability of each class, the most likely first."""
    chances = {
        name.removeprefix(PROBABILITY): float(value)
        for name, value in output.items()
        if name.startswith(PROBABILITY) and isinstance(value, int | float)
    }
    return dict(sorted(chances.items(), key=lambda chance: -chance[1]))


def _draw_several(outputs: Sequence[Record], prefix: str) -> None:
    failed = sum(ERROR_COLUMN in output for output in outputs)
    scored = plural(len(outputs) - failed, "record")
    if failed:
        st.warning(
            f"{scored} scored, {failed:,} not: the column {ERROR_COLUMN} says why.",
            icon=":material/warning:",
        )
    else:
        st.success(f"{scored} scored.", icon=":material/check_circle:")
    table = table_of(outputs)
    st.dataframe(table, key=f"{prefix}_table", height=height_of(len(table)), placeholder="")
    st.download_button(
        "Download as CSV",
        lambda: table.to_csv(index_label="row").encode("utf-8-sig"),
        file_name="predictions.csv",
        mime="text/csv",
        key=f"{prefix}_download",
        icon=":material/download:",
        on_click="ignore",
    )


def table_of(outputs: Sequence[Record]) -> pd.DataFrame:
    """Return several answers as a table whose rows count from 1; arrays become text."""
    rows = [{name: _cell(value) for name, value in output.items()} for output in outputs]
    return pd.DataFrame(rows, index=pd.RangeIndex(1, len(rows) + 1, name="row"))


def _cell(value: object) -> object:
    return str(value) if isinstance(value, list | dict) else value
