"""The rows of lists and the bars of cards: few elements, whatever they tell."""

from xml.etree import ElementTree

from pages.components import sparkline
from pages.components.rows import lines


def _heights(svg: str) -> list[float]:
    return [float(bar.attrib["height"]) for bar in ElementTree.fromstring(svg)]


def test_each_bar_is_as_high_as_its_value_is_of_the_highest() -> None:
    assert _heights(sparkline.bars([0, 5, 10])) == [1, 13, 26]


def test_bars_of_nothing_are_flat() -> None:
    assert _heights(sparkline.bars([0, 0])) == [1, 1]
    assert _heights(sparkline.bars([])) == []


def test_bars_stand_beside_one_another_and_fill_the_picture() -> None:
    bars = list(ElementTree.fromstring(sparkline.bars([3, 1, 2])))
    assert [float(bar.attrib["x"]) for bar in bars] == [0, 80, 160]
    assert all(float(bar.attrib["width"]) < 80 for bar in bars)


def test_a_fact_that_is_empty_takes_no_line() -> None:
    assert lines(["first", "", "last"]) == "first  \nlast"
