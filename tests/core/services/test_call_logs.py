"""Inputs and outputs of calls are kept where an owner wants it, and nowhere else (P6, I21)."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial

import pyarrow as pa
import pytest
from sqlalchemy import update

from core.db.call_tables import call_logs
from core.db.engine import Database
from core.errors import DeploymentNotFound, InvalidInput, NotAllowed
from core.services.accounts import Caller
from core.services.call_logs import CallLogs, LogPage
from core.services.deployment_views import DeploymentView
from core.services.deployments import Deployments
from core.services.log_csv import as_csv
from core.services.log_rows import Carried, Logging, check_logging
from core.services.models import Models
from tests.core.services.conftest import Clock, Uploads, at_once, counts


@pytest.fixture
def logs(database: Database, clock: Clock) -> Iterator[CallLogs]:
    logs = CallLogs(database, now=clock)
    yield logs
    logs.close()


@pytest.fixture
def service(
    deployments: Deployments, models: Models, ann: Caller, upload: Uploads
) -> DeploymentView:
    model = models.add(ann, "churn", upload(), visibility="team").model
    return deployments.create(ann, model.id, "prod")


def _carried(service: DeploymentView, clock: Clock, *ages: int | None, error: str = "") -> Carried:
    call = Carried(service.id, 1, clock.time, "nobody")
    given = pa.record_batch({"age": pa.array(ages, pa.int64()), "sex": ["f"] * len(ages)})
    errors = [error or None] * len(ages)
    call.add(given, pa.record_batch({"prediction": ["young"] * len(ages), "error": errors}))
    return call


def _read(logs: CallLogs, caller: Caller, service: DeploymentView) -> LogPage:
    return logs.read(caller, service.id)


def test_nothing_is_kept_unless_somebody_asks_for_it(
    logs: CallLogs, ann: Caller, service: DeploymentView, clock: Clock
) -> None:
    assert not logs.wants(service.id)
    assert logs.logging(ann, service.id) == Logging(active=False)
    logs.keep(_carried(service, clock, 1))
    assert _read(logs, ann, service).total == 0


def test_inputs_and_outputs_are_kept_row_by_row(
    logs: CallLogs, ann: Caller, service: DeploymentView, clock: Clock
) -> None:
    logs.set_logging(ann, service.id, Logging(active=True))
    assert logs.wants(service.id)
    logs.keep(_carried(service, clock, 30, None))
    page = _read(logs, ann, service)
    assert [(row.row, row.input) for row in page.rows] == [
        (1, {"age": 30, "sex": "f"}),
        (2, {"age": None, "sex": "f"}),
    ]
    assert page.rows[0].output == {"prediction": "young"}
    assert (page.rows[0].at, page.rows[0].caller, page.total) == (clock.time, "deleted account", 2)


def test_hidden_columns_and_sentences_that_may_name_their_values_are_never_written(
    logs: CallLogs, ann: Caller, service: DeploymentView, clock: Clock, database: Database
) -> None:
    logs.set_logging(ann, service.id, Logging(active=True, hidden=("age", "prediction")))
    logs.keep(_carried(service, clock, 47111, error="age is 47111"))
    failed = Carried(service.id, 1, clock.time, "nobody", code="invalid_input")
    failed.message = "age is 47111; it must be less."
    logs.keep(failed)
    page = _read(logs, ann, service)
    assert {"sex": "f"} in [row.input for row in page.rows]
    assert {"error": "(not kept)"} in [row.output for row in page.rows]
    assert {row.message for row in page.rows} == {""}
    assert "47111" not in str(page)


def test_a_failed_call_is_kept_with_its_sentence(
    logs: CallLogs, ann: Caller, service: DeploymentView, clock: Clock
) -> None:
    logs.set_logging(ann, service.id, Logging(active=True))
    logs.keep(Carried(service.id, 1, clock.time, "x", code="overloaded", message="Try later."))
    (row,) = _read(logs, ann, service).rows
    assert (row.input, row.code, row.message) == (None, "overloaded", "Try later.")


def test_large_calls_and_long_values_are_bounded(
    logs: CallLogs, ann: Caller, service: DeploymentView, clock: Clock
) -> None:
    logs.set_logging(ann, service.id, Logging(active=True))
    logs.keep(_carried(service, clock, *range(300)))
    assert _read(logs, ann, service).total == 100
    logs.purge(ann, service.id)
    for length in (5_000, 500_000):
        call = Carried(service.id, 1, clock.time, "x")
        call.add(pa.record_batch({"sex": ["f" * length]}), pa.record_batch({"prediction": ["a"]}))
        logs.keep(call)
    assert {str(row.input) + row.message for row in _read(logs, ann, service).rows} == {
        "{'sex': '(too long to be kept)'}",
        "NoneThe call was too large to be kept.",
    }


def test_a_share_of_none_to_all_of_the_calls_is_kept(
    logs: CallLogs, ann: Caller, service: DeploymentView
) -> None:
    logs.set_logging(ann, service.id, Logging(active=True, percent=50))
    kept = sum(logs.wants(service.id) for _ in range(400))
    assert 100 < kept < 300


def test_what_is_old_is_dropped(
    logs: CallLogs, ann: Caller, service: DeploymentView, clock: Clock, database: Database
) -> None:
    logs.set_logging(ann, service.id, Logging(active=True, days=3))
    logs.keep(_carried(service, clock, 1))
    logs.keep(_carried(service, clock, 2))
    logs.flush()
    with database.writing() as session:
        old = clock.time - timedelta(days=4)
        session.execute(update(call_logs).where(call_logs.c.input.contains("1")).values(at=old))
    clock.forward(hours=1)
    (row,) = _read(logs, ann, service).rows
    assert row.input == {"age": 2, "sex": "f"}


def test_only_the_owner_and_admins_read_switch_and_purge(
    logs: CallLogs, bob: Caller, admin: Caller, service: DeploymentView
) -> None:
    for refused in (
        partial(logs.set_logging, bob, service.id, Logging(active=True)),
        partial(logs.read, bob, service.id),
        partial(logs.purge, bob, service.id),
    ):
        with pytest.raises(NotAllowed):
            refused()
    assert logs.logging(bob, service.id) == Logging()  # who calls may know that it is logged
    logs.set_logging(admin, service.id, Logging(active=True))


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        (Logging(days=0), "days is 0; it must be 1 to 365"),
        (Logging(percent=0), "percent is 0"),
        (Logging(percent=float("nan")), "percent is nan"),
        (Logging(percent=101), "at most 100"),
    ],
)
def test_settings_without_sense_are_refused(chosen: Logging, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        check_logging(chosen)


def test_a_hidden_column_that_is_none_is_refused_with_those_that_are_there(
    logs: CallLogs, ann: Caller, service: DeploymentView
) -> None:
    with pytest.raises(InvalidInput, match=r'"aeg" is no column .* age, sex, prediction'):
        logs.set_logging(ann, service.id, Logging(active=True, hidden=("aeg",)))


def test_a_log_goes_with_its_service_also_what_waits(
    logs: CallLogs,
    deployments: Deployments,
    database: Database,
    ann: Caller,
    service: DeploymentView,
    clock: Clock,
) -> None:
    logs.set_logging(ann, service.id, Logging(active=True))
    logs.keep(_carried(service, clock, 1))
    logs.flush()
    logs.keep(_carried(service, clock, 2))
    deployments.delete(ann, service.id)
    logs.flush()
    rows = counts(database)
    assert (rows["call_logs"], rows["call_logging"]) == (0, 0)
    with pytest.raises(DeploymentNotFound):
        logs.read(ann, service.id)


def test_what_is_purged_stays_gone_while_others_are_kept(
    logs: CallLogs, ann: Caller, service: DeploymentView, clock: Clock
) -> None:
    logs.set_logging(ann, service.id, Logging(active=True))

    def keep() -> None:
        for number in range(50):
            logs.keep(_carried(service, clock, number))

    at_once([keep] * 4)
    logs.purge(ann, service.id)
    assert _read(logs, ann, service).total == 0


def test_a_csv_has_a_column_for_each_field_and_no_formulas(
    logs: CallLogs, ann: Caller, service: DeploymentView, clock: Clock
) -> None:
    logs.set_logging(ann, service.id, Logging(active=True))
    call = Carried(service.id, 1, clock.time, "x")
    call.add(
        pa.record_batch({"age": [-3], "sex": ["=1+1"]}), pa.record_batch({"prediction": ["a"]})
    )
    logs.keep(call)
    head, line = as_csv(_read(logs, ann, service)).decode().splitlines()
    names = '"time","version","caller","row","code","message"'
    assert head == f'{names},"input.age","input.sex","output.prediction"'
    assert line.endswith('"-3","\'=1+1","a"')


def test_the_choice_survives_a_restart(
    logs: CallLogs, database: Database, ann: Caller, service: DeploymentView
) -> None:
    logs.set_logging(ann, service.id, Logging(active=True, hidden=("age",)))
    again = CallLogs(database)
    assert again.wants(service.id)
    assert again.logging(ann, service.id) == Logging(active=True, hidden=("age",))
    again.close()
