"""No row outlives what it hangs on, whoever deletes what in which order and at the same time."""

import random
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from functools import partial

import pytest
from sqlalchemy import text

from core.db.call_tables import CALL_TABLES
from core.db.engine import Database
from core.db.tables import Task, utc_now
from core.errors import SlipwayError
from core.files import Files
from core.preparation.engine import Steps
from core.runtimes.cache import ScorerCache
from core.runtimes.edits import FieldEdit, SchemaEdits
from core.runtimes.lending import Scorers
from core.services.accounts import Accounts, Caller
from core.services.call_logs import CallLogs
from core.services.call_records import CallRecord
from core.services.calls import Calls
from core.services.cases import Cases
from core.services.deployments import Deployments
from core.services.job_submission import require_owners
from core.services.log_rows import Carried, Logging
from core.services.matching import Matching
from core.services.model_rights import visible_model
from core.services.models import Models
from core.services.people import People
from core.services.predictions import Predictions
from core.services.releases import Releases
from core.services.revisions import Revisions
from core.services.sign_ins import SignIns
from core.services.thresholds import Thresholds
from core.services.watching import Watching
from tests.core.services.conftest import PASSWORD, Uploads, Young, at_once

_ORPHANS = {
    "tokens": "account_id NOT IN (SELECT id FROM accounts)",
    "sign_ins": "account_id NOT IN (SELECT id FROM accounts)",
    "webhooks": "account_id NOT IN (SELECT id FROM accounts)",
    "deliveries": "account_id NOT IN (SELECT id FROM accounts)",
    "known_addresses": "account_id NOT IN (SELECT id FROM accounts)",
    "models": "owner_id NOT IN (SELECT id FROM accounts)",
    "versions": "model_id NOT IN (SELECT id FROM models)",
    "deployments": "model_id NOT IN (SELECT id FROM models)"
    " OR version_id NOT IN (SELECT id FROM versions)",
    "deployment_changes": "deployment_id NOT IN (SELECT id FROM deployments)",
    **{table.name: "deployment_id NOT IN (SELECT id FROM deployments)" for table in CALL_TABLES},
    "call_logs": "deployment_id NOT IN (SELECT id FROM deployments)",
    "call_logging": "deployment_id NOT IN (SELECT id FROM deployments)",
    "thresholds": "deployment_id NOT IN (SELECT id FROM deployments)",
    "tasks": "model_id NOT IN (SELECT id FROM models)"
    " OR owner_id NOT IN (SELECT id FROM accounts)"
    " OR deployment_id IS NOT NULL AND deployment_id NOT IN (SELECT id FROM deployments)",
    "revisions": "version_id NOT IN (SELECT id FROM versions)",
    "column_choices": "model_id NOT IN (SELECT id FROM models)"
    " OR account_id NOT IN (SELECT id FROM accounts)",
    "cases": "model_id NOT IN (SELECT id FROM models)"
    " OR author_id IS NOT NULL AND author_id NOT IN (SELECT id FROM accounts)",
    "verdicts": "model_id NOT IN (SELECT id FROM models)"
    " OR version_id NOT IN (SELECT id FROM versions)",
}


@pytest.fixture
def calls(database: Database) -> Iterator[Calls]:
    calls = Calls(database)
    yield calls
    calls.close()


class Platform:
    """What one caller may do to what is there, chosen by a seed."""

    def __init__(
        self,
        database: Database,
        files: Files,
        models: Models,
        deployments: Deployments,
        releases: Releases,
        calls: Calls,
        upload: Uploads,
        scorers: ScorerCache[str],
    ) -> None:
        self.database = database
        self.files = files
        self.models = models
        self.deployments = deployments
        self.releases = releases
        self.calls = calls
        self.upload = upload
        self.logs = CallLogs(database)
        self.watching = Watching(database, calls, lambda _: None)
        self.revisions = Revisions(database, models)
        predictions = Predictions(models, calls, self.logs, Scorers(scorers, Steps()))
        self.cases = Cases(database, models, predictions)
        self.matching = Matching(database, models, lambda *_: nullcontext(Young()))

    def act(self, caller: Caller, seed: int, times: int) -> None:
        chance = random.Random(seed)
        acts = [self.add, self.add, self.version, self.deploy, self.task, self.call]
        acts += [self.edit, self.case, self.check, self.delete_check, self.threshold]
        acts += [self.switch, self.roll_back, self.pause]
        acts += [self.delete_model, self.delete_deployment]
        for _ in range(times):
            try:
                chance.choice(acts)(caller, chance)
            except SlipwayError:
                continue  # it was there when it was chosen, and is gone or taken now

    def add(self, caller: Caller, chance: random.Random) -> None:
        staged = self.upload(f"model {chance.randrange(4)}")
        self.models.add(caller, f"m{chance.randrange(4)}", staged, visibility="team")

    def version(self, caller: Caller, chance: random.Random) -> None:
        staged = self.upload(f"model {chance.randrange(4)}")
        self.models.add_version(caller, self._model(caller, chance), staged)

    def edit(self, caller: Caller, chance: random.Random) -> None:
        added = FieldEdit(f"age in {chance.randrange(100)}")
        edits = SchemaEdits((added, FieldEdit()))
        self.revisions.save(caller, self._model(caller, chance), edits)

    def deploy(self, caller: Caller, chance: random.Random) -> None:
        self.deployments.create(caller, self._model(caller, chance), f"d{chance.randrange(3)}")

    def switch(self, caller: Caller, chance: random.Random) -> None:
        for view in self.deployments.list_(caller)[:1]:
            self.releases.switch(caller, view.id, chance.randrange(1, 4))

    def roll_back(self, caller: Caller, chance: random.Random) -> None:
        for view in self.deployments.list_(caller)[:1]:
            self.releases.roll_back(caller, view.id)

    def pause(self, caller: Caller, chance: random.Random) -> None:
        for view in self.deployments.list_(caller)[:1]:
            self.deployments.pause(caller, view.id)
            self.deployments.start(caller, view.id)

    def task(self, caller: Caller, chance: random.Random) -> None:
        model_id = self._model(caller, chance)
        with self.database.writing() as session:
            visible_model(session, caller, model_id)
            task = _task(model_id, caller)
            require_owners(session, task)
            session.add(task)

    def call(self, caller: Caller, chance: random.Random) -> None:
        for view in self.deployments.list_(caller):
            self.logs.keep(Carried(view.id, 1, utc_now(), caller.id, code="overloaded"))
            self.calls.record(CallRecord(view.id, 1, utc_now(), 1, 0, "", 1.0, caller.id))

    def threshold(self, caller: Caller, chance: random.Random) -> None:
        for view in self.deployments.list_(caller)[:1]:
            self.watching.set_thresholds(caller, view.id, Thresholds(calls=1 + chance.randrange(9)))
            self.logs.set_logging(caller, view.id, Logging(active=True))

    def case(self, caller: Caller, chance: random.Random) -> None:
        record = {"age": chance.randrange(90), "sex": "f"}
        self.cases.save(caller, self._model(caller, chance), f"c{chance.randrange(99)}", record)

    def check(self, caller: Caller, chance: random.Random) -> None:
        staged = self.upload(f"age,sex,prediction\n{chance.randrange(3)},f,young\n", "a.csv")
        self.matching.check(caller, self._model(caller, chance), None, staged)

    def delete_check(self, caller: Caller, chance: random.Random) -> None:
        for verdict in self.matching.list_(caller, self._model(caller, chance))[:1]:
            self.matching.delete(caller, verdict.id)

    def delete_model(self, caller: Caller, chance: random.Random) -> None:
        self.models.delete(caller, self._model(caller, chance), with_deployments=True)

    def delete_deployment(self, caller: Caller, chance: random.Random) -> None:
        for view in self.deployments.list_(caller)[:1]:
            self.deployments.delete(caller, view.id)

    def _model(self, caller: Caller, chance: random.Random) -> str:
        models = self.models.list_(caller)
        return chance.choice(models).id if models else "none"


@pytest.mark.parametrize("heir", ["bob", None])
def test_no_orphan_is_left_by_an_account_deleted_while_it_and_others_are_busy(
    people: People,
    accounts: Accounts,
    sign_ins: SignIns,
    admin: Caller,
    ann: Caller,
    bob: Caller,
    database: Database,
    files: Files,
    models: Models,
    deployments: Deployments,
    releases: Releases,
    scorers: ScorerCache[str],
    calls: Calls,
    upload: Uploads,
    heir: str | None,
) -> None:
    platform = Platform(database, files, models, deployments, releases, calls, upload, scorers)
    for seed in (1, 2):
        platform.act(ann, seed, 8)

    def delete() -> None:
        people.delete(admin, "ann", heir=heir, with_models=heir is None)

    works: list[Callable[[], object]] = [
        partial(platform.act, ann, 3, 15),
        partial(platform.act, bob, 4, 15),
        lambda: [sign_ins.begin(ann) for _ in range(10)],
        lambda: [accounts.create_token(ann, "one") for _ in range(10)],
        lambda: [accounts.sign_in("ann", PASSWORD, address=f"10.0.0.{n}") for n in range(10)],
        delete,
    ]
    at_once(works)
    calls.flush()
    assert _orphans(database) == {}
    _assert_files_are_those_that_are_used(database, files)
    _assert_the_registry_is_as_the_database(
        deployments, Deployments(database, models, scorers), admin
    )
    assert "ann" not in {view.name for view in people.list_(admin)}


@pytest.mark.parametrize("seed", [1, 2])
def test_no_orphan_is_left_by_callers_who_make_and_delete_at_the_same_time(
    people: People,
    accounts: Accounts,
    admin: Caller,
    ann: Caller,
    bob: Caller,
    database: Database,
    files: Files,
    models: Models,
    deployments: Deployments,
    releases: Releases,
    scorers: ScorerCache[str],
    calls: Calls,
    upload: Uploads,
    stored: Callable[[], list[bytes]],
    seed: int,
) -> None:
    platform = Platform(database, files, models, deployments, releases, calls, upload, scorers)
    acting = enumerate((admin, ann, bob, ann))
    works = [partial(platform.act, caller, seed * 10 + place, 20) for place, caller in acting]
    assert at_once(works) == [None] * 4
    calls.flush()
    platform.logs.close()
    assert _orphans(database) == {}
    _assert_files_are_those_that_are_used(database, files)
    _assert_the_registry_is_as_the_database(
        deployments, Deployments(database, models, scorers), admin
    )
    for model in models.list_(admin):
        models.delete(admin, model.id, with_deployments=True)
    assert stored() == []
    people.delete(admin, "ann")
    assert _orphans(database) == {}
    assert accounts.sign_in("bob", PASSWORD) == bob


def _orphans(database: Database) -> dict[str, int]:
    with database.reading() as session:
        found = {
            table: session.execute(text(f"SELECT count(*) FROM {table} WHERE {orphan}")).scalar()
            for table, orphan in _ORPHANS.items()
        }
    return {table: int(rows) for table, rows in found.items() if rows}


def _assert_files_are_those_that_are_used(database: Database, files: Files) -> None:
    with database.reading() as session:
        used = session.execute(
            text(
                "SELECT artifact FROM versions UNION SELECT source FROM versions "
                "UNION SELECT file FROM verdicts"
            )
        )
        assert set(files.artifacts()) == {sha256 for (sha256,) in used}


def _assert_the_registry_is_as_the_database(
    kept: Deployments, fresh: Deployments, admin: Caller
) -> None:
    endpoints = [view.endpoint for view in fresh.list_(admin)]
    assert [kept.live(name) for name in endpoints] == [fresh.live(name) for name in endpoints]


def _task(model_id: str, owner: Caller) -> Task:
    return Task(
        model_id=model_id,
        version_id="v",
        version=1,
        owner_id=owner.id,
        kind="csv",
        file_name="a.csv",
        state="succeeded",
        options="{}",
        message="",
        created=utc_now(),
    )
