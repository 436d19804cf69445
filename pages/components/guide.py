"""The guide for analysts, `docs/guide*.md`, drawn inside the app: it needs no network."""

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import streamlit as st

from core.services.languages import Language
from pages.components import links
from pages.components.language import _, current

_FOLDER = Path(__file__).parents[2] / "docs"
_FILES = {Language.ENGLISH: "guide.md", Language.CHINESE: "guide.zh-CN.md"}
_PICTURE = re.compile(r"^!\[(?P<alt>[^\]]*)\]\((?P<path>[^)]+)\)$", re.MULTILINE)
_NO_WORD = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True)
class Topic:
    """One part of the guide: what addresses call it, its heading, and its text as Markdown."""

    key: str
    title: str
    text: str


@lru_cache(maxsize=len(_FILES))
def topics(language: Language = Language.ENGLISH) -> dict[str, Topic]:
    """Return the parts of the guide in a language, in order; their keys are the same in all."""
    keys = [_NO_WORD.sub("-", title.lower()).strip("-") for title, _ in _parts(Language.ENGLISH)]
    found = zip(keys, _parts(language), strict=True)
    return {key: Topic(key, title, text.strip()) for key, (title, text) in found}


def _parts(language: Language) -> list[tuple[str, str]]:
    """Return the heading and the text of each part."""
    _, *parts = (_FOLDER / _FILES[language]).read_text(encoding="utf-8").split("\n## ")
    return [(title, text) for title, _, text in (part.partition("\n") for part in parts)]


def draw() -> None:
    """Draw the part that the address asks for, the first where it asks for none, and all titles."""
    found = topics(current())
    shown = found.get(links.asked_for("topic") or "", next(iter(found.values())))
    text, titles = st.columns([5, 2], gap="large")
    with titles:
        _draw_titles(shown)
    with text:
        st.header(shown.title, anchor=False)
        _draw_text(shown.text)


def _draw_titles(shown: Topic) -> None:
    with st.container(border=True, gap=None, key="help_topics"):
        heading = _("All parts")
        st.markdown(f"**{heading}**")
        for topic in topics(current()).values():
            st.button(  # no link: a page's links to itself all look like the one that is open
                f"**{topic.title}**" if topic is shown else topic.title,
                key=f"help_{topic.key}",
                type="tertiary",
                icon=":material/article:",
                on_click=_open,
                args=(topic.key,),
            )


def _open(key: str) -> None:
    st.query_params["topic"] = key


def _draw_text(text: str) -> None:
    """Draw Markdown, its pictures from the disk: the server gives no file of the folder."""
    begin = 0
    for picture in _PICTURE.finditer(text):
        st.markdown(text[begin : picture.start()])
        alt = picture["alt"]
        st.image(str(_in_theme(_FOLDER / picture["path"])), caption=alt, alt=alt)
        begin = picture.end()
    st.markdown(text[begin:])


def _in_theme(picture: Path) -> Path:
    """Return the file of a picture that is like the visitor's theme."""
    return picture.with_suffix(".dark.png") if st.context.theme.type == "dark" else picture
