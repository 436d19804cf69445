import pytest

from core.db.engine import Database
from core.errors import SlipwayError
from core.services.accounts import Accounts, Caller
from core.services.events import Events
from tests.core.services.conftest import PASSWORD


def test_an_admin_reads_what_everybody_did_newest_first(
    accounts: Accounts, admin: Caller, ann: Caller, database: Database
) -> None:
    accounts.create_token(ann, "ci")
    accounts.set_role(admin, "ann", "viewer")
    seen = Events(database).list_(admin)
    assert [
        (event.actor, event.action, event.object_kind, event.object_name) for event in seen
    ] == [
        ("root", "changed role", "account", "ann"),
        ("ann", "created", "token", "ci"),
        ("ann", "registered", "account", "ann"),
        ("root", "registered", "account", "root"),
    ]
    assert seen[0].detail == "viewer"


def test_others_read_only_what_they_did(
    accounts: Accounts, admin: Caller, ann: Caller, bob: Caller, database: Database
) -> None:
    assert {event.actor for event in Events(database).list_(ann)} == {"ann"}


def test_no_more_events_than_asked_for_are_read(
    accounts: Accounts, admin: Caller, ann: Caller, bob: Caller, database: Database
) -> None:
    assert [event.object_name for event in Events(database).list_(admin, limit=1)] == ["bob"]


def test_events_stay_when_their_actor_goes(
    accounts: Accounts, admin: Caller, ann: Caller, database: Database
) -> None:
    accounts.delete_account(admin, "ann")
    assert "ann" in {event.actor for event in Events(database).list_(admin)}


def test_what_failed_is_not_recorded(accounts: Accounts, admin: Caller, database: Database) -> None:
    before = Events(database).list_(admin)
    for act in (
        lambda: accounts.register("root", PASSWORD),
        lambda: accounts.set_active(admin, "root", False),
    ):
        with pytest.raises(SlipwayError):
            act()
    assert Events(database).list_(admin) == before
