"""The pages speak the visitor's language: chosen, remembered, and at first the browser's."""

import pytest
from streamlit.runtime.context import ContextProxy
from streamlit.testing.v1 import AppTest

from core.platform import Platform
from core.services.accounts import Caller
from core.services.languages import Language
from pages.locale.sentences import Sentences
from tests.pages.conftest import PASSWORD, ran, visit


def choose(app: AppTest, prefix: str, now: str, then: str) -> AppTest:
    app.button_group(key=f"{prefix}_language_{now}").set_value(then)
    return ran(app)


def title(app: AppTest) -> str:
    return str(app.title[0].value)


@pytest.fixture
def chinese_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ContextProxy, "locale", property(lambda _: "zh-CN"))


def test_the_pages_are_english_where_a_browser_says_nothing(ann: Caller) -> None:
    assert title(visit(ann, "pages/models.py")) == "Models"


@pytest.mark.usefixtures("chinese_browser")
def test_the_language_is_at_first_the_browsers(ann: Caller) -> None:
    assert title(visit(ann, "pages/models.py")) == "模型"
    assert "登录" in {button.label for button in visit(None).button}


@pytest.mark.usefixtures("chinese_browser")
def test_what_an_account_chose_goes_before_what_its_browser_says(
    platform: Platform, ann: Caller
) -> None:
    platform.languages.choose(ann, Language.ENGLISH)
    assert title(visit(ann, "pages/models.py")) == "Models"


def test_a_choice_in_the_menu_redraws_the_page_and_follows_the_account(
    platform: Platform, ann: Caller
) -> None:
    app = choose(visit(ann, "pages/models.py"), "shell", "en", "zh-CN")
    assert title(app) == "模型"
    assert platform.languages.find(ann) is Language.CHINESE
    assert title(visit(ann, "pages/tasks.py")) == "任务"
    assert title(choose(app, "shell", "zh-CN", "en")) == "Models"


def test_a_choice_at_sign_in_follows_into_the_account(platform: Platform, ann: Caller) -> None:
    app = choose(visit(None), "sign_in", "en", "zh-CN")
    app.text_input(key="sign_in_name").set_value("ann")
    app.text_input(key="sign_in_password").set_value(PASSWORD)
    app.button(key="sign_in_submit").click()
    assert title(ran(app)) == "首页"
    assert platform.languages.find(ann) is Language.CHINESE


def test_a_sign_out_leaves_the_page_in_its_language_and_the_next_account_as_it_is(
    platform: Platform, ann: Caller, ben: Caller
) -> None:
    platform.languages.choose(ann, Language.CHINESE)
    app = visit(ann)
    app.button(key="shell_sign_out").click()
    assert "登录" in {button.label for button in ran(app).button}
    app.text_input(key="sign_in_name").set_value("ben")
    app.text_input(key="sign_in_password").set_value(PASSWORD)
    app.button(key="sign_in_submit").click()
    assert title(ran(app)) == "Home"
    assert platform.languages.find(ben) is None


def test_an_empty_text_stays_empty(ann: Caller, platform: Platform) -> None:
    """Gettext's own answer is the head of its catalogue, which once stood in tables."""
    platform.languages.choose(ann, Language.CHINESE)
    app = visit(ann, "pages/account.py", account_part="Timeline")
    [more] = [each.value["详情"] for each in app.dataframe if "详情" in each.value]
    assert "" in set(more)
    assert not any("Project-Id-Version" in text for text in more)


@pytest.mark.usefixtures("chinese_browser")
def test_what_was_done_is_a_verb_and_what_came_of_it_a_state(ann: Caller) -> None:
    """The timeline once said that somebody had "is paused" a service."""

    def page() -> None:
        import streamlit as st

        from pages.components.language import deed, said

        st.text(f"{deed('paused')} {said('paused')} {deed('uploaded')}")

    assert AppTest.from_function(page).run().text[0].value == "暂停 已暂停 上传"


@pytest.mark.usefixtures("chinese_browser")
def test_a_list_and_a_note_have_chinese_marks(ann: Caller) -> None:
    def page() -> None:
        import streamlit as st

        from pages.components import text

        st.text(text.listed(["降雨", text.with_note("风速", "km/h")]))

    assert AppTest.from_function(page).run().text[0].value == "降雨、风速（km/h）"


SENTENCES = Sentences(
    {
        'There is no account named "{name}".': "没有名为“{name}”的账号。",
        "The task is {state} and has no result": "任务{state}，没有结果",
        "running": "运行中",
        "{name}: {shown} is not a number.": "{name}：{shown} 不是数字。",
        "Try again.": "请重试。",
        "The check could not be made: {failure}": "无法核对：{failure}",
        "{count} rows": "{count} 行",
        "Scored {rows}.": "已评分 {rows}。",
    }
)


@pytest.mark.parametrize(
    ("sentence", "translated"),
    [
        ('There is no account named "running".', "没有名为“running”的账号。"),
        ("The task is running and has no result", "任务运行中，没有结果"),
        ("Scored 1,234 rows.", "已评分 1,234 行。"),
        ('age: "x" is not a number. Try again.', 'age："x" 不是数字。请重试。'),
        ("The check could not be made: a: b is not a number.", "无法核对：a：b 不是数字。"),
        ("records.csv: Try again. Now.", "records.csv：请重试。Now."),
        ("Nobody knows this sentence.", "Nobody knows this sentence."),
        ("running", "运行中"),
        ("", ""),
    ],
)
def test_a_sentence_of_the_core_is_known_by_its_template(sentence: str, translated: str) -> None:
    assert SENTENCES.translate(sentence) == translated


@pytest.mark.usefixtures("chinese_browser")
def test_nothing_is_nothing_in_every_language(ann: Caller) -> None:
    def page() -> None:
        import streamlit as st

        from pages.components import language

        st.text(f"{language._('')}{language.said('')}{language.said('Nobody says this.')}")

    app = AppTest.from_function(page).run()
    assert app.text[0].value == "Nobody says this."
