"""The frame of every page: its settings, the guard, the menu, and what was said last."""

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from core.services.accounts import Caller, Role
from pages.components import language, links, session, sign_in, single_sign_on, task_news
from pages.components.language import N_, _
from pages.components.text import plain, short

_ART = Path(__file__).parent / "art"
MARK = _ART / "mark.svg"


@dataclass(frozen=True)
class Entry:
    """One line of the menu."""

    page: str
    label: str
    icon: str


MENU = (
    Entry("Home.py", N_("Home"), ":material/space_dashboard:"),
    Entry("pages/models.py", N_("Models"), ":material/deployed_code:"),
    Entry("pages/predict.py", N_("Try it"), ":material/play_circle:"),
    Entry("pages/deployments.py", N_("Deployments"), ":material/rocket_launch:"),
    Entry("pages/tasks.py", N_("Tasks"), ":material/checklist:"),
)
ACCOUNT = Entry("pages/account.py", N_("Account"), ":material/person:")
ADMIN = Entry("pages/admin.py", N_("Admin"), ":material/shield_person:")
# What the Help link of a page opens: parts of docs/guide.md, by the page's title.
HELP_TOPICS = {
    "Home": "the-first-five-minutes",
    "Models": "upload-a-model",
    "Try it": "try-a-model",
    "Deployments": "deploy-a-model",
    "Tasks": "score-a-file",
    "Account": "your-account",
    "Admin": "administer-slipway",
}
# And where the page shows one thing, by what its address names.
_TOPICS_OF_ONE = {"model": "read-a-model", "deployment": "watch-a-service"}


def open_page(title: str) -> Caller:
    """Begin a page and return who looks at it; signed out, draw sign-in in its place and stop.

    Every page calls it before anything else: pages are reached by their own addresses, so nothing
    before them can be the guard. The title is marked by `N_`: the language is known only then.
    """
    caller = session.find_caller()
    language.begin()
    st.set_page_config(
        page_title=f"{_(title)} · Slipway",
        page_icon=str(MARK),
        layout="wide" if caller else "centered",
    )
    if caller is None:
        _draw_door()
        session.tend_cookie()
        st.stop()
    st.logo(str(_ART / "wordmark.svg"), icon_image=str(MARK), size="large")
    news = task_news.tell(caller)
    _draw_menu(caller, news, _topic(title))
    if notice := session.take_notice():
        st.toast(plain(notice), icon=":material/check_circle:")
    return caller


def _draw_door() -> None:
    """Draw what stands between a visitor and the page: sign-in, or the choice of a password."""
    visitor = session.find_visitor()
    if visitor is not None:
        sign_in.draw_new_password(visitor.caller, MARK)
        return
    if single_sign_on.try_sign_in():
        st.rerun()
    sign_in.draw(MARK)


def _sign_out() -> None:
    session.sign_out()
    single_sign_on.leave()


def _topic(title: str) -> str:
    """Return the part of the guide that belongs to what is looked at."""
    one = "" if title == "Try it" else next(iter(st.query_params), "")
    return _TOPICS_OF_ONE.get(one, HELP_TOPICS.get(title, ""))


def _draw_menu(caller: Caller, unseen: int, topic: str) -> None:
    with st.sidebar:
        for entry in MENU:
            _draw_entry(entry, unseen if entry.page == links.TASKS else 0)
        st.space("small")
        st.caption(plain(short(caller.name, 40)))
        _draw_entry(ACCOUNT)
        if caller.role is Role.ADMIN:
            _draw_entry(ADMIN)
        links.to_help(topic, _("Help"), ":material/help:")
        _draw_sign_out()
        language.draw_choice("shell")
        session.tend_cookie()


def _draw_sign_out() -> None:
    with st.container(horizontal=True, gap=None):
        st.space("xsmall")  # links have this padding, the button has none
        st.button(
            _("Sign out"),
            key="shell_sign_out",
            icon=":material/logout:",
            type="tertiary",
            on_click=_sign_out,
        )


def _draw_entry(entry: Entry, unseen: int = 0) -> None:
    # A badge would be as tall as the line; spaces that do not break give a ground its width.
    count = f" :blue-background[\N{NO-BREAK SPACE}{unseen}\N{NO-BREAK SPACE}]" if unseen else ""
    label = _(entry.label) + count
    st.page_link(entry.page, label=label, icon=entry.icon, width="stretch")
