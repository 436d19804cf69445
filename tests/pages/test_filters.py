"""What a filter is set to stands in the address, in no language, so that a link can be sent."""

import io

import pytest
from streamlit.runtime.state.query_params import QueryParams

from core.platform import Platform
from core.services.accounts import Caller
from core.services.deployment_views import DeploymentView
from core.services.languages import Language
from core.services.model_views import ModelView
from tests.pages.conftest import CSV, ran, texts, visit

ADMIN = "pages/admin.py"
CHOICES = {
    "pages/models.py": ("models_whose", "mine", "我的"),
    "pages/deployments.py": ("deployments_state", "paused", "已暂停"),
    "pages/tasks.py": ("tasks_state", "failed", "失败"),
}


@pytest.mark.usefixtures("service")
@pytest.mark.parametrize("page", list(CHOICES))
def test_a_filter_is_in_the_address_by_its_code_in_every_language(
    platform: Platform, ann: Caller, iris: ModelView, page: str
) -> None:
    key, code, label = CHOICES[page]
    staged = platform.files.stage(io.BytesIO(CSV), "flowers.csv", 1 << 20)
    platform.jobs.submit(ann, platform.models.get_by_id(ann, iris.id), staged, kind="csv")
    platform.languages.choose(ann, Language.CHINESE)
    app = visit(ann, page)
    choice = app.button_group(key=key)
    assert label in [option.content for option in choice.proto.options]
    choice.set_value(code)
    assert ran(app).query_params[key] == code


def test_an_address_that_a_chinese_colleague_sent_filters_for_an_english_one(
    ben: Caller, ann: Caller, platform: Platform, iris: ModelView
) -> None:
    platform.languages.choose(ann, Language.CHINESE)
    app = visit(ann, "pages/models.py")
    app.button_group(key="models_whose").set_value("mine")
    sent = dict(ran(app).query_params)
    assert iris.name not in texts(visit(ben, "pages/models.py", **sent))


@pytest.mark.parametrize("page", list(CHOICES))
def test_the_address_is_told_the_thing_asked_for_once_and_left_to_the_browser_after(
    ann: Caller, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The script can be behind a search that is being typed, and would take it out again."""
    told = []
    monkeypatch.setattr(QueryParams, "update", lambda _self, words: told.append(words))
    app = visit(ann, page)
    before = len(told)
    ran(ran(app))
    assert len(told) == before
    app.query_params["version"] = "1"
    ran(app)
    assert told[before:] == [{"version": "1"}]


def test_the_usual_choice_leaves_the_address(ann: Caller, iris: ModelView) -> None:
    app = visit(ann, "pages/models.py", models_sort="name")
    assert app.selectbox(key="models_sort").value == "name"
    app.selectbox(key="models_sort").set_value("changed")
    assert "models_sort" not in ran(app).query_params
    assert iris.name in texts(app)


def test_a_choice_that_does_not_exist_is_the_usual_one(
    ann: Caller, service: DeploymentView
) -> None:
    app = visit(ann, "pages/deployments.py", deployments_state="asleep")
    assert app.button_group(key="deployments_state").value == "all"
    assert service.model_name in texts(app)


def test_a_tab_of_the_admins_page_has_one_address_in_both_languages(
    platform: Platform, ann: Caller
) -> None:
    platform.languages.choose(ann, Language.CHINESE)
    assert "版本" in texts(visit(ann, ADMIN, admin_part="Health"))
