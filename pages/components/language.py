"""The language of the pages: English as the code has it, or another out of its catalogue.

`_` and `plural` mark and translate what pages say, `N_` marks what a module holds until it is
drawn, `said` translates what the core says: that is English, for HTTP speaks English to everybody.
"""

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from functools import lru_cache, partial, wraps
from typing import Any, Literal, ParamSpec

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.services.languages import Language
from pages.components import session
from pages.locale.catalogue import sentences, translations
from pages.locale.words import DEED

P = ParamSpec("P")

NAMES = {Language.ENGLISH: "English", Language.CHINESE: "简体中文"}
# Streamlit runs a script in a thread of its own, its callbacks first: each asks once.
_CURRENT: ContextVar[Language | None] = ContextVar("language", default=None)


def current() -> Language:
    """Return the language of whoever looks at the page; English where nobody does."""
    if get_script_run_ctx(suppress_warning=True) is None:
        return Language.ENGLISH
    known = _CURRENT.get()
    return begin() if known is None else known


def begin() -> Language:
    """Ask anew which language this run speaks, and return it."""
    language = session.language()
    _CURRENT.set(language)
    return language


def _(message: str, /, **values: object) -> str:
    """Return a text in the visitor's language, with the values in its places."""
    text = translations(current()).gettext(message) if message else ""  # "" has the file's head
    return text.format(**values) if values else text


def N_(message: str) -> str:  # noqa: N802 - gettext's own name
    """Mark a text of a module for the catalogue, and return it as it is: `_` comes where drawn."""
    return message


def plural(count: int, one: str, many: str, /, **values: object) -> str:
    """Return a text in the form that a count asks for, with the count, thousands apart, in it."""
    text = translations(current()).ngettext(one, many, count)
    return text.format(count=f"{count:,}", **values)


def said(sentence: str) -> str:
    """Return a sentence of the core in the visitor's language; one that is unknown stays."""
    language = current()
    return _said(language, sentence) if sentence and language is not Language.ENGLISH else sentence


def deed(action: str) -> str:
    """Return what was done as a verb: "paused" is what somebody did, not what a service is."""
    found = translations(current()).pgettext(DEED, action)
    return said(action) if found == action else found


@lru_cache(maxsize=2_000)
def _said(language: Language, sentence: str) -> str:
    if not sentence:  # gettext answers an empty text with the head of the catalogue
        return ""
    found = sentences(language).translate(sentence)
    return translations(language).gettext(sentence) if found == sentence else found


def dialog(
    title: str,
    *,
    width: Literal["small", "medium", "large"] = "small",
    on_dismiss: Literal["ignore"] | Callable[[], None] = "ignore",
) -> Callable[[Callable[P, None]], Callable[P, None]]:
    """Make a function a dialog as `st.dialog` does, with its title in the visitor's language."""

    def decorated(draw: Callable[P, None]) -> Callable[P, None]:
        @wraps(draw)
        def opened(*args: P.args, **kwargs: P.kwargs) -> None:
            st.dialog(_(title), width=width, on_dismiss=on_dismiss)(draw)(*args, **kwargs)

        return opened

    return decorated


def draw_choice(prefix: str) -> None:
    """Draw the choice of the language; the page is drawn anew in the one that is chosen."""
    now = current()
    key = f"{prefix}_language_{now}"  # another tab may have changed it: no state of old is shown
    st.segmented_control(
        _("Language"),
        list(NAMES),
        default=now,
        required=True,
        format_func=NAMES.__getitem__,
        key=key,
        label_visibility="collapsed",
        on_change=_choose,
        args=(key,),
    )


def _choose(key: str) -> None:
    session.choose_language(Language(st.session_state[key]))
    begin()


def named_by(names: Mapping[Any, str]) -> Callable[[Any], str]:
    """Return what shows an option of a widget by its name in the visitor's language."""
    return partial(_named, names)  # no closure: Streamlit's tests pickle it


def _named(names: Mapping[Any, str], option: object) -> str:
    return _(names[option])
