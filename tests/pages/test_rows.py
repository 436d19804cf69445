"""The rows of lists and the bars of cards: few elements, whatever they tell."""

from xml.etree import ElementTree

from pages.components import sparkline
from pages.components.rows import lines


def _heights(html: str) -> list[str]:
    return [bar.attrib["style"].rpartition("height:")[2] for bar in ElementTree.fromstring(html)]


def test_each_bar_is_as_high_as_its_value_is_of_the_highest() -> None:
    assert _heights(sparkline.bars([0, 5, 10], "Calls")) == ["0%", "50%", "100%"]


def test_bars_of_nothing_are_flat() -> None:
    assert _heights(sparkline.bars([0, 0], "Calls")) == ["0%", "0%"]
    assert _heights(sparkline.bars([], "Calls")) == []


def test_bars_say_what_they_are_to_whoever_cannot_see_them() -> None:
    frame = ElementTree.fromstring(sparkline.bars([1], 'Calls of "a" <b> & c'))
    assert (frame.attrib["role"], frame.attrib["aria-label"]) == ("img", 'Calls of "a" <b> & c')


def test_a_fact_that_is_empty_takes_no_line() -> None:
    assert lines(["first", "", "last"]) == "first  \nlast"
