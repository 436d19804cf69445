"""A small chart of bars without axes: how something went, at a glance.

It is drawn here, of plain boxes, and not by a library of charts: nine such charts on one page took
a browser longer than everything else there. It is the one place where a page holds HTML.
"""

from collections.abc import Sequence
from xml.etree import ElementTree

import streamlit as st

_FRAME = "display:flex;align-items:flex-end;gap:1px;height:2rem"
_BAR = "flex:1;min-height:1px;background:#0f7d90;height:{:.0%}"  # the colour is that of charts.py


def draw(values: Sequence[int], alt: str) -> None:
    """Draw a bar for each value, as high as it is of the highest; `alt` says what they are."""
    st.html(bars(values, alt))


def bars(values: Sequence[int], alt: str) -> str:
    """Return the bars as HTML that is as wide as the place it stands in."""
    frame = ElementTree.Element("div", {"role": "img", "aria-label": alt, "style": _FRAME})
    highest = max(values, default=0)
    for value in values:
        style = _BAR.format(value / highest if highest else 0)
        ElementTree.SubElement(frame, "div", {"style": style})
    return ElementTree.tostring(frame, encoding="unicode", short_empty_elements=False)
