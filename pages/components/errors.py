"""What a user sees when something fails: the sentence, and where several things are wrong, each."""

import logging
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pandas as pd
import streamlit as st

from core.errors import Problem, SlipwayError
from pages.components import session
from pages.components.language import _, said
from pages.components.text import plain

logger = logging.getLogger("slipway.pages")
_SHOWN_PROBLEMS = 50


@contextmanager
def showing_errors() -> Iterator[None]:
    """Draw what fails inside as a message in its place; the rest of the page goes on.

    What Slipway raises on purpose is shown as it stands; anything else goes to the log under a
    reference that the user sees.
    """
    try:
        yield
    except SlipwayError as error:
        _note_refusal(error)
        show_error(error)
    except Exception:
        reference = _new_reference()
        logger.exception("Unexpected failure %s on a page", reference)
        _show_failure(reference)


def _note_refusal(error: SlipwayError) -> None:
    caller = session.find_caller()
    if caller is not None:
        session.platform().refusals.note(caller, "on a page", error)


def on_script_error(error: Exception) -> bool:
    """Draw what failed outside `showing_errors`; given to `st.App`, it replaces the traceback."""
    if isinstance(error, SlipwayError):
        _note_refusal(error)
        show_error(error)
    else:
        reference = _new_reference()
        logger.error("Unexpected failure %s on a page", reference, exc_info=error)
        _show_failure(reference)
    return True


def _new_reference() -> str:
    return uuid.uuid4().hex[:8]


def _show_failure(reference: str) -> None:
    st.error(
        _(
            "Something went wrong on our side. Try again; if it happens again, give your "
            "admin the reference **{reference}**.",
            reference=reference,
        ),
        icon=":material/error:",
    )


def show_error(error: SlipwayError) -> None:
    """Draw one error: its sentence, which says what to do, and its details as a table.

    Where all are of one place, as in a query, they are read one after the other instead. How long
    programs should wait is not told: a paused service does not start by itself.
    """
    if len(error.details) > 1 and _are_of_one_place(error.details):
        told = [plain(said(each.message)) for each in error.details[:_SHOWN_PROBLEMS]]
        st.error("\n\n".join(told), icon=":material/error:")
        return
    st.error(plain(said(error.message)), icon=":material/error:")
    if len(error.details) > 1:
        draw_problems(error.details)


def _are_of_one_place(problems: Sequence[Problem]) -> bool:
    """Return whether a table of problems would tell nothing but what is wrong."""
    return len({(each.row, each.field, each.value) for each in problems}) == 1


def draw_problems(problems: Sequence[Problem]) -> None:
    """Draw things that are wrong as a table: where, what was given, what is allowed."""
    st.dataframe(_rows(problems), hide_index=True, width="stretch")


def _rows(problems: Sequence[Problem]) -> pd.DataFrame:
    """Return the problems as a table, without the columns that are empty throughout."""
    rows = [
        {
            _("Row"): each.row,
            _("Field"): each.field,
            _("Value"): each.value,
            _("Problem"): said(each.message),
        }
        for each in problems[:_SHOWN_PROBLEMS]
    ]
    return pd.DataFrame(rows).dropna(axis="columns", how="all")
