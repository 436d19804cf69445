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


def test_the_rule_of_passwords_is_told_where_one_is_changed(ann: Caller) -> None:
    told = visit(ann, ACCOUNT).text_input(key="account_password_new").help
    assert "8" in told


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
    app.menu_button(key=f"admin_change_{ben.id}").click("disable")
    ran(app)
    assert "ben" not in platform.accounts.credentials()
    app.menu_button(key=f"admin_change_{ben.id}").click("enable")
    ran(app)
    assert "ben" in platform.accounts.credentials()


def test_an_admin_gives_a_role(platform: Platform, ann: Caller, ben: Caller) -> None:
    app = visit(ann, ADMIN)
    app.menu_button(key=f"admin_change_{ben.id}").click(Role.VIEWER.value)
    ran(app)
    roles = {account.name: account.role for account in platform.people.list_(ann)}
    assert roles == {"ann": "admin", "ben": "viewer"}


def test_an_admin_is_offered_nothing_against_their_own_account(ann: Caller) -> None:
    app = visit(ann, ADMIN)
    assert "ann** (you)" in texts(app)
    assert not app.menu_button


def test_an_admin_resets_a_password_with_one_that_is_shown_once(
    platform: Platform, ann: Caller, ben: Caller
) -> None:
    app = visit(ann, ADMIN)
    app.menu_button(key=f"admin_change_{ben.id}").click("password")
    ran(app)
    app.menu_button(key=f"admin_change_{ben.id}").click("password")
    app.button(key="admin_reset_confirm").click()
    handed = ran(app).code[0].value
    assert platform.accounts.sign_in("ben", handed) == ben
    assert handed not in texts(ran(app))


def test_an_admin_makes_an_account(platform: Platform, ann: Caller) -> None:
    app = visit(ann, ADMIN)
    app.button(key="admin_make").click()
    ran(app)
    app.button(key="admin_make").click()
    app.text_input(key="admin_make_name").set_value("vic")
    app.selectbox(key="admin_make_role").set_value("viewer")
    app.button(key="admin_make_submit").click()
    handed = ran(app).code[0].value
    assert platform.accounts.sign_in("vic", handed).role is Role.VIEWER


def test_the_rule_of_registration_is_a_switch_that_says_what_it_means(
    platform: Platform, ann: Caller
) -> None:
    app = visit(ann, ADMIN)
    assert "Anybody who can reach this address may make an account" in app.warning[0].value
    app.segmented_control(key="admin_registration").set_value("closed")
    ran(app)
    assert platform.accounts.registration == "closed"
    assert "Nobody can register" in texts(app)


def test_an_admin_lets_in_and_declines_who_waits(platform: Platform, ann: Caller) -> None:
    platform.live.set_(ann, "registration", "approval")
    cal, dan = (platform.accounts.register(name, PASSWORD) for name in ("cal", "dan"))
    app = visit(ann, ADMIN)
    app.button(key=f"admin_approve_{cal.id}").click()
    ran(app).button(key=f"admin_decline_{dan.id}").click()
    assert "Waiting for you" not in texts(ran(app))
    assert set(platform.accounts.credentials()) == {"ann", "cal"}


@pytest.mark.parametrize("choice", [None, "ann", ""])
def test_an_account_that_owns_models_is_deleted_once_it_is_said_what_becomes_of_them(
    platform: Platform, ann: Caller, ben: Caller, iris_file: Path, choice: str | None
) -> None:
    add_model(platform, ben, iris_file, "Ben's")
    app = visit(ann, ADMIN)
    app.menu_button(key=f"admin_change_{ben.id}").click("delete")
    ran(app)
    app.menu_button(key=f"admin_change_{ben.id}").click("delete")
    heirs = app.selectbox(key="admin_delete_heir")
    assert heirs.options == ["Hand them over to ann", "Delete them with their services and tasks"]
    if choice is not None:
        heirs.set_value(choice)
    app.button(key="admin_delete_confirm").click()
    ran(app)
    if choice is None:
        assert "still owns" in app.error[0].value
        assert "ben" in platform.accounts.credentials()
        return
    assert "ben" not in platform.accounts.credentials()
    owners = [model.owner for model in platform.models.list_(ann)]
    assert owners == (["ann"] if choice == "ann" else [])


def test_sign_ins_are_listed_and_ended(platform: Platform, ben: Caller) -> None:
    other = platform.sign_ins.begin(ben, address="10.0.0.7", agent="Mozilla Firefox/142 Linux")
    app = visit(ben, ACCOUNT)
    assert "**Firefox on Linux** from 10.0.0.7" in texts(app)
    app.button(key=f"account_end_{other}").click()
    assert "10.0.0.7" not in texts(ran(app))
    assert platform.sign_ins.find(other) is None


def test_a_refusal_on_a_page_is_on_record(platform: Platform, ann: Caller, ben: Caller) -> None:
    platform.people.set_role(ann, "ben", "admin")
    admin = visit(ben, ADMIN)
    platform.people.set_role(ann, "ben", "analyst")
    admin.menu_button(key=f"admin_change_{ann.id}").click("disable")
    admin.run()
    refused = [e for e in platform.timeline.page(ann).events if e.action == "was refused"]
    assert [(e.actor, e.detail) for e in refused] == [
        ("ben", "on a page: Only an admin may do this.")
    ]


def test_an_admin_sees_what_others_made(
    platform: Platform, ann: Caller, ben: Caller, iris_file: Path
) -> None:
    model = add_model(platform, ben, iris_file, "Ben's secret")
    app = visit(ann, ADMIN, admin_part="Models")
    [table] = [each.value for each in app.dataframe if "Owner" in each.value]
    assert list(table["Name"]) == [model.name]


def test_what_was_done_is_on_record(ann: Caller, iris: ModelView) -> None:
    events = visit(ann, ADMIN, admin_part="Timeline").dataframe[0].value
    assert f"model {iris.name}" in list(events["What"])
    assert "account ann" in list(events["What"])


def test_home_begins_with_the_first_steps(ann: Caller) -> None:
    read = texts(visit(ann))
    assert "**1. Upload**" in read
    assert "Choose a file" in read


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


def test_a_webhook_is_set_on_the_account_page_and_its_secret_shown_once(
    platform: Platform, ann: Caller
) -> None:
    app = visit(ann, "pages/account.py")
    assert "No webhook is set." in texts(app)
    app.text_input(key="account_hook_url").input("http://127.0.0.1/")
    app.button(key="account_hook_set").click()
    assert "inside a network" in texts(ran(app))
    app.text_input(key="account_hook_url").input("https://example.org/told")
    app.button(key="account_hook_set").click()
    assert "Copy the secret now" in texts(ran(app))
    assert "https://example.org/told" in texts(app)
    app.button(key="account_hook_try").click()
    read = texts(ran(app))
    assert "Copy the secret now" not in read
    assert [each.state for each in platform.webhooks.deliveries(ann)] == ["waiting"]
    app.button(key="account_hook_remove").click()
    assert "No webhook is set." in texts(ran(app))
