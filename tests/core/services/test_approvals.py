"""Requests to admit the types in a file: kept, decided by admins, taken back (I3, A1)."""

from pathlib import Path

import pytest

from core.db.engine import Database
from core.errors import InvalidInput, InvalidModel, NotAllowed, NotFound
from core.files import Files, Staged
from core.runtimes.asked_types import AskedType, Standing, TypesRefused
from core.runtimes.inspection import Inspected
from core.services.accounts import Caller
from core.services.approvals import Approvals, Decision
from core.services.models import Models
from core.services.timeline import Timeline
from tests.core.services.conftest import Uploads, counts, info

KDE = AskedType("scipy.stats._kde.gaussian_kde", Standing.APPROVABLE, "scipy", "1.17")
BOOSTER = AskedType("lightgbm.basic.Booster", Standing.MISSING, reason="belongs to lightgbm")
EVAL = AskedType("builtins.eval", Standing.NEVER, reason="is part of Python")


@pytest.fixture
def approvals(database: Database) -> Approvals:
    return Approvals(database)


@pytest.fixture
def models(database: Database, files: Files, approvals: Approvals) -> Models:
    """Models whose files hold the types that they are named after."""

    def inspect(staged: Staged) -> Inspected:
        named = [kind for kind in (KDE, BOOSTER, EVAL) if kind.name.encode() in _read(staged)]
        refused = [kind for kind in named if kind.name not in approvals.approved(staged.sha256)]
        if refused:
            raise TypesRefused(refused)
        return Inspected(info(format_="sklearn"), staged.path)

    return Models(database, files, inspect, approvals)


def _read(staged: Staged) -> bytes:
    return staged.path.read_bytes()


def refused(models: Models, caller: Caller, staged: Staged) -> str:
    with pytest.raises(TypesRefused) as caught:
        models.add(caller, "refused", staged)
    return caught.value.message


def test_a_refused_upload_is_kept_as_a_request_and_leaves_no_file(
    models: Models, approvals: Approvals, ann: Caller, admin: Caller, upload: Uploads, files: Files
) -> None:
    staged = upload(KDE.name, "density.pkl")
    assert "upload the same file again" in refused(models, ann, staged)
    [request] = approvals.list_(admin)
    assert (request.sha256, request.file_name) == (staged.sha256, "density.pkl")
    assert (request.asked_by, request.state, request.types) == ("ann", Decision.PENDING, (KDE,))
    assert not staged.path.exists()
    assert files.artifacts() == []


def test_the_same_upload_makes_no_second_request(
    models: Models, approvals: Approvals, ann: Caller, bob: Caller, admin: Caller, upload: Uploads
) -> None:
    for caller in (ann, ann, bob):
        refused(models, caller, upload(KDE.name))
    assert sorted(request.asked_by for request in approvals.list_(admin)) == ["ann", "bob"]
    assert [request.asked_by for request in approvals.list_news(ann)] == ["ann"]


def test_an_approval_holds_for_all_who_asked_for_that_file_and_for_no_other(
    models: Models, approvals: Approvals, ann: Caller, bob: Caller, admin: Caller, upload: Uploads
) -> None:
    refused(models, ann, upload(KDE.name))
    refused(models, bob, upload(KDE.name))
    refused(models, ann, upload(f"another {KDE.name}"))
    [another, first, _] = approvals.list_(admin)
    approvals.approve(admin, first.id)
    assert models.add(ann, "density", upload(KDE.name)).number == 1
    assert models.add(bob, "density", upload(KDE.name)).number == 1
    assert {view.state for view in approvals.list_(admin) if view.id != another.id} == {"approved"}
    assert "the same file again" in refused(models, ann, upload(f"another {KDE.name}"))


def test_an_approval_does_not_reach_further_types_of_the_same_file(
    approvals: Approvals, models: Models, ann: Caller, admin: Caller, upload: Uploads
) -> None:
    staged = upload(KDE.name)
    refused(models, ann, staged)
    approvals.approve(admin, approvals.list_(admin)[0].id)
    assert approvals.approved(staged.sha256) == {KDE.name}
    approvals.require(staged.sha256, [KDE.name])
    with pytest.raises(InvalidModel, match=r"lightgbm\.basic\.Booster"):
        approvals.require(staged.sha256, [KDE.name, BOOSTER.name])


def test_the_asker_is_told_until_the_file_was_uploaded_again(
    models: Models, approvals: Approvals, ann: Caller, admin: Caller, upload: Uploads
) -> None:
    refused(models, ann, upload(KDE.name))
    approvals.approve(admin, approvals.list_(admin)[0].id)
    assert [view.state for view in approvals.list_news(ann)] == [Decision.APPROVED]
    models.add(ann, "density", upload(KDE.name))
    assert approvals.list_news(ann) == []
    assert approvals.list_(admin)[0].used


@pytest.mark.parametrize("what", [EVAL.name, f"{EVAL.name} {KDE.name}"])
def test_what_nobody_may_approve_is_not_asked_for(
    models: Models, approvals: Approvals, ann: Caller, admin: Caller, upload: Uploads, what: str
) -> None:
    assert "No admin can approve builtins.eval" in refused(models, ann, upload(what))
    assert approvals.list_(admin) == []


def test_what_is_not_installed_is_approved_once_it_was_uploaded_anew(
    models: Models,
    approvals: Approvals,
    ann: Caller,
    admin: Caller,
    upload: Uploads,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert "once lightgbm is installed" in refused(models, ann, upload(BOOSTER.name))
    [request] = approvals.list_(admin)
    assert request.missing == ("lightgbm",)
    with pytest.raises(InvalidInput, match="have ann upload the file once more"):
        approvals.approve(admin, request.id)
    installed = AskedType(BOOSTER.name, Standing.APPROVABLE, "lightgbm", "4.6")
    monkeypatch.setitem(globals(), "BOOSTER", installed)
    refused(models, ann, upload(BOOSTER.name))
    [request] = approvals.list_(admin)
    assert approvals.approve(admin, request.id).types == (installed,)


def test_a_declined_file_is_not_asked_for_again_but_may_be_approved_after_all(
    models: Models, approvals: Approvals, ann: Caller, admin: Caller, upload: Uploads
) -> None:
    refused(models, ann, upload(KDE.name))
    [request] = approvals.list_(admin)
    approvals.decline(admin, request.id)
    assert "root declined that on" in refused(models, ann, upload(KDE.name))
    assert len(approvals.list_(admin)) == 1
    approvals.approve(admin, request.id)
    assert models.add(ann, "density", upload(KDE.name)).number == 1


def test_a_revoked_approval_is_told_and_no_longer_holds(
    models: Models, approvals: Approvals, ann: Caller, admin: Caller, upload: Uploads
) -> None:
    told: list[str] = []
    approvals.on_revoke(told.append)
    refused(models, ann, upload(KDE.name))
    request = approvals.approve(admin, approvals.list_(admin)[0].id)
    view = models.add(ann, "density", upload(KDE.name))
    assert models.versions_of(view.source) == [view.id]
    assert approvals.revoke(admin, request.id).state is Decision.REVOKED
    assert told == [view.source]
    with pytest.raises(InvalidModel, match="An admin revoked the approval"):
        approvals.require(view.source, [KDE.name])
    assert "root revoked that on" in refused(models, ann, upload(KDE.name))


def test_an_approval_survives_a_restart(
    models: Models,
    approvals: Approvals,
    ann: Caller,
    admin: Caller,
    upload: Uploads,
    database: Database,
    tmp_path: Path,
) -> None:
    staged = upload(KDE.name)
    refused(models, ann, staged)
    approvals.approve(admin, approvals.list_(admin)[0].id)
    database.close()
    reopened = Database(tmp_path / "slipway.duckdb")
    assert Approvals(reopened).approved(staged.sha256) == {KDE.name}
    reopened.close()


def test_every_decision_is_in_the_timeline_with_the_types(
    models: Models,
    approvals: Approvals,
    ann: Caller,
    admin: Caller,
    upload: Uploads,
    database: Database,
) -> None:
    refused(models, ann, upload(KDE.name, "density.pkl"))
    [request] = approvals.list_(admin)
    approvals.decline(admin, request.id)
    approvals.approve(admin, request.id)
    approvals.revoke(admin, request.id)
    events = [
        event for event in Timeline(database).page(admin).events if event.object_id == request.id
    ]
    done = ["revoked", "approved", "declined", "asked for"]
    assert [event.action for event in events] == done
    assert {event.object_name for event in events} == {"density.pkl"}
    assert KDE.name in events[0].detail
    assert request.sha256 in events[0].detail


def test_only_admins_see_and_decide(
    models: Models, approvals: Approvals, ann: Caller, admin: Caller, upload: Uploads
) -> None:
    refused(models, ann, upload(KDE.name))
    [request] = approvals.list_(admin)
    with pytest.raises(NotAllowed):
        approvals.list_(ann)
    for decide in (approvals.approve, approvals.decline, approvals.revoke):
        with pytest.raises(NotAllowed, match="Only an admin"):
            decide(ann, request.id)
    with pytest.raises(NotFound):
        approvals.approve(admin, "nothing")


def test_a_decision_that_makes_no_sense_is_refused(
    models: Models, approvals: Approvals, ann: Caller, admin: Caller, upload: Uploads
) -> None:
    refused(models, ann, upload(KDE.name))
    [request] = approvals.list_(admin)
    with pytest.raises(InvalidInput, match="cannot be revoked: it is pending"):
        approvals.revoke(admin, request.id)
    approvals.approve(admin, request.id)
    for decide in (approvals.approve, approvals.decline):
        with pytest.raises(InvalidInput, match="it is approved"):
            decide(admin, request.id)


def test_a_viewer_asks_for_nothing(
    models: Models, viewer: Caller, upload: Uploads, database: Database
) -> None:
    with pytest.raises(NotAllowed):
        models.add(viewer, "density", upload(KDE.name))
    assert counts(database)["approvals"] == 0
