"""Tells people that tasks of theirs have ended, on whatever page they are next."""

import streamlit as st

from core.services.accounts import Caller
from core.services.job_news import News
from pages.components import session
from pages.components.language import _, plural, said
from pages.components.text import plain, short

_MOST = 3
_ICONS = {
    "succeeded": ":material/check_circle:",
    "failed": ":material/error:",
    "cancelled": ":material/cancel:",
}


def tell(caller: Caller) -> int:
    """Say of each task that has ended that it has, once; return how many were not looked at."""
    told = session.platform().news.tell(caller)
    for news in told.fresh[-_MOST:]:
        st.toast(_sentence(news), icon=_ICONS[news.state], duration="long")
    if len(told.fresh) > _MOST:
        more = plural(
            len(told.fresh) - _MOST,
            "{count} more task ended; see Tasks.",
            "{count} more tasks ended; see Tasks.",
        )
        st.toast(more, icon=":material/checklist:")
    return told.unseen


def see(caller: Caller, task_id: str | None) -> None:
    """Take note that the caller looks at a task, or at the list of all."""
    session.platform().news.see(caller, task_id)


def _sentence(news: News) -> str:
    return _(
        "{task}: {message}",
        task=plain(short(news.file_name or _("A task"))),
        message=plain(short(said(news.message), 160)),
    )
