"""How tall a table is drawn, and how its numbers are written."""

from typing import Literal

import pandas as pd
import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

_MOST_ROWS = 12
_TALL = 440


def height_of(rows: int) -> int | Literal["content"]:
    """Return the height of a table in pixels: all of a short one, a window onto a long one."""
    return _TALL if rows > _MOST_ROWS else "content"


def numbers_in(frame: pd.DataFrame) -> dict[str, ColumnConfig]:
    """Return what writes the counts of a table with thousands apart, as the pages write them."""
    written = st.column_config.NumberColumn(format="localized")
    return {str(name): written for name in frame.select_dtypes("number").columns}
