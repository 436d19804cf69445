"""Filters that the address of a page holds, by codes of no language, so that links can be sent.

Streamlit's own `bind` writes the label into the address, and that is in the sender's language.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypedDict

import streamlit as st
from streamlit.elements.lib.mutable_tab_container import TabContainer

from pages.components.language import _


class _Held(TypedDict):
    options: list[str]
    format_func: Callable[[Any], str]
    key: str
    on_change: Callable[[str, str], None]
    args: tuple[str, str]


def select(label: str, names: Mapping[str, str], key: str) -> str:
    """Draw a box of choices, and return the code of the chosen one; the first is the usual one.

    `names` has the marked text of each code, which is drawn in the visitor's language.
    """
    return str(st.selectbox(label, **_held(names, key)))


def segments(label: str, names: Mapping[str, str], key: str) -> str:
    """Draw two or three choices side by side, as `select` does."""
    return str(st.segmented_control(label, required=True, **_held(names, key)))


def pills(label: str, names: Mapping[str, str], key: str) -> str:
    """Draw choices that go on in the next line, as `select` does."""
    return str(st.pills(label, required=True, **_held(names, key)))


def tabs(names: Sequence[str], key: str) -> Sequence[TabContainer]:
    """Draw tabs of which the address names the open one; `names` are marked texts, and the codes.

    Only the tab that is open says so by `open`, and is to be filled.
    """
    labels = {_(name): name for name in names}
    shown = {name: label for label, name in labels.items()}
    st.session_state[key] = shown[asked(key, names)]
    return st.tabs(list(labels), key=key, on_change=_write_tab, args=(key, labels))


def asked(key: str, codes: Sequence[str]) -> str:
    """Return which of the codes the address names; the first where it names none."""
    found = st.query_params.get(key, "")
    return found if found in codes else codes[0]


def write(key: str, code: str, usual: str) -> None:
    """Write a choice into the address; the usual one needs no word there."""
    if code != usual:
        st.query_params[key] = code
    else:
        st.query_params.pop(key, None)


def _held(names: Mapping[str, str], key: str) -> _Held:
    """Set a widget to what the address says, and return what makes it write its choice there."""
    codes = list(names)
    st.session_state[key] = asked(key, codes)
    return _Held(
        options=codes,
        format_func={code: _(name) for code, name in names.items()}.__getitem__,
        key=key,
        on_change=_write_choice,
        args=(key, codes[0]),
    )


def _write_choice(key: str, usual: str) -> None:
    write(key, st.session_state[key], usual)


def _write_tab(key: str, labels: Mapping[str, str]) -> None:
    write(key, labels[st.session_state[key]], next(iter(labels.values())))
