"""The Help link of each page leads to a part of the guide that exists, and its pictures do too."""

import re
from pathlib import Path

import pytest
import streamlit as st
from streamlit.runtime.context import ContextProxy, StreamlitTheme

from core.services.accounts import Caller
from core.services.deployment_views import DeploymentView
from core.services.languages import Language
from pages.components import guide, shell
from pages.locale.catalogue import read_catalogue
from tests.pages.conftest import PROJECT, ran, texts, visit

HELP = "pages/help.py"
GUIDE = PROJECT / "docs" / "guide.md"
CHINESE = PROJECT / "docs" / "guide.zh-CN.md"
BOLD = re.compile(r"\*\*([^*]+)\*\*")
NOT_ON_PAGES = {"JSON", "回滚"}  # a format; a button that goes on with the version
PICTURES = re.compile(r"\]\((images/[^)]+)\)")


def help_topic(app: object) -> str:
    """Return the part that the Help link in the menu opens."""
    [link] = [each for each in app.sidebar.page_link if each.label == "Help"]  # type: ignore[attr-defined]
    return str(link.proto.query_string).partition("topic=")[2]


@pytest.mark.parametrize("title", shell.HELP_TOPICS)
def test_the_help_of_each_page_exists(title: str) -> None:
    assert shell.HELP_TOPICS[title] in guide.topics()


def test_each_page_of_the_menu_has_a_part() -> None:
    entries = (*shell.MENU, shell.ACCOUNT, shell.ADMIN)
    assert {entry.label for entry in entries} == set(shell.HELP_TOPICS)


def test_the_link_leads_to_what_is_looked_at(ann: Caller, service: DeploymentView) -> None:
    assert help_topic(visit(ann)) == "the-first-five-minutes"
    assert help_topic(visit(ann, "pages/models.py")) == "upload-a-model"
    one = visit(ann, "pages/models.py", model=service.model_id)
    assert help_topic(one) == "read-a-model"
    one = visit(ann, "pages/deployments.py", deployment=service.id)
    assert help_topic(one) == "watch-a-service"
    one = visit(ann, "pages/predict.py", model=service.model_id)
    assert help_topic(one) == "try-a-model"


def test_the_page_draws_the_part_that_is_asked_for(ann: Caller) -> None:
    app = visit(ann, HELP, topic="watch-a-service")
    assert app.header[0].value == "Watch a service"
    assert "faster than *p95*" in texts(app)


def test_an_unknown_part_draws_the_first(ann: Caller) -> None:
    assert visit(ann, HELP, topic="nothing").header[0].value == "The first five minutes"


def test_the_guide_speaks_the_language(ann: Caller) -> None:
    app = visit(ann, HELP, topic="watch-a-service")
    app.button_group(key="shell_language_en").set_value(Language.CHINESE)
    assert ran(app).title[0].value == "帮助"
    assert app.header[0].value == "监控服务"


def test_the_guides_have_the_same_parts_with_the_same_pictures_each_in_its_language() -> None:
    english, chinese = guide.topics(), guide.topics(Language.CHINESE)
    for key, topic in english.items():
        names = PICTURES.findall(topic.text)
        own = [name.replace("images/", "images/zh-CN/") for name in names]
        assert PICTURES.findall(chinese[key].text) == own, key


def test_the_chinese_guide_names_buttons_as_the_pages_do() -> None:
    texts = {str(message.string) for message in read_catalogue(Language.CHINESE)}
    named = {word for bold in BOLD.findall(CHINESE.read_text("utf-8")) for word in bold.split("、")}
    assert named - texts - NOT_ON_PAGES == set()


@pytest.mark.parametrize("written", [GUIDE, CHINESE])
def test_every_picture_of_the_guide_is_there_in_both_themes_and_small(written: Path) -> None:
    for name in PICTURES.findall(written.read_text(encoding="utf-8")):
        light = written.parent / name
        for picture in (light, light.with_suffix(".dark.png")):
            assert picture.stat().st_size < 150_000


def test_the_guides_pictures_are_like_the_theme(
    ann: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []
    monkeypatch.setattr(st, "image", lambda path, **_: shown.append(Path(path).name))
    visit(ann, HELP, topic="watch-a-service")
    dark = property(lambda _: StreamlitTheme({"type": "dark"}))
    monkeypatch.setattr(ContextProxy, "theme", dark)
    visit(ann, HELP, topic="watch-a-service")
    assert shown == ["watch.png", "watch.dark.png"]


def test_another_part_is_opened_from_the_list(ann: Caller) -> None:
    app = visit(ann, HELP)
    app.button(key="help_watch-a-service").click()
    assert ran(app).header[0].value == "Watch a service"
    assert app.query_params["topic"] == "watch-a-service"
