"""A small chart of bars without axes: how something went, at a glance.

It is a picture drawn here, and not a chart of a library: nine such charts on one page took a
browser longer than everything else there. It stands in a text, for an element of its own that shows
pictures brings a toolbar along.
"""

from base64 import b64encode
from collections.abc import Sequence
from xml.etree import ElementTree

_COLOUR = "#0f7d90"  # that of charts.py; seen on the light and on the dark
_WIDE, _TALL = 240, 26  # in units of its own
_ABOVE = 5  # between the bars and what stands over them
_WIDTH = 480  # pixels at most; the picture shrinks with the place that it stands in
_LEAST = 1  # what is seen of a bar of nothing
_FILLED = 0.85  # the share of a bar's place that the bar takes


def picture(values: Sequence[int], alt: str) -> str:
    """Return a bar for each value, as high as it is of the highest, as a picture in Markdown.

    `alt` says what the bars are.
    """
    return f"![{alt}](data:image/svg+xml;base64,{b64encode(bars(values).encode()).decode()})"


def bars(values: Sequence[int]) -> str:
    """Return the bars as SVG."""
    picture = ElementTree.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": f"0 {-_ABOVE} {_WIDE} {_TALL + _ABOVE}",
            "width": str(_WIDTH),
            "height": str(_WIDTH * (_TALL + _ABOVE) // _WIDE),
            "fill": _COLOUR,
        },
    )
    highest = max(values, default=0)
    for place, value in enumerate(values):
        tall = max(_LEAST, _TALL * value / highest) if highest else _LEAST
        step = _WIDE / len(values)
        bar = {"x": place * step, "y": _TALL - tall, "width": step * _FILLED, "height": tall}
        shape = {name: f"{length:g}" for name, length in bar.items()}
        ElementTree.SubElement(picture, "rect", shape)
    return ElementTree.tostring(picture, encoding="unicode")
