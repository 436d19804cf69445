"""One's own account, and what an admin does with everybody's."""

from pathlib import Path

import pytest

from core.errors import InvalidPassword, InvalidToken
from core.platform import Platform
from core.services.accounts import Caller, Role
from core.services.deployment_views import DeploymentView
from core.services.model_views import ModelView
from tests.pages.conftest import PASSWORD, add_model, ran, texts, visit

ACCOUNT, ADMIN = "pages/account.py", "pages/admin.py"


def test_a_new_token_works_and_is_shown_once(platform: Platform, ann: Caller) -> None:
    app = visit(ann, ACCOUNT)
    app.text_input(key="account_token_name").set_value("nightly")
    app.button(key="account_token_submit").click()
    token = ran(app).code[0].value
    assert platform.accounts.caller_by_token(token) == ann
    assert token not in texts(ran(app))
    assert "nightly" in texts(app)


def test_a_revoked_token_works_no_more(platform: Platform, ann: Caller) -> None:
    made = platform.accounts.create_token(ann, "nightly")
    app = visit(ann, ACCOUNT)
    app.button(key=f"account_revoke_{made.id}").click()
    assert "You have no tokens" in texts(ran(app))
    with pytest.raises(InvalidToken):
        platform.accounts.caller_by_token(made.token)


@pytest.mark.parametrize(
    ("old", "new", "again", "sentence"),
    [
        ("wrong password", "new password", "new password", "not right"),
        (PASSWORD, "new password", "other password", "differ"),
        (PASSWORD, "short", "short", "8"),
    ],
)
def test_a_password_is_not_changed_for_a_reason(
    platform: Platform, ann: Caller, old: str, new: str, again: str, sentence: str
) -> None:
    app = visit(ann, ACCOUNT)
    for name, value in (("old", old), ("new", new), ("again", again)):
        app.text_input(key=f"account_password_{name}").set_value(value)
    app.button(key="account_password_submit").click()
    assert sentence in ran(app).error[0].value
    assert platform.accounts.sign_in(ann.name, PASSWORD)


def test_a_changed_password_keeps_this_browser_and_ends_the_others(
    platform: Platform, ann: Caller
) -> None:
    here, there = visit(ann, ACCOUNT), visit(ann, ACCOUNT)
    there.session_state["slipway_sign_in"] = here.session_state["slipway_sign_in"]
    for name, value in (("old", PASSWORD), ("new", "new password"), ("again", "new password")):
        here.text_input(key=f"account_password_{name}").set_value(value)
    here.button(key="account_password_submit").click()
    assert [title.value for title in ran(here).title] == ["Account"]
    with pytest.raises(InvalidPassword):
        platform.accounts.sign_in(ann.name, PASSWORD)


def test_an_admin_disables_and_enables_an_account(
    platform: Platform, ann: Caller, ben: Caller
) -> None:
    app = visit(ann, ADMIN)
    app.button(key=f"admin_active_{ben.id}").click()
    ran(app)
    assert "ben" not in platform.accounts.credentials()
    app.button(key=f"admin_active_{ben.id}").click()
    ran(app)
    assert "ben" in platform.accounts.credentials()


def test_an_admin_gives_a_role(platform: Platform, ann: Caller, ben: Caller) -> None:
    app = visit(ann, ADMIN)
    app.selectbox(key=f"admin_role_{ben.id}").set_value(Role.VIEWER)
    ran(app)
    roles = {account.name: account.role for account in platform.accounts.list_accounts(ann)}
    assert roles == {"ann": "admin", "ben": "viewer"}


def test_an_admin_is_offered_nothing_against_their_own_account(ann: Caller) -> None:
    app = visit(ann, ADMIN)
    assert app.selectbox(key=f"admin_role_{ann.id}").disabled
    assert f"admin_active_{ann.id}" not in {button.key for button in app.button}


def test_an_admin_gives_a_new_password(platform: Platform, ann: Caller, ben: Caller) -> None:
    app = visit(ann, ADMIN)
    app.button(key=f"admin_password_{ben.id}").click()
    ran(app)
    app.text_input(key="admin_password").set_value("another horse")
    app.button(key=f"admin_password_{ben.id}").click()
    app.button(key="admin_password_submit").click()
    ran(app)
    assert platform.accounts.sign_in("ben", "another horse") == ben


def test_an_account_that_owns_models_is_not_deleted(
    platform: Platform, ann: Caller, ben: Caller, iris_file: Path
) -> None:
    add_model(platform, ben, iris_file, "Ben's")
    app = visit(ann, ADMIN)
    app.button(key=f"admin_delete_{ben.id}").click()
    ran(app)
    app.button(key=f"admin_delete_{ben.id}").click()
    app.button(key="admin_delete_confirm").click()
    assert "still owns" in ran(app).error[0].value
    assert "ben" in platform.accounts.credentials()


def test_an_admin_sees_and_deletes_what_others_made(
    platform: Platform, ann: Caller, ben: Caller, iris_file: Path
) -> None:
    model = add_model(platform, ben, iris_file, "Ben's secret")
    app = visit(ann, ADMIN)
    assert "Ben's secret" in texts(app)
    app.button(key=f"admin_delete_model_{model.id}").click()
    ran(app)
    app.button(key=f"admin_delete_model_{model.id}").click()
    app.button(key="admin_delete_confirm").click()
    ran(app)
    assert platform.models.list_(ann) == []


def test_what_was_done_is_on_record(ann: Caller, iris: ModelView) -> None:
    events = visit(ann, ADMIN).dataframe[0].value
    assert f"model {iris.name}" in list(events["What"])
    assert "account ann" in list(events["What"])


def test_home_begins_with_the_first_steps(ann: Caller) -> None:
    read = texts(visit(ann))
    assert "1. Upload" in read
    assert "Upload your first model" in read


def test_home_shows_how_the_services_do(
    platform: Platform, ann: Caller, service: DeploymentView
) -> None:
    live = platform.deployments.live(service.endpoint)
    platform.predictions.call(ann, live, dict(live.info.sample))
    app = visit(ann)
    metrics = {metric.label: metric.value for metric in app.metric}
    assert metrics["Services running"] == "1 of 1"
    assert metrics["Calls, 24 h"] == "1"
    assert "All is well" in texts(app)


def test_home_says_what_needs_attention(
    platform: Platform, ann: Caller, service: DeploymentView
) -> None:
    live = platform.deployments.live(service.endpoint)
    with pytest.raises(Exception, match="sepal_length"):
        platform.predictions.call(ann, live, {})
    read = texts(visit(ann))
    assert "1 error" in read
    assert "All is well" not in read


def test_home_tells_nobody_of_private_models(
    platform: Platform, ann: Caller, ben: Caller, iris_file: Path
) -> None:
    secret = add_model(platform, ann, iris_file, "Secret")
    platform.deployments.create(ann, secret.id, "hidden")
    add_model(platform, ben, iris_file, "Own")
    read = texts(visit(ben))
    assert "hidden" not in read
    assert "Secret" not in read
