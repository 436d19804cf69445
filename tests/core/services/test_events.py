import pytest

from core.db.engine import Database
from core.errors import SlipwayError
from core.services.accounts import Accounts, Caller
from core.services.people import People
from core.services.timeline import Timeline
from tests.core.services.conftest import PASSWORD


def test_an_admin_reads_what_everybody_did_newest_first(
    people: People, accounts: Accounts, admin: Caller, ann: Caller, database: Database
) -> None:
    accounts.create_token(ann, "ci")
    people.set_role(admin, "ann", "viewer")
    seen = Timeline(database).page(admin).events
    assert [
        (event.actor, event.action, event.object_kind, event.object_name) for event in seen
    ] == [
        ("root", "changed role", "account", "ann"),
        ("ann", "created", "token", "ci"),
        ("ann", "registered", "account", "ann"),
        ("root", "registered", "account", "root"),
    ]
    assert seen[0].detail == "viewer, before analyst"


def test_others_read_only_what_they_did(
    accounts: Accounts, admin: Caller, ann: Caller, bob: Caller, database: Database
) -> None:
    assert {event.actor for event in Timeline(database).page(ann).events} == {"ann"}


def test_no_more_events_than_asked_for_are_read(
    accounts: Accounts, admin: Caller, ann: Caller, bob: Caller, database: Database
) -> None:
    assert [event.object_name for event in Timeline(database).page(admin, limit=1).events] == [
        "bob"
    ]


def test_events_stay_when_their_actor_goes(
    people: People, accounts: Accounts, admin: Caller, ann: Caller, database: Database
) -> None:
    people.delete(admin, "ann")
    assert "ann" in {event.actor for event in Timeline(database).page(admin).events}


def test_what_failed_is_not_recorded(
    people: People, accounts: Accounts, admin: Caller, database: Database
) -> None:
    before = Timeline(database).page(admin).events
    for act in (
        lambda: accounts.register("root", PASSWORD),
        lambda: people.set_active(admin, "root", False),
    ):
        with pytest.raises(SlipwayError):
            act()
    assert Timeline(database).page(admin).events == before
