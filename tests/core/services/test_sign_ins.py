"""A sign-in ends for every copy of its cookie, and tells its owner where it is."""

from datetime import timedelta

import pytest

from core.db.engine import Database
from core.errors import InvalidInput, NotAllowed
from core.services.accounts import Accounts, Caller
from core.services.directory import Directory
from core.services.people import People
from core.services.sign_ins import SignIns
from tests.core.services.conftest import PASSWORD, Clock, counts

OTHER = "another password"


def _caller(sign_ins: SignIns, sign_in: str) -> Caller | None:
    found = sign_ins.find(sign_in)
    return found.caller if found else None


def test_a_sign_in_lasts_for_its_days_and_no_longer(
    sign_ins: SignIns, ann: Caller, clock: Clock
) -> None:
    sign_in = sign_ins.begin(ann)
    clock.forward(days=14, seconds=-1)
    assert _caller(sign_ins, sign_in) == ann
    clock.forward(seconds=1)
    assert _caller(sign_ins, sign_in) is None
    assert sign_ins.list_(ann) == []


@pytest.mark.parametrize("made_up", ["", "ann", "0" * 64, "\ud800"])
def test_what_is_no_sign_in_belongs_to_nobody(sign_ins: SignIns, ann: Caller, made_up: str) -> None:
    sign_ins.begin(ann)
    assert sign_ins.find(made_up) is None


def test_signing_out_ends_that_sign_in_alone_and_for_good(
    sign_ins: SignIns, ann: Caller, database: Database, clock: Clock
) -> None:
    gone, kept = sign_ins.begin(ann), sign_ins.begin(ann)
    sign_ins.end(ann, gone)
    assert _caller(sign_ins, gone) is None
    assert _caller(sign_ins, kept) == ann
    again = SignIns(database, Directory(database), days=14, now=clock)
    assert again.find(gone) is None
    assert _caller(again, kept) == ann


def test_nobody_ends_the_sign_in_of_another(
    sign_ins: SignIns, ann: Caller, bob: Caller, admin: Caller
) -> None:
    sign_in = sign_ins.begin(ann)
    for other in (bob, admin):
        with pytest.raises(InvalidInput, match="no sign-in of this id"):
            sign_ins.end(other, sign_in)
    assert _caller(sign_ins, sign_in) == ann


@pytest.mark.parametrize("how", ["everywhere", "password"])
def test_signing_out_everywhere_and_a_new_password_keep_the_one_that_did_it(
    sign_ins: SignIns, accounts: Accounts, ann: Caller, how: str
) -> None:
    here, there = sign_ins.begin(ann), sign_ins.begin(ann)
    if how == "everywhere":
        sign_ins.end_all(ann, keep=here)
    else:
        accounts.change_password(ann, PASSWORD, OTHER, keep=here)
    assert _caller(sign_ins, here) == ann
    assert _caller(sign_ins, there) is None


@pytest.mark.parametrize("how", ["disabled", "reset", "deleted"])
def test_what_an_admin_does_ends_all_sign_ins(
    sign_ins: SignIns, people: People, ann: Caller, admin: Caller, database: Database, how: str
) -> None:
    sign_in = sign_ins.begin(ann)
    match how:
        case "disabled":
            people.set_active(admin, "ann", False)
        case "reset":
            people.reset_password(admin, "ann")
        case _:
            people.delete(admin, "ann")
    assert sign_ins.find(sign_in) is None
    assert counts(database)["sign_ins"] == 0


def test_a_disabled_account_begins_no_sign_in(
    sign_ins: SignIns, people: People, ann: Caller, admin: Caller
) -> None:
    people.set_active(admin, "ann", False)
    with pytest.raises(NotAllowed, match="disabled"):
        sign_ins.begin(ann)


def test_a_sign_in_tells_from_where_and_when_it_was_seen(
    sign_ins: SignIns, ann: Caller, clock: Clock
) -> None:
    sign_in = sign_ins.begin(ann, address="10.0.0.1", agent="a browser")
    begun = clock.time
    clock.forward(minutes=7)
    sign_ins.find(sign_in)
    [view] = sign_ins.list_(ann)
    assert (view.address, view.agent, view.created) == ("10.0.0.1", "a browser", begun)
    assert view.seen == begun + timedelta(minutes=7)


def test_looking_at_a_sign_in_again_reads_and_writes_nothing(
    sign_ins: SignIns, ann: Caller, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in = sign_ins.begin(ann)
    sign_ins.find(sign_in)
    for door in ("reading", "writing"):
        monkeypatch.setattr(database, door, lambda: pytest.fail("the database was asked"))
    assert _caller(sign_ins, sign_in) == ann


def test_a_one_time_password_must_be_changed_after_it_signed_in(
    sign_ins: SignIns, accounts: Accounts, people: People, ann: Caller, admin: Caller
) -> None:
    handed = people.reset_password(admin, "ann")
    sign_in = sign_ins.begin(accounts.sign_in("ann", handed.password))
    found = sign_ins.find(sign_in)
    assert found
    assert found.must_change_password
    with pytest.raises(NotAllowed, match="good for one sign-in"):
        accounts.caller_by_password("ann", handed.password)
    with pytest.raises(InvalidInput, match="choose another"):
        accounts.change_password(ann, handed.password, handed.password)
    accounts.change_password(ann, handed.password, OTHER, keep=sign_in)
    changed = sign_ins.find(sign_in)
    assert changed
    assert not changed.must_change_password
    assert accounts.caller_by_password("ann", OTHER) == ann
