"""What a page shows where an address leads to nothing: why that may be, and a way back."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import streamlit as st

from core.errors import (
    CaseNotFound,
    DeploymentNotFound,
    ModelNotFound,
    SlipwayError,
    TaskNotFound,
    VersionNotFound,
)
from pages.components import links
from pages.components.language import _, said
from pages.components.text import plain

_GONE = (ModelNotFound, VersionNotFound, DeploymentNotFound, TaskNotFound, CaseNotFound)


@contextmanager
def told(
    page: str, label: str, query: Mapping[str, str] | None = None, *, alone: bool = True
) -> Iterator[None]:
    """Draw a state of its own, with a link, for what is asked for inside and is not there.

    The page ends there. `label` is the link's text, in the visitor's language; `alone` says that
    the page has no title yet.
    """
    try:
        yield
    except _GONE as error:
        draw(error, page, label, query, alone=alone)
        st.stop()


def draw(
    error: SlipwayError,
    page: str,
    label: str,
    query: Mapping[str, str] | None = None,
    *,
    alone: bool = False,
) -> None:
    """Draw that what an address asks for is not there, or not for this visitor.

    `alone` says that the page has no title yet.
    """
    with st.container(border=True, key="missing"):
        title = _("There is nothing at this address")
        heading = st.title if alone else st.header
        heading(f":material/explore_off: {title}", anchor=False)
        st.markdown(plain(said(error.message)))
        st.caption(
            _(
                "It may have been deleted, or its owner keeps it private. Whoever sent you the "
                "address can tell."
            )
        )
        links.to_page(page, label, dict(query or {}), icon=":material/arrow_back:")


def draw_stray() -> None:
    """Say, once, that the address which led to Home is no page's."""
    if links.asks_once(links.STRAY):
        text = _("There is no page at the address that you opened, so here is Home.")
        st.warning(text, icon=":material/explore_off:")
