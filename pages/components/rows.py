"""A thing of a list as one row: where it leads to at the left, how it is at the right.

A row is a frame, a link and one text of several lines, whatever it tells: the time that a browser
takes for a page goes by the number of its elements, and a list has many rows.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

T = TypeVar("T")

_WIDTH = 400  # pixels of what stands at the right; on a phone it stands below
_BREAK = "  \n"


def draw(
    key: str,
    link: Callable[[], None],
    facts: Sequence[str],
    done: tuple[float, str] | None = None,
) -> None:
    """Draw a row of a link and some lines of Markdown; a fact that is empty takes no line.

    `done` is a share and the words for it, drawn as a bar of progress below the facts.
    """
    with st.container(
        border=True,
        key=key,
        horizontal=True,
        horizontal_alignment="distribute",
        vertical_alignment="center",
    ):
        link()
        if done is None:
            st.markdown(lines(facts), width=_WIDTH)
            return
        with st.container(width=_WIDTH, gap="xxsmall"):
            st.markdown(lines(facts))
            st.progress(*done)


def page_of(things: Sequence[T], size: int, key: str) -> tuple[DeltaGenerator, Sequence[T]]:
    """Draw the choice of a page, and return the place above it and the things of that page."""
    pages = -(-len(things) // size)
    slot = st.container()
    page = st.pagination(pages, key=key) if pages > 1 else 1
    return slot, things[(page - 1) * size : page * size]


def lines(facts: Sequence[str]) -> str:
    """Return lines of Markdown as one text, without those that are empty."""
    return _BREAK.join(fact for fact in facts if fact)
