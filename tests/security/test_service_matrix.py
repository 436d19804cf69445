"""Every public method of every service is for whom the table of docs/security.md says (A1, E1).

A method without a row fails; so does one that changes something and leaves no event.
"""

import inspect
import io
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import get_type_hints

import pytest
from sqlalchemy import func, select, text

from core.db.tables import Account, Base, Event
from core.errors import NotAllowed, SlipwayError
from core.platform import Platform
from core.preparation.step import RawField, Step
from core.runtimes.edits import FieldEdit, SchemaEdits
from core.services.accounts import Caller
from core.services.call_lists import Part
from core.services.job_tickets import Wanted
from core.services.languages import Language
from core.services.log_rows import Logging
from core.services.thresholds import Thresholds
from tests.security.stage import CSV, EXPECTED, HOOK, PASSWORD, RECORD, Stage, read_table

DOCS = Path(__file__).resolve().parents[2] / "docs" / "security.md"
TEXT = DOCS.read_text(encoding="utf-8")
TABLE = read_table(TEXT, "Services")
INSIDE = read_table(TEXT, "Inside the platform").rows

_EDITS = SchemaEdits((FieldEdit("length"), FieldEdit(), FieldEdit(), FieldEdit()))
_STEP = Step("FROM input", tuple(map(RawField, RECORD)))
Act = Callable[[], object]
Case = Callable[[Stage, Caller, str], Act]


def _model(act: Callable[[Stage, Caller, str], object], versions: int = 1) -> Case:
    """Return a case that is given the id of a model of the owner."""

    def case(stage: Stage, who: Caller, seen: str) -> Act:
        model = stage.model(seen, versions).id
        return lambda: act(stage, who, model)

    return case


def _service(act: Callable[[Platform, Caller, str], object], versions: int = 1) -> Case:
    def case(stage: Stage, who: Caller, seen: str) -> Act:
        service = stage.service(seen, versions).id
        return lambda: act(stage.platform, who, service)

    return case


def _task(act: Callable[[Platform, Caller, str], object], *, done: bool = True) -> Case:
    def case(stage: Stage, who: Caller, seen: str) -> Act:
        task = stage.task(seen, done=done).id
        return lambda: act(stage.platform, who, task)

    return case


def _case(act: Callable[[Platform, Caller, str], object]) -> Case:
    def case(stage: Stage, who: Caller, seen: str) -> Act:
        saved = stage.case(seen)
        return lambda: act(stage.platform, who, saved)

    return case


def _account(
    act: Callable[[Platform, Caller, str], object], *, pending: bool = False, active: bool = True
) -> Case:
    def case(stage: Stage, who: Caller, _: str) -> Act:
        account = stage.account(pending=pending, active=active)
        return lambda: act(stage.platform, who, account)

    return case


def _own(act: Callable[[Stage, Caller], object]) -> Case:
    return lambda stage, who, _: lambda: act(stage, who)


def _hooked(act: Callable[[Stage, Caller], object]) -> Case:
    """Return a case of a caller who has a webhook, with nothing on its way."""

    def case(stage: Stage, who: Caller, _: str) -> Act:
        stage.platform.webhooks.set(who, HOOK)
        return lambda: act(stage, who)

    return case


def _approval(act: Callable[[Platform, Caller, str], object], state: str) -> Case:
    def case(stage: Stage, who: Caller, _: str) -> Act:
        approval = stage.approval(state)
        return lambda: act(stage.platform, who, approval)

    return case


def _revoked(stage: Stage, who: Caller, _: str) -> Act:
    token = stage.platform.accounts.create_token(who, "own").id
    return lambda: stage.platform.accounts.revoke_token(who, token)


def _ended(stage: Stage, who: Caller, _: str) -> Act:
    sign_in = stage.platform.sign_ins.begin(who)
    return lambda: stage.platform.sign_ins.end(who, sign_in)


def _other_language(stage: Stage, who: Caller) -> str:
    found = stage.platform.languages.find(who)
    return Language.ENGLISH if found is Language.CHINESE else Language.CHINESE


def _changed_password(stage: Stage, who: Caller) -> None:
    stage.platform.accounts.change_password(who, PASSWORD, "another horse")


def _with_password_back(case: Case) -> Case:
    """Return a case that leaves the password as it was for the next test."""

    def wrapped(stage: Stage, who: Caller, seen: str) -> Act:
        row = stage.platform.accounts._directory.contents().by_id[who.id]
        act = case(stage, who, seen)

        def acting() -> object:
            result = act()
            _set_hash(stage, who, row.password_hash)
            return result

        return acting

    return wrapped


def _set_hash(stage: Stage, who: Caller, password_hash: str) -> None:
    with stage.platform.accounts._changing() as session:
        session.get_one(Account, who.id).password_hash = password_hash


def _rolling_back(stage: Stage, who: Caller, seen: str) -> Act:
    service = stage.service(seen, versions=2)
    stage.platform.releases.switch(stage.owner, service.id, 2)
    return lambda: stage.platform.releases.roll_back(who, service.id)


def _restored(stage: Stage, who: Caller, seen: str) -> Act:
    model = stage.model(seen).id
    stage.platform.revisions.save(stage.owner, model, _EDITS)
    return lambda: stage.platform.revisions.restore(who, model, 0)


def _deleted_check(stage: Stage, who: Caller, seen: str) -> Act:
    model = stage.model(seen).id
    check = stage.platform.matching.check(stage.owner, model, None, stage.staged(EXPECTED)).id
    return lambda: stage.platform.matching.delete(who, check)


def _submitted(stage: Stage, who: Caller, seen: str) -> Act:
    version = stage.platform.models.get_by_id(stage.owner, stage.model(seen).id)
    return lambda: stage.platform.jobs.submit(who, version, stage.staged(CSV), kind="csv")


def _previewed(stage: Stage, who: Caller, seen: str) -> Act:
    version = stage.platform.models.get_by_id(stage.owner, stage.model(seen).id)
    staged = stage.staged(CSV)
    return lambda: stage.platform.previews.look(who, version, staged.path, "a.csv")


def _live(act: Callable[[Platform, Caller, str], object]) -> Case:
    def case(stage: Stage, who: Caller, seen: str) -> Act:
        endpoint = stage.service(seen).endpoint
        return lambda: act(stage.platform, who, endpoint)

    return case


def _live_named(stage: Stage, who: Caller, seen: str) -> Act:
    name = stage.service(seen).model_name
    return lambda: stage.platform.deployments.live_named(who, name, "live", "owner")


def _find_named(stage: Stage, who: Caller, seen: str) -> Act:
    name = stage.service(seen).model_name
    return lambda: stage.platform.deployments.find_named(who, name, "live", "owner")


def _importing(stage: Stage, who: Caller, seen: str) -> Act:
    archives = stage.platform.model_archives
    content = b"".join(archives.export(stage.owner, stage.model(seen).id))
    staged = stage.platform.files.stage(io.BytesIO(content), "a.zip", 1 << 20)
    return lambda: archives.import_(who, staged, name=stage.name())


CASES: dict[str, Case] = {
    "live.list_": _own(lambda s, who: s.platform.live.list_(who)),
    "live.set_": _own(lambda s, who: s.platform.live.set_(who, "registration", "open")),
    "dashboard.outlook": _own(lambda s, who: s.platform.dashboard.outlook(who)),
    "storage.view": _own(lambda s, who: s.platform.storage.view(who)),
    "storage.free": _task(lambda p, who, t: p.storage.free(who, "results", days=1e-9)),
    "system.view": _own(lambda s, who: s.platform.system.view(who)),
    "support.tables": _own(lambda s, who: s.platform.support.tables(who)),
    "support.query": _own(lambda s, who: s.platform.support.query(who, "SELECT 1")),
    "accounts.is_pending": _own(lambda s, who: s.platform.accounts.is_pending(who)),
    "accounts.create_token": _own(lambda s, who: s.platform.accounts.create_token(who, "one")),
    "accounts.list_tokens": _own(lambda s, who: s.platform.accounts.list_tokens(who)),
    "accounts.revoke_token": _revoked,
    "accounts.change_password": _with_password_back(_own(_changed_password)),
    "sign_ins.begin": _own(lambda s, who: s.platform.sign_ins.begin(who)),
    "sign_ins.list_": _own(lambda s, who: s.platform.sign_ins.list_(who)),
    "sign_ins.end": _ended,
    "sign_ins.end_all": _own(lambda s, who: s.platform.sign_ins.end_all(who)),
    "languages.choose": _own(
        lambda s, who: s.platform.languages.choose(who, _other_language(s, who))
    ),
    "languages.find": _own(lambda s, who: s.platform.languages.find(who)),
    "people.list_": _own(lambda s, who: s.platform.people.list_(who)),
    "people.add": _own(lambda s, who: s.platform.people.add(who, s.name(), "viewer")),
    "people.approve": _account(lambda p, who, a: p.people.approve(who, a), pending=True),
    "people.decline": _account(lambda p, who, a: p.people.decline(who, a), pending=True),
    "people.set_active": _account(lambda p, who, a: p.people.set_active(who, a, False)),
    "people.set_role": _account(lambda p, who, a: p.people.set_role(who, a, "viewer")),
    "people.set_email": _account(
        lambda p, who, a: p.people.set_email(who, a, f"{a.replace(' ', '')}@example.org")
    ),
    "people.reset_password": _account(lambda p, who, a: p.people.reset_password(who, a)),
    "people.delete": _account(lambda p, who, a: p.people.delete(who, a)),
    "approvals.list_": _own(lambda s, who: s.platform.approvals.list_(who)),
    "approvals.list_news": _own(lambda s, who: s.platform.approvals.list_news(who)),
    "approvals.approve": _approval(lambda p, who, a: p.approvals.approve(who, a), "pending"),
    "approvals.decline": _approval(lambda p, who, a: p.approvals.decline(who, a), "pending"),
    "approvals.revoke": _approval(lambda p, who, a: p.approvals.revoke(who, a), "approved"),
    "timeline.page": _own(lambda s, who: s.platform.timeline.page(who)),
    "timeline.words": _own(lambda s, who: s.platform.timeline.words(who)),
    "timeline.export": _own(lambda s, who: list(s.platform.timeline.export(who))),
    "webhooks.set": _own(lambda s, who: s.platform.webhooks.set(who, HOOK)),
    "webhooks.find": _own(lambda s, who: s.platform.webhooks.find(who)),
    "webhooks.deliveries": _own(lambda s, who: s.platform.webhooks.deliveries(who)),
    "webhooks.try_out": _hooked(lambda s, who: s.platform.webhooks.try_out(who)),
    "webhooks.delete": _hooked(lambda s, who: s.platform.webhooks.delete(who)),
    "news.tell": _own(lambda s, who: s.platform.news.tell(who)),
    "news.see": _own(lambda s, who: s.platform.news.see(who)),
    "models.add": _own(lambda s, who: s.platform.models.add(who, s.name(), s.staged())),
    "models.add_version": _model(lambda s, w, m: s.platform.models.add_version(w, m, s.staged())),
    "models.get": lambda s, who, seen: (
        lambda: s.platform.models.get(who, s.model(seen).name, owner="owner")
    ),
    "models.get_by_id": _model(lambda s, who, m: s.platform.models.get_by_id(who, m)),
    "model_archives.export": _model(
        lambda s, who, m: list(s.platform.model_archives.export(who, m))
    ),
    "model_archives.import_": _importing,
    "models.list_": _own(lambda s, who: s.platform.models.list_(who)),
    "models.names": _own(lambda s, who: s.platform.models.names(who)),
    "models.versions": _model(lambda s, who, m: s.platform.models.versions(who, m)),
    "models.update": _model(lambda s, who, m: s.platform.models.update(who, m, description="x")),
    "models.set_image": _model(lambda s, who, m: s.platform.models.set_image(who, m, 0, None)),
    "models.delete": _model(lambda s, who, m: s.platform.models.delete(who, m)),
    "revisions.save": _model(lambda s, who, m: s.platform.revisions.save(who, m, _EDITS)),
    "revisions.set_step": _model(lambda s, who, m: s.platform.revisions.set_step(who, m, _STEP)),
    "preprocessing.needs": _model(lambda s, w, m: s.platform.preprocessing.needs(w, m, _STEP.sql)),
    "preprocessing.read_sample": _model(
        lambda s, who, m: s.platform.preprocessing.read_sample(who, m, s.staged(CSV))
    ),
    "preprocessing.try_out": _model(
        lambda s, who, m: s.platform.preprocessing.try_out(who, m, _STEP)
    ),
    "revisions.restore": _restored,
    "revisions.list_": _model(lambda s, who, m: s.platform.revisions.list_(who, m)),
    "revisions.suggest": _model(
        lambda s, who, m: s.platform.revisions.suggest(who, m, s.staged(CSV))
    ),
    "first_steps.progress": _own(lambda s, who: s.platform.first_steps.progress(who)),
    "first_steps.note_test": _model(lambda s, w, m: s.platform.first_steps.note_test(w, m)),
    "first_steps.dismiss": _own(lambda s, who: s.platform.first_steps.dismiss(who)),
    "samples.list_": _own(lambda s, who: s.platform.samples.list_(who)),
    "samples.add": _own(lambda s, who: s.platform.samples.add(who, "digits")),
    "deployments.create": _model(lambda s, who, m: s.platform.deployments.create(who, m, "more")),
    "deployments.start": _service(lambda p, who, d: p.deployments.start(who, d)),
    "deployments.pause": _service(lambda p, who, d: p.deployments.pause(who, d)),
    "deployments.reload": _service(lambda p, who, d: p.deployments.reload(who, d)),
    "deployments.delete": _service(lambda p, who, d: p.deployments.delete(who, d)),
    "deployments.get": _model(
        lambda s, who, m: (
            s.platform.deployments.create(s.owner, m, "live"),
            s.platform.deployments.get(who, m, "live"),
        )
    ),
    "deployments.get_by_id": _service(lambda p, who, d: p.deployments.get_by_id(who, d)),
    "deployments.list_": _model(lambda s, who, m: s.platform.deployments.list_(who, m)),
    "deployments.live_for": _live(lambda p, who, e: p.deployments.live_for(who, e)),
    "deployments.live_named": _live_named,
    "deployments.find_named": _find_named,
    "deployments.services_of": _own(lambda s, who: s.platform.deployments.services_of(who)),
    "watching.status": _service(lambda p, who, d: p.watching.status(who, d, "24h")),
    "watching.series": _service(lambda p, who, d: p.watching.series(who, d, "24h")),
    "watching.parts": _service(lambda p, who, d: p.watching.parts(who, d, "24h", Part.VERSION)),
    "watching.slowest": _service(lambda p, who, d: p.watching.slowest(who, d, "24h")),
    "watching.failed": _service(lambda p, who, d: p.watching.failed(who, d, "24h")),
    "watching.health": _service(lambda p, who, d: p.watching.health(who, d)),
    "watching.thresholds": _service(lambda p, who, d: p.watching.thresholds(who, d)),
    "watching.set_thresholds": _service(
        lambda p, who, d: p.watching.set_thresholds(who, d, Thresholds(minutes=30))
    ),
    "logs.logging": _service(lambda p, who, d: p.logs.logging(who, d)),
    "logs.set_logging": _service(lambda p, who, d: p.logs.set_logging(who, d, Logging(True))),
    "logs.read": _service(lambda p, who, d: p.logs.read(who, d)),
    "logs.purge": _service(lambda p, who, d: p.logs.purge(who, d)),
    "jobs.count_by_state": _own(lambda s, who: s.platform.jobs.count_by_state(who)),
    "releases.switch": _service(lambda p, who, d: p.releases.switch(who, d, 2), versions=2),
    "releases.roll_back": _rolling_back,
    "releases.history": _service(lambda p, who, d: p.releases.history(who, d)),
    "predictions.test": _model(lambda s, who, m: s.platform.predictions.test(who, m, dict(RECORD))),
    "what_if.sweep": _model(lambda s, who, m: s.platform.what_if.sweep(who, m, dict(RECORD))),
    "what_if.cross": _model(
        lambda s, who, m: s.platform.what_if.cross(
            who, m, dict(RECORD), ("sepal_length", "petal_width")
        )
    ),
    "cases.save": _model(lambda s, who, m: s.platform.cases.save(who, m, s.name(), RECORD)),
    "cases.list_": _model(lambda s, who, m: s.platform.cases.list_(who, m)),
    "cases.get": _case(lambda p, who, c: p.cases.get(who, c)),
    "cases.answer_now": _case(lambda p, who, c: p.cases.answer_now(who, c)),
    "cases.delete": _case(lambda p, who, c: p.cases.delete(who, c)),
    "examples.list_": _model(lambda s, who, m: s.platform.examples.list_(who, m)),
    "previews.look": _previewed,
    "column_maps.find": _model(lambda s, who, m: s.platform.column_maps.find(who, m, ["age"])),
    "column_maps.remember": _model(
        lambda s, who, m: s.platform.column_maps.remember(who, m, ["age"], {})
    ),
    "matching.check": _model(
        lambda s, who, m: s.platform.matching.check(who, m, None, s.staged(EXPECTED))
    ),
    "matching.compare": _model(
        lambda s, who, m: s.platform.matching.compare(who, m, 1, 2, s.staged(CSV)), versions=2
    ),
    "matching.list_": _model(lambda s, who, m: s.platform.matching.list_(who, m)),
    "matching.delete": _deleted_check,
    "jobs.submit": _submitted,
    "jobs.get": _task(lambda p, who, t: p.jobs.get(who, t)),
    "jobs.list_": _own(lambda s, who: s.platform.jobs.list_(who)),
    "jobs.usage": _own(lambda s, who: s.platform.jobs.usage(who)),
    "jobs.size": _task(lambda p, who, t: p.jobs.size(who, t)),
    "jobs.result": _task(lambda p, who, t: p.jobs.result(who, t)),
    "jobs.table": _task(lambda p, who, t: p.jobs.table(who, t)),
    "jobs.thumbnails": _task(lambda p, who, t: p.jobs.thumbnails(who, t, [1])),
    "jobs.video_track": _task(lambda p, who, t: p.jobs.video_track(who, t)),
    "jobs.summary": _task(lambda p, who, t: p.jobs.summary(who, t)),
    "jobs.export": _task(lambda p, who, t: p.jobs.export(who, t, "csv")),
    "jobs.cancel": _task(lambda p, who, t: p.jobs.cancel(who, t), done=False),
    "jobs.retry": _task(lambda p, who, t: p.jobs.retry(who, t)),
    "jobs.keep": _task(lambda p, who, t: p.jobs.keep(who, t, kept=True)),
    "jobs.delete": _task(lambda p, who, t: p.jobs.delete(who, t)),
    "backups.extent": _own(lambda s, who: s.platform.backups.extent(who)),
    "backups.make": _own(lambda s, who: list(s.platform.backups.make(who, results=False))),
    "backup_tickets.issue": _own(lambda s, who: s.platform.backup_tickets.issue(who, results=True)),
    "tickets.issue": _own(lambda s, who: s.platform.tickets.issue(who, Wanted("t", "csv"))),
}


def _methods() -> Iterator[str]:
    hints = get_type_hints(Platform)
    for field in fields(Platform):
        service = hints[field.name]
        if field.name.startswith("_") or not service.__module__.startswith("core.services"):
            continue
        for name, _ in inspect.getmembers(service, inspect.isfunction):
            if not name.startswith("_"):
                yield f"{field.name}.{name}"


def test_every_public_method_has_a_row_and_every_row_a_method() -> None:
    assert sorted([*TABLE.rows, *INSIDE]) == sorted(_methods()), "docs/security.md"
    assert sorted(TABLE.rows) == sorted(CASES), "tests/security: say how it is called"


# The record itself, the log of calls, and what somebody looked at, and when, are no changes.
_NO_CHANGES = {"sign_ins": "EXCLUDE (seen)", "tasks": "EXCLUDE (news)"}
_STATE = text(
    " UNION ALL ".join(
        f"SELECT '{table}', count(*), bit_xor(hash(all_of_it)) FROM "
        f"(SELECT * {_NO_CHANGES.get(table, '')} FROM {table}) all_of_it"
        for table in Base.metadata.tables
        if table not in {"events", "calls"}
    )
)


def _state(stage: Stage) -> set[tuple[object, ...]]:
    """Return a fingerprint of each table."""
    with stage.platform.accounts._database.reading() as session:
        return {tuple(row) for row in session.execute(_STATE)}


def _events(stage: Stage) -> int:
    with stage.platform.accounts._database.reading() as session:
        return session.scalar(select(func.count()).select_from(Event)) or 0


def _outcome(act: Act) -> str:
    try:
        act()
    except NotAllowed:
        return "403"
    except SlipwayError as error:
        if error.http != 404:
            raise
        return "404"
    return "yes"


@pytest.mark.parametrize("method", sorted(CASES))
def test_a_method_is_for_whom_the_table_says_and_leaves_one_event_of_a_change(
    method: str, stage: Stage
) -> None:
    found = {}
    for who, caller in stage.callers.items():
        act = CASES[method](stage, caller, "team")
        before, events = _state(stage), _events(stage)
        found[who] = _outcome(act)
        changed = _state(stage) != before
        assert not (changed and found[who] != "yes"), f"{who} was refused and changed something"
        leaves_one = changed or (method in _TOLD and found[who] == "yes")
        if method not in _MAKES_FIRST:
            assert _events(stage) - events == (1 if leaves_one else 0), (who, "events")
    assert found == dict(zip(TABLE.columns, TABLE.rows[method], strict=True))


# What they ask for is made within the call, with an event of its own; a sample model is two
# changes, each with its own: an upload and a revision.
_MAKES_FIRST = {"models.get", "deployments.get", "samples.add", "model_archives.import_"}

# They change nothing, and are on record all the same.
_TOLD = {"backups.make", "first_steps.note_test", "first_steps.dismiss"}

# They leave out what one may not see.
_LISTS = {
    "models.add",
    "models.list_",
    "models.names",
    "deployments.find_named",
    "deployments.services_of",
    "jobs.list_",
    "jobs.usage",
    "jobs.count_by_state",
}

_OF_MODELS = {
    *(
        "cases",
        "models",
        "revisions",
        "deployments",
        "releases",
        "matching",
        "jobs",
        "watching",
        "logs",
    ),
}
_PRIVATE = [name for name in CASES if name.split(".")[0] in _OF_MODELS and name not in _LISTS] + [
    "predictions.test",
    "first_steps.note_test",
    "what_if.sweep",
    "what_if.cross",
    "examples.list_",
    "previews.look",
    "column_maps.find",
    "column_maps.remember",
]


@pytest.mark.parametrize("method", sorted(_PRIVATE))
def test_what_is_private_is_not_there_for_others(method: str, stage: Stage) -> None:
    for caller in (stage.viewer, stage.other):
        assert _outcome(CASES[method](stage, caller, "private")) == "404"


def test_lists_leave_out_what_is_private(stage: Stage) -> None:
    service, task = stage.service("private"), stage.task("private")
    platform = stage.platform
    for caller in (stage.viewer, stage.other):
        named = (caller, service.model_name, "live", "owner")
        assert platform.deployments.find_named(*named) is None
        seen = {live.deployment_id for live in platform.deployments.services_of(caller)}
        assert service.id not in seen
        assert service.model_id not in {model.id for model in platform.models.list_(caller)}
        assert service.model_id not in {model.id for model in platform.models.names(caller)}
        assert task.id not in {view.id for view in platform.jobs.list_(caller).tasks}
        events = platform.timeline.page(caller, limit=1_000).events
        assert {service.id, service.model_id, task.id}.isdisjoint(e.object_id for e in events)
